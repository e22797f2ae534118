"""From judged names to the entities of a paper: the component ``paper_entities``.

A name that is accepted becomes one `kg.records.PaperEntity`: one type, every spelling, every place. Where the component
``name_judge`` has not run, the spans that ``name_tagger`` found are joined by spelling and by the text's definitions of
abbreviations, and each name takes the type that most of its places have.

Sets ``doc._.entities`` (role "mentions" until the component ``roles`` has read them) and ``doc.spans["mentions"]``.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from spacy.language import Language
from spacy.tokens import Doc, Span

from kg.extract import extensions
from kg.extract.full_forms import same_things
from kg.extract.tagger import N_LABELS, tagged_spans
from kg.records import Mention, PaperEntity, fold
from kg.schema import ENTITY_TYPES

THRESHOLD = 0.4
"""The least confidence at which a name is accepted, chosen on held-out training papers."""

_NO_NAME = re.compile(
    r"(?:https?|www|github|huggingface)\b.*|[\W\d_]*[\d.,]+\s?[kKmMbB]?(?:\s?[-–x×]\s?[\d.]+[kKmMbB]?)?|.", re.DOTALL
)
"""What is no name, whatever a model says: web addresses, bare sizes and numbers, single characters."""

_ADDRESS = re.compile(r"(?:https?://|www\.)\S+|(?<![\w.])[\w.-]+\.(?:com|org|io|ai|net|edu)/\S*")
"""A web address, with or without its scheme."""

_FONT = re.compile(r"\$?\{?\\(?:text\w*|emph|math\w+|sc|bf|it|tt)\b[{ ]\s*([^{}$\\]+)\}?\$?|\{([^{}]+)\}|\*+([^*]+)\*+")
"""A name that TeX, or Markdown, sets in some font."""

_EDGE = re.compile(
    r"^(?:[-–—|\"“”‘`\u2600-\u27bf\U0001f300-\U0001faff\ufe0f]|\*\*)+\s*|\s*(?:[-–—|,;:\"“”`']|\*\*|\s\+|['’]s)+$"
)
"""What stands around a name and is none of it."""


@dataclass(frozen=True, slots=True)
class JudgedName:
    """One thing that a paper may name: its spellings, its places and how likely it is an entity of each type."""

    surfaces: tuple[str, ...]  # the one for the reader first
    places: tuple[tuple[int, int], ...]  # characters of ``doc.text``
    chances: tuple[float, ...]  # one probability for each of ``ENTITY_TYPES``
    confidence: float = 0.0  # calibrated probability that it is an entity of its likeliest type

    @property
    def likeliest(self) -> int:
        """Return the number of its likeliest type."""
        return max(range(len(self.chances)), key=self.chances.__getitem__)


def occurrences(text: str, surface: str) -> list[tuple[int, int]]:
    """Return every place of a surface at word boundaries.

    >>> occurrences("BERT and RoBERTa, BERT-based", "BERT")
    [(0, 4), (18, 22)]
    """
    found, at = [], text.find(surface)
    while at >= 0:
        end = at + len(surface)
        before, after = text[at - 1 : at], text[end : end + 1]
        if not (before.isalnum() or after.isalnum() or before == "_" or after == "_"):
            found.append((at, end))
        at = text.find(surface, end)
    return found


def tokens_until(ends: list[int], end: int) -> int:
    """Return how many tokens there are up to the one that ends at character ``end``, 0 if none does."""
    last = bisect_left(ends, end)
    return last + 1 if last < len(ends) and ends[last] == end else 0


def tokens_between(starts: list[int], ends: list[int], start: int, end: int) -> tuple[int, int] | None:
    """Return the tokens of which the first begins at character ``start`` and the last ends at ``end``, if any do.

    >>> tokens_between([0, 5], [4, 9], 0, 9)
    (0, 2)
    """
    i, j = bisect_left(starts, start), tokens_until(ends, end)
    return (i, j) if i < j and starts[i] == start else None


def group_tagged(doc: Doc) -> list[JudgedName]:
    """Join the tagger's spans into names: by spelling, then by definitions."""
    groups: dict[str, list[int]] = defaultdict(list)
    spans = tagged_spans(doc)
    for number, span in enumerate(spans):
        groups[fold(span.text)].append(number)
    for pair in extensions.definitions_of(doc):
        keys = [fold(form) for form in pair]
        if keys[0] != keys[1] and keys[0] in groups and keys[1] in groups:
            groups[keys[0]] += groups.pop(keys[1])
    names = []
    for numbers in groups.values():
        members = [spans[n] for n in numbers]
        votes = np.zeros(len(ENTITY_TYPES))
        for span in members:
            inside = doc._.label_scores[span.start : span.end, 1:N_LABELS].reshape(len(span), len(ENTITY_TYPES), 4)
            votes += inside.sum(axis=2).mean(axis=0)
        surfaces = sorted({span.text for span in members}, key=lambda s: (len(s), s))
        places = tuple(sorted((span.start_char, span.end_char) for span in members))
        chances = tuple(float(v) for v in votes / len(members))
        names.append(JudgedName(tuple(surfaces), places, chances, max(chances)))
    return names


def make_entities(
    text: str,
    fields: extensions.Fields,
    names: Sequence[JudgedName],
    definitions: Sequence[tuple[str, str]],
    threshold: float,
) -> list[PaperEntity]:
    """Return the entities that the judged names of a paper amount to, in the order of ``names``.

    Args:
        text: title, two newlines, abstract.
        fields: where title and abstract stand in it.
        names: judged names.
        definitions: what the text defines, as (short form, long form).
        threshold: the least confidence at which a name is accepted.
    """
    accepted = [replace(n, surfaces=_bare(n.surfaces)) for n in names if n.confidence >= threshold]
    accepted = outside_addresses(text, accepted)
    accepted = joined([n for n in accepted if not all(_NO_NAME.fullmatch(s) for s in n.surfaces)], definitions)
    entities = []
    for name, places in zip(accepted, claim_places(text, accepted, fields.title_end), strict=True):
        if not places:  # all of them lie within longer names
            continue
        surfaces = tuple(dict.fromkeys(text[a:b] for a, b in places))
        entities.append(
            PaperEntity(
                name=min(surfaces, key=lambda s: (name.surfaces.index(s) if s in name.surfaces else 99, len(s))),
                type=ENTITY_TYPES[name.likeliest],
                role="mentions",
                surfaces=surfaces,
                mentions=tuple(Mention(fields.span(a, b), text[a:b], name.confidence) for a, b in places),
                confidence=name.confidence,
            )
        )
    return entities


def _bare(surfaces: Sequence[str]) -> tuple[str, ...]:
    """Return the spellings without what stands around a name and is none of it."""
    return tuple(dict.fromkeys(bare(surface) for surface in surfaces))


@lru_cache(maxsize=100_000)
def bare(surface: str) -> str:
    """Return a spelling without what is layout: TeX's fonts, dashes, bars and quotes at its edges, an emblem.

    >>> bare(r"$\\texttt{SPECS}$"), bare("Gemini -"), bare("“Owl”"), bare("*CoE*"), bare("AOT*"), bare("PAR$^2$-RAG")
    ('SPECS', 'Gemini', 'Owl', 'CoE', 'AOT*', 'PAR$^2$-RAG')
    """
    if surface.isalnum():  # most are
        return surface
    font = _FONT.fullmatch(surface)
    return _EDGE.sub("", font[font.lastindex or 0] if font else surface) or surface


def joined(names: Sequence[JudgedName], definitions: Sequence[tuple[str, str]]) -> list[JudgedName]:
    """Return the names, those that are one thing as one: its likeliest name has all spellings and places."""
    owner = list(range(len(names)))
    for a, b in same_things([n.surfaces for n in names], [n.likeliest for n in names], definitions):
        owner = [owner[a] if own == owner[b] else own for own in owner]
    members: dict[int, list[JudgedName]] = defaultdict(list)
    for name, own in zip(names, owner, strict=True):
        members[own].append(name)
    return [_one(some) if len(some) > 1 else some[0] for some in members.values()]


def _one(names: Sequence[JudgedName]) -> JudgedName:
    ordered = sorted(names, key=lambda name: -name.confidence)
    surfaces = tuple(dict.fromkeys(s for name in ordered for s in name.surfaces))
    return replace(ordered[0], surfaces=surfaces, places=tuple(sorted({p for name in names for p in name.places})))


def outside_addresses(text: str, names: Sequence[JudgedName]) -> list[JudgedName]:
    """Return the names without the spellings that stand in web addresses alone, as no spelling of the gold does."""
    addresses = _addresses(text)
    if not addresses:
        return list(names)

    def stands(surface: str) -> bool:
        return any(not any(a <= start and end <= b for a, b in addresses) for start, end in occurrences(text, surface))

    cut = [replace(name, surfaces=tuple(filter(stands, name.surfaces))) for name in names]
    return [name for name in cut if name.surfaces]


def _addresses(text: str) -> list[tuple[int, int]]:
    """Return the places of the web addresses, looked for only between the white space around their signs."""
    if "/" not in text and "www." not in text:
        return []
    found, end = [], 0
    for chunk in text.split():
        if "/" in chunk or "www." in chunk:
            start = text.index(chunk, end)
            end = start + len(chunk)
            found += [match.span() for match in _ADDRESS.finditer(text, start, end)]
    return found


class PaperEntities:
    """The component: see the module's docstring.

    Args:
        threshold: the least confidence at which a name is accepted. For the best F1 that is about half of the F1 that
            is reached, not one half (Lipton, Elkan and Naryanaswamy 2014).
    """

    def __init__(self, threshold: float) -> None:
        self.threshold = threshold

    def __call__(self, doc: Doc) -> Doc:
        """Set ``doc._.entities`` and ``doc.spans["mentions"]``."""
        tokens, fields, names = extensions.tokens_of(doc), extensions.fields_of(doc), doc._.judged_names
        names = group_tagged(doc) if names is None else names
        entities = make_entities(tokens.text, fields, names, extensions.definitions_of(doc), self.threshold)
        doc._.entities = entities
        spans = []
        for entity in entities:
            for mention in entity.mentions:
                place = tokens_between(tokens.starts, tokens.ends, *fields.place(mention.span))
                if place is not None:
                    spans.append((*place, entity.type))
        doc.spans["mentions"] = [Span(doc, i, j, label=kind) for i, j, kind in sorted(spans)]
        return doc


def claim_places(text: str, names: Sequence[JudgedName], title_end: int) -> list[list[tuple[int, int]]]:
    """Return for each name all places of its surfaces, longest surfaces first, none overlapping another.

    No place reaches over the seam between title and abstract.
    """
    wanted = sorted(((s, i) for i, name in enumerate(names) for s in name.surfaces), key=lambda si: (-len(si[0]), si))
    taken = bytearray(len(text))
    places: list[list[tuple[int, int]]] = [[] for _ in names]
    for surface, number in wanted:
        for a, b in occurrences(text, surface):
            if not any(taken[a:b]) and not a < title_end < b:
                taken[a:b] = b"\x01" * (b - a)
                places[number].append((a, b))
    return [sorted(p) for p in places]


@Language.factory("paper_entities", assigns=["doc._.entities"], default_config={"threshold": THRESHOLD})
def make_paper_entities(nlp: Language, name: str, threshold: float) -> PaperEntities:
    """Create the component; see `PaperEntities`."""
    return PaperEntities(threshold)


extensions.register()

"""Acronym and full form of one thing where the text ties them nowhere: the title's full form, the abstract's acronym.

Definitions ("Group Relative Policy Optimization (GRPO)") are `kg.extract.abbreviations`' business; here both are names
already, and their letters must agree word by word, which is more than a definition asks for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from kg.extract.abbreviations import GENERIC, GLUE, MAX_SHORT, by_initials
from kg.records import fold

_WORD = re.compile(r"[^\W_]+")
_PART = re.compile(r"[^\W\d_a-z][^\W\d_A-Z]*|\d")  # a capital and the small letters behind it, or a digit
_SPELLED = re.compile(r"[A-Z]{2,5}|\d\w")  # read letter by letter: "PCA", "3D"


def stands_for(short: str, long: str) -> bool:
    """Return whether each capital and digit of the short form opens a word of the long one, and all but glue is opened.

    >>> stands_for("RAG", "Retrieval-Augmented Generation"), stands_for("MoE", "Mixture-of-Experts")
    (True, True)
    >>> stands_for("3DGS", "3D Gaussian splatting"), stands_for("PEFT", "prefix-tuning")
    (True, False)
    """
    parts, said = _PART.findall(_singular(short)), _WORD.findall(long)
    words = [piece.lower() for word in said for piece in (word if _SPELLED.fullmatch(word) else (word,))]
    opened = [word[0] for word in words if word not in GLUE]
    if len(said) < 2 or opened != [part[0].lower() for part in parts]:
        return False
    return by_initials(words, "".join(parts).lower()) == 0


def _singular(short: str) -> str:
    return short[:-1] if short[-1:] == "s" and short[-2:-1].isupper() else short


def _is_acronym(surface: str) -> bool:
    return len(surface) <= MAX_SHORT and " " not in surface and sum(map(str.isupper, surface)) >= 2


def same_things(
    names: Sequence[Sequence[str]], types: Sequence[int], definitions: Sequence[tuple[str, str]]
) -> Iterator[tuple[int, int]]:
    """Yield pairs of names of a paper, by their numbers, that are one thing under an acronym and a full form.

    A full form is the same with and without the noun at its end. An acronym goes to the one name that it stands for,
    if no definition has settled it. Then names are compared with acronyms written out ("Multi-Task RL").

    Args:
        names: the spellings of each name.
        types: of each name; one thing has one type.
        definitions: what the text defines, as (short form, long form).
    """
    for i, own in enumerate(names):
        without = {fold(_without_head(surface)) for surface in own} - {""}
        if without:
            yield from ((i, j) for j in _alike(types, i) if not without.isdisjoint(map(fold, names[j])))
    settled = {fold(_singular(short)) for short, _ in definitions}
    written_out = dict(definitions)
    for i, own in enumerate(names):
        for short in own:
            if not _is_acronym(short) or fold(_singular(short)) in settled:
                continue
            fitting = {j: long for j in _alike(types, i) for long in names[j] if stands_for(short, long)}
            if len(fitting) == 1:
                ((j, written_out[short]),) = fitting.items()
                yield i, j
    for short, long in written_out.items():
        inside = re.compile(rf"(?<!\w){re.escape(short)}(?!\w)")
        for i, own in enumerate(names):
            longer = {fold(long.join(inside.split(s))) for s in own if s != short and inside.search(s)}
            if longer:
                yield from ((i, j) for j in _alike(types, i) if not longer.isdisjoint(map(fold, names[j])))


def _without_head(surface: str) -> str:
    """Return a full form without the noun at its end that says what it is, if two words are left.

    >>> _without_head("Template-Aware Dynamic Convolution Module"), _without_head("Segment Model")
    ('Template-Aware Dynamic Convolution', '')
    """
    *words, last = surface.split()
    return " ".join(words) if len(words) > 1 and last.lower() in GENERIC else ""


def _alike(types: Sequence[int], i: int) -> list[int]:
    """Return the other names of the type of name ``i``."""
    return [j for j, type in enumerate(types) if j != i and type == types[i]]

"""What papers say: evidence sentences with the name marked, and whole texts with every mention marked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from app import theme
from app.components import chips
from app.markup import esc, href, link, short
from kg.records import shown_date
from kg.schema import ROLES


def sentence(
    evidence: Mapping[str, Any] | None,
    surfaces: Iterable[str] = (),
    *,
    places: Iterable[Sequence[int]] = (),
    css: str = "",
) -> str:
    """Return an evidence sentence as a quotation, what it speaks of marked.

    Args:
        evidence: the sentence, as answers of `KnowledgeGraph` hold it.
        surfaces: names to mark wherever they stand, for a sentence that nothing is known to be mentioned in.
        places: start and end of each mention to mark, counted as those of the evidence.
        css: more classes of the quotation.
    """
    if not evidence or not evidence.get("text"):
        return ""
    text = str(evidence["text"])
    spans = [(start - evidence["start"], end - evidence["start"]) for start, end in places] or _found(text, surfaces)
    return f'<blockquote class="kg-says {css}">{_with_marks(text, spans)}</blockquote>'


def date(row: Mapping[str, Any]) -> str:
    """Return the date of a paper as every page shows it: as far as it is known; none is empty."""
    return shown_date(row.get("date"), row.get("date_precision"))


def marked(text: str, mentions: Sequence[Mapping[str, Any]], field: str, *, links: bool = True) -> str:
    """Return a paper's text, each mention a link to its entity, its type told by colour and by a word.

    Without ``links`` a mention is only marked: its entity has no page yet. Mentions have field, start, end, entity,
    label and type; of two that overlap the longer stands.
    """
    here = sorted(
        (m for m in mentions if m["field"] == field and 0 <= m["start"] < m["end"] <= len(text)),
        key=lambda m: (m["start"], -m["end"]),
    )
    pieces, done = [], 0
    for mention in here:
        if mention["start"] < done:
            continue
        kind = str(mention["type"])
        label = theme.kinds().get(kind, {}).get("label", kind)
        pieces.append(esc(text[done : mention["start"]]))
        tag, to = ("a", f' href="{esc(href("entity", name=mention["entity"]))}"') if links else ("span", "")
        pieces.append(
            f'<{tag} class="kg-named kg-k-{esc(kind)}"{to} title="{esc(short(mention["label"], 200))}">'
            f"<bdi>{esc(text[mention['start'] : mention['end']])}</bdi><small>{esc(label)}</small></{tag}>"
        )
        done = mention["end"]
    return "".join(pieces) + esc(text[done:])


def by_role(rows: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, list[Mapping[str, Any]]]]:
    """Yield each role that some rows have, strongest first, with those rows.

    >>> [(role, len(here)) for role, here in by_role([{"role": "uses"}, {"role": "introduces"}, {"role": "uses"}])]
    [('introduces', 1), ('uses', 2)]
    """
    all_rows = list(rows)
    for role in ROLES:
        if here := [row for row in all_rows if row["role"] == role]:
            yield role, here


def papers(rows: Iterable[Mapping[str, Any]], *, roles: bool = False) -> str:
    """Return papers as a list: title, date, what the paper does with the entity, and the sentence that says so.

    ``rows`` are those of `KnowledgeGraph.papers`. With ``roles`` each row names its role.
    """
    items = []
    for row in rows:
        meta = [f'<span class="num">{esc(date(row) or "no date")}</span>']
        if roles and row.get("role"):
            meta.append(chips.role(str(row["role"])))
        if row.get("via"):
            meta.append(f"as {link('entity', row['via'], name=row['via'])}")
        meta.append(chips.confidence(row.get("confidence")))
        told = sentence(
            row["evidence"], [row["entity"]], places=row["places"], css="kg-r-" + esc(row.get("role") or "")
        )
        items.append(
            f'<li><div class="title">{link("paper", row["title"], id=row["id"], limit=220)}</div>'
            f'<div class="meta">{"".join(m for m in meta if m)}</div>{told}</li>'
        )
    return f'<ul class="kg-papers">{"".join(items)}</ul>' if items else '<p class="quiet">No papers.</p>'


def steps(rows: Iterable[Mapping[str, Any]]) -> str:
    """Return lineage steps as a list: child, relation, parent, and the sentences they rest on."""
    items = []
    for step in rows:
        told = "".join(
            f"{sentence(e, (step['child']['label'], step['parent']['label']), css='kg-r-' + esc(step['relation']))}"
            f'<div class="meta">{link("paper", e.get("title") or e["paper"], id=e["paper"], limit=120)}'
            f'<span class="num">{esc(date(e))}</span></div>'
            for e in (step.get("evidence") or [])[:3]
        )
        if not told:
            told = f'<div class="meta">{esc(origin(step))}</div>'
        items.append(
            f'<li><div class="title">{link("entity", step["child"]["label"], name=step["child"]["id"])}'
            f" {chips.role(step['relation'])} "
            f"{link('entity', step['parent']['label'], name=step['parent']['id'])}</div>"
            f'<div class="meta">{chips.confidence(step.get("confidence"))}</div>{told}</li>'
        )
    return f'<ul class="kg-papers">{"".join(items)}</ul>'


def origin(step: Mapping[str, Any]) -> str:
    """Return in words what a relation without a sentence rests on."""
    words = {
        "name": "From the names: a version or size of it.",
        "background": "Known background, not from these papers.",
        "curation": "Set by a correction.",
    }
    told = words.get(str(step.get("origin")), "")
    reason = str(step.get("reason") or "")
    return f"{told} {reason}".strip() if reason and step.get("origin") != "name" else told


def _found(text: str, surfaces: Iterable[str]) -> list[tuple[int, int]]:
    """Return where names stand in a text as words of their own, of two that overlap the longer."""
    wanted = sorted({s for s in surfaces if s and s.strip()}, key=lambda s: (-len(s), s))
    if not wanted:
        return []
    pattern = re.compile("|".join(rf"(?<!\w){re.escape(s)}(?!\w)" for s in wanted), re.IGNORECASE)
    return [match.span() for match in pattern.finditer(text)]


def _with_marks(text: str, spans: Iterable[tuple[int, int]]) -> str:
    pieces, done = [], 0
    for start, end in sorted(spans, key=lambda s: (s[0], -s[1])):
        if start < done:
            continue
        pieces += [esc(text[done:start]), f"<mark>{esc(text[start:end])}</mark>"]
        done = end
    return f"<bdi>{''.join(pieces)}{esc(text[done:])}</bdi>"

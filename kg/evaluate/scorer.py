"""The figures by which the extractor is judged: precision, recall and F1, micro-averaged over papers.

edge
    Links of papers to entities: a predicted entity matches a gold one of the same paper and type if they share a
    surface (`kg.records.fold`); each matches once.
edge~data
    The same, with dataset and benchmark taken as one type.
edge TYPE
    The same, of one type.
span
    Mentions: character spans in title and abstract with their type, exact.
role
    Accuracy of the role over matched entities.
lineage
    (child, parent) pairs, their names matched through the surfaces of the entities.

The definitions, and what happens in doubtful cases, are those of the annotators' own scorer, to the last digit: a
test holds `score` to figures that it gave.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from kg.records import fold
from kg.schema import ENTITY_TYPES, FIELDS

Row = Mapping[str, Any]
Figures = dict[str, tuple[float, ...]]
"""Figure to (precision, recall, F1), or to (accuracy,) for ``role``."""

_NOTHING: Row = {"entities": [], "lineage": []}
_DATA = {"dataset": "data", "benchmark": "data"}


def match(
    gold: Iterable[Row], pred: list[Row], kind: Callable[[str], str] = lambda type_: type_
) -> list[tuple[Row, Row]]:
    """Pair gold entities of a paper with predicted ones that share a type and a folded surface, each at most once."""
    folded = [(kind(p["type"]), {fold(s) for s in p["surfaces"]}) for p in pred]
    pairs: list[tuple[Row, Row]] = []
    used: set[int] = set()
    for g in gold:
        type_, names = kind(g["type"]), {fold(s) for s in g["surfaces"]}
        for i, (p_type, p_names) in enumerate(folded):
            if i not in used and p_type == type_ and names & p_names:
                used.add(i)
                pairs.append((g, pred[i]))
                break
    return pairs


def mention_spans(paper: Row, entities: Iterable[Row]) -> set[tuple[str, int, int, str]]:
    """Return every occurrence of the entities' surfaces as (field, start, end, type).

    At word boundaries, longest surface first, none overlapping another.
    """
    found = set()
    surfaces = sorted({(s, e["type"]) for e in entities for s in e["surfaces"]}, key=lambda st: -len(st[0]))
    for field in FIELDS:
        taken: list[tuple[int, int]] = []
        for surface, type_ in surfaces:
            for hit in re.finditer(rf"(?<!\w){re.escape(surface)}(?!\w)", paper[field]):
                if all(hit.end() <= a or b <= hit.start() for a, b in taken):
                    taken.append(hit.span())
                    found.add((field, *hit.span(), type_))
    return found


def link_names(row: Row, name: str) -> set[str]:
    """Return the folded surfaces of the entity that a lineage pair of ``row`` calls ``name``."""
    for entity in row["entities"]:
        if name == entity["name"] or name in entity["surfaces"]:
            return {fold(s) for s in entity["surfaces"]}
    return {fold(name)}


def matched_links(gold: Row, pred: Row) -> list[tuple[int, int]]:
    """Return which lineage pairs match: (index in gold, index in pred)."""
    wanted = [
        (i, link_names(gold, link["child"]), link_names(gold, link["parent"]))
        for i, link in enumerate(gold.get("lineage", []))
    ]
    hits = []
    for j, link in enumerate(pred.get("lineage", [])):
        child, parent = link_names(pred, link["child"]), link_names(pred, link["parent"])
        for k, (i, gold_child, gold_parent) in enumerate(wanted):
            if gold_child & child and gold_parent & parent:
                hits.append((i, j))
                del wanted[k]
                break
    return hits


def prf(hits: int, predicted: int, wanted: int) -> tuple[float, float, float]:
    """Return precision, recall and F1.

    >>> prf(2, 4, 2)
    (0.5, 1.0, 0.6666666666666666)
    """
    p = hits / predicted if predicted else 0.0
    r = hits / wanted if wanted else 0.0
    return p, r, (2 * p * r / (p + r) if p + r else 0.0)


def score(gold: Mapping[str, Row], pred: Mapping[str, Row]) -> Figures:
    """Return the figures for predictions against gold, both papers by id in the gold form.

    A paper that is missing from ``pred`` counts as predicted empty; one that is missing from ``gold`` counts nothing.
    """
    n: Counter[str] = Counter()
    by_type: Counter[tuple[str, str]] = Counter()
    for key, g in gold.items():
        p = pred.get(key, _NOTHING)
        strict = match(g["entities"], p["entities"])
        n.update(
            gold=len(g["entities"]),
            pred=len(p["entities"]),
            hit=len(strict),
            data=len(match(g["entities"], p["entities"], lambda t: _DATA.get(t, t))),
            role=sum(a["role"] == b.get("role") for a, b in strict),
            links_gold=len(g.get("lineage", [])),
            links_pred=len(p.get("lineage", [])),
            links_hit=len(matched_links(g, p)),
        )
        by_type.update((e["type"], "gold") for e in g["entities"])
        by_type.update((e["type"], "pred") for e in p["entities"])
        by_type.update((a["type"], "hit") for a, _ in strict)
        gold_spans, pred_spans = mention_spans(g, g["entities"]), mention_spans(g, p["entities"])
        n.update(spans_gold=len(gold_spans), spans_pred=len(pred_spans), spans_hit=len(gold_spans & pred_spans))
    return {
        "edge": prf(n["hit"], n["pred"], n["gold"]),
        "edge~data": prf(n["data"], n["pred"], n["gold"]),
        **{f"edge {t}": prf(by_type[t, "hit"], by_type[t, "pred"], by_type[t, "gold"]) for t in ENTITY_TYPES},
        "span": prf(n["spans_hit"], n["spans_pred"], n["spans_gold"]),
        "role": (n["role"] / n["hit"] if n["hit"] else 0.0,),
        "lineage": prf(n["links_hit"], n["links_pred"], n["links_gold"]),
    }


def format_figures(figures: Figures) -> str:
    """Return the figures as the lines of text that the annotators' scorer prints."""
    lines = []
    for name, values in figures.items():
        if len(values) == 3:
            text = "  ".join(f"{label} {x:.3f}" for label, x in zip(("P", "R", "F1"), values, strict=True))
        else:
            text = f"acc {values[0]:.3f}"
        lines.append(f"{name:16s} {text}")
    return "\n".join(lines)

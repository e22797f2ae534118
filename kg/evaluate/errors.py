"""What the extractor gets wrong, commonest first, with the sentences in which it does."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any

from kg.evaluate.scorer import Row, link_names, match, matched_links, mention_spans
from kg.extract.sentences import sentence_starts
from kg.records import fold
from kg.schema import FIELDS

_EXAMPLES = 2
"""Sentences shown for one error."""

KINDS = {
    "missed": "missed entities",
    "extra": "extra entities",
    "type": "wrong types (gold > predicted)",
    "role": "wrong roles (gold > predicted)",
    "lineage missed": "missed lineage pairs (child > parent)",
    "lineage extra": "extra lineage pairs (child > parent)",
}
"""The kinds of error, in the order in which they are shown, and their headings."""

Errors = dict[str, list[dict[str, Any]]]
"""Kind to its commonest errors: ``{"what": str, "count": int, "sentences": [{"paper": id, "text": str}]}``."""


def errors(gold: Mapping[str, Row], pred: Mapping[str, Row], n: int = 20) -> Errors:
    """Return the ``n`` commonest errors of each kind in `KINDS`.

    An entity that is found under another type is one error of type, neither missed nor extra.
    """
    counts: dict[str, Counter[str]] = {kind: Counter() for kind in KINDS}
    places: dict[tuple[str, str], list[dict[str, str]]] = defaultdict(list)

    def note(kind: str, what: str, paper: Row, *surfaces: list[str]) -> None:
        counts[kind][what] += 1
        if len(places[kind, what]) < _EXAMPLES:
            places[kind, what].append({"paper": paper["id"], "text": _sentence(paper, *surfaces)})

    for key, g in gold.items():
        p = pred.get(key, {"entities": [], "lineage": []})
        strict = match(g["entities"], p["entities"])
        for a, b in strict:
            if a["role"] != b.get("role"):
                note("role", f"{a['role']} > {b.get('role')}", g, a["surfaces"])
        found, used = {id(a) for a, _ in strict}, {id(b) for _, b in strict}
        missed = [e for e in g["entities"] if id(e) not in found]
        extra = [e for e in p["entities"] if id(e) not in used]
        for a, b in match(missed, extra, lambda _type: ""):
            note("type", f"{a['type']} > {b['type']}: {a['name']}", g, a["surfaces"])
            missed.remove(a)
            extra.remove(b)
        for e in missed:
            note("missed", f"{e['type']}: {e['surfaces'][0]}", g, e["surfaces"])
        for e in extra:
            note("extra", f"{e['type']}: {e['surfaces'][0]}", g, e["surfaces"])
        hits = matched_links(g, p)
        for kind, row, done in (
            ("lineage missed", g, {i for i, _ in hits}),
            ("lineage extra", p, {j for _, j in hits}),
        ):
            for i, link in enumerate(row.get("lineage", [])):
                if i not in done:
                    child, parent = _surfaces(row, link["child"]), _surfaces(row, link["parent"])
                    note(kind, f"{link['child']} > {link['parent']}", g, child, parent)
    return {
        kind: [
            {"what": what, "count": count, "sentences": places[kind, what]}
            for what, count in sorted(counter.items(), key=lambda item: (-item[1], item[0]))[:n]
        ]
        for kind, counter in counts.items()
    }


def format_errors(found: Errors) -> str:
    """Return the errors as text: a heading for each kind, a line for each error, its sentences below it."""
    lines = []
    for kind, entries in found.items():
        lines.append(f"{KINDS[kind]}:" if entries else f"{KINDS[kind]}: none")
        for entry in entries:
            lines.append(f"  {entry['count']} x  {entry['what']}")
            lines.extend(f"        {place['paper']}: {place['text']}" for place in entry["sentences"])
    return "\n".join(lines)


def _surfaces(row: Row, name: str) -> list[str]:
    names = link_names(row, name)
    return next((e["surfaces"] for e in row["entities"] if names & {fold(s) for s in e["surfaces"]}), [name])


def _sentence(paper: Row, *surfaces: list[str]) -> str:
    """Return the sentence that names most of what is asked for, the abstract's before the title."""
    spans = [mention_spans(paper, [{"type": "", "surfaces": names}]) for names in surfaces]
    best, most = "", 0
    for field in reversed(FIELDS):
        text = paper[field]
        starts = sentence_starts(text) if field == "abstract" else [0]
        for start, end in zip(starts, [*starts[1:], len(text)], strict=True):
            inside = sum(any(f == field and start <= a < end for f, a, _, _ in found) for found in spans)
            if inside > most:
                best, most = " ".join(text[start:end].split()), inside
    return best

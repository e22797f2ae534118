"""B-cubed precision, recall and F1 of a clustering (Bagga and Baldwin, 1998), and the gold it is measured on."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from hashlib import sha1
from pathlib import Path
from typing import Any

import yaml

from kg.records import Extraction, Mention, PaperEntity, Span
from kg.resolve import resolve

GOLD = Path(__file__).parent / "data" / "clusters.yaml"

Item = tuple[str, tuple[str, ...]]  # type, surfaces


def bcubed(gold: Sequence[Hashable], found: Sequence[Hashable]) -> tuple[float, float, float]:
    """Return precision, recall and F1; both arguments give each item's cluster, in the same order.

    >>> bcubed("aabb", "xxxx")
    (0.5, 1.0, 0.6666666666666666)
    """
    both = Counter(zip(gold, found, strict=True))
    in_gold, in_found = Counter(gold), Counter(found)
    precision = sum(both[g, f] / in_found[f] for g, f in zip(gold, found, strict=True)) / len(gold)
    recall = sum(both[g, f] / in_gold[g] for g, f in zip(gold, found, strict=True)) / len(gold)
    return precision, recall, 2 * precision * recall / (precision + recall)


def held_out(name: str) -> bool:
    """Return whether the entry belongs to the third that was not looked at before the last check."""
    return int(sha1(name.encode()).hexdigest(), 16) % 3 == 0


def read_gold(path: Path = GOLD) -> list[dict[str, Any]]:
    """Return the entries of the cluster gold."""
    return list(yaml.safe_load(path.read_text(encoding="utf-8"))["clusters"])


def as_extractions(items: Iterable[tuple[str, Mapping[str, Any]]]) -> tuple[list[Extraction], dict[str, list[str]]]:
    """Return one extraction per paper of each item, and the ids of the papers of each item by its label."""
    extractions, papers = [], defaultdict(list)
    for number, (label, item) in enumerate(items):
        surfaces = tuple(item["surfaces"])
        for copy in range(item.get("times", 1)):
            mentions = tuple(Mention(Span("abstract", 0, len(s)), s) for s in surfaces)
            paper = f"{number:05}-{copy}"
            extractions.append(Extraction(paper, (PaperEntity(surfaces[0], item["type"], "uses", surfaces, mentions),)))
            papers[f"{label}#{number}"].append(paper)
    return extractions, dict(papers)


def score(entries: Sequence[Mapping[str, Any]], keep: Any = lambda name: True) -> tuple[float, float, float, list[str]]:
    """Resolve all entries together; return precision, recall, F1 over the kept ones, and the errors in words."""
    items = [(e["name"], item) for e in entries for item in e["items"]]
    extractions, papers = as_extractions(items)
    found = resolve(extractions)
    gold_of, found_of, shown = [], [], []
    for (name, item), ids in zip(items, papers.values(), strict=True):
        if keep(name):
            gold_of.append(name)
            found_of.append(found.entity_of[ids[0], 0])
            shown.append(" = ".join(item["surfaces"]))
    errors = []
    for side, one, two in (("split", gold_of, found_of), ("joined", found_of, gold_of)):
        parts: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        for a, b, text in zip(one, two, shown, strict=True):
            parts[a][b].append(text)
        errors += [f"{side} {a}: {dict(b)}" for a, b in parts.items() if len(b) > 1]
    return (*bcubed(gold_of, found_of), errors)

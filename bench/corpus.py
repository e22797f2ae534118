"""Corpora of any size out of a small one, for measurements.

``replicated`` gives papers for whatever reads texts: copies whose titles and ids differ. ``grown`` gives papers with
extractions for whatever comes after: in each copy the names that hardly any paper shares are spelled with other
letters, in text and extraction alike, so that the number of entities grows with that of papers as it does in a real
corpus, while the well-known names gather more papers. Spellings keep their length, so every offset holds.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import count, islice
from pathlib import Path
from typing import Any

from toolz import partition_all

from kg.extract import extract, version
from kg.graph.cache import ExtractionCache, content_key
from kg.read import merge, read_records
from kg.records import Paper, Report, fold

Row = dict[str, Any]
_SHARED = 3  # from so many papers on, a name is well known and stays as it is in every copy


def read(source: str | Path, limit: int | None = None) -> list[Paper]:
    """Return the papers of a file or folder, in the order of their ids, or as many as ``limit``, evenly spread."""
    papers = list(merge(read_records([source], Report())))
    return papers if limit is None or limit >= len(papers) else papers[:: -(-len(papers) // limit)]


def replicated(papers: Sequence[Paper], size: int) -> Iterator[Paper]:
    """Yield ``size`` papers, the given ones again and again, each time with other ids and titles."""
    yield from islice((_copy(p, n) for n in count() for p in papers), size)


def extracted(papers: Iterable[Paper]) -> list[Row]:
    """Return what the shipped pipeline reads in each paper, as `Extraction.to_dict` gives it."""
    return [found.to_dict() for found in extract(papers)]


def grown(papers: Sequence[Paper], rows: Sequence[Row], size: int) -> Iterator[tuple[Paper, Row]]:
    """Yield ``size`` papers with their extractions, copies of the given ones with rare names changed."""
    seen = Counter(name for row in rows for name in {fold(e["name"]) for e in row["entities"]})
    rare = {name for name, n in seen.items() if n < _SHARED}
    yield from islice(
        (_changed(_copy(p, n), r, n, rare) for n in count() for p, r in zip(papers, rows, strict=True)), size
    )


def write_jsonl(papers: Iterable[Paper], path: Path) -> None:
    """Write papers as JSON Lines that ``kg build`` reads."""
    with path.open("w", encoding="utf-8") as out:
        for p in papers:
            row = {"id": p.id, "title": p.title, "abstract": p.abstract, "date": p.date, "authors": list(p.authors)}
            out.write(json.dumps(row, ensure_ascii=False) + "\n")


def _copy(paper: Paper, number: int) -> Paper:
    if not number:
        return paper
    return replace(paper, id=f"{paper.id}-{number}", title=f"{paper.title} ({number})")


def _changed(paper: Paper, row: Row, number: int, rare: set[str]) -> tuple[Paper, Row]:
    """Return a paper and its extraction with the rare names spelled otherwise."""
    texts = {"title": list(paper.title), "abstract": list(paper.abstract)}
    table = _alphabet(number)
    names: dict[str, str] = {}
    entities = []
    for entity in row["entities"]:
        if fold(entity["name"]) not in rare:
            entities.append(entity)
            continue
        for field, start, end in entity["mentions"]:
            texts[field][start:end] = "".join(texts[field][start:end]).translate(table)
        names |= {s: s.translate(table) for s in (entity["name"], *entity["surfaces"])}
        entities.append({**entity, "name": names[entity["name"]], "surfaces": [names[s] for s in entity["surfaces"]]})
    lineage = [
        {**r, "child": names.get(r["child"], r["child"]), "parent": names.get(r["parent"], r["parent"])}
        for r in row["lineage"]
    ]
    definitions = [[names.get(s, s), f] for s, f in row["definitions"]]
    changed = replace(paper, title="".join(texts["title"]), abstract="".join(texts["abstract"]))
    return changed, {**row, "id": paper.id, "entities": entities, "lineage": lineage, "definitions": definitions}


def _alphabet(number: int) -> dict[int, int]:
    """Return the table that moves each Latin letter on by ``number``, its case kept."""
    return {ord(first) + i: ord(first) + (i + number) % 26 for first in "aA" for i in range(26)}


def fill_cache(papers: Sequence[Paper], rows: Sequence[Row], size: int, known: int, source: Path, out: Path) -> int:
    """Write a grown corpus of ``size`` papers and put the extractions of the first ``known`` into the cache of ``out``.

    Returns how many extractions were put in.
    """
    cache = ExtractionCache(out / ".cache" / "extractions.sqlite", version())
    write_jsonl((p for p, _ in grown(papers, rows, size)), source)
    number = 0
    for part in partition_all(1_000, grown(papers, rows, known)):
        cache.put({content_key(p): json.dumps(r, ensure_ascii=False, separators=(",", ":")) for p, r in part})
        number += len(part)
    cache.close()
    return number

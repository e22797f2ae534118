"""The five tables: papers, entities, mentions, links, relations.

Parquet, zstd, sorted by the keys in ``schema.SORT_KEYS``: the same rows give the same bytes, and a question about
one entity or one paper reads only the row groups that can hold it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from kg.records import Extraction, Paper, Problem, Source, Span
from kg.resolve import Resolution
from kg.resolve.curation import LinkEdit, RelationEdit
from kg.resolve.resolution import NO_ALIAS
from kg.schema import ENTITIES, LINKS, MENTIONS, PAPERS, RELATIONS_TABLE, ROLES, SORT_KEYS

_STRENGTH = {role: len(ROLES) - i for i, role in enumerate(ROLES)}
_FLUSH = 20_000
_ROW_GROUP = {"papers": 2_000, "entities": 2_000, "mentions": 20_000, "links": 10_000, "relations": 20_000}


class TableWriter:
    """Collects the rows of one table, compactly, and writes them sorted."""

    def __init__(self, name: str, schema: pa.Schema) -> None:
        self.name = name
        self.schema = schema
        self.rows = 0
        self._waiting: list[tuple[Any, ...]] = []
        self._batches: list[pa.RecordBatch] = []

    def add(self, *values: Any) -> None:
        """Add a row, its values in the order of the schema."""
        self._waiting.append(values)
        self.rows += 1
        if len(self._waiting) >= _FLUSH:
            self._flush()

    def _flush(self) -> None:
        columns = zip(*self._waiting, strict=True) if self._waiting else [()] * len(self.schema)
        arrays = [pa.array(c, type=f.type) for c, f in zip(columns, self.schema, strict=True)]
        self._batches.append(pa.record_batch(arrays, schema=self.schema))
        self._waiting = []

    def write(self, folder: Path) -> int:
        """Write ``NAME.parquet`` into the folder and return the number of rows."""
        self._flush()
        table = pa.Table.from_batches(self._batches, schema=self.schema)
        keys = [(key, "ascending") for key in SORT_KEYS[self.name]]
        write_table(self.name, table.sort_by(keys), folder)
        return self.rows


def write_table(name: str, table: pa.Table, folder: Path) -> None:
    """Write a sorted table as ``NAME.parquet``."""
    pq.write_table(
        table, folder / f"{name}.parquet", compression="zstd", row_group_size=_ROW_GROUP[name], write_statistics=True
    )


def write_papers(papers: Iterable[Paper], folder: Path) -> int:
    """Write the table of papers, which must come sorted by id, without holding them all; return their number."""
    rows = 0
    with pq.ParquetWriter(folder / "papers.parquet", PAPERS, compression="zstd") as writer:
        batch: list[Paper] = []

        def flush() -> None:
            columns = {f.name: [getattr(p, f.name) for p in batch] for f in PAPERS}
            columns["sources"] = [
                [{"file": s.file, "record": s.record, "line": s.line} for s in p.sources] for p in batch
            ]
            arrays = [pa.array(columns[f.name], type=f.type) for f in PAPERS]
            writer.write_batch(pa.record_batch(arrays, schema=PAPERS), row_group_size=_ROW_GROUP["papers"])

        for paper in papers:
            batch.append(paper)
            rows += 1
            if len(batch) == _ROW_GROUP["papers"]:
                flush()
                batch = []
        if batch or not rows:
            flush()
    return rows


def iter_papers(folder: Path, texts_only: bool = False) -> Iterator[Paper]:
    """Yield the papers of ``papers.parquet`` in order, a batch in memory at a time.

    With ``texts_only`` a paper carries only id, title, abstract and date.
    """
    columns = ["id", "title", "abstract", "date"] if texts_only else PAPERS.names
    with pq.ParquetFile(folder / "papers.parquet") as table:
        for batch in table.iter_batches(batch_size=1_000, columns=columns):
            for row in batch.to_pylist():
                row |= {k: tuple(v or ()) for k, v in row.items() if isinstance(v, list)}
                if "sources" in row:
                    row["sources"] = tuple(Source(**s) for s in row["sources"])
                yield Paper(**row)


@dataclass(slots=True)
class _Seen:
    """What the papers say of one entity, summed up while their rows are written."""

    papers: int = 0
    mentions: int = 0
    dates: list[str] = field(default_factory=list)  # first and last
    evidence: tuple[float, str, Span] | None = None  # the surest link's sentence

    def add(self, paper: Paper, mentions: int, confidence: float, evidence: Span | None) -> None:
        self.papers += 1
        self.mentions += mentions
        if paper.date:
            days = [*self.dates, paper.date]
            self.dates = [min(days), max(days)]
        if evidence and (self.evidence is None or (confidence, paper.id) > self.evidence[:2]):
            self.evidence = (confidence, paper.id, evidence)


@dataclass(frozen=True, slots=True)
class RelationRow:
    """A relation that does not come out of a text: from the grammar of names, the background or a correction."""

    child: str
    parent: str
    relation: str
    origin: str
    reason: str
    confidence: float = 1.0


@dataclass(slots=True)
class Edits:
    """What corrections change in the rows: links and relations to add or to remove, and which ones found their row."""

    links: dict[tuple[str, str], LinkEdit] = field(default_factory=dict)  # by paper and entity
    relations: dict[tuple[str, str, str], RelationEdit] = field(default_factory=dict)  # by child, parent, relation
    used: set[tuple[str, ...]] = field(default_factory=set)

    def unused(self) -> list[Problem]:
        """Return the removals that had nothing to remove."""
        edits: list[tuple[tuple[str, ...], LinkEdit | RelationEdit]]
        edits = [*self.links.items(), *self.relations.items()]
        return [
            edit.entry.problem("there is no such link or relation any more; not applied")
            for key, edit in edits
            if not edit.add and key not in self.used
        ]


def write_tables(
    folder: Path,
    corpus: Iterable[tuple[Paper, Extraction]],
    resolution: Resolution,
    known: Iterable[RelationRow] = (),
    edits: Edits | None = None,
    background: Collection[str] = (),
) -> dict[str, int]:
    """Write entities, mentions, links and relations beside a ``papers.parquet`` that is there.

    Parameters:
        folder: where the files go.
        corpus: each paper with its extraction, in the order of ``papers.parquet``.
        resolution: which entity each paper's entity is.
        known: relations that rest on no sentence.
        edits: what the corrections ask for.
        background: ids of the entities that no paper names, known from the background alone.

    Returns:
        Rows by table name.
    """
    edits = edits or Edits()
    mentions, links = TableWriter("mentions", MENTIONS), TableWriter("links", LINKS)
    seen: dict[str, _Seen] = defaultdict(_Seen)
    stated: dict[tuple[str, str, str], list[dict[str, Any]]] = defaultdict(list)
    corrected: dict[str, list[LinkEdit]] = defaultdict(list)
    for edit in edits.links.values():
        corrected[edit.paper].append(edit)

    for paper, extraction in corpus:
        rows = _links_of(paper, extraction, resolution.entity_of)
        for edit in corrected.get(paper.id, ()):
            old = rows.pop(edit.entity, None)
            if old:
                edits.used.add((paper.id, edit.entity))
            if edit.add:
                role = edit.role or ROLES[-1]
                rows[edit.entity] = _Link(role, 1.0, old.evidence if old else None, "curation", edit.reason)
        places: dict[tuple[str, int, int], tuple[str, str, float]] = {}
        for i, found in enumerate(extraction.entities):
            entity_id = resolution.entity_of.get((paper.id, i))
            if entity_id is None or entity_id not in rows:
                continue
            for m in found.mentions:
                places.setdefault((m.span.field, m.span.start, m.span.end), (m.surface, entity_id, m.confidence))
        counts: dict[str, int] = defaultdict(int)
        for (name, start, end), (surface, entity_id, confidence) in places.items():
            mentions.add(paper.id, name, start, end, surface, entity_id, confidence)
            counts[entity_id] += 1
        for entity_id, link in rows.items():
            links.add(
                paper.id,
                entity_id,
                link.role,
                link.confidence,
                _span(link.evidence),
                link.origin,
                link.reason,
                link.evidence and paper.text(link.evidence.field)[link.evidence.start : link.evidence.end],
            )
            seen[entity_id].add(paper, counts[entity_id], link.confidence, link.evidence)
        names = {e.name: resolution.entity_of.get((paper.id, i)) for i, e in enumerate(extraction.entities)}
        for relation in extraction.relations:
            child, parent = names.get(relation.child), names.get(relation.parent)
            if child and parent and child != parent and child in rows and parent in rows:
                evidence = {"paper": paper.id, **(_span(relation.evidence) or {}), "confidence": relation.confidence}
                if relation.evidence:
                    stated[child, parent, relation.relation].append(evidence)

    return {
        "mentions": mentions.write(folder),
        "links": links.write(folder),
        "relations": _write_relations(folder, stated, known, seen, edits),
        "entities": _write_entities(folder, resolution, seen, background),
    }


@dataclass(frozen=True, slots=True)
class _Link:
    role: str
    confidence: float
    evidence: Span | None
    origin: str = "text"
    reason: str | None = None


def _links_of(
    paper: Paper, extraction: Extraction, entity_of: Mapping[tuple[str, int], str | None]
) -> dict[str, _Link]:
    """Return the paper's links, one an entity: the strongest role where it names the entity as two things."""
    rows: dict[str, _Link] = {}
    for i, found in enumerate(extraction.entities):
        entity = entity_of.get((paper.id, i))
        if entity is None:
            continue
        evidence = found.evidence or (found.mentions[0].span if found.mentions else None)
        link = _Link(found.role, found.confidence * found.role_confidence, evidence)
        other = rows.get(entity)
        if other is None or (_STRENGTH[link.role], link.confidence) > (_STRENGTH[other.role], other.confidence):
            rows[entity] = link
    return rows


def _span(span: Span | None) -> dict[str, Any] | None:
    return None if span is None else {"field": span.field, "start": span.start, "end": span.end}


def _write_relations(
    folder: Path,
    stated: Mapping[tuple[str, str, str], list[dict[str, Any]]],
    known: Iterable[RelationRow],
    seen: Mapping[str, _Seen],
    edits: Edits,
) -> int:
    """Write the table of relations: corrections, then what texts state, then what stands in no text."""
    table = TableWriter("relations", RELATIONS_TABLE)
    done: set[tuple[str, str, str]] = set()
    for key, edit in edits.relations.items():
        done.add(key)
        if key in stated:
            edits.used.add(key)
        if edit.add:
            table.add(*key, 1.0, stated.get(key, []), "curation", edit.reason)
    for key in sorted(stated):
        if key in done:
            continue
        evidence = sorted(stated[key], key=lambda e: (-e["confidence"], e["paper"], e["field"], e["start"]))
        done.add(key)
        # independent statements: wrong only if every one of them is
        doubt = 1.0
        for place in evidence:
            doubt *= 1.0 - place["confidence"]
        table.add(*key, 1.0 - doubt, evidence, "text", None)
    for row in known:
        key = (row.child, row.parent, row.relation)
        if key in edits.relations:
            edits.used.add(key)
        if key in done or row.child == row.parent:
            continue
        done.add(key)
        where = seen[row.child].evidence if row.origin == "name" and row.child in seen else None
        evidence = [] if where is None else [{"paper": where[1], **(_span(where[2]) or {}), "confidence": where[0]}]
        table.add(*key, row.confidence, evidence, row.origin, row.reason)
    return table.write(folder)


def _write_entities(
    folder: Path, resolution: Resolution, seen: Mapping[str, _Seen], background: Collection[str]
) -> int:
    table = TableWriter("entities", ENTITIES)
    for entity in resolution.entities:
        facts = seen.get(entity.id, _Seen())
        first, last = facts.dates or (None, None)
        spellings = [
            {"surface": s.surface, "mentions": s.mentions, "papers": s.papers, "rule": s.rule} for s in entity.spellings
        ]
        aliases = [s.surface for s in entity.spellings if s.surface != entity.name and s.rule not in NO_ALIAS]
        table.add(
            entity.id,
            entity.name,
            entity.label,
            entity.type,
            aliases,
            entity.family,
            facts.papers,
            facts.mentions,
            first,
            last,
            spellings,
            entity.id in background,
            entity.year,
        )
    return table.write(folder)

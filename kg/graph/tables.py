"""The five tables: papers, entities, mentions, links, relations.

Parquet, zstd, sorted by the keys in ``schema.SORT_KEYS``: the same rows give the same bytes, and a question about
one entity or one paper reads only the row groups that can hold it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from kg.graph.columns import Columns
from kg.graph.joined import Joined, RelationKey
from kg.records import Paper, Problem, Source
from kg.resolve import Resolution, ResolvedEntity
from kg.resolve.curation import LinkEdit, RelationEdit
from kg.resolve.resolution import NO_ALIAS
from kg.schema import ENTITIES, PAPERS, RELATIONS_TABLE, SORT_KEYS, SPELLING

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
    papers = iter(papers)
    with pq.ParquetWriter(folder / "papers.parquet", PAPERS, compression="zstd") as writer:
        while (batch := list(islice(papers, _ROW_GROUP["papers"]))) or not rows:
            writer.write_batch(_paper_rows(batch), row_group_size=_ROW_GROUP["papers"])
            rows += len(batch)
            if not batch:
                break
    return rows


def _paper_rows(papers: Sequence[Paper]) -> pa.RecordBatch:
    """Return papers as rows of their table."""
    sources = [s for p in papers for s in p.sources]
    place = PAPERS.field("sources").type.value_type
    flat = pa.StructArray.from_arrays(
        [pa.array([getattr(s, f.name) for s in sources], f.type) for f in place], fields=list(place)
    )
    ends = pa.array(np.cumsum([0, *(len(p.sources) for p in papers)]), pa.int32())
    columns = [
        pa.ListArray.from_arrays(ends, flat)
        if f.name == "sources"
        else pa.array([getattr(p, f.name) for p in papers], f.type)
        for f in PAPERS
    ]
    return pa.record_batch([c.cast(f.type) for c, f in zip(columns, PAPERS, strict=True)], schema=PAPERS)


def new_papers(folder: Path, before: Path, most: int = 100) -> dict[str, Any] | None:
    """Return how many papers an earlier folder did not hold, and id and title of the first ``most`` of them.

    None if there is no earlier folder that can be read.
    """
    try:
        held = pq.read_table(before / "papers.parquet", columns=["id"]).column("id")
    except (OSError, pa.ArrowException):
        return None
    papers = pq.read_table(folder / "papers.parquet", columns=["id", "title"])
    new = papers.filter(pc.invert(pc.is_in(papers.column("id"), held)))
    return {"papers": new.num_rows, "first": new.slice(0, most).to_pylist()}


def iter_papers(
    folder: Path, texts_only: bool = False, places: Sequence[int] | np.ndarray | None = None
) -> Iterator[Paper]:
    """Yield the papers of ``papers.parquet`` in order, a batch in memory at a time.

    With ``texts_only`` a paper carries only id, title, abstract and date; with ``places``, ascending, only the papers
    that stand there are yielded.
    """
    columns = ["id", "title", "abstract", "date"] if texts_only else PAPERS.names
    begin = 0
    with pq.ParquetFile(folder / "papers.parquet") as table:
        for batch in table.iter_batches(batch_size=1_000, columns=columns):
            if places is not None:
                low, high = np.searchsorted(places, [begin, begin + batch.num_rows])
                begin, inside = begin + batch.num_rows, np.asarray(places[low:high], dtype=np.int64) - begin
                batch = batch.take(pa.array(inside))
            for row in batch.to_pylist():
                row |= {k: tuple(v or ()) for k, v in row.items() if isinstance(v, list)}
                if "sources" in row:
                    row["sources"] = tuple(Source(**s) for s in row["sources"])
                yield Paper(**row)


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
    corpus: Columns,
    resolution: Resolution,
    known: Iterable[RelationRow] = (),
    edits: Edits | None = None,
    background: Collection[str] = (),
) -> dict[str, int]:
    """Write entities, mentions, links and relations beside a ``papers.parquet`` that is there.

    Parameters:
        folder: where the files go.
        corpus: the extractions of the papers in ``papers.parquet``.
        resolution: which entity each paper's entity is.
        known: relations that rest on no sentence.
        edits: what the corrections ask for.
        background: ids of the entities that no paper names, known from the background alone.

    Returns:
        Rows by table name.
    """
    edits = edits or Edits()
    known = list(known)
    with Joined(folder, corpus, resolution, edits.links.values()) as joined:
        edits.used |= joined.corrected()
        rows = {}
        for name, table in (("mentions", joined.mentions()), ("links", joined.links())):
            write_table(name, table, folder)
            rows[name] = table.num_rows
        stated = joined.stated()
        surest = joined.surest({row.child for row in known if row.origin == "name"})
        facts = joined.facts()
    return {
        **rows,
        "relations": _write_relations(folder, stated, known, surest, edits),
        "entities": _write_entities(folder, resolution, facts, background),
    }


def _write_relations(
    folder: Path,
    stated: Mapping[RelationKey, list[dict[str, Any]]],
    known: Iterable[RelationRow],
    surest: Mapping[str, dict[str, Any]],
    edits: Edits,
) -> int:
    """Write the table of relations: corrections, then what texts state, then what stands in no text."""
    table = TableWriter("relations", RELATIONS_TABLE)
    done: set[RelationKey] = set()
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
        evidence = [surest[row.child]] if row.origin == "name" and row.child in surest else []
        table.add(*key, row.confidence, evidence, row.origin, row.reason)
    return table.write(folder)


def _write_entities(folder: Path, resolution: Resolution, facts: pa.Table, background: Collection[str]) -> int:
    """Write the table of entities; ``facts``: what their links say, a row an entity in the order of the resolution."""
    entities = resolution.entities
    columns: dict[str, Any] = {
        **{name: [getattr(e, name) for e in entities] for name in ("id", "name", "label", "type", "family", "year")},
        "aliases": [_aliases(e) for e in entities],
        "spellings": _spellings(entities),
        "background": [e.id in background for e in entities],
        **{name: facts.column(name) for name in facts.column_names},
    }
    columns = {
        f.name: c if isinstance(c := columns[f.name], pa.ChunkedArray | pa.Array) else pa.array(c, f.type)
        for f in ENTITIES
    }
    table = pa.table(columns).cast(ENTITIES)
    write_table("entities", table, folder)
    return table.num_rows


def _aliases(entity: ResolvedEntity) -> list[str]:
    return [s.surface for s in entity.spellings if s.surface != entity.name and s.rule not in NO_ALIAS]


def _spellings(entities: Sequence[ResolvedEntity]) -> pa.ListArray:
    """Return the spellings of entities as a column."""
    flat = [s for e in entities for s in e.spellings]
    fields = [pa.array([getattr(s, f.name) for s in flat], f.type) for f in SPELLING]
    ends = np.cumsum([0, *(len(e.spellings) for e in entities)])
    spellings = pa.StructArray.from_arrays(fields, fields=list(SPELLING))
    return pa.ListArray.from_arrays(pa.array(ends, pa.int32()), spellings)

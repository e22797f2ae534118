"""Extractions as columns: what resolution and the tables need of each paper, read out of its extraction once.

One row a paper, found again by the content of its texts. Like the extractions themselves the rows are kept between
builds, so that a build that adds 100 papers decodes 100 extractions.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

import kg.records
import kg.resolve
from kg import remembered
from kg.records import Extraction, Span
from kg.resolve.gather import Naming, namings
from kg.schema import SPAN

_MENTION = pa.struct([*SPAN, ("surface", pa.string()), ("confidence", pa.float32())])
_ENTITY = pa.struct(
    [
        ("role", pa.string()),
        ("confidence", pa.float64()),  # of the link: that the paper names this thing, and in this role
        ("evidence", SPAN),  # the sentence of the role, else the first mention
        ("mentions", pa.list_(_MENTION)),
        # as a `Naming`; null where the extraction gives no type or no surface
        ("type", pa.string()),
        ("name", pa.string()),
        ("surfaces", pa.list_(pa.string())),
        ("counts", pa.list_(pa.int32())),
        ("defined", pa.list_(pa.string())),
        ("introduced", pa.bool_()),
        ("titled", pa.bool_()),
    ]
)
_RELATION = pa.struct(
    [
        ("child", pa.int32()),  # place among the paper's entities
        ("parent", pa.int32()),
        ("relation", pa.string()),
        ("confidence", pa.float64()),
        ("evidence", SPAN),
    ]
)
SCHEMA = pa.schema(
    [("key", pa.binary(16)), ("entities", pa.list_(_ENTITY)), ("relations", pa.list_(_RELATION))],
)


def decoded(rows: Iterable[tuple[bytes, Extraction]]) -> pa.Table:
    """Return extractions, given with the keys of their papers, as a table of `SCHEMA`."""
    keys, entities, relations = [], [], []
    for key, found in rows:
        keys.append(key)
        entities.append(_entities(found))
        relations.append(_relations(found))
    columns = zip((keys, entities, relations), SCHEMA, strict=True)
    return pa.table([pa.array(column, field.type) for column, field in columns], schema=SCHEMA)


def _entities(found: Extraction) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for e in found.entities:
        evidence = e.evidence or (e.mentions[0].span if e.mentions else None)
        mentions = [
            {"field": s.field, "start": s.start, "end": s.end, "surface": m.surface, "confidence": m.confidence}
            for m in e.mentions
            for s in (m.span,)
        ]
        confidence = e.confidence * e.role_confidence
        rows.append({"role": e.role, "confidence": confidence, "evidence": _span(evidence), "mentions": mentions})
    for naming in namings(found):
        row = naming._asdict()
        rows[row.pop("place")].update(row)
    return rows


def _relations(found: Extraction) -> list[dict[str, Any]]:
    places = {e.name: place for place, e in enumerate(found.entities)}
    return [
        {
            "child": places[r.child],
            "parent": places[r.parent],
            "relation": r.relation,
            "confidence": r.confidence,
            "evidence": _span(r.evidence),
        }
        for r in found.relations
        if r.evidence and r.child in places and r.parent in places
    ]


def _span(span: Span | None) -> dict[str, Any] | None:
    return None if span is None else {"field": span.field, "start": span.start, "end": span.end}


class Columns:
    """The extractions of a corpus: a row of `SCHEMA` for each paper, in the order of the papers' ids."""

    def __init__(self, ids: Sequence[str], rows: pa.Table) -> None:
        self.ids = ids
        self.rows = rows

    def namings(self) -> Iterator[tuple[str, list[Naming]]]:
        """Yield each paper's id with how it names its entities."""
        per_paper = self._list("entities")
        flat = per_paper.values
        ends = per_paper.offsets.to_pylist()
        kinds, names, introduced, titled = (
            flat.field(name).to_pylist() for name in ("type", "name", "introduced", "titled")
        )
        surfaces, counts, defined = (_lists(flat.field(name)) for name in ("surfaces", "counts", "defined"))
        for paper, (start, end) in zip(self.ids, pairwise(ends), strict=True):
            yield (
                paper,
                [
                    Naming(i - start, kinds[i], names[i], surfaces[i], counts[i], defined[i], introduced[i], titled[i])
                    for i in range(start, end)
                    if kinds[i] is not None
                ],
            )

    def entities(self, entity: Callable[[str, int], int | None]) -> pa.Table:
        """Return one row an entity of a paper: paper and place, ``entity``'s answer to both, role and evidence."""
        per_paper = self._list("entities")
        flat = per_paper.values
        paper, place = _places(per_paper)
        numbers = [entity(self.ids[p], i) for p, i in zip(paper.tolist(), place.tolist(), strict=True)]
        return pa.table(
            {
                "paper": paper,
                "place": place,
                "entity": pa.array(numbers, pa.int32()),
                **{name: flat.field(name) for name in ("role", "confidence", "evidence")},
            }
        )

    def mentions(self) -> pa.Table:
        """Return one row a mention: paper, place of its entity among the paper's, its own place, span and surface."""
        per_paper = self._list("entities")
        paper, place = _places(per_paper)
        per_entity = per_paper.values.field("mentions")
        flat = per_entity.values
        owner, at = _places(per_entity)
        return pa.table(
            {
                "paper": paper[owner],
                "place": place[owner],
                "at": at,
                **{flat.type.field(i).name: flat.field(i) for i in range(flat.type.num_fields)},
            }
        )

    def relations(self) -> pa.Table:
        """Return one row a relation that a paper states: paper, its own place, and what `SCHEMA` says of it."""
        per_paper = self._list("relations")
        paper, at = _places(per_paper)
        flat = per_paper.values
        return pa.table(
            {
                "paper": paper,
                "at": at,
                **{flat.type.field(i).name: flat.field(i) for i in range(flat.type.num_fields)},
            }
        )

    def _list(self, name: str) -> pa.ListArray:
        """Return a column of lists as one array, whose values are those of its rows and no others."""
        column = self.rows.column(name)
        return pa.concat_arrays(column.chunks) if column.num_chunks > 1 else column.combine_chunks()


def _places(lists: pa.ListArray) -> tuple[np.ndarray, np.ndarray]:
    """Return, for each value of an array of lists, the number of its list and its place there."""
    offsets = lists.offsets.to_numpy()
    sizes = np.diff(offsets)
    owner = np.repeat(np.arange(len(sizes), dtype=np.int32), sizes)
    return owner, (np.arange(len(owner)) - offsets[owner]).astype(np.int32)


def _lists(column: pa.ListArray) -> list[list[Any]]:
    values, ends = column.values.to_pylist(), column.offsets.to_pylist()
    return [values[start:end] for start, end in pairwise(ends)]


class Known:
    """The rows that an earlier build kept, by key."""

    def __init__(self, path: Path | None, extractor: str) -> None:
        """Read the file at ``path``, if it is there and of this version; with None, nothing is known or kept."""
        self._path = path
        self._version = f"{extractor} {_version()}"
        found = remembered.load(path, self._version) if path else None
        self._table = SCHEMA.empty_table() if found is None else found
        self._keys = pa.array(self._table.column("key").to_pylist(), SCHEMA.field("key").type)

    def missing(self, keys: Iterable[bytes]) -> list[bytes]:
        """Return the keys that have no row here, each once."""
        wanted = pa.array(list(dict.fromkeys(keys)), self._keys.type)
        return wanted.filter(pc.invert(pc.is_in(wanted, self._keys))).to_pylist()

    def joined(self, ids: Sequence[str], keys: Sequence[bytes], fresh: pa.Table) -> Columns:
        """Return the columns of papers with these ids and keys, whose rows are here or in ``fresh``, and keep them."""
        table = pa.concat_tables([self._table, fresh]).combine_chunks()
        every = pa.array(table.column("key").to_pylist(), self._keys.type)
        wanted = pa.array(list(dict.fromkeys(keys)), self._keys.type)
        if self._path and not (len(wanted) == len(self._keys) and not fresh.num_rows):
            remembered.keep(self._path, self._version, table.take(pc.index_in(wanted, every)))
        return Columns(ids, table.take(pc.index_in(pa.array(keys, self._keys.type), every)).combine_chunks())


@cache
def _version() -> str:
    """Return the version of what makes a row out of an extraction."""
    resolution = remembered.room_version(Path(kg.resolve.__file__).parent, unicodedata.unidata_version)
    files = (Path(__file__), Path(kg.records.__file__))
    return " ".join((resolution, *(remembered.digest(file.read_bytes()) for file in files)))

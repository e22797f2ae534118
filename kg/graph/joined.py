"""What the papers say, joined with what their entities were resolved to: links, mentions, and facts of each entity.

DuckDB joins the columns of the extractions (`kg.graph.columns`). Papers and entities go by their numbers, their places
in the order of their ids, and get their ids back in the end.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pyarrow as pa

from kg.graph.columns import Columns
from kg.graph.words import database
from kg.resolve import Resolution
from kg.resolve.curation import LinkEdit
from kg.schema import LINKS, MENTIONS, ROLES

RelationKey = tuple[str, str, str]
"""Child, parent, relation."""

_RANK = "list_position([" + ", ".join(f"'{role}'" for role in ROLES) + "], role)"
_TEXT = (
    "substring(CASE evidence.field WHEN 'title' THEN title WHEN 'abstract' THEN abstract END, "
    'evidence."start" + 1, evidence."end" - evidence."start")'
)

# Of an entity that a paper names as two things: the strongest role, then the surest.
_STATED_LINKS = f"""
    CREATE TABLE stated_links AS
    SELECT paper, entity, role, confidence, evidence FROM entities WHERE entity IS NOT NULL
    QUALIFY row_number() OVER (PARTITION BY paper, entity ORDER BY {_RANK}, confidence DESC, place) = 1
"""
_LINKS = f"""
    CREATE TABLE links AS
    SELECT *, 'text' AS origin, NULL::VARCHAR AS reason FROM stated_links ANTI JOIN edits USING (paper, entity)
    UNION ALL
    SELECT paper, entity, coalesce(e.role, '{ROLES[-1]}'), 1.0, s.evidence, 'curation', e.reason
    FROM edits e LEFT JOIN stated_links s USING (paper, entity) WHERE e.add
"""
# A place that a paper takes for two things is a mention of the first.
_MENTIONS = """
    CREATE TABLE mentions AS
    SELECT m.paper, field, "start", "end", surface, entity, m.confidence
    FROM said m JOIN entities e USING (paper, place) SEMI JOIN links l ON l.paper = m.paper AND l.entity = e.entity
    QUALIFY row_number() OVER (PARTITION BY m.paper, field, "start", "end" ORDER BY place, "at") = 1
"""


class Joined(AbstractContextManager["Joined"]):
    """A database of one corpus, for as long as its block lasts."""

    def __init__(self, folder: Path, corpus: Columns, resolution: Resolution, edits: Iterable[LinkEdit]) -> None:
        """Join; ``folder`` holds ``papers.parquet``, ``edits`` are the corrections of links."""
        self._entities = pa.array([e.id for e in resolution.entities], pa.string())
        self._papers = pa.array(corpus.ids, pa.string())
        numbers = {id: number for number, id in enumerate(self._entities.to_pylist())}
        entity_of = resolution.entity_of
        rows = corpus.entities(lambda paper, place: numbers.get(entity_of.get((paper, place), "")))
        self._block = database(folder)
        self._db = self._block.__enter__()
        papers = str(folder / "papers.parquet").replace("'", "''")
        self._db.execute(
            "CREATE VIEW papers AS SELECT file_row_number::INT AS paper, * "
            f"FROM read_parquet('{papers}', file_row_number = true)"
        )
        self._db.register("entities", rows)
        self._db.register("said", corpus.mentions())
        self._db.register("relations", corpus.relations())
        places = {id: number for number, id in enumerate(corpus.ids)}
        self._db.register("edits", _edits(edits, places, numbers))
        for sql in (_STATED_LINKS, _LINKS, _MENTIONS):
            self._db.execute(sql)

    def __exit__(self, *error: Any) -> None:
        self._block.__exit__(*error)

    def _table(self, sql: str, schema: pa.Schema) -> pa.Table:
        """Return the rows of a query under the names of a schema, numbers of papers and entities turned into ids."""
        found = self._db.sql(sql).to_arrow_table()
        ids = {"paper": self._papers, "entity": self._entities}
        columns = [
            ids[f.name].take(found.column(f.name).combine_chunks()) if f.name in ids else found.column(f.name)
            for f in schema
        ]
        return pa.table(columns, names=schema.names).cast(schema)

    def links(self) -> pa.Table:
        """Return the table of links."""
        return self._table(
            f"SELECT l.*, {_TEXT} AS text FROM links l JOIN papers USING (paper) ORDER BY entity, paper", LINKS
        )

    def mentions(self) -> pa.Table:
        """Return the table of mentions."""
        return self._table('SELECT * FROM mentions ORDER BY paper, field, "start", "end"', MENTIONS)

    def corrected(self) -> set[tuple[str, str]]:
        """Return paper and entity of the links that a correction found."""
        found = self._db.sql("SELECT paper, entity FROM edits SEMI JOIN stated_links USING (paper, entity)").fetchall()
        return {(self._papers[paper].as_py(), self._entities[entity].as_py()) for paper, entity in found}

    def facts(self) -> pa.Table:
        """Return papers, mentions, first and last date of each entity, in the order of the resolution."""
        self._db.register("every", pa.table({"entity": pa.array(range(len(self._entities)), pa.int32())}))
        return self._db.sql(
            """
            SELECT coalesce(l.papers, 0) AS papers, coalesce(m.mentions, 0) AS mentions, first_date, last_date
            FROM every
            LEFT JOIN (SELECT entity, count(*) AS papers, min(nullif(date, '')) AS first_date,
                       max(nullif(date, '')) AS last_date FROM links JOIN papers USING (paper) GROUP BY entity) l USING (entity)
            LEFT JOIN (SELECT entity, count(*) AS mentions FROM mentions GROUP BY entity) m USING (entity)
            ORDER BY entity
            """  # noqa: E501
        ).to_arrow_table()

    def surest(self, entities: Collection[str]) -> dict[str, dict[str, Any]]:
        """Return the sentence of the surest link of some entities, as evidence with its paper; by entity."""
        found = self._db.sql(
            """
            SELECT entity, paper, evidence, confidence FROM links WHERE evidence IS NOT NULL
            QUALIFY row_number() OVER (PARTITION BY entity ORDER BY confidence DESC, paper DESC) = 1
            """
        ).fetchall()
        rows = {}
        for number, paper, evidence, confidence in found:
            entity = self._entities[number].as_py()
            if entity in entities:
                rows[entity] = {"paper": self._papers[paper].as_py(), **evidence, "confidence": confidence}
        return rows

    def stated(self) -> dict[RelationKey, list[dict[str, Any]]]:
        """Return the relations that papers state between entities they are linked to, each with its evidence."""
        found = self._db.sql(
            """
            SELECT r.paper, c.entity, p.entity, r.relation, r.evidence, r.confidence
            FROM relations r
            JOIN entities c ON c.paper = r.paper AND c.place = r.child
            JOIN entities p ON p.paper = r.paper AND p.place = r.parent
            SEMI JOIN links l ON l.paper = r.paper AND l.entity = c.entity
            SEMI JOIN links m ON m.paper = r.paper AND m.entity = p.entity
            WHERE c.entity <> p.entity ORDER BY r.paper, r."at"
            """
        ).fetchall()
        rows: dict[RelationKey, list[dict[str, Any]]] = defaultdict(list)
        for paper, child, parent, relation, evidence, confidence in found:
            key = (self._entities[child].as_py(), self._entities[parent].as_py(), relation)
            rows[key].append({"paper": self._papers[paper].as_py(), **evidence, "confidence": confidence})
        return rows


def _edits(edits: Iterable[LinkEdit], papers: dict[str, int], entities: dict[str, int]) -> pa.Table:
    rows = [(papers[e.paper], entities[e.entity], e.add, e.role, e.reason) for e in edits]
    types = {"paper": pa.int32(), "entity": pa.int32(), "add": pa.bool_(), "role": pa.string(), "reason": pa.string()}
    columns = zip(*rows, strict=True) if rows else [()] * len(types)
    return pa.table([pa.array(c, t) for c, t in zip(columns, types.values(), strict=True)], names=list(types))

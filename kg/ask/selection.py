"""Parts of the graph as nodes and edges: all of it, a neighbourhood, some types, what is sure enough."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa

from kg.ask.database import EVIDENCE_TEXT, Database
from kg.graph.network import (
    ENTITY_NODE,
    LINK_EDGE,
    PAPER_NODE,
    RELATION_EDGE,
    Edge,
    Node,
    edges_of,
    nodes_of,
)


class Selection:
    """Nodes and edges of the tables, streamed; what is chosen are nodes and the edges between them."""

    def __init__(
        self,
        db: Database,
        start: str | None = None,
        hops: int = 1,
        types: Sequence[str] = (),
        min_confidence: float = 0.0,
    ) -> None:
        """Take the whole graph, or less.

        Parameters:
            db: the tables.
            start: an entity or paper: only what is within some ``hops`` of it.
            types: only entities of these types and papers linked to one of them.
            min_confidence: only links and relations as sure as this, and entities that have one.
        """
        self._db = db
        self._sure = min_confidence
        self._ids: set[str] | None = None
        if start is not None:
            self._ids = neighbourhood_ids(db, start, hops, min_confidence)
        elif min_confidence > 0:
            self._ids = ids_of_sure(db, min_confidence)
        if types:
            typed = ids_of_types(db, types, min_confidence)
            self._ids = typed if self._ids is None else self._ids & typed

    def nodes(self) -> Iterator[Node]:
        """Yield papers, then entities, by id."""
        return nodes_of(self.node_tables())

    def edges(self) -> Iterator[Edge]:
        """Yield links by entity, then relations."""
        return edges_of(self.edge_tables())

    def node_tables(self) -> Iterator[pa.Table]:
        """Yield the nodes as tables."""
        yield from self._tables(PAPER_NODE, "papers", "id")
        yield from self._tables(ENTITY_NODE, "entities", "id")

    def edge_tables(self) -> Iterator[pa.Table]:
        """Yield the edges as tables."""
        yield from self._tables(LINK_EDGE, "links", "entity", "paper")
        text = EVIDENCE_TEXT.format(e="r.evidence[1]", p="p")
        told = f"(SELECT r.*, {text} AS text FROM relations r LEFT JOIN papers p ON p.id = r.evidence[1].paper)"
        yield from self._tables(RELATION_EDGE, told, "child", "parent")

    def counts(self) -> dict[str, dict[str, int]]:
        """Return the number of nodes by kind and of edges by role or relation, without reading them one by one."""

        def count(what: str, source: str, *ends: str) -> dict[str, int]:
            sql, parameters = self._query(f"{what} AS what, count(*) AS number", source, *ends)
            return {r["what"]: r["number"] for r in self._db.rows(f"{sql} GROUP BY what ORDER BY what", parameters)}

        nodes = count("'paper'", "papers", "id") | count("type", "entities", "id")
        edges = count("role", "links", "entity", "paper") | count("relation", "relations", "child", "parent")
        return {"nodes": nodes, "edges": edges}

    def _query(self, what: str, source: str, *ends: str) -> tuple[str, list[Any]]:
        """Return the question for the rows of a table whose ``ends`` are all among the nodes, and its parameters."""
        sql = f"SELECT {what} FROM {source}"
        parameters: list[Any] = []
        conditions: list[str] = []
        if self._ids is not None:
            sql = f"WITH ids AS (SELECT unnest(?) AS id) {sql}"
            parameters = [sorted(self._ids)]
            conditions = [f"{end} IN (SELECT id FROM ids)" for end in ends]
        if self._sure > 0 and len(ends) == 2:
            conditions.append("confidence >= ?")
            parameters.append(self._sure)
        return sql + (f" WHERE {' AND '.join(conditions)}" if conditions else ""), parameters

    def _tables(self, what: str, source: str, *ends: str) -> Iterator[pa.Table]:
        """Yield those rows; a whole table comes as it is sorted on disk."""
        sql, parameters = self._query(what, source, *ends)
        if self._ids is not None or "JOIN" in source:
            sql += f" ORDER BY {', '.join(ends)}" + (", relation" if "relations" in source else "")
        yield from self._db.tables(sql, parameters)

    def __len__(self) -> int:
        """Return the number of nodes."""
        return sum(self.counts()["nodes"].values())


def ids_of_types(db: Database, types: Sequence[str], min_confidence: float = 0.0) -> set[str]:
    """Return the ids of the entities of some types and of the papers linked to them."""
    rows = db.tuples(
        """
        WITH typed AS (SELECT id FROM entities WHERE type IN (SELECT unnest(?)))
        SELECT id FROM typed
        UNION SELECT paper FROM links WHERE entity IN (SELECT id FROM typed) AND confidence >= ?
        """,
        [list(types), min_confidence],
    )
    return {id for (id,) in rows}


def ids_of_sure(db: Database, min_confidence: float) -> set[str]:
    """Return the ids of all papers, and of the entities with a link or relation as sure as this."""
    rows = db.tuples(
        """
        SELECT id FROM papers
        UNION SELECT entity FROM links WHERE confidence >= $sure
        UNION SELECT child FROM relations WHERE confidence >= $sure
        UNION SELECT parent FROM relations WHERE confidence >= $sure
        """,
        {"sure": min_confidence},
    )
    return {id for (id,) in rows}


def neighbourhood_ids(db: Database, start: str, hops: int, min_confidence: float = 0.0) -> set[str]:
    """Return the ids of all nodes within some hops of one, along links and relations in either direction."""
    db.need("link")
    seen, level = {start}, {start}
    for _ in range(hops):
        if not level:
            break
        rows = db.tuples(
            """
            WITH here AS (SELECT unnest($level) AS id),
                 sure AS (SELECT paper, entity FROM link WHERE confidence >= $sure),
                 papers_here AS (SELECT no FROM paper SEMI JOIN here USING (id)),
                 entities_here AS (SELECT no FROM entity SEMI JOIN here USING (id)),
                 entities_there AS (SELECT DISTINCT entity AS no FROM sure WHERE paper IN (SELECT no FROM papers_here)),
                 papers_there AS (SELECT DISTINCT paper AS no FROM sure WHERE entity IN (SELECT no FROM entities_here))
            SELECT id FROM entity SEMI JOIN entities_there USING (no)
            UNION SELECT id FROM paper SEMI JOIN papers_there USING (no)
            UNION SELECT child FROM relations JOIN here ON parent = here.id WHERE confidence >= $sure
            UNION SELECT parent FROM relations JOIN here ON child = here.id WHERE confidence >= $sure
            """,
            {"level": sorted(level), "sure": min_confidence},
        )
        level = {id for (id,) in rows} - seen
        seen |= level
    return seen

"""A part of the graph as rows: all of it, an entity's neighbourhood, some types."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from kg.ask.database import EVIDENCE_TEXT, Database
from kg.graph.network import Edge, Node, entity_node, link_edge, paper_node, relation_edge


class Selection:
    """Nodes and edges of the tables, streamed; with ``ids``, only those nodes and the edges between them."""

    def __init__(self, db: Database, ids: set[str] | None = None, types: Sequence[str] = ()) -> None:
        """Take the whole graph, the nodes in ``ids``, entities of some ``types`` with their papers, or both."""
        self._db = db
        self._ids = ids
        if types:
            typed = ids_of_types(db, types)
            self._ids = typed if ids is None else ids & typed

    def nodes(self) -> Iterator[Node]:
        """Yield papers, then entities, by id."""
        for row in self._rows("SELECT * EXCLUDE (abstract) FROM papers", "id"):
            yield paper_node(row)
        for row in self._rows("SELECT * EXCLUDE (spellings) FROM entities", "id"):
            yield entity_node(row)

    def _rows(self, sql: str, *ends: str) -> Iterator[dict[str, Any]]:
        """Yield the rows of a table, as it is sorted on disk, whose ``ends`` are all among the nodes."""
        if self._ids is None:
            yield from self._db.stream(sql)
            return
        inside = " AND ".join(f"{end} IN (SELECT id FROM ids)" for end in ends)
        order = ", ".join(ends)
        yield from self._db.stream(
            f"WITH ids AS (SELECT unnest(?) AS id) {sql} WHERE {inside} ORDER BY {order}", [sorted(self._ids)]
        )

    def edges(self) -> Iterator[Edge]:
        """Yield links by entity, then relations."""
        for row in self._rows("SELECT * FROM links", "entity", "paper"):
            yield link_edge(row)
        text = EVIDENCE_TEXT.format(e="r.evidence[1]", p="p")
        sql = f"SELECT r.*, {text} AS text FROM relations r LEFT JOIN papers p ON p.id = r.evidence[1].paper"
        if self._ids is None:
            sql += " ORDER BY child, parent, relation"
        for row in self._rows(sql, "child", "parent"):
            yield relation_edge(row)

    def __len__(self) -> int:
        """Return the number of nodes."""
        return sum(1 for _ in self.nodes())


def ids_of_types(db: Database, types: Sequence[str]) -> set[str]:
    """Return the ids of the entities of some types and of the papers linked to them."""
    rows = db.rows(
        """
        WITH typed AS (SELECT id FROM entities WHERE type IN (SELECT unnest(?)))
        SELECT id FROM typed UNION SELECT paper FROM links WHERE entity IN (SELECT id FROM typed)
        """,
        [list(types)],
    )
    return {r["id"] for r in rows}


def neighbourhood_ids(db: Database, start: str, hops: int) -> set[str]:
    """Return the ids of all nodes within some hops of one, along links and relations in either direction."""
    db.need("link")
    seen, level = {start}, {start}
    for _ in range(hops):
        if not level:
            break
        rows = db.tuples(
            """
            WITH here AS (SELECT unnest(?) AS id),
                 papers_here AS (SELECT no FROM paper SEMI JOIN here USING (id)),
                 entities_here AS (SELECT no FROM entity SEMI JOIN here USING (id)),
                 entities_there AS (SELECT DISTINCT entity AS no FROM link WHERE paper IN (SELECT no FROM papers_here)),
                 papers_there AS (SELECT DISTINCT paper AS no FROM link WHERE entity IN (SELECT no FROM entities_here))
            SELECT id FROM entity SEMI JOIN entities_there USING (no)
            UNION SELECT id FROM paper SEMI JOIN papers_there USING (no)
            UNION SELECT child FROM relations JOIN here ON parent = here.id
            UNION SELECT parent FROM relations JOIN here ON child = here.id
            """,
            [sorted(level)],
        )
        level = {id for (id,) in rows} - seen
        seen |= level
    return seen

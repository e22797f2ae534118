"""A part of the graph as rows: all of it, an entity's neighbourhood, some types."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kg.ask.database import EVIDENCE_TEXT, Database
from kg.graph.network import Edge, Node, entity_node, link_edge, paper_node, relation_edge


class Selection:
    """Nodes and edges of the tables, streamed; with ``ids``, only those nodes and the edges between them."""

    def __init__(self, db: Database, ids: set[str] | None = None, types: Sequence[str] = ()) -> None:
        """Take the whole graph, the nodes in ``ids``, or papers and entities of some ``types``, or both."""
        self._db = db
        self._ids = ids
        self._types = set(types)
        self._kept: set[str] | None = None

    def nodes(self) -> Iterator[Node]:
        """Yield papers, then entities, by id."""
        for row in self._db.stream("SELECT * EXCLUDE (abstract) FROM papers ORDER BY id"):
            if self._has(row["id"]):
                yield paper_node(row)
        for row in self._db.stream("SELECT * EXCLUDE (spellings) FROM entities ORDER BY id"):
            if self._has(row["id"]) and (not self._types or row["type"] in self._types):
                yield entity_node(row)

    def _has(self, id: str) -> bool:
        return self._ids is None or id in self._ids

    def _kept_nodes(self) -> set[str] | None:
        """Return the ids of all nodes, or None where that is every node there is."""
        if self._ids is None and not self._types:
            return None
        if self._kept is None:
            self._kept = {id for id, _ in self.nodes()}
        return self._kept

    def edges(self) -> Iterator[Edge]:
        """Yield links by paper, then relations."""
        kept = self._kept_nodes()
        for row in self._db.stream(
            f"SELECT l.*, {EVIDENCE_TEXT.format(e='l.evidence', p='p')} AS text "
            "FROM links l JOIN papers p ON p.id = l.paper ORDER BY l.paper, l.entity"
        ):
            if kept is None or (row["paper"] in kept and row["entity"] in kept):
                yield link_edge(row)
        for row in self._db.stream(
            f"SELECT r.*, {EVIDENCE_TEXT.format(e='r.evidence[1]', p='p')} AS text "
            "FROM relations r LEFT JOIN papers p ON p.id = r.evidence[1].paper ORDER BY r.child, r.parent, r.relation"
        ):
            if kept is None or (row["child"] in kept and row["parent"] in kept):
                yield relation_edge(row)

    def __len__(self) -> int:
        """Return the number of nodes."""
        return sum(1 for _ in self.nodes())


def neighbourhood_ids(db: Database, start: str, hops: int) -> set[str]:
    """Return the ids of all nodes within some hops of one, along links and relations in either direction."""
    seen, level = {start}, {start}
    for _ in range(hops):
        if not level:
            break
        rows = db.rows(
            """
            WITH here AS (SELECT unnest(?) AS id)
            SELECT entity AS id FROM links JOIN here ON paper = here.id
            UNION SELECT paper FROM links JOIN here ON entity = here.id
            UNION SELECT child FROM relations JOIN here ON parent = here.id
            UNION SELECT parent FROM relations JOIN here ON child = here.id
            """,
            [sorted(level)],
        )
        level = {r["id"] for r in rows} - seen
        seen |= level
    return seen

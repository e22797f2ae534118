"""The part of the graph around one node: what is near, and as much of it as can be drawn."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any, NamedTuple

from kg.ask.database import Database
from kg.ask.filters import EVERYTHING, Filters
from kg.ask.names import NameIndex
from kg.ask.views import drawn
from kg.schema import ROLES

Row = dict[str, Any]
Link = tuple[int, int, int, float]
"""Paper and entity by their numbers, rank of the role, confidence."""

_KIN, _PAPERS = 0.25, 0.6
"""Where too many papers name an entity: share of the room for its nearest relations, and share of what is left for
papers; the rest is for what those papers name."""


class _Node(NamedTuple):
    paper: bool
    no: int
    degree: int  # edges within reach
    near: bool  # an edge joins it to the start


def around(
    db: Database, names: NameIndex, start: str, hops: int = 1, limit: int = 300, only: Filters = EVERYTHING
) -> Row:
    """Return the nodes around one, nearest and busiest first, at most ``limit`` of them, and their edges.

    The one itself stays whatever its type. Where its papers alone would fill the picture, they leave room: it holds
    those that name most, and the entities that most of them name.
    """
    entity = start in names.entities
    no = names.entities.no(start) if entity else db.value("SELECT no FROM paper WHERE id = ?", [start])
    found = _reach(db, no, entity, hops, only)
    edges_in_reach = sum(node.degree for node in found) // 2
    others = [node for node in found if (node.no, node.paper) != (no, not entity)]
    chosen, links = _choose(db, no if entity else None, others, max(limit - 1, 0), only)
    papers = dict(
        db.tuples("SELECT no, id FROM paper WHERE no IN (SELECT unnest(?))", [[n.no for n in chosen if n.paper]])
    )
    ranked = [start, *(papers[node.no] if node.paper else names.entities.id(node.no) for node in chosen)]
    if not entity:
        papers[no] = start
        links += _links(db, None, [no], only)
    kept = set(ranked)
    edges = [
        {"source": papers[p], "target": id, "key": ROLES[rank], "confidence": round(confidence, 4)}
        for p, e, rank, confidence in sorted(links)
        if p in papers and (id := names.entities.id(e)) in kept
    ]
    edges += _relations(db, names, start, kept, only)
    return {
        "nodes": drawn(db, names, ranked, only.min_confidence),
        "edges": edges,
        "left_out": {"nodes": len(others) - len(chosen), "edges": edges_in_reach - len(edges)},
    }


def _choose(
    db: Database, start: int | None, others: list[_Node], room: int, only: Filters
) -> tuple[list[_Node], list[Link]]:
    """Return the nodes to draw besides the start, best first, and all links of the papers among them."""
    ranked = sorted(others, key=lambda n: (not n.near, -n.degree, n.paper, n.no))
    papers = [node for node in ranked if node.near and node.paper]
    far = {node.no: node for node in ranked if not node.near and not node.paper}
    kin = [node for node in ranked if node.near and not node.paper]
    free = room - min(len(kin), round(_KIN * room))
    most = max(round(_PAPERS * free), free - len(far))
    if len(ranked) <= room or len(papers) <= most:
        chosen = ranked[:room]
        return chosen, _links(db, start, [node.no for node in chosen if node.paper], only)
    links = _links(db, start, [node.no for node in papers[:free]], only)
    first = {node.no for node in papers[:most]}
    named = Counter(entity for paper, entity, *_ in links if paper in first and entity in far)
    company = sorted(named, key=lambda no: (-named[no], -far[no].degree, no))[: free - most]
    chosen = [*kin[: room - free], *papers[:most], *(far[no] for no in company)]
    rest = [*papers[most:free], *kin[room - free :]]
    return [*chosen, *rest[: room - len(chosen)]], links


def _reach(db: Database, start: int, entity: bool, hops: int, only: Filters) -> list[_Node]:
    """Return all nodes within some hops of one that an edge which passes joins to another, and the one itself."""
    db.need("link", "relation")
    sql, parameters = only.links(db, start if entity else None)
    types = f"WHERE type IN ({', '.join('?' * len(only.types))})" if only.types else ""
    steps = [
        f"e0 AS (SELECT no FROM entity WHERE no = {start if entity else -1})",
        f"p0 AS (SELECT no FROM paper WHERE no = {-1 if entity else start})",
    ]
    for n in range(hops):
        steps += [
            f"p{n + 1} AS MATERIALIZED (FROM p{n} UNION SELECT paper FROM sure WHERE entity IN (FROM e{n}))",
            f"e{n + 1} AS MATERIALIZED (FROM e{n} UNION SELECT entity FROM sure WHERE paper IN (FROM p{n}) "
            f"UNION SELECT a FROM kin WHERE b IN (FROM e{n}) UNION SELECT b FROM kin WHERE a IN (FROM e{n}))",
        ]
    rows = db.tuples(
        f"""
        WITH sure AS NOT MATERIALIZED (SELECT paper, entity FROM link WHERE confidence >= ?),
             kin AS NOT MATERIALIZED (SELECT child AS a, parent AS b FROM relation WHERE confidence >= ?),
             {", ".join(steps)},
             part AS MATERIALIZED (SELECT paper, entity FROM ({sql})
                                   WHERE paper IN (FROM p{hops}) AND entity IN (FROM e{hops})),
             typed AS (SELECT no FROM (SELECT no FROM entity {types}) WHERE no IN (FROM e{hops}) UNION FROM e0),
             rel AS MATERIALIZED (SELECT a, b FROM kin WHERE a IN (FROM typed) AND b IN (FROM typed)),
             ends AS (SELECT true AS paper, paper AS no, entity IN (FROM e0) AS near FROM part
                      UNION ALL SELECT false, entity, paper IN (FROM p0) FROM part
                      UNION ALL SELECT false, a, b IN (FROM e0) FROM rel
                      UNION ALL SELECT false, b, a IN (FROM e0) FROM rel)
        SELECT paper, no, count(*), bool_or(near) FROM ends GROUP BY paper, no
        """,
        [only.min_confidence, only.min_confidence, *parameters, *only.types],
    )
    return [_Node(*row) for row in rows]


def _links(db: Database, start: int | None, papers: list[int], only: Filters) -> list[Link]:
    sql, parameters = only.links(db, start)
    return db.tuples(
        f"SELECT paper, entity, rank, confidence FROM ({sql}) WHERE paper IN (SELECT unnest(?))",
        [*parameters, papers],
    )


def _relations(db: Database, names: NameIndex, start: str, kept: Iterable[str], only: Filters) -> list[Row]:
    """Return the relations between the nodes that are drawn; ends other than the start have one of the types asked."""
    ends = [id for id in kept if id == start or (id in names.entities and only.passes(names.entities[id].type))]
    rows = db.tuples(
        "WITH drawn AS (SELECT unnest(?) AS no) SELECT * FROM relation "
        "WHERE child IN (FROM drawn) AND parent IN (FROM drawn) AND confidence >= ? ORDER BY ALL",
        [[names.entities.no(id) for id in ends if id in names.entities], only.min_confidence],
    )
    return [
        {
            "source": names.entities.id(child),
            "target": names.entities.id(parent),
            "key": relation,
            "confidence": round(confidence, 4),
        }
        for child, parent, relation, confidence in rows
    ]

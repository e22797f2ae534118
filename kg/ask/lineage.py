"""Where an entity comes from and what came of it: the relations followed upwards and downwards.

Nothing descends from itself. Where relations form a cycle, the weakest of them is left out of every lineage and
reported there, with the way round.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import networkx as nx

from kg.ask.database import EVIDENCE_TEXT, Database
from kg.ask.names import NameIndex

Row = dict[str, Any]
Edge = tuple[str, str, str]  # child, parent, relation


class Lineages:
    """All relations by child and by parent, surest first; their sentences stay in the tables."""

    def __init__(self, db: Database) -> None:
        self.facts: dict[Edge, tuple[float, str, str | None]] = {}
        self.parents: dict[str, list[Edge]] = defaultdict(list)
        self.children: dict[str, list[Edge]] = defaultdict(list)
        for r in db.stream(
            "SELECT child, parent, relation, confidence, origin, reason FROM relations "
            "ORDER BY confidence DESC, child, parent, relation"
        ):
            edge = (r["child"], r["parent"], r["relation"])
            self.facts[edge] = (r["confidence"], r["origin"], r["reason"])
        self.cycles = cycles(list(self.facts))
        for edge in self.facts:
            if edge not in self.cycles:
                self.parents[edge[0]].append(edge)
                self.children[edge[1]].append(edge)

    def walk(
        self, entity: str, up: bool, min_confidence: float = 0.0, background: bool = True
    ) -> list[tuple[int, Edge]]:
        """Return the steps away from an entity, nearest first, as (depth, edge); every entity is entered once."""
        steps: list[tuple[int, Edge]] = []
        seen, level, depth = {entity}, [entity], 0
        while level:
            depth += 1
            following: list[str] = []
            for here in level:
                for edge in (self.parents if up else self.children).get(here, ()):
                    confidence, origin, _ = self.facts[edge]
                    if confidence < min_confidence or (origin == "background" and not background):
                        continue
                    there = edge[1] if up else edge[0]
                    steps.append((depth, edge))
                    if there not in seen:
                        seen.add(there)
                        following.append(there)
            level = following
        return steps


def cycles(edges: Sequence[Edge]) -> dict[Edge, list[str]]:
    """Return the edges to leave out so that no cycle remains, each with the nodes of the cycle that it would close.

    ``edges`` come surest first: an edge that closes a cycle with surer ones is the weakest of that cycle.

    >>> cycles([("a", "b", "extends"), ("b", "c", "extends"), ("c", "a", "extends")])
    {('c', 'a', 'extends'): ['a', 'b', 'c']}
    """
    graph = nx.DiGraph((child, parent) for child, parent, _ in edges)
    tangles = [part for part in nx.strongly_connected_components(graph) if len(part) > 1]
    home = {node: i for i, part in enumerate(tangles) for node in part}
    kept = nx.DiGraph()
    left_out: dict[Edge, list[str]] = {}
    for edge in edges:
        child, parent, _ = edge
        if child not in home or home[child] != home.get(parent):
            continue  # in no cycle
        kept.add_nodes_from((child, parent))
        try:
            left_out[edge] = nx.shortest_path(kept, parent, child)
        except nx.NetworkXNoPath:
            kept.add_edge(child, parent)
    return left_out


def tree(steps: Iterable[Row], root: str, up: bool) -> Iterator[tuple[int, Row, bool]]:
    """Yield the steps of a lineage as a tree is read: each below the one that leads to it, what follows it next.

    Parameters:
        steps: as `describe` gives them, upwards or downwards from one entity.
        root: the id of that entity.
        up: whether the steps lead to ancestors.

    Yields:
        The depth in the tree from 1, the step, and whether what it leads to was shown before: what follows from there
        is then not repeated.
    """
    near, far = ("child", "parent") if up else ("parent", "child")
    following: dict[str, list[Row]] = defaultdict(list)
    for step in steps:
        following[step[near]["id"]].append(step)
    shown = {root}
    waiting = [(1, step) for step in reversed(following[root])]
    while waiting:
        depth, step = waiting.pop()
        there = step[far]["id"]
        again = there in shown
        yield depth, step, again
        if not again:
            shown.add(there)
            waiting += ((depth + 1, further) for further in reversed(following[there]))


def known(db: Database, names: NameIndex, ids: Iterable[str]) -> dict[str, Row]:
    """Return how a lineage refers to some entities: with their papers, first date, and year of their own paper.

    The year is None where the background does not know it.
    """
    rows = db.rows(
        "SELECT id, papers, first_date, year FROM entities WHERE id IN (SELECT unnest(?))", [sorted(set(ids))]
    )
    return {
        r["id"]: {
            **names.entities[r["id"]].ref(),
            "papers": r["papers"],
            "first_date": r["first_date"],
            "year": r["year"],
        }
        for r in rows
    }


def describe(db: Database, names: NameIndex, lineages: Lineages, steps: list[tuple[int, Edge]]) -> list[Row]:
    """Return steps with both ends, origin and the sentences they rest on."""
    if not steps:
        return []
    db_rows = db.rows(
        f"""
        WITH wanted AS (SELECT unnest(?) AS child, unnest(?) AS parent, unnest(?) AS relation),
             spans AS (SELECT r.child, r.parent, r.relation, unnest(r.evidence) AS e
                       FROM relations r JOIN wanted USING (child, parent, relation))
        SELECT s.child, s.parent, s.relation, s.e AS span, p.title, p.date, p.date_precision,
               {EVIDENCE_TEXT.format(e="s.e", p="p")} AS text
        FROM spans s JOIN papers p ON p.id = s.e.paper
        ORDER BY s.e.confidence DESC, s.e.paper, s.e."start"
        """,
        [[e[i] for _, e in steps] for i in range(3)],
    )
    sentences: dict[Edge, list[Row]] = defaultdict(list)
    for r in db_rows:
        span = r["span"]
        sentences[r["child"], r["parent"], r["relation"]].append(
            {
                "paper": span["paper"],
                "title": r["title"],
                "date": r["date"],
                "date_precision": r["date_precision"],
                "field": span["field"],
                "start": span["start"],
                "end": span["end"],
                "text": r["text"],
                "confidence": round(span["confidence"], 4),
            }
        )
    refs = known(db, names, (end for _, edge in steps for end in edge[:2]))
    rows = []
    for depth, edge in steps:
        confidence, origin, reason = lineages.facts[edge]
        rows.append(
            {
                "child": refs[edge[0]],
                "parent": refs[edge[1]],
                "relation": edge[2],
                "depth": depth,
                "confidence": round(confidence, 4),
                "origin": origin,
                "reason": reason,
                "evidence": sentences.get(edge, []),
            }
        )
    return rows

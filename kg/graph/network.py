"""Nodes and edges out of the tables: the one place that says what a node or an edge carries.

Both the NetworkX graph and the files of ``kg.export`` are made from these rows. A node's ``kind`` is "paper" or an
entity type; an edge's ``key`` is a role or a relation. Abstracts stay in ``papers.parquet``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Protocol, runtime_checkable

import networkx as nx
import pyarrow as pa

Node = tuple[str, dict[str, Any]]
Edge = tuple[str, str, str, dict[str, Any]]


class Rows(Protocol):
    """A part of the graph as rows, made anew at each call: ids with attributes; source, target, key, attributes."""

    def nodes(self) -> Iterator[Node]:
        """Yield the nodes."""
        ...

    def edges(self) -> Iterator[Edge]:
        """Yield the edges; both ends are among the nodes."""
        ...


@runtime_checkable
class TabledRows(Rows, Protocol):
    """Rows that come as tables, some thousands each: for whoever can make use of whole columns."""

    def node_tables(self) -> Iterator[pa.Table]:
        """Yield the nodes: ``id``, then attributes, null where a node has no value."""
        ...

    def edge_tables(self) -> Iterator[pa.Table]:
        """Yield the edges: ``source``, ``target``, ``key``, then attributes."""
        ...


NODE_ATTRIBUTES: dict[str, type] = {
    "kind": str,
    "label": str,
    "name": str,
    "papers": int,
    "mentions": int,
    "family": str,
    "aliases": str,
    "background": bool,
    "year": int,
    "first_date": str,
    "last_date": str,
    "title": str,
    "date": str,
    "date_precision": str,
    "authors": str,
    "author_count": int,
    "organisation": str,
    "comments": int,
    "categories": str,
    "sources": str,
    "notes": str,
}
"""What a node can carry; an attribute that a node has no value for is absent."""

EDGE_ATTRIBUTES: dict[str, type] = {
    "kind": str,
    "label": str,
    "weight": float,
    "origin": str,
    "reason": str,
    "evidence": str,
    "evidence_paper": str,
    "evidence_field": str,
    "evidence_start": int,
    "evidence_end": int,
    "evidence_count": int,
}
"""What an edge can carry: ``kind`` is "link" or "relation", ``weight`` its confidence, ``evidence`` the sentence."""

_SEPARATOR = " | "


def _joined(column: str, item: str = "x") -> str:
    """Return the SQL for a list as one string, for no graph format holds lists; an empty one is no value."""
    texts = column if item == "x" else f"list_transform({column}, lambda x: {item})"
    return f"CASE WHEN len({column}) > 0 THEN array_to_string({texts}, '{_SEPARATOR}') END"


def _evidence(paper: str, span: str) -> str:
    """Return the SQL for the attributes of an edge's sentence, whose words are in ``text``."""
    return (
        f"nullif(text, '') AS evidence, CASE WHEN {span} IS NOT NULL THEN {paper} END AS evidence_paper, "
        f'{span}.field AS evidence_field, {span}."start" AS evidence_start, {span}."end" AS evidence_end'
    )


PAPER_NODE = (
    "id, 'paper' AS kind, coalesce(nullif(title, ''), id) AS label, title, date, date_precision, "
    f"{_joined('authors')} AS authors, author_count, organisation, comments, {_joined('categories')} AS categories, "
    f"{_joined('notes')} AS notes, {_joined('sources', 'concat(x.file, chr(58), x.line)')} AS sources"
)
"""The SQL for id and attributes of the node of a row of the table of papers, in the order in which they are written."""

ENTITY_NODE = (
    "id, type AS kind, label, name, papers, mentions, family, "
    f"{_joined('aliases')} AS aliases, background, year, first_date, last_date"
)
"""The same of a row of the table of entities."""

LINK_EDGE = (
    "paper AS source, entity AS target, role AS key, 'link' AS kind, role AS label, "
    f"round(confidence::DOUBLE, 4) AS weight, origin, reason, {_evidence('paper', 'evidence')}"
)
"""The SQL for source, target, key and attributes of the edge of a link."""

RELATION_EDGE = (
    "child AS source, parent AS target, relation AS key, 'relation' AS kind, relation AS label, "
    "round(confidence::DOUBLE, 4) AS weight, origin, reason, "
    f"{_evidence('evidence[1].paper', 'evidence[1]')}, nullif(len(evidence), 0) AS evidence_count"
)
"""The same of a relation, from the child to the parent; its sentence is the strongest."""


def nodes_of(tables: Iterable[pa.Table]) -> Iterator[Node]:
    """Yield the nodes of tables of id and attributes."""
    for table in tables:
        for row in table.to_pylist():
            id = row.pop("id")
            yield id, {name: value for name, value in row.items() if value is not None}


def edges_of(tables: Iterable[pa.Table]) -> Iterator[Edge]:
    """Yield the edges of tables of source, target, key and attributes."""
    for table in tables:
        for row in table.to_pylist():
            source, target, key = row.pop("source"), row.pop("target"), row.pop("key")
            yield source, target, key, {name: value for name, value in row.items() if value is not None}


def assemble(nodes: Iterable[Node], edges: Iterable[Edge]) -> nx.MultiDiGraph:
    """Return the NetworkX graph of nodes and edges."""
    graph = nx.MultiDiGraph()
    graph.add_nodes_from(nodes)
    graph.add_edges_from(edges)
    return graph

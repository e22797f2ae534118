"""Nodes and edges out of the tables: the one place that says what a node or an edge carries.

Both the NetworkX graph and the files of ``kg.export`` are made from these rows. A node's ``kind`` is "paper" or an
entity type; an edge's ``key`` is a role or a relation. Abstracts stay in ``papers.parquet``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol

import networkx as nx

Row = Mapping[str, Any]
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


def _present(row: Row, names: Iterable[str]) -> dict[str, Any]:
    """Return those columns that have a value; lists as one string, for no graph format holds lists."""
    out = {}
    for name in names:
        value = row.get(name)
        if value is None or value == []:
            continue
        out[name] = _SEPARATOR.join(map(str, value)) if isinstance(value, list) else value
    return out


def paper_node(row: Row) -> Node:
    """Return id and attributes of the node of a row of the table of papers."""
    data = _present(
        row,
        (
            "title",
            "date",
            "date_precision",
            "authors",
            "author_count",
            "organisation",
            "comments",
            "categories",
            "notes",
        ),
    )
    if row.get("sources"):
        data["sources"] = _SEPARATOR.join(f"{s['file']}:{s['line']}" for s in row["sources"])
    return row["id"], {"kind": "paper", "label": row["title"] or row["id"], **data}


def entity_node(row: Row) -> Node:
    """Return id and attributes of the node of a row of the table of entities."""
    data = _present(
        row, ("name", "papers", "mentions", "family", "aliases", "background", "year", "first_date", "last_date")
    )
    return row["id"], {"kind": row["type"], "label": row["label"], **data}


def link_edge(row: Row) -> Edge:
    """Return source, target, key and attributes of the edge of a link, whose sentence is in ``row["text"]``."""
    data: dict[str, Any] = {"kind": "link", "label": row["role"], "weight": round(float(row["confidence"]), 4)}
    data |= _present(row, ("origin", "reason"))
    if row.get("evidence"):
        data |= _evidence(row["paper"], row["evidence"], row.get("text"))
    return row["paper"], row["entity"], row["role"], data


def relation_edge(row: Row) -> Edge:
    """Return source (the child), target (the parent), key and attributes of the edge of a relation."""
    data: dict[str, Any] = {"kind": "relation", "label": row["relation"], "weight": round(float(row["confidence"]), 4)}
    data |= _present(row, ("origin", "reason"))
    if row.get("evidence"):
        first = row["evidence"][0]
        data |= _evidence(first["paper"], first, row.get("text"))
        data["evidence_count"] = len(row["evidence"])
    return row["child"], row["parent"], row["relation"], data


def _evidence(paper: str, span: Row, text: str | None) -> dict[str, Any]:
    data = {
        "evidence_paper": paper,
        "evidence_field": span["field"],
        "evidence_start": span["start"],
        "evidence_end": span["end"],
    }
    return {"evidence": text, **data} if text else data


def assemble(nodes: Iterable[Node], edges: Iterable[Edge]) -> nx.MultiDiGraph:
    """Return the NetworkX graph of nodes and edges."""
    graph = nx.MultiDiGraph()
    graph.add_nodes_from(nodes)
    graph.add_edges_from(edges)
    return graph

"""From nodes and edges, as `KnowledgeGraph.neighbourhood` and `lineage` give them, to what the component draws."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import sqrt
from typing import Any

from pyvis.network import Network

from app import theme
from app.markup import href, plain, short

LIMIT = 300
"""Nodes that a browser moves fluently; the pages ask for no more and say what is left out."""


def drawing(
    nodes: Iterable[Mapping[str, Any]],
    edges: Iterable[Mapping[str, Any]],
    positions: Mapping[str, tuple[float, float]],
    *,
    focus: str | None = None,
    title: str = "Graph",
    opened: Sequence[str] | None = (),
    columns: Sequence[tuple[float, str]] = (),
) -> dict[str, Any]:
    """Return the component's data: nodes placed, sized by papers, shaped by kind; edges styled by role.

    Colours are not part of it: the browser takes them from the style sheet, for light or dark. ``opened`` are the
    nodes expanded in place, None where none can be. ``columns`` are headings (x, text) over a layered picture, whose
    edges are curved.
    """
    net = Network(directed=True)
    for node in nodes:
        paper = node["kind"] == "paper"
        papers = 1 if paper else int(node.get("papers") or 0)
        x, y = positions[node["id"]]
        net.add_node(
            node["id"],
            label=" ",  # the component writes the names itself, where they do not cover each other
            text=short(node["label"], 30 if paper else 26),
            shape=theme.kinds().get(node["kind"], {}).get("shape", "dot"),
            size=4.5 if paper else round(min(6.0 + 3.2 * sqrt(papers), 34.0), 1),
            x=round(x, 1),
            y=round(y, 1),
            physics=False,
            kind=node["kind"],
            full=short(node["label"], 300),
            papers=papers,
            date=plain(node.get("date")) or None,
            href=href("paper", id=node["id"]) if paper else href("entity", name=node["id"]),
            focus=node["id"] == focus,
        )
    for number, edge in enumerate(edges):
        style = theme.edges().get(edge["key"], {})
        weight = int(edge.get("papers") or 1)
        net.add_edge(
            edge["source"],
            edge["target"],
            id=number,
            role=edge["key"],
            label_text=theme.edge_label(edge["key"]) + (f", {weight} papers" if weight > 1 else ""),
            width=round(min(style.get("width", 1.0) * sqrt(weight), 9.0), 2),
            dashes=style.get("dashes") or False,
            arrows="to" if style.get("arrow") else "",
        )
    return {
        "nodes": net.nodes,
        "edges": net.edges,
        "title": title,
        "focus": focus,
        "expandable": opened is not None,
        "opened": list(opened or ()),
        "columns": [{"x": x, "text": text} for x, text in columns],
        "kinds": [{"key": key, "label": kind["plural"]} for key, kind in theme.kinds().items()],
        "roles": [{"key": key, "label": edge["label"]} for key, edge in theme.edges().items()],
    }

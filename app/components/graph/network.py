"""From nodes and edges, as `KnowledgeGraph.neighbourhood` and `lineage` give them, to what the component draws."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import sqrt
from typing import Any

from pyvis.network import Network

from app import theme
from app.components import says
from app.markup import href, plain, short

LIMIT = 300
"""Nodes that a browser moves fluently; the pages ask for no more and say what is left out."""

_LEAST, _MOST = 6.0, 28.0
"""Sizes, in pixels from the middle, of an entity without papers and of the busiest one of a big corpus."""

_STEP = 3.2
"""What the root of the number of papers adds to the size, as long as the busiest stays below the most."""

_WIDEST = 6.0
"""Pixels that the widest edge takes."""


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
    nodes, edges = list(nodes), list(edges)
    step = min(_STEP, (_MOST - _LEAST) / sqrt(max((_papers(node) for node in nodes), default=0) or 1))
    thin = min(1.0, _WIDEST / max(map(_width, edges), default=1.0))
    net = Network(directed=True)
    for node in nodes:
        paper = node["kind"] == "paper"
        x, y = positions[node["id"]]
        net.add_node(
            node["id"],
            label=" ",  # the component writes the names itself, where they do not cover each other
            text=short(node["label"], 30 if paper else 26),
            shape=theme.kinds().get(node["kind"], {}).get("shape", "dot"),
            size=4.5 if paper else round(_LEAST + step * sqrt(_papers(node)), 1),
            x=round(x, 1),
            y=round(y, 1),
            physics=False,
            kind=node["kind"],
            full=short(node["label"], 300),
            papers=1 if paper else _papers(node),
            date=plain(says.date(node)) or None,
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
            width=round(max(_width(edge) * thin, 0.6), 2),
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


def _papers(node: Mapping[str, Any]) -> int:
    return 0 if node["kind"] == "paper" else int(node.get("papers") or 0)


def _width(edge: Mapping[str, Any]) -> float:
    """Return how wide an edge is where none is too wide: by its role and the root of its number of papers."""
    return float(theme.edges().get(edge["key"], {}).get("width", 1.0)) * sqrt(int(edge.get("papers") or 1))

"""GEXF and node-link JSON, written by networkx."""

from __future__ import annotations

import json
from pathlib import Path

import networkx as nx

from kg.export.graphml import clean
from kg.graph.network import Rows, assemble


def write_gexf(path: Path, rows: Rows) -> None:
    """Write GEXF 1.2; every edge gets a number as its id, for roles and relations recur."""
    nodes = ((clean(n), {k: clean(v) if isinstance(v, str) else v for k, v in d.items()}) for n, d in rows.nodes())
    edges = (
        (clean(s), clean(t), k, {"id": str(i), **{a: clean(v) if isinstance(v, str) else v for a, v in d.items()}})
        for i, (s, t, k, d) in enumerate(rows.edges())
    )
    nx.write_gexf(assemble(nodes, edges), path)


def write_json(path: Path, rows: Rows) -> None:
    """Write the node-link form that ``networkx.node_link_graph(data, edges="edges")`` reads back."""
    data = nx.node_link_data(assemble(rows.nodes(), rows.edges()), edges="edges")
    path.write_text(json.dumps(data, ensure_ascii=False) + "\n", encoding="utf-8")

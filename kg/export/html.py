"""One HTML page that draws the graph and works offline: vis-network and all data stand in the file.

At most `LIMIT` nodes are drawn, those with the most edges; the page says what it left out. Text from papers is put in
as data and shown as text, never as markup.
"""

from __future__ import annotations

import html
import json
from collections import Counter
from pathlib import Path
from typing import Any

import networkx as nx

from kg.export.looks import kinds
from kg.graph.network import Rows, assemble

LIMIT = 300
_VIS = Path("lib", "vis-9.1.2", "vis-network.min.js")
"""Where vis-network lies in the package pyvis."""

_PAGE = (Path(__file__).parent / "page.html").read_text(encoding="utf-8")


def _script(value: Any) -> str:
    """Return JSON that may stand in a script element: no "</script>" can end it."""
    text = json.dumps(value, ensure_ascii=False)
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def write_html(path: Path, rows: Rows) -> None:
    """Write the page."""
    import pyvis.network  # it brings IPython along, a fifth of a second that nobody else need wait for

    whole = assemble(rows.nodes(), rows.edges())
    degree = Counter(dict(whole.degree()))
    kept = sorted(degree, key=lambda n: (-degree[n], n))[:LIMIT]
    graph = whole.subgraph(kept)
    places = nx.spring_layout(nx.Graph(graph), seed=7, iterations=60) if len(graph) else {}
    net = pyvis.network.Network(directed=True)
    for node in kept:
        data = graph.nodes[node]
        x, y = places[node]
        net.add_node(
            node,
            label=str(data["label"])[:60],
            title=str(data["label"]),
            kind=data["kind"],
            shape=kinds()[data["kind"]]["shape"],
            size=8 + 4 * degree[node] ** 0.5,
            x=float(x) * 1500,
            y=float(y) * 1500,
        )
    for source, target, key, data in graph.edges(keys=True, data=True):
        net.add_edge(source, target, title=f"{key}: {data.get('evidence', '')}", label="", role=key)
    note = f"{len(kept)} nodes and {graph.number_of_edges()} edges"
    if left_out := len(whole) - len(kept):
        hidden = whole.number_of_edges() - graph.number_of_edges()
        note += f"; left out: {left_out} nodes with fewer edges and {hidden} edges"
    vis = Path(pyvis.__file__).parent / _VIS
    page = _PAGE
    for mark, text in (
        ("@NOTE@", html.escape(note)),
        ("@KINDS@", _script(kinds())),
        ("@NODES@", _script(net.nodes)),
        ("@EDGES@", _script(net.edges)),
        ("@VIS@", vis.read_text(encoding="utf-8").replace("</script", "<\\/script")),
    ):
        page = page.replace(mark, text)
    path.write_text(page, encoding="utf-8")

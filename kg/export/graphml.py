"""GraphML that networkx, igraph and Gephi open.

Written as a stream, so that a corpus of any size is written in little memory. Attributes without a value are left
out, characters that XML cannot hold are dropped, edge ids are numbers (a role as an id would stand twice in one
file), every node has a ``label``, every edge a numeric ``weight``.

Format: http://graphml.graphdrawing.org/specification.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from kg.graph.network import EDGE_ATTRIBUTES, NODE_ATTRIBUTES, Rows

_XML_TYPES = {str: "string", int: "long", float: "double", bool: "boolean"}
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


_SPECIAL = re.compile("[<>&]|" + _NOT_XML.pattern)


def clean(value: Any) -> str:
    """Return a value as text without the characters that XML cannot hold."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return _NOT_XML.sub("", str(value))


def _text(value: Any) -> str:
    """Return a value as the text of an element; most hold nothing special, which one look tells."""
    text = value if isinstance(value, str) else clean(value)
    return escape(clean(text)) if _SPECIAL.search(text) else text


def _quoted(id: str) -> str:
    """Return an id as the value of an XML attribute, in quotes."""
    return f'"{id}"' if _PLAIN.fullmatch(id) else quoteattr(clean(id))


_PLAIN = re.compile(r"[\w./:+ -]+", re.ASCII)


def write_graphml(path: Path, rows: Rows) -> None:
    """Write nodes and edges to ``path``."""
    node_keys = {name: f"n{i}" for i, name in enumerate(NODE_ATTRIBUTES)}
    edge_keys = {name: f"e{i}" for i, name in enumerate(EDGE_ATTRIBUTES)}

    def data(keys: Mapping[str, str], attributes: Mapping[str, Any]) -> str:
        return "".join(f'<data key="{keys[name]}">{_text(v)}</data>' for name, v in attributes.items())

    with path.open("w", encoding="utf-8", newline="\n") as out:
        out.write('<?xml version="1.0" encoding="UTF-8"?>\n<graphml xmlns="http://graphml.graphdrawing.org/xmlns">\n')
        for domain, keys, types in (
            ("node", node_keys, NODE_ATTRIBUTES),
            ("edge", edge_keys, EDGE_ATTRIBUTES),
        ):
            for name, key in keys.items():
                kind = _XML_TYPES[types[name]]
                out.write(f'<key id="{key}" for="{domain}" attr.name="{name}" attr.type="{kind}"/>\n')
        out.write('<graph edgedefault="directed">\n')
        for node, attributes in rows.nodes():
            out.write(f"<node id={_quoted(node)}>{data(node_keys, attributes)}</node>\n")
        for number, (source, target, _, attributes) in enumerate(rows.edges()):
            ends = f"source={_quoted(source)} target={_quoted(target)}"
            out.write(f'<edge id="e{number}" {ends}>{data(edge_keys, attributes)}</edge>\n')
        out.write("</graph>\n</graphml>\n")

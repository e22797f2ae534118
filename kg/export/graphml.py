"""GraphML that networkx, igraph and Gephi open.

Written as a stream, so that a corpus of any size is written in little memory, and by columns: most texts hold nothing
that XML has to escape, which one look at a column tells. Attributes without a value are left out, characters that XML
cannot hold are dropped, edge ids are numbers (a role as an id would stand twice in one file), every node has a
``label``, every edge a numeric ``weight``.

Format: http://graphml.graphdrawing.org/specification.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO
from xml.sax.saxutils import escape, quoteattr

import pyarrow as pa
import pyarrow.compute as pc

from kg.graph.network import EDGE_ATTRIBUTES, NODE_ATTRIBUTES, Rows, TabledRows

_XML_TYPES = {str: "string", int: "long", float: "double", bool: "boolean"}
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_BATCH = 10_000

# for RE2, which looks at whole columns
_SPECIAL = r"[<>&]|[^\t\n\r\x{20}-\x{D7FF}\x{E000}-\x{FFFD}\x{10000}-\x{10FFFF}]"
_PLAIN = r"^[\w./:+ -]+$"


def clean(value: Any) -> str:
    """Return a value as text without the characters that XML cannot hold."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return _NOT_XML.sub("", str(value))


def write_graphml(path: Path, rows: Rows) -> None:
    """Write nodes and edges to ``path``."""
    node_keys = {name: f"n{i}" for i, name in enumerate(NODE_ATTRIBUTES)}
    edge_keys = {name: f"e{i}" for i, name in enumerate(EDGE_ATTRIBUTES)}
    with path.open("wb") as out:
        out.write(b'<?xml version="1.0" encoding="UTF-8"?>\n<graphml xmlns="http://graphml.graphdrawing.org/xmlns">\n')
        for domain, keys, types in (
            ("node", node_keys, NODE_ATTRIBUTES),
            ("edge", edge_keys, EDGE_ATTRIBUTES),
        ):
            for name, key in keys.items():
                kind = _XML_TYPES[types[name]]
                out.write(f'<key id="{key}" for="{domain}" attr.name="{name}" attr.type="{kind}"/>\n'.encode())
        out.write(b'<graph edgedefault="directed">\n')
        for table in _node_tables(rows):
            _write(out, ["<node id=", _quoted(table["id"]), ">", *_data(table, node_keys), "</node>\n"])
        number = 0
        for table in _edge_tables(rows):
            numbers = pa.array(range(number, number + table.num_rows)).cast(pa.string())
            number += table.num_rows
            ends = (" source=", _quoted(table["source"]), " target=", _quoted(table["target"]), ">")
            _write(out, ['<edge id="e', numbers, '"', *ends, *_data(table, edge_keys), "</edge>\n"])
        out.write(b"</graph>\n</graphml>\n")


def _node_tables(rows: Rows) -> Iterator[pa.Table]:
    if isinstance(rows, TabledRows):
        return rows.node_tables()
    return _tabled(({"id": id, **data} for id, data in rows.nodes()), ("id",), NODE_ATTRIBUTES)


def _edge_tables(rows: Rows) -> Iterator[pa.Table]:
    if isinstance(rows, TabledRows):
        return rows.edge_tables()
    edges = ({"source": s, "target": t, "key": k, **data} for s, t, k, data in rows.edges())
    return _tabled(edges, ("source", "target", "key"), EDGE_ATTRIBUTES)


def _tabled(rows: Iterable[dict[str, Any]], ids: Iterable[str], attributes: Mapping[str, type]) -> Iterator[pa.Table]:
    """Yield rows as tables, texts cleaned."""
    kinds = {str: pa.string(), int: pa.int64(), float: pa.float64(), bool: pa.bool_()}
    schema = pa.schema([*((id, pa.string()) for id in ids), *((n, kinds[t]) for n, t in attributes.items())])
    rows = iter(rows)
    while part := list(islice(rows, _BATCH)):
        yield pa.Table.from_pylist(
            [{k: clean(v) if isinstance(v, str) else v for k, v in row.items()} for row in part], schema=schema
        )


def _write(out: BinaryIO, pieces: list[str | pa.Array]) -> None:
    """Write the pieces of each row, one row after the other."""
    text = pc.binary_join_element_wise(*pieces, "", null_handling="replace", null_replacement="")
    if not len(text):
        return
    text = text.cast(pa.large_string())
    for chunk in text.chunks if isinstance(text, pa.ChunkedArray) else [text]:
        _, ends, data = chunk.buffers()
        first, last = (
            pa.Array.from_buffers(pa.int64(), len(chunk) + 1, [None, ends], offset=chunk.offset)[i].as_py()
            for i in (0, -1)
        )
        out.write(memoryview(data)[first:last])


def _data(table: pa.Table, keys: Mapping[str, str]) -> Iterator[pa.Array]:
    """Yield the elements of each attribute, null where a row has no value."""
    for name in table.column_names:
        if name in keys:
            texts = _texts(table[name])
            yield pc.binary_join_element_wise(f'<data key="{keys[name]}">', texts, "</data>", "")


def _texts(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return values as the text of an element."""
    if pa.types.is_string(column.type):
        return _mended(column, pc.match_substring_regex(column, _SPECIAL), lambda text: escape(clean(text)))
    if pa.types.is_boolean(column.type):
        return pc.if_else(column, "true", "false")
    if pa.types.is_floating(column.type):
        different = pc.unique(column)
        return pa.array([None if v is None else str(v) for v in different.to_pylist()], pa.string()).take(
            pc.index_in(column, different)
        )
    return column.cast(pa.string())


def _quoted(ids: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return ids as values of XML attributes, in quotes."""
    plain = pc.match_substring_regex(ids, _PLAIN)
    quotes = pc.binary_join_element_wise('"', ids, '"', "")
    special = pc.invert(plain)
    if not pc.any(special).as_py():
        return quotes
    return pc.replace_with_mask(
        quotes.combine_chunks(),
        special.combine_chunks(),
        pa.array([quoteattr(clean(id)) for id in ids.filter(special).to_pylist()], pa.string()),
    )


def _mended(column: pa.ChunkedArray, wrong: pa.ChunkedArray, mend: Callable[[str], str]) -> pa.ChunkedArray:
    """Return a column with the texts that a mask marks mended."""
    wrong = pc.fill_null(wrong, False)
    if not pc.any(wrong).as_py():
        return column
    mended = pa.array([mend(text) for text in column.filter(wrong).to_pylist()], pa.string())
    return pc.replace_with_mask(column.combine_chunks(), wrong.combine_chunks(), mended)

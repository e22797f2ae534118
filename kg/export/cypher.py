"""Cypher statements that fill an empty Neo4j, Memgraph or Kùzu-like database.

Nodes are labelled Paper, Method, Model, Dataset or Benchmark, edges by role or relation in capitals.
Quoting: https://neo4j.com/docs/cypher-manual/current/syntax/parsing/
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kg.graph.network import Rows


def literal(value: Any) -> str:
    """Return a value as a Cypher literal; JSON's escapes are a part of Cypher's.

    >>> literal('a "name"'), literal(True), literal(0.5)
    ('"a \\\\"name\\\\""', 'true', '0.5')
    """
    return json.dumps(value, ensure_ascii=True)


def _map(values: Mapping[str, Any]) -> str:
    return "{" + ", ".join(f"{name}: {literal(v)}" for name, v in values.items()) + "}"


def write_cypher(path: Path, rows: Rows) -> None:
    """Write one statement a line: an index, the nodes, then the edges."""
    with path.open("w", encoding="utf-8", newline="\n") as out:
        out.write("CREATE INDEX node_id IF NOT EXISTS FOR (n:Node) ON (n.id);\n")
        for node, data in rows.nodes():
            label = data["kind"].capitalize()
            out.write(f"CREATE (:Node:{label} {_map({'id': node, **data})});\n")
        for source, target, key, data in rows.edges():
            ends = f"(a:Node {_map({'id': source})}), (b:Node {_map({'id': target})})"
            out.write(f"MATCH {ends} CREATE (a)-[:{key.upper()} {_map(data)}]->(b);\n")

"""Two CSV files, nodes and edges, in one folder: for spreadsheets, pandas, Gephi and Neo4j's importer."""

from __future__ import annotations

import csv
from pathlib import Path

from kg.graph.network import EDGE_ATTRIBUTES, NODE_ATTRIBUTES, Rows


def write_csv(folder: Path, rows: Rows) -> None:
    """Write ``nodes.csv`` (id and attributes) and ``edges.csv`` (source, target, key and attributes)."""
    folder.mkdir()
    with (folder / "nodes.csv").open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, ["id", *NODE_ATTRIBUTES])
        writer.writeheader()
        writer.writerows({"id": node, **data} for node, data in rows.nodes())
    with (folder / "edges.csv").open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, ["source", "target", "key", *EDGE_ATTRIBUTES])
        writer.writeheader()
        writer.writerows({"source": s, "target": t, "key": k, **data} for s, t, k, data in rows.edges())

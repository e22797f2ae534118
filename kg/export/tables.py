"""Two CSV files, nodes and edges, in one folder: for spreadsheets, pandas, Gephi and Neo4j's importer."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kg.graph.network import EDGE_ATTRIBUTES, NODE_ATTRIBUTES, Rows

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What makes a spreadsheet take a cell for a formula."""


def no_formula(text: str) -> str:
    """Return a text as a cell; one that a spreadsheet would run as a formula gets an apostrophe before it.

    >>> no_formula("=1+1"), no_formula("-0.5"), no_formula("BERT")
    ("'=1+1", '-0.5', 'BERT')
    """
    begins = text.startswith(_FORMULA) or text.lstrip().startswith(_FORMULA)
    return f"'{text}" if begins and not _number(text) else text


def _number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _cells(data: Mapping[str, Any]) -> dict[str, Any]:
    return {name: no_formula(value) if isinstance(value, str) else value for name, value in data.items()}


def write_csv(folder: Path, rows: Rows) -> None:
    """Write ``nodes.csv`` (id and attributes) and ``edges.csv`` (source, target, key and attributes).

    Attributes are written as `no_formula` gives them, ids as they are.
    """
    folder.mkdir()
    with (folder / "nodes.csv").open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, ["id", *NODE_ATTRIBUTES])
        writer.writeheader()
        writer.writerows({"id": node, **_cells(data)} for node, data in rows.nodes())
    with (folder / "edges.csv").open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, ["source", "target", "key", *EDGE_ATTRIBUTES])
        writer.writeheader()
        writer.writerows({"source": s, "target": t, "key": k, **_cells(data)} for s, t, k, data in rows.edges())

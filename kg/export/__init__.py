"""The graph as a file for another program: one module a format, one verb for all of them.

A format is a function of a path and of `kg.graph.network.Rows`. Whatever is written is written aside and moved into
place, so that no half file is ever left under the name that was asked for.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from tempfile import mkdtemp

from kg.errors import ExportError
from kg.export.cypher import write_cypher
from kg.export.graphml import write_graphml
from kg.export.html import write_html
from kg.export.networkx_formats import write_gexf, write_json
from kg.export.tables import write_csv
from kg.graph.network import Rows

FORMATS: dict[str, Callable[[Path, Rows], None]] = {
    "graphml": write_graphml,
    "gexf": write_gexf,
    "json": write_json,
    "csv": write_csv,
    "cypher": write_cypher,
    "html": write_html,
}
"""What ``kg export`` can write; csv is a folder, the others are files."""


def export(format: str, path: str | Path, rows: Rows) -> Path:
    """Write nodes and edges in a format and return the path.

    Raises:
        ExportError: if the format is unknown, or the target cannot be written or is in the way.
    """
    if format not in FORMATS:
        raise ExportError(f"{format}: no such format; choose one of {', '.join(FORMATS)}")
    path = Path(path)
    if format != "csv" and path.is_dir():
        raise ExportError(f"{path}: is a folder; name a file for the format {format}")
    if format == "csv" and path.exists() and not _replaceable(path):
        raise ExportError(f"{path}: is in the way; csv needs a new folder, or one that holds nodes.csv and edges.csv")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        aside = Path(mkdtemp(prefix=".kg-export-", dir=path.parent))
    except OSError as error:
        raise ExportError(f"{path}: cannot be written ({error.strerror})") from None
    try:
        FORMATS[format](aside / path.name, rows)
        if format == "csv" and path.exists():
            for file in (aside / path.name).iterdir():
                file.replace(path / file.name)
        else:
            (aside / path.name).replace(path)
    except OSError as error:
        raise ExportError(f"{path}: cannot be written ({error.strerror or error})") from None
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return path


def _replaceable(path: Path) -> bool:
    return path.is_dir() and {p.name for p in path.iterdir()} <= {"nodes.csv", "edges.csv"}

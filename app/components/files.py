"""Files to take along: made when they are asked for, in memory, by the graph's own export."""

from __future__ import annotations

import csv
import io
import json
import re
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from app.data import graph
from app.markup import plain
from kg.export.tables import no_formula


def json_of(value: object) -> str:
    """Return a value as JSON that people can read."""
    return json.dumps(value, ensure_ascii=False, indent=1)


def button(label: str, name: str, content: Callable[[], str | bytes], *, primary: bool = False) -> None:
    """Draw a button for a file that is made when it is pressed; ``name`` is the file's, its ending says what it is."""
    st.download_button(
        label,
        data=content,
        file_name=name,
        mime=mime(name),
        type="primary" if primary else "secondary",
        on_click="ignore",
        icon=":material/download:",
    )


def stem(text: str) -> str:
    """Return a file name, without its ending, for a title.

    >>> stem("Around GPT-4 / <b>"), stem("…")
    ('around-gpt-4-b', 'graph')
    """
    return re.sub(r"[^\w.]+", "-", plain(text).casefold()).strip("-.")[:60] or "graph"


def csv_of(rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> str:
    """Return rows as CSV; a name that a spreadsheet would run as a formula gets an apostrophe before it.

    >>> csv_of([{"a": "=1+1", "b": None}], ("a", "b"))
    "a,b\\r\\n'=1+1,\\r\\n"
    """
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(columns)
    for row in rows:
        writer.writerow([no_formula(plain(row.get(column))) for column in columns])
    return out.getvalue()


def mime(name: str) -> str:
    """Return the media type of a file by its ending.

    >>> mime("a.json"), mime("a.graphml")
    ('application/json', 'application/xml')
    """
    types = {"json": "application/json", "csv": "text/csv", "graphml": "application/xml", "gexf": "application/xml"}
    types |= {"zip": "application/zip", "html": "text/html", "cypher": "text/plain"}
    return types.get(name.rpartition(".")[2], "application/octet-stream")


def exported(
    format: str, entity: str | None = None, hops: int = 1, types: Sequence[str] = (), min_confidence: float = 0.0
) -> bytes:
    """Return what `KnowledgeGraph.export` writes, as bytes; a format that writes a folder comes as a zip file."""
    with tempfile.TemporaryDirectory(prefix="kg-app-") as place:
        target = Path(place) / "graph"
        written = Path(
            graph().export(format, target, entity=entity, hops=hops, types=tuple(types), min_confidence=min_confidence)
        )
        if written.is_file():
            return written.read_bytes()
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for file in sorted(written.iterdir()):
                archive.write(file, file.name)
        return packed.getvalue()

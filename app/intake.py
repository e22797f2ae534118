"""New papers through the browser: read and extracted for a look first, kept only by a build that ends well.

What is kept lies as a file of its own in ``added/`` beside the outputs folder, so that it is a source like any other:
``kg build`` on the command line can name it too.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import kg
from app.data import folder, graph, stamp
from kg.errors import KGError, OutputsError, SourceError
from kg.read import file_name, path_of, read
from kg.records import Extraction, Paper, Problem

Progress = Callable[[str, int, int | None], None]


def added() -> Path:
    """Return the folder of papers that came in through the browser."""
    return folder().resolve().parent / "added"


def look(name: str, content: bytes) -> tuple[list[tuple[Paper, Extraction]], list[Problem]]:
    """Return the papers in an upload with what is found in each, and what could not be read. Keeps nothing.

    Raises:
        SourceError: the content is in no format that the builder reads, or holds no paper.
    """
    from kg.extract import extract

    with tempfile.TemporaryDirectory(prefix="kg-app-") as place:
        path = Path(place) / Path(name).name
        path.write_bytes(content)
        try:
            papers, report = read([path])
        except SourceError as error:
            raise SourceError(str(error).replace(f"{place}{os.sep}", "")) from None
        problems = [Problem(Path(p.file).name, p.line, p.message) for p in report.problems]
    if not papers:
        raise SourceError(f"{name}: no paper in it")
    return list(zip(papers, extract(papers), strict=True)), problems


def sources() -> list[Path]:
    """Return the files and folders that the present graph was built from, as they were named.

    Raises:
        OutputsError: one of them is gone, or the graph cannot be read; a build without it would lose its papers.
    """
    try:
        stamp()
    except OutputsError:  # no graph was built yet
        return []
    paths = [path_of(name) for name in graph().build.get("sources", ())]
    gone = [path for path in paths if not path.exists()]
    if gone:
        name = file_name(gone[0])
        raise OutputsError(f"{name}: a source of this graph is gone from here; start the app where it was built")
    return paths


def keep(name: str, content: bytes, progress: Progress | None = None) -> dict[str, Any]:
    """Put the upload among the sources and build; return the new counts. A build that fails leaves all as it was.

    Raises:
        KGError: what the build could not do.
    """
    before = sources()
    ending = "".join(Path(name).suffixes[-2:]) or ".txt"
    target = added() / f"{sha256(content).hexdigest()[:12]}{ending}"
    known = target.exists()
    if not known:
        target.parent.mkdir(parents=True, exist_ok=True)
        aside = target.with_name(f".{target.name}.part")
        aside.write_bytes(content)
        aside.replace(target)
    try:
        counts = _build([*before, target], progress)
    except (KGError, OSError):
        if not known:
            target.unlink(missing_ok=True)
        raise
    return counts


def rebuild(progress: Progress | None = None) -> dict[str, Any]:
    """Build from the same sources again, so that corrections take effect; return the new counts.

    Raises:
        KGError: what the build could not do; the old graph then stands as it was.
    """
    return _build(sources(), progress)


def _build(wanted: Sequence[Path], progress: Progress | None) -> dict[str, Any]:
    try:
        corrections: Path | None = graph().curation_file
    except OutputsError:
        corrections = None
    built = kg.build(
        list(dict.fromkeys(wanted)),
        folder(),
        curation=corrections if corrections is not None and corrections.is_file() else None,
        progress=progress,
    )
    return dict(built.build.get("counts", {}))

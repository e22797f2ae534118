"""The outputs folder: its files are replaced whole or not at all.

New files are written into a staging folder beside the old ones. A commit first writes a journal that names them,
then moves them into place one by one, then deletes the journal: a build that dies before the journal leaves the old
outputs untouched, one that dies after it is finished by whoever opens the folder next (a redo log). A lock keeps two
builds from writing into the same folder. A reader holds the files of one build open, and goes on reading these.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO

from kg.errors import OutputsError
from kg.graph.words import FILE as WORDS
from kg.schema import TABLES

BUILD = "build.json"
GRAPH = "graph.graphml"
FILES = (*(f"{name}.parquet" for name in TABLES), WORDS, GRAPH, BUILD)
"""What an outputs folder holds; ``build.json`` is moved into place last."""

_STAGING = ".staging"
_JOURNAL = ".commit.json"
_LOCK = ".lock"
_PATIENCE, _PAUSE = 10.0, 0.01  # seconds that a reader waits for a commit, which takes some thousandths


def file_hash(path: Path) -> str:
    """Return the SHA-256 of a file, in hex, read in blocks."""
    digest = sha256()
    with path.open("rb") as handle:
        while block := handle.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


@contextmanager
def replacing(out: Path) -> Iterator[Path]:
    """Yield an empty staging folder; when the block ends well, its files replace those in ``out``, together.

    Raises:
        OutputsError: if ``out`` cannot be written or another build is writing into it.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        lock = (out / _LOCK).open("w")
    except OSError as error:
        raise OutputsError(f"{out}: cannot write here ({error.strerror}); choose another folder with --out") from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise OutputsError(f"{out}: another build is writing here; wait for it or choose another --out") from None
        _redo(out)
        staging = out / _STAGING
        shutil.rmtree(staging, ignore_errors=True)
        staging.mkdir()
        try:
            yield staging
            _commit(out, staging)
        except OSError as error:
            what = f"{error.filename}: {error.strerror}" if error.filename else error.strerror or error
            raise OutputsError(f"{out}: writing failed ({what}); the old files are kept") from error
        finally:
            if not (out / _JOURNAL).exists():
                shutil.rmtree(staging, ignore_errors=True)


def _commit(out: Path, staging: Path) -> None:
    names = [name for name in FILES if (staging / name).exists()]
    for name in names:
        with (staging / name).open("rb") as handle:
            os.fsync(handle.fileno())
    journal = staging / _JOURNAL
    journal.write_text(json.dumps(names), encoding="utf-8")
    journal.replace(out / _JOURNAL)
    _redo(out)


def _redo(out: Path) -> None:
    """Finish a commit whose journal stands in ``out``."""
    journal = out / _JOURNAL
    if not journal.exists():
        return
    staging = out / _STAGING
    for name in json.loads(journal.read_text(encoding="utf-8")):
        if (staging / name).exists():
            (staging / name).replace(out / name)
    journal.unlink()
    shutil.rmtree(staging, ignore_errors=True)


def recover(out: Path) -> None:
    """Finish a commit that died half-way, if there is one; wait for one that is under way.

    Raises:
        OutputsError: if a build holds the folder in the middle of a commit for longer than that can take.
    """
    until = time.monotonic() + _PATIENCE
    while (out / _JOURNAL).exists():
        try:
            with (out / _LOCK).open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                _redo(out)
        except OSError as error:
            if time.monotonic() > until:
                reason = error.strerror
                raise OutputsError(f"{out}: a build is replacing these files ({reason}); try again") from None
            time.sleep(_PAUSE)


def open_files(out: Path) -> dict[str, BinaryIO]:
    """Return the tables, the index of words and ``build.json``, by file name and open for reading, all of one build.

    They stay the files of that build when another replaces them in the folder. What is not there is left out.

    Raises:
        OutputsError: if a file cannot be read, or a build is replacing the files all the time.
    """
    until = time.monotonic() + _PATIENCE
    while True:
        before = _identity(out)
        files: dict[str, BinaryIO] = {}
        for name in FILES:
            try:
                files[name] = (out / name).open("rb")
            except FileNotFoundError:
                continue
            except OSError as error:
                raise OutputsError(f"{out / name}: cannot be read ({error.strerror}); build the graph again") from None
        # a commit that has begun stands in the journal, one that is over has replaced build.json
        if not (out / _JOURNAL).exists() and _identity(out) == before:
            return files
        for file in files.values():
            file.close()
        if time.monotonic() > until:
            raise OutputsError(f"{out}: a build is replacing these files; try again")
        time.sleep(_PAUSE)
        recover(out)


def is_own(out: Path, path: Path) -> bool:
    """Return whether a path, however it is written, leads to one of the files of an outputs folder."""
    for name in FILES:
        with suppress(OSError):  # one of the two is not there
            if path.samefile(out / name):
                return True
    return False


def _identity(out: Path) -> tuple[int, int] | None:
    """Return what tells one ``build.json`` of a folder from the next; None if there is none."""
    try:
        status = (out / BUILD).stat()
    except FileNotFoundError:
        return None
    return status.st_ino, status.st_mtime_ns


def read_build(out: Path) -> dict[str, Any]:
    """Return ``build.json`` of an outputs folder.

    Raises:
        OutputsError: if the folder is missing, holds no graph, or lacks one of its files.
    """
    if not out.is_dir():
        raise OutputsError(f"{out}: no such folder; build a graph first: kg build SOURCE... --out {out}")
    recover(out)
    if not (out / BUILD).exists():
        raise OutputsError(f"{out}: holds no graph; build one first: kg build SOURCE... --out {out}")
    try:
        build = json.loads((out / BUILD).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise OutputsError(f"{out / BUILD}: cannot be read ({error}); build the graph again") from None
    if not isinstance(build, dict):
        raise OutputsError(f"{out / BUILD}: is not a build record; build the graph again")
    for name in FILES:
        if not (out / name).exists():
            raise OutputsError(f"{out / name}: is missing; build the graph again")
    return build

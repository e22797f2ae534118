"""Reading: from the files and folders that a user names to papers, each once, with nothing dropped in silence.

`read` does it all; `read_records` and `merge` are its two steps, both streams. `clean` is the normalisation that every
title and abstract has been through: offsets count its code points.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from kg.read.merge import merge
from kg.read.record import Record
from kg.read.sources import file_name, list_files, path_of, read_records
from kg.read.text import clean
from kg.records import Paper, Report

__all__ = ["Record", "clean", "file_name", "list_files", "merge", "path_of", "read", "read_records"]


def read(sources: Iterable[str | Path], report: Report | None = None) -> tuple[list[Paper], Report]:
    """Return the papers in files and folders, sorted by id, and the report of what could not be read.

    Raises:
        SourceError: a source does not exist or gives no record at all.
    """
    report = Report() if report is None else report
    return list(merge(read_records(sources, report), report)), report

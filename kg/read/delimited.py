"""CSV and TSV with a header row, read as a stream; a quote that is never closed costs its own line only."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from kg.read.fields import record_of
from kg.read.record import Record
from kg.read.text import MAX_LINE, clean, numbered_lines
from kg.records import Problem, Report, Source

_DELIMITERS = ("\t", ",", ";")
_MAX_ROW_LINES = 200  # lines that one quoted row may run over
_MAX_ROW_SIZE = 1 << 20  # characters of a row that runs over several lines
_SEPARATOR_LINE = re.compile(r'\ufeff?"?sep=.?"?', re.IGNORECASE)  # Excel's, above the header; the header shows it too
_UNCLOSED = "unexpected end of data"  # what csv says where a quoted field goes on in the next line


def header_of(line: str) -> tuple[str, list[str]] | None:
    """Return (delimiter, column names in lower case) where the line is a header with title and abstract, else None.

    >>> header_of("ID;Title;Abstract")
    (';', ['id', 'title', 'abstract'])
    """
    for delimiter in _DELIMITERS:
        try:
            row = next(csv.reader([line], delimiter=delimiter, skipinitialspace=True), [])
        except csv.Error:
            continue
        names = [clean(name).casefold() for name in row]
        if {"title", "abstract"} <= set(names):
            return delimiter, names
    return None


def header_line(lines: Iterable[str]) -> str:
    """Return the first line that is not blank and no line of Excel's that tells the separator, or an empty one.

    >>> header_line(["sep=;", "id;title;abstract"])
    'id;title;abstract'
    """
    return next((line for line in lines if line.strip() and not _SEPARATOR_LINE.fullmatch(line.strip())), "")


def read_delimited(
    stream: BinaryIO, encoding: str, file: str, report: Report, complete: bool = True
) -> Iterator[Record]:
    """Yield a record for each row under the header; rows that cannot be read are problems."""
    lines = numbered_lines(stream, encoding, file, report)
    header = header_of(header_line(line for _, line in lines))
    if header is None:
        report.problems.append(Problem(file, 1, "no header row with title and abstract"))
        return
    delimiter, names = header
    needed = max(names.index("title"), names.index("abstract")) + 1
    count = 0
    for number, row in _rows(lines, delimiter, file, report):
        if len(row) == len(names) and all(
            clean(cell).casefold() == name for cell, name in zip(row, names, strict=True)
        ):
            continue  # the header again, where files were put together
        # a row may lack fields at its end, and have empty ones beyond it, as spreadsheets write them
        if len(row) < needed or any(cell.strip() for cell in row[len(names) :]):
            report.problems.append(
                Problem(file, number, f"{len(row)} fields where the header has {len(names)}: row skipped")
            )
            continue
        fields = {name: value for name, value in zip(names, row, strict=False) if value.strip()}
        if record := record_of(fields, Source(file, count + 1, number), report, complete):
            count += 1
            yield record


def _rows(
    lines: Iterator[tuple[int, str]], delimiter: str, file: str, report: Report
) -> Iterator[tuple[int, list[str]]]:
    """Yield (line where it begins, fields) of each row that is not blank."""
    csv.field_size_limit(MAX_LINE)  # the standard limit of 128 kB is a setting of the module as a whole
    waiting: list[tuple[int, str]] = []  # read already, to be looked at again

    def take() -> tuple[int, str] | None:
        return waiting.pop() if waiting else next(lines, None)

    while first := take():
        if not first[1].strip():
            continue
        taken = [first]
        while True:
            try:
                text = (f"{line}\n" for _, line in taken)
                rows = list(csv.reader(text, delimiter=delimiter, skipinitialspace=True, strict=True))
            except csv.Error as error:
                size = sum(len(line) for _, line in taken)
                unclosed = _UNCLOSED in str(error)
                if unclosed and len(taken) < _MAX_ROW_LINES and size < _MAX_ROW_SIZE and (line := take()):
                    taken.append(line)
                    continue
                if row := _unquoted(first[1], delimiter):
                    yield first[0], row
                else:
                    reason = "a quote is opened and never closed" if unclosed else str(error)
                    report.problems.append(Problem(file, first[0], f"not a row ({reason}): line skipped"))
                waiting.extend(reversed(taken[1:]))
            else:
                if any(cell.strip() for row in rows for cell in row):
                    yield first[0], [cell for row in rows for cell in row]
            break


def _unquoted(line: str, delimiter: str) -> list[str] | None:
    """Return the fields of a line in which a quote that opens a field is part of a text, or None where it is not.

    So it is with tabs, as many programs quote nothing there, and after a space.
    """
    if delimiter == "\t":
        return line.split(delimiter)
    try:
        return next(csv.reader([line], delimiter=delimiter, strict=True), None)
    except csv.Error:
        return None

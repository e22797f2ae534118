"""JSON Lines and plain JSON arrays of papers, read as a stream."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, BinaryIO

from kg.read.fields import record_of
from kg.read.record import Record
from kg.read.text import BROKEN, MAX_LINE, mend_bytes, numbered_lines, open_text
from kg.records import Problem, Report, Source

_CHUNK = 1 << 16
_BETWEEN = re.compile(r"[\s,]*")
# The second form stands in no text of JSON, where quotes are escaped.
_NEXT_OBJECT = re.compile(r"\n[^\S\n]*\{|,\s*\{(?=\s*\")")

# Numbers stay as they are written: an id such as 2305.10 must keep its last digit. NaN is what pandas writes for
# a missing text. strict=False lets control characters through, which cleaning takes out.
_DECODER = json.JSONDecoder(parse_float=str, parse_int=str, parse_constant=lambda _: None, strict=False)


def read_json_lines(
    stream: BinaryIO, encoding: str, file: str, report: Report, complete: bool = True
) -> Iterator[Record]:
    """Yield a record for each line that holds a JSON object with title and abstract; the others are problems."""
    count = 0
    for number, line in numbered_lines(stream, encoding, file, report):
        line = line.strip().lstrip("\ufeff")
        if not line:
            continue
        try:
            value = _DECODER.decode(line)
        except (ValueError, RecursionError) as error:
            report.problems.append(Problem(file, number, f"not a JSON object ({_reason(error)}): line skipped"))
            continue
        if record := _record(value, Source(file, count + 1, number), report, complete):
            count += 1
            yield record


def read_json_array(
    stream: BinaryIO, encoding: str, file: str, report: Report, complete: bool = True
) -> Iterator[Record]:
    """Yield a record for each object of one JSON array, or of JSON objects written over several lines.

    Holds one element at a time. After an element that is not JSON, reading goes on at the next object that begins a
    line or follows a comma.
    """
    count = 0
    for line, value in _values(stream, encoding, file, report):
        if record := _record(value, Source(file, count + 1, line), report, complete):
            count += 1
            yield record


def _record(value: Any, source: Source, report: Report, complete: bool) -> Record | None:
    if not isinstance(value, dict):
        report.problems.append(Problem(source.file, source.line, "not a JSON object: skipped"))
        return None
    return record_of(value, source, report, complete)


def _values(stream: BinaryIO, encoding: str, file: str, report: Report) -> Iterator[tuple[int, Any]]:
    """Yield (line, value) for the elements of an array, or for values that follow each other."""
    with open_text(stream, encoding) as text:
        buffer, at, line, ended = "", 0, 1, False  # what lies before ``at`` has been read
        opened = False  # past the "[" of the array
        mended = False

        def more() -> bool:
            nonlocal buffer, at, ended, mended
            try:
                # grows with what is held, so that a long element is not scanned again for each small chunk
                raw = text.read(max(_CHUNK, len(buffer) - at))
                chunk = mend_bytes(raw)
            except BROKEN as error:
                chunk = ""
                place = line + buffer.count("\n", at)
                report.problems.append(Problem(file, place, f"the file is damaged or cut off here ({_reason(error)})"))
                raw = chunk
            if chunk != raw and not mended:
                mended = True
                first = next(i for i, (old, new) in enumerate(zip(raw, chunk, strict=True)) if old != new)
                place = line + buffer.count("\n", at) + raw.count("\n", 0, first)
                report.problems.append(
                    Problem(file, place, "not UTF-8 from here on: such bytes are read as Windows-1252")
                )
            if chunk:
                buffer, at = buffer[at:] + chunk, 0
            ended = not chunk
            return not ended

        def advance(end: int) -> None:
            nonlocal at, line
            line += buffer.count("\n", at, end)
            at = end

        while True:
            if skip := _BETWEEN.match(buffer, at):
                advance(skip.end())
            if at == len(buffer):
                if ended or not more():
                    return
                continue
            if buffer[at] in "[]" and (not opened or buffer[at] == "]"):
                opened = buffer[at] == "["
                at += 1
                continue
            try:
                value, end = _DECODER.raw_decode(buffer, at)
                if end == len(buffer) and not ended and more():
                    continue  # a number may go on in the next chunk
            except (ValueError, RecursionError) as error:
                if not ended and len(buffer) - at < MAX_LINE and not isinstance(error, RecursionError) and more():
                    continue
                begin, reason = line, _reason(error, at)
                resume = _NEXT_OBJECT.search(buffer, at + 1)
                while resume is None and not ended:
                    # the next object may follow what the buffer ends with
                    advance(max(len(buffer.rstrip(" \t\r\n,{")) - 1, at))
                    more()
                    resume = _NEXT_OBJECT.search(buffer, at)
                where = "skipped to the next object" if resume else "the rest of the file is skipped"
                report.problems.append(Problem(file, begin, f"not JSON ({reason}): {where}"))
                advance(resume.end() - 1 if resume else len(buffer))
                continue
            yield line, value
            advance(end)


def _reason(error: BaseException, start: int = 0) -> str:
    """Return what is wrong; characters are counted from ``start``."""
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg}, character {error.pos - start + 1}"
    if isinstance(error, RecursionError):
        return "nested too deep"
    return " ".join(str(error).split()) or type(error).__name__

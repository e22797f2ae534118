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
_NEXT_OBJECT = re.compile(r"\n\s*\{")

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

    Holds one element at a time. After an element that is not JSON, reading goes on at the next line that opens an
    object.
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
        buffer, line, ended = "", 1, False
        opened = False  # past the "[" of the array
        mended = False

        def more() -> bool:
            nonlocal buffer, ended, mended
            try:
                # grows with the buffer, so that a long element is not scanned again for each small chunk
                raw = text.read(max(_CHUNK, len(buffer)))
                chunk = mend_bytes(raw)
            except BROKEN as error:
                chunk = ""
                report.problems.append(
                    Problem(file, line + buffer.count("\n"), f"the file is damaged or cut off here ({_reason(error)})")
                )
                raw = chunk
            if chunk != raw and not mended:
                mended = True
                at = next(i for i, (old, new) in enumerate(zip(raw, chunk, strict=True)) if old != new)
                place = line + buffer.count("\n") + raw.count("\n", 0, at)
                report.problems.append(
                    Problem(file, place, "not UTF-8 from here on: such bytes are read as Windows-1252")
                )
            buffer += chunk
            ended = not chunk
            return not ended

        while True:
            skip = _BETWEEN.match(buffer)
            start = skip.end() if skip else 0
            line += buffer.count("\n", 0, start)
            buffer = buffer[start:]
            if not buffer:
                if ended or not more():
                    return
                continue
            if buffer[0] in "[]" and (not opened or buffer[0] == "]"):
                opened = buffer[0] == "["
                buffer = buffer[1:]
                continue
            try:
                value, end = _DECODER.raw_decode(buffer)
                if end == len(buffer) and not ended and more():
                    continue  # a number may go on in the next chunk
            except (ValueError, RecursionError) as error:
                if not ended and len(buffer) < MAX_LINE and not isinstance(error, RecursionError) and more():
                    continue
                report.problems.append(Problem(file, line, f"not JSON ({_reason(error)}): skipped to the next object"))
                resume = _NEXT_OBJECT.search(buffer, 1)
                while resume is None and not ended:
                    last_line = max(buffer.rfind("\n"), 0)
                    line += buffer.count("\n", 0, last_line)
                    buffer = buffer[last_line:]
                    more()
                    resume = _NEXT_OBJECT.search(buffer)
                start = resume.start() if resume else len(buffer)
                line += buffer.count("\n", 0, start)
                buffer = buffer[start:]
                continue
            yield line, value
            line += buffer.count("\n", 0, end)
            buffer = buffer[end:]


def _reason(error: BaseException) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg}, character {error.pos + 1}"
    if isinstance(error, RecursionError):
        return "nested too deep"
    return " ".join(str(error).split()) or type(error).__name__

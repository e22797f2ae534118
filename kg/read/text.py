"""From bytes to clean text: decoding, lines of bounded length, and the one normalisation of titles and abstracts.

Whatever comes later (mentions, evidence) counts code points in the text that `clean` gave, so texts are cleaned
here and nowhere else.
"""

from __future__ import annotations

import codecs
import io
import re
import unicodedata
import zlib
from collections.abc import Iterator, Sequence
from typing import BinaryIO

from kg.records import Problem, Report

MAX_LINE = 32 * 1024 * 1024
"""Longest line that is read, in characters: no abstract is near it, and memory stays bounded."""

BROKEN = (EOFError, zlib.error, OSError, UnicodeError)
"""What the middle of a damaged or truncated file raises (`gzip.BadGzipFile` is an OSError)."""

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)

_ESCAPED_BYTE = re.compile("[\udc80-\udcff]")
_SURROGATE = re.compile("[\ud800-\udfff]")

# Without a glyph, and either not allowed in XML, or invisible in a name and so in the way of comparing names:
# control characters, soft hyphen, zero-width space, word joiner, BOM, overrides of the writing direction.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u200b\u202a-\u202e\u2060\u2066-\u2069\ufeff\ufffe\uffff]"
)


def clean(text: str) -> str:
    r"""Return the text as the rest of the project sees it: one line, single spaces, composed characters (NFC).

    Control and invisible characters go, lone surrogates become U+FFFD. LaTeX stays as it is written: what
    ``T\"ulu`` means is a question about names, and answered where names are resolved. Cleaning twice changes nothing.

    >>> clean("  Attention\r\n is\x00 all ")
    'Attention is all'
    """
    if text.isascii() and text.isprintable() and "  " not in text:
        return text.strip()  # the common case, ten times as fast
    text = _INVISIBLE.sub("", _SURROGATE.sub("\ufffd", text))
    return " ".join(unicodedata.normalize("NFC", text).split())


def clean_all(texts: Sequence[str]) -> list[str]:
    """Return each text as `clean` gives it; names of authors, in plain letters nearly all, are looked at together."""
    together = "|".join(texts)
    if together.isascii() and together.isprintable() and "  " not in together:
        return [text.strip() for text in texts]
    return [clean(text) for text in texts]


def encoding_of(head: bytes) -> str:
    """Return the encoding that the first bytes of a file tell: by its byte order mark, else UTF-8."""
    return next((name for bom, name in _BOMS if head.startswith(bom)), "utf-8")


def open_text(stream: BinaryIO, encoding: str) -> io.TextIOWrapper:
    """Return a text stream with any line end read as a line feed, in which no byte is lost (see `mend_bytes`)."""
    errors = "surrogateescape" if encoding.startswith("utf-8") else "replace"
    return io.TextIOWrapper(stream, encoding=encoding, errors=errors, newline=None)


def mend_bytes(text: str) -> str:
    """Return the text with each byte that was not UTF-8 read as Windows-1252, the commonest other encoding."""
    return _ESCAPED_BYTE.sub(lambda m: bytes([ord(m[0]) - 0xDC00]).decode("cp1252", "replace"), text)


def numbered_lines(stream: BinaryIO, encoding: str, file: str, report: Report) -> Iterator[tuple[int, str]]:
    """Yield each line with its number from 1, without its end; never more than one line is held.

    Bytes that are not UTF-8, a line beyond `MAX_LINE` and data that break off are problems in the report; reading
    goes on where it can.
    """
    number, mended = 0, False
    with open_text(stream, encoding) as text:
        while True:
            try:
                line = text.readline(MAX_LINE)
                if len(line) < MAX_LINE and not line.endswith("\n"):
                    text.read(1)  # the end, or damage within this line
                if not line:
                    return
                number += 1
                if len(line) == MAX_LINE and not line.endswith("\n"):
                    while (rest := text.readline(MAX_LINE)) and not rest.endswith("\n"):
                        pass
                    report.problems.append(Problem(file, number, f"line of more than {MAX_LINE:,} characters: skipped"))
                    continue
            except BROKEN as error:
                report.problems.append(
                    Problem(
                        file,
                        number + 1,
                        f"the file is damaged or cut off here ({_reason(error)}); what came before is kept",
                    )
                )
                return
            if not line.isascii() and _ESCAPED_BYTE.search(line):
                line = mend_bytes(line)
                if not mended:
                    mended = True
                    report.problems.append(
                        Problem(file, number, "not UTF-8 from here on: such bytes are read as Windows-1252")
                    )
            yield number, line.rstrip("\n")


def _reason(error: BaseException) -> str:
    return getattr(error, "strerror", None) or " ".join(str(error).split()) or type(error).__name__

"""From the paths that a user names to records: folders walked, formats told by content, readers called."""

from __future__ import annotations

import gzip
import io
import os
import re
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import cast

from kg.errors import SourceError
from kg.read.delimited import header_line, header_of, read_delimited
from kg.read.jsonl import read_json_array, read_json_lines
from kg.read.listing import read_listing
from kg.read.record import Record
from kg.read.text import BROKEN, encoding_of, mend_bytes
from kg.records import Problem, Report

_BLANK = b" \t\r\n\f\v\0\xef\xbb\xbf\xff\xfe"  # bytes of white space and of byte order marks
_HEAD = 1 << 16  # bytes that the format is told by
_READERS = {
    "json lines": read_json_lines,
    "json": read_json_array,
    "delimited": read_delimited,
    "listing": read_listing,
}
_MAGIC = {
    b"%PDF": "a PDF",
    b"PK\x03\x04": "a zip archive or office document",
    b"PAR1": "a Parquet file",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"GIF8": "a picture",
    b"BZh": "compressed with bzip2",
    b"\xfd7zXZ": "compressed with xz",
    b"\x28\xb5\x2f\xfd": "compressed with zstd",
    b"\x7fELF": "a program",
    b"SQLite format 3": "an SQLite database",
}
_TABLE = "a table or JSON Lines with title and abstract"
_BEGINNINGS = {
    r"From: <Saved by|MIME-Version:": "a web archive (MHTML); save the page as text",
    r"\{\\rtf": "RTF; save the page as plain text",
    r"(?:%.*\n)*@\w+\s*\{": f"BibTeX; export it as {_TABLE}",
    r"TY  - ": f"RIS; export it as {_TABLE}",
    r"PMID- ": f"PubMed's format; export it as {_TABLE}",
    r"%0 ": f"EndNote's format; export it as {_TABLE}",
}
_HTML = "HTML or XML; save the page as text"
_OTHER_TEXT = (".py", ".yaml", ".yml", ".toml", ".ini", ".cfg", ".tex", ".bib", ".log", ".js", ".css")
_BESIDE = "curation.yaml"  # stands beside the sources, and is read by kg.resolve
_BUILT = ("build.json", "papers.parquet")  # what a folder holds that a build wrote
_MARKDOWN = re.compile(r"#{1,6} \S|```")
# both may stand after a line number, as in a copied view of the source
_DECLARED = re.compile(r"(?:\d+\s+)?<(?:!|\?xml|html|head|body)", re.IGNORECASE)
_TAG = re.compile(r"(?:\d+\s+)?</?[a-z][\w:.-]*(?:[\s/>]|$)", re.IGNORECASE)
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_ESCAPE = re.compile(rb"\\x([89a-f][0-9a-f])")
_KNOWN = "a listing page, JSON Lines (plain or gzipped), a JSON array, CSV or TSV"


class _Gzip(gzip.GzipFile):
    """A gzip file that ends where it is damaged and tells so at the read after, so that what came before is kept."""

    _damage: Exception | None = None

    def read1(self, size: int = -1) -> bytes:
        """Return some bytes, as `io.BufferedIOBase.read1` does."""
        if self._damage:
            raise self._damage
        try:
            return super().read1(size)
        except BROKEN as error:
            if not self.tell():
                raise
            self._damage = error
            return b""


class _UnknownFormat(Exception):
    """A file that no reader is for; the message says what it is."""


def file_name(path: str | Path) -> str:
    """Return a path as text that any file can hold: bytes of its name that are not UTF-8 are written as escapes."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def path_of(name: str) -> Path:
    """Return the path that `file_name` wrote as ``name``.

    A backslash may also stand in a name itself: what is there under ``name`` as it is written is meant.
    """
    if os.path.lexists(name):
        return Path(name)
    return Path(os.fsdecode(_ESCAPE.sub(lambda byte: bytes.fromhex(byte[1].decode()), name.encode())))


def list_files(sources: Iterable[str | Path]) -> list[Path]:
    """Return the files that the sources stand for, in their order, each once.

    A folder stands for all its files, in the folders below it too, sorted; hidden files and folders, and folders below
    it that a build wrote, are left out, links are followed once. What cannot be reached is left out; `read_records`
    reports it.

    Raises:
        SourceError: a source does not exist, or a folder cannot be opened or holds no file.
    """
    seen: set[tuple[int, int]] = set()
    files = []
    for source in sources:
        for path, status in _files_of(Path(source)):
            if not isinstance(status, OSError) and (status.st_dev, status.st_ino) not in seen:
                seen.add((status.st_dev, status.st_ino))
                files.append(path)
    return files


def read_records(sources: Iterable[str | Path], report: Report, *, complete: bool = True) -> Iterator[Record]:
    """Yield the records of files and folders, in their order (see `list_files` for the order within a folder).

    The format is told by content: a listing page, JSON Lines or a JSON array, CSV or TSV, each plain or gzipped. All
    but listing pages are read as a stream. What cannot be read goes into ``report.problems``, and the number of
    records of each file into ``report.records``, by its path; reading goes on. Files that are not regular, such as
    pipes, are never opened. Records and problems name a file as `file_name` does.

    With ``complete=False`` a record that lacks its title or its abstract is reported and yielded nevertheless.

    Raises:
        SourceError: a source does not exist or gives no record at all. (A file within a folder that gives none is a
            problem, as long as another file of the folder gives one.)
    """
    roots = [Path(source) for source in sources]
    list_files(roots)  # a missing path is told at once, not after minutes of reading others
    seen: set[tuple[int, int]] = set()
    for source in roots:
        read = again = 0
        first = len(report.problems)
        for path, status in _files_of(source):
            if isinstance(status, OSError):
                report.problems.append(Problem(file_name(path), None, f"cannot be opened ({_reason(status)})"))
                continue
            if (status.st_dev, status.st_ino) in seen:
                again += 1
                continue
            seen.add((status.st_dev, status.st_ino))
            before = len(report.problems)
            count = 0
            for record in _read_file(path, status, report, complete):
                count += 1
                yield record
            report.records[str(path)] = count
            read += count
            if not count and len(report.problems) == before:
                report.problems.append(Problem(file_name(path), None, "no papers in it"))
        if not read and not again:
            raise SourceError(_nothing(source, report.problems[first:]))


def _nothing(source: Path, problems: list[Problem]) -> str:
    """Return the line for a source that gave no record."""
    name = file_name(source)
    if not source.is_dir():
        first = problems[0]
        place = "" if first.line is None else f"line {first.line}: "
        more = f" (and {len(problems) - 1} more problems)" if len(problems) > 1 else ""
        return f"{name}: no papers could be read: {place}{first.message}{more}; what can be read is {_KNOWN}"
    files = len({problem.file for problem in problems})
    return f"{name}: no papers in any of its {files} files, for example {problems[0]}; what can be read is {_KNOWN}"


def _files_of(source: Path) -> Iterator[tuple[Path, os.stat_result | OSError]]:
    """Yield (path, status) of a file, or of the files in a folder and below.

    In place of the status stands the error of a file or folder below that cannot be reached.
    """
    try:
        status = source.stat()
        if not stat.S_ISDIR(status.st_mode):
            yield source, status
            return
        next(source.iterdir(), None)  # os.walk would pass over a folder that cannot be opened
    except FileNotFoundError:
        raise SourceError(f"{file_name(source)}: no such file or folder; give the path of papers to read") from None
    except (OSError, ValueError) as error:
        raise SourceError(f"{file_name(source)}: cannot be opened ({_reason(error)})") from None
    found = False
    entered = {(status.st_dev, status.st_ino)}
    closed: list[OSError] = []  # of folders that cannot be listed
    for folder, folders, names in os.walk(source, onerror=closed.append, followlinks=True):
        inner = []
        for name in sorted(folders):
            if name.startswith("."):
                continue
            below = _status(Path(folder, name))
            if isinstance(below, OSError):
                found = True
                yield Path(folder, name), below
            elif (below.st_dev, below.st_ino) not in entered and not _is_built(Path(folder, name)):
                # a link may lead back up, and the outputs of a build among its sources are no papers
                entered.add((below.st_dev, below.st_ino))
                inner.append(name)
        folders[:] = inner
        for name in sorted(names):
            path = Path(folder, name)
            if not name.startswith(".") and name != _BESIDE:
                found = True
                yield path, _status(path)
    yield from ((Path(error.filename), error) for error in closed)
    if not found and not closed:
        raise SourceError(f"{file_name(source)}: an empty folder; give a folder or file with papers")


def _is_built(folder: Path) -> bool:
    """Return whether a folder is what a build wrote."""
    return not any(isinstance(_status(folder / name), OSError) for name in _BUILT)


def _status(path: Path) -> os.stat_result | OSError:
    """Return the status of a file, of the link itself where it leads nowhere, or the error where neither is told."""
    try:
        return path.stat()
    except OSError as error:
        try:
            return path.lstat()
        except OSError:
            return error


def _read_file(path: Path, status: os.stat_result, report: Report, complete: bool) -> Iterator[Record]:
    """Yield the records of one file; a file that cannot be read is one problem."""
    file = file_name(path)
    try:
        if stat.S_ISLNK(status.st_mode):
            raise _UnknownFormat("a link that leads nowhere")
        if not stat.S_ISREG(status.st_mode):
            raise _UnknownFormat("not a regular file")
        gzipped = _gzipped(path)
        with _open(path, gzipped) as stream:
            head = _head(stream)
        encoding = encoding_of(head)
        reader = _READERS[_format(head, encoding, path.name)]
        stream = _open(path, gzipped)
    except (_UnknownFormat, *BROKEN) as error:
        report.problems.append(Problem(file, None, _reason(error)))
        return
    with stream:
        yield from reader(stream, encoding, file, report, complete)


def _gzipped(path: Path) -> bool:
    with path.open("rb") as raw:
        return raw.read(2) == b"\x1f\x8b"


def _open(path: Path, gzipped: bool) -> io.BufferedReader:
    return cast(io.BufferedReader, _Gzip(path, "rb")) if gzipped else path.open("rb")


def _head(stream: io.BufferedReader) -> bytes:
    """Return the first bytes, as many as there are before the end or a break; blank ones are left out."""
    parts: list[bytes] = []
    size = 0
    while size < _HEAD and (part := stream.read1(4096)):
        blank = not size and not part.strip(_BLANK)
        if blank and parts:
            part = part[: len(part) % 4]  # UTF-16 and UTF-32 stay in step
        parts.append(part)  # the first one always: it may hold a byte order mark
        size += 0 if blank else len(part)
    return b"".join(parts)


def _format(head: bytes, encoding: str, name: str) -> str:
    """Return the reader's name for a file that begins so.

    Raises:
        _UnknownFormat: the file is empty, binary or of a known kind that is not read.
    """
    for magic, kind in _MAGIC.items():
        if head.startswith(magic):
            raise _UnknownFormat(f"{kind}, not text")
    controls = len(_CONTROL.findall(head)) if encoding == "utf-8" else 0
    if controls > (0.02 if controls > 20 else 0.1) * len(head):
        raise _UnknownFormat("a binary file, not text")
    text = head.decode(encoding, "surrogateescape" if encoding.startswith("utf-8") else "replace")
    mended = mend_bytes(text)
    if sum(old != new for old, new in zip(text, mended, strict=True)) > 0.2 * len(text):
        raise _UnknownFormat("text in an unknown encoding; save it as UTF-8")
    text = mended
    lines = [line.strip() for line in re.split(r"\r\n|\r|\n", text) if line.strip("\ufeff\0 \t\f\v")]
    if not lines:
        raise _UnknownFormat("an empty file")
    first = lines[0].lstrip("\ufeff")
    closes = "</" in text  # a title may begin with <a word in brackets>
    if _DECLARED.match(first) or (closes and _TAG.match(first)):
        raise _UnknownFormat(_HTML)
    start = "\n".join(lines[:20]).lstrip("\ufeff")
    for begin, kind in _BEGINNINGS.items():
        if re.match(begin, start):
            raise _UnknownFormat(kind)
    if re.match(r"\[\s*(?:[\[{\]]|$)", start):
        return "json"
    if re.match(r"\{\s*$", lines[0]):
        return "json"
    objects = sum(line.startswith('{"') or line.startswith("{ ") for line in lines[:100])
    if objects and objects >= 0.3 * len(lines[:100]):
        return "json lines"
    if header_of(header_line(lines)):
        return "delimited"
    if name.lower().removesuffix(".gz").endswith((".jsonl", ".ndjson")) and any(line[0] in "{[" for line in lines):
        return "json lines"
    if name.lower().removesuffix(".gz").endswith((".csv", ".tsv")):
        raise _UnknownFormat("a table without a header row that names title and abstract")
    if Path(name).suffix.lower() in _OTHER_TEXT:
        raise _UnknownFormat(f"a {Path(name).suffix} file, not papers")
    if closes and sum(bool(_TAG.match(line)) for line in lines) > 0.1 * len(lines):
        raise _UnknownFormat(_HTML)
    if sum(bool(_MARKDOWN.match(line)) for line in lines) > 0.02 * len(lines):
        raise _UnknownFormat("Markdown, not a page of papers")
    return "listing"


def _reason(error: BaseException) -> str:
    return getattr(error, "strerror", None) or " ".join(str(error).split()) or type(error).__name__

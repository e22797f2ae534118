"""`kg extract`: a JSON Lines file in, one line out for each line in, same ids, same order."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from kg.errors import KGError, SourceError
from kg.extract.pipeline import extract
from kg.records import Paper, Progress


def _open(path: Path) -> IO[str]:
    try:
        with path.open("rb") as head:
            zipped = head.read(2) == b"\x1f\x8b"
        return gzip.open(path, "rt", encoding="utf-8-sig") if zipped else path.open(encoding="utf-8-sig")
    except OSError as error:
        raise SourceError(f"{path}: cannot be read ({error.strerror})") from None


def read_lines(path: Path) -> Iterator[Paper]:
    """Yield a paper for each line, its texts exactly as they stand there, so that offsets hold in the file's texts.

    Raises:
        SourceError: at the first line that is no paper, with its number; a missing title or abstract is empty text.
    """
    number = 0
    with _open(path) as lines:
        try:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    yield _paper(path, number, line)
        except UnicodeDecodeError as error:
            raise SourceError(f"{path}:{number + 1}: is not UTF-8 ({error.reason}); convert the file") from None
        except (OSError, EOFError) as error:
            raise SourceError(f"{path}:{number + 1}: cannot be read ({error})") from None


def _paper(path: Path, number: int, line: str) -> Paper:
    try:
        row: Any = json.loads(line)
    except (ValueError, RecursionError) as error:
        reason = getattr(error, "msg", "nested too deeply")
        raise SourceError(
            f"{path}:{number}: is no JSON ({reason}); one object with id, title, abstract a line"
        ) from None
    if not isinstance(row, dict) or not isinstance(row.get("id"), str | int):
        raise SourceError(f"{path}:{number}: is no paper; one object with id, title, abstract a line")
    title, abstract = (row.get(name) if row.get(name) is not None else "" for name in ("title", "abstract"))
    if not isinstance(title, str) or not isinstance(abstract, str):
        raise SourceError(f"{path}:{number}: title and abstract must be text")
    return Paper(str(row["id"]), title, abstract)


def extract_file(
    source: str | Path, out: str | Path, *, min_confidence: float = 0.0, progress: Progress | None = None
) -> int:
    """Extract the papers of a file and return how many; ``out`` is written whole or not at all.

    Raises:
        SourceError: if the file is missing, empty or holds a line that is no paper.
        KGError: if ``out`` is the file itself or a folder, or cannot be written.
    """
    source, out = Path(source), Path(out)
    if out.is_dir():
        raise KGError(f"{out}: is a folder; name the file to write")
    aside = out.with_name(f".{out.name}.part")
    done = 0
    papers = read_lines(source)  # opened at the first line asked for
    try:
        first = next(papers, None)
        if first is None:
            raise SourceError(f"{source}: is empty; one object with id, title, abstract a line")

        def all_papers() -> Iterator[Paper]:
            yield first
            yield from papers

        try:
            if out.exists() and out.samefile(source):
                raise KGError(f"{out}: is the file of papers itself, which would be lost; choose another --out")
            with aside.open("w", encoding="utf-8", errors="surrogatepass") as target:
                for extraction in extract(all_papers()):
                    target.write(json.dumps(extraction.to_gold(min_confidence), ensure_ascii=False) + "\n")
                    done += 1
                    if progress and done % 10 == 0:
                        progress("extracting", done, None)
            aside.replace(out)
        except OSError as error:
            raise KGError(f"{out}: cannot be written ({error.strerror})") from None
    finally:
        aside.unlink(missing_ok=True)
    if progress:
        progress("extracting", done, done)
    return done

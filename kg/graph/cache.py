"""Extractions kept by content: the same title and abstract, read by the same extractor, are never read twice.

A SQLite file in the outputs folder. It is written as results come in, so that a build that was stopped goes on where
it was; it holds nothing that cannot be made again, and may be deleted at any time.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from pathlib import Path

from kg.records import Paper

_BATCH = 500  # SQLite allows 999 parameters on old versions


def content_key(paper: Paper) -> bytes:
    """Return the key of a paper's texts: 16 bytes that change when title or abstract do."""
    digest = blake2b(digest_size=16)
    for text in (paper.title, paper.abstract):
        data = text.encode("utf-8", "surrogatepass")
        digest.update(len(data).to_bytes(8, "little"))
        digest.update(data)
    return digest.digest()


class ExtractionCache:
    """Key-value store of extractions, as JSON; entries of other extractor versions are dropped on opening."""

    def __init__(self, path: Path | None, version: str) -> None:
        """Open the file at ``path``; with None, keep everything in memory."""
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(path or ":memory:")
        try:
            self._open(version)
        except sqlite3.DatabaseError:  # not a database, or a broken one: it holds nothing that is not made again
            self._db.close()
            assert path is not None
            path.unlink()
            self._db = sqlite3.connect(path)
            self._open(version)

    def _open(self, version: str) -> None:
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.execute("CREATE TABLE IF NOT EXISTS about (version TEXT)")
        self._db.execute("CREATE TABLE IF NOT EXISTS extractions (key BLOB PRIMARY KEY, row TEXT) WITHOUT ROWID")
        found = self._db.execute("SELECT version FROM about").fetchone()
        if found != (version,):
            self._db.execute("DELETE FROM extractions")
            self._db.execute("DELETE FROM about")
            self._db.execute("INSERT INTO about VALUES (?)", (version,))
        self._db.commit()

    def get(self, keys: Sequence[bytes]) -> dict[bytes, str]:
        """Return the rows that are there."""
        found: dict[bytes, str] = {}
        for i in range(0, len(keys), _BATCH):
            part = keys[i : i + _BATCH]
            marks = ",".join("?" * len(part))
            found.update(self._db.execute(f"SELECT key, row FROM extractions WHERE key IN ({marks})", part))
        return found

    def missing(self, keys: Iterable[bytes]) -> set[bytes]:
        """Return the keys that are not there."""
        wanted = list(dict.fromkeys(keys))
        have: set[bytes] = set()
        for i in range(0, len(wanted), _BATCH):
            part = wanted[i : i + _BATCH]
            marks = ",".join("?" * len(part))
            have.update(k for (k,) in self._db.execute(f"SELECT key FROM extractions WHERE key IN ({marks})", part))
        return set(wanted) - have

    def put(self, rows: Mapping[bytes, str]) -> None:
        """Keep rows, at once on disk."""
        self._db.executemany("INSERT OR REPLACE INTO extractions VALUES (?, ?)", rows.items())
        self._db.commit()

    def close(self) -> None:
        """Close the file."""
        self._db.close()

"""DuckDB over the Parquet files of an outputs folder: every question is a query, nothing is loaded whole."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import duckdb

from kg.errors import OutputsError
from kg.schema import ROLES, TABLES

EVIDENCE_TEXT = (
    'CASE {e}.field WHEN \'title\' THEN substring({p}.title, {e}."start" + 1, {e}."end" - {e}."start") '
    'WHEN \'abstract\' THEN substring({p}.abstract, {e}."start" + 1, {e}."end" - {e}."start") END'
)
"""The sentence at a span ``e`` of a paper ``p``: SQL counts code points from 1, spans count them from 0."""

ROLE_RANK = "CASE {role} " + " ".join(f"WHEN '{r}' THEN {i}" for i, r in enumerate(ROLES)) + " END"
"""The rank of a role in SQL, strongest 0."""


class Database:
    """The tables of one outputs folder as views; safe to ask from several threads."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._connection = duckdb.connect(":memory:")
        self._local = threading.local()
        self._connection.execute("SET enable_progress_bar = false")
        for name in TABLES:
            file = str(folder / f"{name}.parquet").replace("'", "''")
            try:
                self._connection.execute(f"CREATE VIEW {name} AS SELECT * FROM read_parquet('{file}')")
            except duckdb.Error as error:
                reason = str(error).splitlines()[0]
                raise OutputsError(f"{folder / name}.parquet: cannot be read ({reason}); build again") from None

    def _cursor(self) -> duckdb.DuckDBPyConnection:
        cursor = getattr(self._local, "cursor", None)
        if cursor is None:
            cursor = self._local.cursor = self._connection.cursor()
        return cursor

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[dict[str, Any]]:
        """Return the rows of a query as dictionaries."""
        cursor = self._cursor().execute(sql, list(parameters))
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def stream(self, sql: str, parameters: Sequence[Any] = (), size: int = 5_000) -> Iterator[dict[str, Any]]:
        """Yield the rows of a query, ``size`` in memory at a time."""
        cursor = self._connection.cursor().execute(sql, list(parameters))
        names = [column[0] for column in cursor.description]
        while part := cursor.fetchmany(size):
            for row in part:
                yield dict(zip(names, row, strict=True))

    def value(self, sql: str, parameters: Sequence[Any] = ()) -> Any:
        """Return the one value of a query."""
        row = self._cursor().execute(sql, list(parameters)).fetchone()
        return row[0] if row else None

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

"""DuckDB over the Parquet files of an outputs folder: every question is a query, nothing is loaded whole.

Texts stay on disk, where rows are sorted so that a question opens only the row groups that hold its answer. What
questions need across the corpus is kept in memory as narrow tables, each made when it is first asked for:

- ``paper``: no (place in papers.parquet), id, title, date, date_precision;
- ``entity``: no (place in entities.parquet), id, label, type, papers, family, first_date, last_date;
- ``link``: paper and entity (their numbers), rank (of the role, strongest 0), confidence, evidence, origin, reason;
- ``relation``: child and parent (their numbers), relation, confidence;
- ``spelling``: key (folded), entity (number), own (whether it is the entity's name or label).
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from tempfile import gettempdir
from typing import Any

import duckdb
import pyarrow as pa

from kg.ask.vocabulary import Vocabulary
from kg.errors import OutputsError
from kg.graph.store import BUILD, open_files
from kg.records import fold
from kg.schema import ROLES, TABLES

EVIDENCE_TEXT = (
    'CASE {e}.field WHEN \'title\' THEN substring({p}.title, {e}."start" + 1, {e}."end" - {e}."start") '
    'WHEN \'abstract\' THEN substring({p}.abstract, {e}."start" + 1, {e}."end" - {e}."start") END'
)
"""The sentence at a span ``e`` of a paper ``p``: SQL counts code points from 1, spans count them from 0."""

ROLE_RANK = "CASE {role} " + " ".join(f"WHEN '{r}' THEN {i}" for i, r in enumerate(ROLES)) + " END"
"""The rank of a role in SQL, strongest 0."""

Parameters = Sequence[Any] | Mapping[str, Any]
"""Values for the ``?`` of a query, or for its ``$name``."""

WORDS = "words"
"""The view of the index of words (``kg.graph.words``); a folder that is being built has none yet."""

_FOLDED = "regexp_replace(lower({s}), '[^a-z0-9]+', '', 'g')"  # equals kg.records.fold on ASCII

_SINCE = {"entities": ("year",)}
"""Columns that outputs of earlier versions lack; there they are null."""

_IN_MEMORY = {
    "paper": (
        (),
        "SELECT file_row_number::INT AS no, id, title, date, date_precision "
        "FROM read_parquet('{papers}', file_row_number = true)",
    ),
    "entity": (
        (),
        "SELECT file_row_number::INT AS no, id, label, type, papers, family, first_date, last_date "
        "FROM read_parquet('{entities}', file_row_number = true)",
    ),
    "link": (
        ("paper", "entity"),
        f"SELECT p.no AS paper, e.no AS entity, ({ROLE_RANK.format(role='l.role')})::UTINYINT AS rank, l.confidence, "
        "l.evidence, l.origin, l.reason "
        "FROM links l JOIN paper p ON p.id = l.paper JOIN entity e ON e.id = l.entity ORDER BY 1, 2",
    ),
    "relation": (
        ("entity",),
        "SELECT c.no AS child, p.no AS parent, r.relation, r.confidence FROM relations r "
        "JOIN entity c ON c.id = r.child JOIN entity p ON p.id = r.parent ORDER BY 1, 2, 3",
    ),
    "spelling": (
        ("entity",),
        "WITH all_of AS (SELECT no, name AS surface, true AS own FROM entities JOIN entity USING (id) "
        "UNION ALL SELECT no, entities.label, true FROM entities JOIN entity USING (id) WHERE entities.label <> name "
        "UNION ALL SELECT no, unnest(aliases), false FROM entities JOIN entity USING (id)) "
        f"SELECT {_FOLDED.format(s='surface')} AS key, no AS entity, bool_or(own) AS own FROM all_of "
        "WHERE strlen(surface) = length(surface) GROUP BY ALL "
        "UNION ALL SELECT surface, no, own FROM all_of WHERE strlen(surface) <> length(surface)",
    ),
}
"""Tables kept in memory: the ones they are made of, and their query."""


class Database:
    """The tables of one build as views, even while another build replaces them; safe to ask from several threads."""

    def __init__(self, folder: Path) -> None:
        """Open the tables that stand in a folder now.

        Raises:
            OutputsError: if one is missing or cannot be read.
        """
        self._files = open_files(folder)
        self._connection = duckdb.connect(":memory:")
        self._local = threading.local()
        self._lock = threading.RLock()
        self._ready: set[str] = set()
        self._connection.execute("SET enable_progress_bar = false")
        self._connection.execute("SET parquet_metadata_cache = true")
        # an answer too large for memory is laid aside here, not in the folder that the program was started in
        aside = str(Path(gettempdir()) / "kg-duckdb").replace("'", "''")
        self._connection.execute(f"SET temp_directory = '{aside}'")
        for name in (*TABLES, WORDS) if f"{WORDS}.parquet" in self._files else TABLES:
            try:
                source = f"read_parquet('{self._file(name)}')"
                held = self._connection.sql(f"FROM {source} LIMIT 0").columns
                absent = "".join(f", NULL AS {column}" for column in _SINCE.get(name, ()) if column not in held)
                self._connection.execute(f"CREATE VIEW {name} AS SELECT *{absent} FROM {source}")
            except (KeyError, duckdb.Error) as error:
                reason = "no such file" if isinstance(error, KeyError) else str(error).splitlines()[0]
                raise OutputsError(f"{folder / name}.parquet: cannot be read ({reason}); build again") from None

    @cached_property
    def build(self) -> dict[str, Any]:
        """The record of the build that wrote the tables; empty before there is one."""
        return json.load(self._files[BUILD]) if BUILD in self._files else {}

    def _file(self, name: str) -> str:
        """Return a path of the open file, which leads to it even when its name in the folder is another's."""
        return f"/dev/fd/{self._files[f'{name}.parquet'].fileno()}"

    def _cursor(self) -> duckdb.DuckDBPyConnection:
        cursor = getattr(self._local, "cursor", None)
        if cursor is None:
            cursor = self._local.cursor = self._connection.cursor()
        return cursor

    def need(self, *names: str) -> None:
        """Have some of the tables in memory ready; the first to ask waits for them."""
        if self._ready.issuperset(names):
            return
        with self._lock:
            for name in names:
                if name in self._ready:
                    continue
                others, sql = _IN_MEMORY[name]
                self.need(*others)
                files = {table: self._file(table) for table in TABLES}
                self._connection.execute(f"CREATE TABLE {name} AS {sql.format(**files)}")
                if name == "spelling":
                    self._fold_rest()
                self._ready.add(name)

    def _fold_rest(self) -> None:
        """Fold the spellings that SQL cannot: those with letters beyond ASCII."""
        rows = self._connection.execute(
            "DELETE FROM spelling WHERE strlen(key) <> length(key) RETURNING key, entity, own"
        ).fetchall()
        folded: dict[tuple[str, int], bool] = {}
        for surface, entity, own in rows:
            key = (fold(surface), entity)
            folded[key] = folded.get(key, False) or own
        more = pa.table(
            {
                "key": pa.array([k for k, _ in folded], pa.string()),
                "entity": pa.array([e for _, e in folded], pa.int32()),
                "own": pa.array(folded.values(), pa.bool_()),
            }
        )
        self._connection.register("more_spellings", more)
        self._connection.execute("INSERT INTO spelling SELECT * FROM more_spellings")
        self._connection.unregister("more_spellings")
        self._connection.execute("DELETE FROM spelling WHERE key = ''")

    def rows(self, sql: str, parameters: Parameters = ()) -> list[dict[str, Any]]:
        """Return the rows of a query as dictionaries."""
        cursor = self._cursor().execute(sql, parameters)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def tuples(self, sql: str, parameters: Parameters = ()) -> list[tuple[Any, ...]]:
        """Return the rows of a query as tuples."""
        return self._cursor().execute(sql, parameters).fetchall()

    def table(self, sql: str, parameters: Parameters = ()) -> pa.Table:
        """Return the rows of a query as an Arrow table: columns that hold no Python object."""
        return self._cursor().sql(sql, params=parameters).to_arrow_table()

    def stream(self, sql: str, parameters: Parameters = (), size: int = 5_000) -> Iterator[dict[str, Any]]:
        """Yield the rows of a query, ``size`` in memory at a time."""
        cursor = self._connection.cursor().execute(sql, parameters)
        names = [column[0] for column in cursor.description]
        while part := cursor.fetchmany(size):
            for row in part:
                yield dict(zip(names, row, strict=True))

    def tables(self, sql: str, parameters: Parameters = (), size: int = 10_000) -> Iterator[pa.Table]:
        """Yield the rows of a query as tables of about ``size`` rows, one in memory at a time."""
        cursor = self._connection.cursor()
        for batch in cursor.sql(sql, params=parameters).to_arrow_reader(size):
            yield pa.Table.from_batches([batch])

    def value(self, sql: str, parameters: Parameters = ()) -> Any:
        """Return the one value of a query."""
        rows = self.tuples(sql, parameters)
        return rows[0][0] if rows else None

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """All words of titles and abstracts."""
        return Vocabulary(self.table(f"SELECT word FROM {WORDS}").column(0).to_pylist())

    def close(self) -> None:
        """Close the connection and the files."""
        self._connection.close()
        for file in self._files.values():
            file.close()

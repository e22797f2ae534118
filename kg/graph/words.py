"""The index of words: which papers hold a word in their title, which in their abstract.

One row a word, sorted, so that a search opens only the row groups of its words. Papers are named by their place in
``papers.parquet``. A word is a run of letters, digits and underscores, in lower case.

The index of a corpus is the sum of the indexes of its parts: `count_words` and `add_counts` work on parts, as Parquet
in memory, so that a cluster can share the counting out, and `Before` lends a build the index of the last one, so that
only the words of new papers are counted.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from kg import remembered

FILE = "words.parquet"

STOP_WORDS = (
    *("a", "an", "and", "are", "as", "at", "be", "by", "for", "from", "in", "is", "it"),
    *("of", "on", "or", "that", "the", "this", "to", "we", "which", "with"),
)
"""Words that stand in nearly every paper: they tell none apart and are not indexed."""

_ROW_GROUP = 1_024  # words: a search opens one group for each of its words, and the longest lists are long
_SCHEMA = pa.schema([("word", pa.string()), ("titles", pa.list_(pa.int32())), ("abstracts", pa.list_(pa.int32()))])
_LAYOUT: dict[str, Any] = {
    "compression": "zstd",
    "use_dictionary": False,
    "column_encoding": {"word": "DELTA_BYTE_ARRAY"}
    | {f"{column}.list.element": "DELTA_BINARY_PACKED" for column in ("titles", "abstracts")},
}
_WORDS = "regexp_extract_all(lower({text}), '[\\p{{L}}\\p{{N}}_]+')"
_STOPPED = ", ".join(f"'{w}'" for w in STOP_WORDS)

_COUNT = f"""
    WITH texts AS (
        SELECT no, true AS in_title, unnest({_WORDS.format(text="title")}) AS word FROM papers
        UNION ALL SELECT no, false, unnest({_WORDS.format(text="abstract")}) FROM papers
    )
    SELECT word, list(no ORDER BY no) FILTER (in_title) AS titles, list(no ORDER BY no) FILTER (NOT in_title) AS abstracts
    FROM (SELECT DISTINCT * FROM texts WHERE word NOT IN ({_STOPPED})) GROUP BY word ORDER BY word
"""  # noqa: E501
_ADD = """
    SELECT word, list_sort(flatten(list(titles) FILTER (titles IS NOT NULL))) AS titles,
           list_sort(flatten(list(abstracts) FILTER (abstracts IS NOT NULL))) AS abstracts
    FROM parts GROUP BY word ORDER BY word
"""


def words_of(text: str) -> str:
    """Return the SQL for the list of words of a text: the one definition, for the index and for what is sought."""
    return f"list_filter(list_distinct({_WORDS.format(text=text)}), lambda w: w NOT IN ({_STOPPED}))"


def write_words(folder: Path) -> None:
    """Write ``words.parquet`` beside ``papers.parquet``."""
    with database(folder) as db:
        papers = str(folder / "papers.parquet").replace("'", "''")
        db.execute(
            "CREATE VIEW papers AS SELECT file_row_number::INT AS no, title, abstract "
            f"FROM read_parquet('{papers}', file_row_number = true)"
        )
        _write(db, _COUNT, folder)


def write_counts(parts: Iterable[bytes], folder: Path) -> None:
    """Write ``words.parquet`` out of the counts of parts of the corpus: the same bytes as `write_words` gives."""
    with database(folder) as db:
        _register(db, parts)
        _write(db, _ADD, folder)


def count_words(papers: list[tuple[int, str, str]]) -> bytes:
    """Return the index of some papers, given as (place, title, abstract), as Parquet. Runs in workers."""
    places, titles, abstracts = zip(*papers, strict=True)
    rows = pa.table(
        [pa.array(places, pa.int32()), pa.array(titles, pa.string()), pa.array(abstracts, pa.string())],
        names=["no", "title", "abstract"],
    )
    return _parquet(_counted(rows))


def _counted(papers: pa.Table) -> pa.Table:
    """Return the index of some papers, given by place (``no``), title and abstract."""
    with duckdb.connect(":memory:") as db:
        db.register("papers", papers)
        return db.sql(_COUNT).to_arrow_table()


def _texts(folder: Path, wanted: np.ndarray) -> pa.Table:
    """Return ``no``, title and abstract of the papers that ``wanted`` (N,) marks, some in memory at a time."""
    rows, at = [], 0
    with pq.ParquetFile(folder / "papers.parquet") as table:
        for batch in table.iter_batches(batch_size=2_000, columns=["title", "abstract"]):
            places = np.arange(at, at + batch.num_rows, dtype=np.int32)
            at += batch.num_rows
            rows.append(batch.append_column("no", pa.array(places)).filter(pa.array(wanted[places])))
    return pa.Table.from_batches(rows)


def add_counts(parts: list[bytes]) -> bytes:
    """Return the index of several parts together. Runs in workers."""
    with duckdb.connect(":memory:") as db:
        _register(db, parts)
        return _parquet(db.sql(_ADD).to_arrow_table())


@dataclass(frozen=True, slots=True)
class Before:
    """The index of an earlier build.

    Attributes:
        index: its rows.
        places: content of a paper -> its place then.
    """

    index: pa.Table
    places: dict[bytes, int]

    @classmethod
    def load(cls, folder: Path, kept: Path) -> Before | None:
        """Return the index in an outputs folder, if the file at ``kept`` says of which papers it is."""
        try:
            keys = remembered.load(kept, _version(folder))
            index = pq.read_table(folder / FILE)
        except (OSError, pa.ArrowException):
            return None
        if keys is None:
            return None
        return cls(index, {key: place for place, key in enumerate(keys.column("key").to_pylist())})

    def covers(self, keys: Sequence[bytes]) -> bool:
        """Return whether half of a corpus is in it: of fewer papers it is no quicker to move than to count."""
        return 2 * sum(key in self.places for key in keys) >= len(keys)

    def write(self, folder: Path, keys: Sequence[bytes]) -> None:
        """Write what `write_words` would, the same bytes; ``keys``: content of each paper in ``papers.parquet``."""
        moved = np.full(max(self.places.values(), default=-1) + 1, -1)
        new = np.zeros(len(keys), dtype=bool)
        for place, key in enumerate(keys):
            then = self.places.get(key)
            if then is None or moved[then] >= 0:
                new[place] = True
            else:
                moved[then] = place
        parts = [(self.index, moved)]
        if new.any():
            parts.append((_counted(_texts(folder, new)), np.arange(len(keys))))
        with pq.ParquetWriter(folder / FILE, _SCHEMA, **_LAYOUT) as writer:
            if (index := _added(parts)).num_rows:
                writer.write_table(index, row_group_size=_ROW_GROUP)


def remember(folder: Path, kept: Path, keys: Sequence[bytes]) -> None:
    """Keep, for `Before.load`, of which papers the index in a folder is."""
    remembered.keep(kept, _version(folder), pa.table({"key": pa.array(keys, pa.binary(16))}))


@cache
def _code() -> str:
    return f"{remembered.digest(Path(__file__).read_bytes())} {duckdb.__version__}"


def _version(folder: Path) -> str:
    """Return what names an index and the way it was made.

    Raises:
        OSError: there is none.
    """
    return f"{_code()} {remembered.digest((folder / FILE).read_bytes())}"


def _added(parts: Sequence[tuple[pa.Table, np.ndarray]]) -> pa.Table:
    """Return the sum of indexes; with each, the place here of each of its papers, -1 for one that is not here."""
    every = pc.unique(pa.chunked_array([c for index, _ in parts for c in index.column("word").chunks], pa.string()))
    words = every.take(pc.sort_indices(every))
    owners = [pc.index_in(index.column("word"), words).to_numpy() for index, _ in parts]
    columns: dict[str, pa.Array] = {"word": words}
    empty = np.ones(len(words), dtype=bool)
    for name in ("titles", "abstracts"):
        pairs = []
        for (index, moved), owner in zip(parts, owners, strict=True):
            lists = index.column(name).combine_chunks()
            place = moved[lists.flatten().to_numpy()]
            word = np.repeat(owner, pc.fill_null(pc.list_value_length(lists), 0).to_numpy())
            pairs.append((word.astype(np.int64) << 32 | place)[place >= 0])
        pair = np.sort(np.concatenate(pairs), kind="stable")
        sizes = np.bincount(pair >> 32, minlength=len(words))
        ends = np.append(0, np.cumsum(sizes)).astype(np.int32)
        places = pa.array((pair & 0xFFFFFFFF).astype(np.int32))
        columns[name] = pa.ListArray.from_arrays(pa.array(ends), places, mask=pa.array(sizes == 0))
        empty &= sizes == 0
    return pa.table(columns, schema=_SCHEMA).filter(pa.array(~empty))


@contextmanager
def database(folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Yield a DuckDB that keeps within 600 MB and lays the rest aside in the folder."""
    spill = mkdtemp(prefix="spill-", dir=folder)
    with duckdb.connect(":memory:") as db:
        db.execute("SET memory_limit = '600MB'; SET enable_progress_bar = false")
        db.execute("SET temp_directory = '{}'".format(spill.replace("'", "''")))
        yield db
    shutil.rmtree(spill, ignore_errors=True)


def _write(db: duckdb.DuckDBPyConnection, sql: str, folder: Path) -> None:
    """Write the rows of a query in groups of `_ROW_GROUP`, some of them in memory at a time."""
    with pq.ParquetWriter(folder / FILE, _SCHEMA, **_LAYOUT) as writer:
        waiting = _SCHEMA.empty_table()
        for batch in db.sql(sql).to_arrow_reader(32 * _ROW_GROUP):
            waiting = pa.concat_tables([waiting, pa.Table.from_batches([batch]).cast(_SCHEMA)])
            whole = waiting.num_rows // _ROW_GROUP * _ROW_GROUP
            if whole:
                writer.write_table(waiting.slice(0, whole), row_group_size=_ROW_GROUP)
                waiting = waiting.slice(whole)
        if waiting.num_rows:
            writer.write_table(waiting, row_group_size=_ROW_GROUP)


def _register(db: duckdb.DuckDBPyConnection, parts: Iterable[bytes]) -> None:
    db.register("parts", pa.concat_tables([pq.read_table(pa.BufferReader(part)) for part in parts]))


def _parquet(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd")
    return sink.getvalue().to_pybytes()

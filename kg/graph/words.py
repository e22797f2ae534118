"""The index of words: which papers hold a word in their title, which in their abstract.

One row a word, sorted, so that a search opens only the row groups of its words. Papers are named by their place in
``papers.parquet``. A word is a run of letters, digits and underscores, in lower case.

The index of a corpus is the sum of the indexes of its parts: `count_words` and `add_counts` work on parts, as Parquet
in memory, so that a cluster can share the counting out.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

FILE = "words.parquet"

STOP_WORDS = (
    *("a", "an", "and", "are", "as", "at", "be", "by", "for", "from", "in", "is", "it"),
    *("of", "on", "or", "that", "the", "this", "to", "we", "which", "with"),
)
"""Words that stand in nearly every paper: they tell none apart and are not indexed."""

_ROW_GROUP = 1_024  # words: a search opens one group for each of its words, and the longest lists are long
_SCHEMA = pa.schema([("word", pa.string()), ("titles", pa.list_(pa.int32())), ("abstracts", pa.list_(pa.int32()))])
_ENCODINGS = {"word": "DELTA_BYTE_ARRAY"} | {
    f"{column}.list.element": "DELTA_BINARY_PACKED" for column in ("titles", "abstracts")
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
    with duckdb.connect(":memory:") as db:
        db.register("papers", rows)
        return _parquet(db.sql(_COUNT).to_arrow_table())


def add_counts(parts: list[bytes]) -> bytes:
    """Return the index of several parts together. Runs in workers."""
    with duckdb.connect(":memory:") as db:
        _register(db, parts)
        return _parquet(db.sql(_ADD).to_arrow_table())


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
    with pq.ParquetWriter(
        folder / FILE, _SCHEMA, compression="zstd", use_dictionary=False, column_encoding=_ENCODINGS
    ) as writer:
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

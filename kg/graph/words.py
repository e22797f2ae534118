"""The index of words: which papers hold a word in their title, which in their abstract.

One row a word, sorted, so that a search opens only the row groups of its words. Papers are named by their place in
``papers.parquet``. A word is a run of letters, digits and underscores, in lower case.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb

FILE = "words.parquet"
STOP_WORDS = (
    "a",
    "an",
    "and",
    "are",
    "as",
    "at",
    "be",
    "by",
    "for",
    "from",
    "in",
    "is",
    "it",
    "of",
    "on",
    "or",
    "that",
    "the",
    "this",
    "to",
    "we",
    "which",
    "with",
)
"""Words that stand in nearly every paper: they tell none apart and are not indexed."""

_ROW_GROUP = 4_096
_WORDS = "regexp_extract_all(lower({text}), '[\\p{{L}}\\p{{N}}_]+')"
_STOPPED = ", ".join(f"'{w}'" for w in STOP_WORDS)


def words_of(text: str) -> str:
    """Return the SQL for the list of words of a text: the one definition, for the index and for what is sought."""
    return f"list_filter(list_distinct({_WORDS.format(text=text)}), lambda w: w NOT IN ({_STOPPED}))"


def write_words(folder: Path, memory: str = "600MB") -> int:
    """Write ``words.parquet`` beside ``papers.parquet``; return the number of words.

    DuckDB counts in at most about ``memory`` and lays the rest aside in the folder.
    """
    papers, target = (str(folder / name).replace("'", "''") for name in ("papers.parquet", FILE))
    spill = str(folder / "spill").replace("'", "''")
    with duckdb.connect(":memory:") as db:
        db.execute(f"SET memory_limit = '{memory}'; SET temp_directory = '{spill}'; SET enable_progress_bar = false")
        source = f"read_parquet('{papers}', file_row_number = true)"
        db.execute(
            f"""
            COPY (
                WITH texts AS (
                    SELECT file_row_number::INT AS no, true AS in_title, unnest({_WORDS.format(text="title")}) AS word
                    FROM {source}
                    UNION ALL
                    SELECT file_row_number::INT, false, unnest({_WORDS.format(text="abstract")}) FROM {source}
                )
                SELECT word,
                       list(no ORDER BY no) FILTER (in_title) AS titles,
                       list(no ORDER BY no) FILTER (NOT in_title) AS abstracts
                FROM (SELECT DISTINCT * FROM texts WHERE word NOT IN ({_STOPPED})) GROUP BY word ORDER BY word
            ) TO '{target}' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {_ROW_GROUP})
            """
        )
        row = db.execute(f"SELECT count(*) FROM read_parquet('{target}')").fetchone()
    assert row is not None
    shutil.rmtree(folder / "spill", ignore_errors=True)
    return row[0]

"""One search over entities and papers, forgiving about case, punctuation and spelling."""

from __future__ import annotations

from typing import Any

from rapidfuzz import fuzz, process

from kg.ask.database import Database
from kg.ask.names import NameIndex
from kg.graph.words import words_of

Row = dict[str, Any]
_TITLE, _ABSTRACT = 3.0, 1.0
"""What a word counts in the title and in the abstract."""

_MOST_WORDS = 12
_NEAR = 75.0
"""Least similarity (0 to 100) of a word that is taken for one that no paper holds."""

_STEM = 4
"""Letters from which on a word is also found as the beginning of longer ones: "transformer" in "transformers"."""


def search(db: Database, names: NameIndex, text: str, limit: int = 20) -> dict[str, list[Row]]:
    """Return the best entities and papers for a text, best first.

    A paper scores for each word of the text in its title or abstract, more for a whole phrase; in place of a word
    that no paper holds, the words most like it are sought.
    """
    entities = []
    for score, id, matched in names.matches(text, limit):
        known = names.entities[id]
        entities.append({**known.ref(), "papers": known.papers, "score": score, "matched": matched})
    return {"entities": entities, "papers": papers(db, text, limit)}


def papers(db: Database, text: str, limit: int) -> list[Row]:
    """Return the papers that hold the words of a text."""
    words: list[str] = db.value(f"SELECT {words_of('$1')}", [text])[:_MOST_WORDS]
    if not words:
        return []
    db.need("paper")
    sought = [(number, *part) for number, word in enumerate(words) for part in _spellings(db, word)]
    if not sought:
        return []
    ranges = " OR ".join(f"word BETWEEN $first{i} AND $last{i}" for i in range(len(sought)))
    bounds = {f"{end}{i}": part[at] for i, part in enumerate(sought) for end, at in (("first", 1), ("last", 2))}
    columns = ("number", "first", "last", "likeness")
    rows = db.rows(
        f"""
        WITH sought AS (SELECT unnest($sought, recursive := true)),
             hits AS (
                SELECT s.number, s.likeness, w.titles, w.abstracts
                FROM (SELECT * FROM words WHERE {ranges}) w JOIN sought s ON w.word BETWEEN s.first AND s.last
             ),
             places AS (
                SELECT unnest(titles) AS no, number, {_TITLE} * likeness AS weight, true AS in_title FROM hits
                UNION ALL SELECT unnest(abstracts), number, {_ABSTRACT} * likeness, false FROM hits
             ),
             scores AS (
                SELECT no, round(sum(weight), 6) AS score
                FROM (SELECT no, number, in_title, max(weight) AS weight FROM places GROUP BY no, number, in_title)
                GROUP BY no
             )
        SELECT id, title, date, score + {2 * _TITLE} * contains(lower(title), lower($phrase))::INT AS score
        FROM scores JOIN paper USING (no) ORDER BY score DESC, date DESC NULLS LAST, id LIMIT $limit
        """,
        {
            "sought": [dict(zip(columns, part, strict=True)) for part in sought],
            "phrase": " ".join(text.split()),
            "limit": limit,
            **bounds,
        },
    )
    full = len(words) * (_TITLE + _ABSTRACT) + 2 * _TITLE
    return [{**r, "score": round(100 * r["score"] / full, 1)} for r in rows]


def _spellings(db: Database, word: str) -> list[tuple[str, str, float]]:
    """Return what is sought for a word: first and last of a range of words, and how like it they are (0 to 1)."""
    last = word + "\U0010ffff" if len(word) >= _STEM else word
    if db.value("SELECT 1 FROM words WHERE word BETWEEN ? AND ? LIMIT 1", [word, last]):
        return [(word, last, 1.0)]
    if len(word) < _STEM:
        return []
    nearby = db.table("SELECT word FROM words WHERE length(word) BETWEEN ? AND ?", [len(word) - 2, len(word) + 2])
    near = process.extract(word, nearby.column(0).to_pylist(), scorer=fuzz.ratio, limit=3, score_cutoff=_NEAR)
    return [(other, other, likeness / 100) for other, likeness, _ in near]

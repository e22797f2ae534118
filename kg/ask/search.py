"""One search over entities and papers, forgiving about case, punctuation and spelling."""

from __future__ import annotations

from typing import Any, NamedTuple

from kg.ask.database import Database
from kg.ask.entity import paper_counts
from kg.ask.names import NameIndex
from kg.graph.words import words_of

Row = dict[str, Any]
_TITLE, _ABSTRACT = 3.0, 1.0
"""What a word counts in the title and in the abstract."""

_MOST_WORDS = 12
_MOST_FORMS = 30  # longer words that are sought for one, the shortest first
_NEAR = 75.0
"""Least similarity (0 to 100) of a word that is taken for one that no paper holds."""

_STEM = 4
"""Letters from which on a word is also found as the beginning of longer ones: "transformer" in "transformers"."""


def search(
    db: Database, names: NameIndex, text: str, limit: int = 20, min_confidence: float = 0.0
) -> dict[str, list[Row]]:
    """Return the best entities and papers for a text, best first.

    A paper scores for each word of the text in its title or abstract, more for a whole phrase; in place of a word
    that no paper holds, the words most like it are sought. An entity counts the papers that are sure enough to be
    linked to it; one without any is still found.
    """
    matches = names.matches(text, limit)
    counts = paper_counts(db, names, [id for _, id, _ in matches], min_confidence)
    entities = [
        {**names.entities[id].ref(), "papers": counts[id], "score": score, "matched": matched}
        for score, id, matched in matches
    ]
    return {"entities": entities, "papers": papers(db, text, limit)}


def papers(db: Database, text: str, limit: int) -> list[Row]:
    """Return the papers that hold the words of a text."""
    words: list[str] = db.value(f"SELECT {words_of('$1')}", [text])[:_MOST_WORDS]
    sought = {number: found for number, word in enumerate(words) if (found := _spellings(db, word)).words}
    if not sought:
        return []
    db.need("paper")
    bits = {word: 1 << number for number, found in reversed(sought.items()) for word in found.words}
    score = " + ".join(
        f"{found.likeness:.2f} * ({_TITLE} * (in_title >> {n} & 1) + {_ABSTRACT} * (in_abstract >> {n} & 1))"
        for n, found in sought.items()
    )
    # the words stand in the query one by one, for by them DuckDB tells which row groups to open
    marks = ", ".join(f"$word{i}" for i in range(len(bits)))
    rows = db.rows(
        f"""
        WITH sought AS (SELECT unnest($words) AS word, unnest($bits) AS bit),
             hits AS MATERIALIZED (
                SELECT bit, titles, abstracts
                FROM (SELECT * FROM words WHERE word IN ({marks})) JOIN sought USING (word)
             ),
             places AS (  -- one bit a word
                SELECT unnest(titles) AS no, bit AS in_title, 0 AS in_abstract FROM hits
                UNION ALL SELECT unnest(abstracts), 0, bit FROM hits
             ),
             scores AS (
                SELECT no, {score} AS score
                FROM (
                    SELECT no, bit_or(in_title) AS in_title, bit_or(in_abstract) AS in_abstract FROM places GROUP BY no
                )
             )
        SELECT id, title, date, date_precision,
               (score + {2 * _TITLE} * contains(lower(title), lower($phrase))::INT)::DOUBLE AS score
        FROM scores JOIN paper USING (no) ORDER BY score DESC, date DESC NULLS LAST, id LIMIT $limit
        """,
        {
            "words": list(bits),
            "bits": list(bits.values()),
            "phrase": " ".join(text.split()),
            "limit": limit,
            **{f"word{i}": word for i, word in enumerate(bits)},
        },
    )
    full = len(words) * (_TITLE + _ABSTRACT) + 2 * _TITLE
    return [{**r, "score": round(100 * r["score"] / full, 1)} for r in rows]


class _Sought(NamedTuple):
    """What is sought for a word: words that papers hold, and how like it they are (0 to 1)."""

    words: list[str]
    likeness: float = 1.0


def _spellings(db: Database, word: str) -> _Sought:
    known = db.vocabulary
    if len(word) < _STEM:
        return _Sought([word] if known.holds(word) else [])
    if longer := known.beginning(word):
        return _Sought(sorted(longer, key=len)[:_MOST_FORMS])
    near = known.nearest(word, 3, _NEAR)
    return _Sought([other for other, _ in near], near[0][1] / 100 if near else 1.0)

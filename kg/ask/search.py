"""One search over entities and papers, forgiving about case, punctuation and spelling."""

from __future__ import annotations

from typing import Any, NamedTuple

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
    sought = {number: found for number, word in enumerate(words) if (found := _spellings(db, word)).ranges}
    if not sought:
        return []
    db.need("paper")
    parts, values = [], {"phrase": " ".join(text.split()), "limit": limit}
    for number, found in sought.items():
        for i, (first, last) in enumerate(found.ranges):
            name = f"{number}_{i}"
            values |= {f"first{name}": first, f"last{name}": last}
            parts.append(
                f"SELECT 1 << {number} AS word, titles, abstracts FROM words "
                f"WHERE word BETWEEN $first{name} AND $last{name}"
            )
    score = " + ".join(
        f"{found.likeness:.2f} * ({_TITLE} * (in_title >> {n} & 1) + {_ABSTRACT} * (in_abstract >> {n} & 1))"
        for n, found in sought.items()
    )
    rows = db.rows(
        f"""
        WITH hits AS MATERIALIZED ({" UNION ALL ".join(parts)}),
             places AS (  -- one bit a word
                SELECT unnest(titles) AS no, word AS in_title, 0 AS in_abstract FROM hits
                UNION ALL SELECT unnest(abstracts), 0, word FROM hits
             ),
             scores AS (
                SELECT no, {score} AS score
                FROM (
                    SELECT no, bit_or(in_title) AS in_title, bit_or(in_abstract) AS in_abstract FROM places GROUP BY no
                )
             )
        SELECT id, title, date, (score + {2 * _TITLE} * contains(lower(title), lower($phrase))::INT)::DOUBLE AS score
        FROM scores JOIN paper USING (no) ORDER BY score DESC, date DESC NULLS LAST, id LIMIT $limit
        """,
        values,
    )
    full = len(words) * (_TITLE + _ABSTRACT) + 2 * _TITLE
    return [{**r, "score": round(100 * r["score"] / full, 1)} for r in rows]


class _Sought(NamedTuple):
    """What is sought for a word: ranges of words (first and last), and how like it they are (0 to 1)."""

    ranges: list[tuple[str, str]]
    likeness: float = 1.0


def _spellings(db: Database, word: str) -> _Sought:
    last = word + "\U0010ffff" if len(word) >= _STEM else word
    if db.value("SELECT 1 FROM words WHERE word BETWEEN ? AND ? LIMIT 1", [word, last]):
        return _Sought([(word, last)])
    if len(word) < _STEM:
        return _Sought([])
    nearby = [other for n in range(len(word) - 2, len(word) + 3) for other in db.vocabulary.get(n, ())]
    near = process.extract(word, nearby, scorer=fuzz.ratio, limit=3, score_cutoff=_NEAR)
    return _Sought([(other, other) for other, _, _ in near], near[0][1] / 100 if near else 1.0)

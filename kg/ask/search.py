"""One search over entities and papers, forgiving about case, punctuation and spelling."""

from __future__ import annotations

import re
from typing import Any

from rapidfuzz import fuzz

from kg.ask.database import Database
from kg.ask.names import NameIndex

Row = dict[str, Any]
_WORD = re.compile(r"\w+")
_TITLE, _ABSTRACT, _NEAR = 3.0, 1.0, 60.0
"""Weight of a word in the title, of one in the abstract; least similarity of a title that shares no word."""


def search(db: Database, names: NameIndex, text: str, limit: int = 20) -> dict[str, list[Row]]:
    """Return the best entities and papers for a text, best first.

    A paper scores for each word of the text in its title or abstract, more for a whole phrase; where no paper holds
    all the words, titles that are spelled much alike are taken in.
    """
    entities = []
    for score, id, matched in names.matches(text, limit):
        known = names.entities[id]
        entities.append({**known.ref(), "papers": known.papers, "score": score, "matched": matched})
    return {"entities": entities, "papers": papers(db, text, limit)}


def papers(db: Database, text: str, limit: int) -> list[Row]:
    """Return the papers that hold the words of a text."""
    words = list(dict.fromkeys(w.casefold() for w in _WORD.findall(text)))[:12]
    if not words:
        return []
    title = " + ".join(f"{_TITLE} * contains(t, ?)::INT" for _ in words)
    abstract = " + ".join(f"{_ABSTRACT} * contains(a, ?)::INT" for _ in words)
    phrase = " ".join(words)
    rows = db.rows(
        f"""
        SELECT id, title, date, ({title} + {abstract} + {2 * _TITLE} * contains(t, ?)::INT)::DOUBLE AS score
        FROM (SELECT id, title, date, lower(title) AS t, lower(abstract) AS a FROM papers)
        WHERE score > 0 ORDER BY score DESC, date DESC NULLS LAST, id LIMIT ?
        """,
        [*words, *words, phrase, limit],
    )
    full = len(words) * (_TITLE + _ABSTRACT) + 2 * _TITLE
    found = {r["id"]: {**r, "score": round(100 * r["score"] / full, 1)} for r in rows}
    if not any(r["score"] >= 100 * len(words) * _ABSTRACT / full for r in found.values()) and len(phrase) >= 4:
        for r in db.stream("SELECT id, title, date FROM papers"):
            likeness = fuzz.partial_ratio(phrase, r["title"].casefold(), score_cutoff=_NEAR)
            if likeness > found.get(r["id"], {}).get("score", 0.0):
                found[r["id"]] = {**r, "score": round(likeness * 0.9, 1)}
    ranked = sorted(found.values(), key=lambda r: r["date"] or "", reverse=True)
    return sorted(ranked, key=lambda r: -r["score"])[:limit]

"""Names taken apart by the grammar that builds join them by: "Claude Sonnet 3.5" is "Claude 3.5 Sonnet".

Only spellings that hold the beginnings of all words of a name are taken apart, so that a large corpus is not read for
one name.
"""

from __future__ import annotations

from collections.abc import Callable

from kg.ask.database import Database
from kg.records import fold
from kg.resolve.grammar import WORD, Grammar
from kg.resolve.known import GROUP
from kg.schema import ENTITY_TYPES

_STEM = 4
"""So many first letters of a word are the same in its plural and its regional spellings."""

_MOST = 1_000
"""Entities, those with most papers, whose spellings are taken apart to find one name."""


class Readings:
    """Entities by the keys of their spellings."""

    def __init__(self, db: Database, attested: Callable[[str], bool]) -> None:
        """Take a database, and what says whether it has a folded name."""
        self._db = db
        self._grammars = {group: Grammar(group, attested) for group in dict.fromkeys(GROUP.values())}

    def named(self, name: str) -> list[str]:
        """Return the ids of the entities that have a spelling of the name's key, those with most papers first."""
        found: list[tuple[int, str]] = []
        for group, grammar in self._grammars.items():
            reading = grammar.read(name)
            stems = {fold(n)[:_STEM] for n, kind in zip(reading.norms, reading.kinds, strict=True) if kind == WORD}
            if not stems or "" in stems:
                continue
            key = grammar.settle(reading.form).key
            found += [
                (-papers, id)
                for id, papers, spellings in self._holding(stems, group)
                if any(grammar.parse(surface).key == key for surface in spellings)
            ]
        return [id for _, id in sorted(found)]

    def _holding(self, stems: set[str], group: str) -> list[tuple[str, int, list[str]]]:
        """Return id, papers and spellings of the entities of some types that have a spelling which holds all stems."""
        self._db.need("spelling")
        holds = " AND ".join(["contains(key, ?)"] * len(stems))
        return self._db.tuples(
            "SELECT id, papers, list_prepend(name, aliases) FROM entities WHERE id IN ("
            "SELECT id FROM entity WHERE type IN (SELECT unnest(?)) "
            f"AND no IN (SELECT entity FROM spelling WHERE {holds}) ORDER BY papers DESC, id LIMIT ?)",
            [[t for t in ENTITY_TYPES if GROUP[t] == group], *sorted(stems), _MOST],
        )

"""From a name in any spelling to the entity: exact label, folded spelling, the name taken apart; else what is near."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from rapidfuzz import fuzz, process

from kg.ask.database import Database
from kg.errors import UnknownNameError
from kg.records import fold
from kg.schema import ENTITY_TYPES

if TYPE_CHECKING:
    from kg.ask.readings import Readings

_NEAR = 70.0
"""Least similarity (0 to 100) of a name that is suggested."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of an entity without asking the tables."""

    no: int
    id: str
    label: str
    type: str
    papers: int
    family: str | None

    def ref(self) -> dict[str, str]:
        """Return how answers refer to this entity."""
        return {"id": self.id, "label": self.label, "type": self.type}


class Entities(Mapping[str, Known]):
    """All entities by id. The columns stay as they come from the table; a `Known` is made when it is asked for."""

    def __init__(self, db: Database) -> None:
        db.need("entity")
        table = db.table("SELECT id, label, type, papers, family FROM entity ORDER BY no")
        self._columns = [table.column(i).combine_chunks() for i in range(table.num_columns)]
        self._ids: list[str] = self._columns[0].to_pylist()
        self._numbers = {id: no for no, id in enumerate(self._ids)}

    def __getitem__(self, id: str) -> Known:
        return self.at(self._numbers[id])

    def at(self, no: int) -> Known:
        """Return the entity at a place in ``entities.parquet``."""
        return Known(no, self._ids[no], *(column[no].as_py() for column in self._columns[1:]))

    def id(self, no: int) -> str:
        """Return the id of the entity at a place in ``entities.parquet``."""
        return self._ids[no]

    def no(self, id: str) -> int:
        """Return the place of an entity in ``entities.parquet``."""
        return self._numbers[id]

    def __contains__(self, id: object) -> bool:
        return id in self._numbers

    def __iter__(self) -> Iterator[str]:
        return iter(self._ids)

    def __len__(self) -> int:
        return len(self._ids)


_TYPE_WORD = re.compile(rf"(?:the\s+)?(.+?)(?:\s+(?:{'|'.join(ENTITY_TYPES)})s?)?", re.IGNORECASE)
_FULL_AND_SHORT = re.compile(r"(.+?)\s*\(([^()]+)\)")


def other_ways(name: str) -> Iterator[str]:
    """Yield what else may be meant by a name that nothing bears as it stands, the likeliest first.

    >>> list(other_ways("the GSM8K dataset")), list(other_ways("Group Relative Policy Optimization (GRPO)"))
    (['GSM8K'], ['GRPO', 'Group Relative Policy Optimization'])
    >>> list(other_ways("openai/gpt-4o")), list(other_ways("VAEs"))
    (['gpt-4o'], ['VAE'])
    """
    name = name.strip()
    if both := _FULL_AND_SHORT.fullmatch(name):
        yield from (both[2], both[1])
    if (bare := _TYPE_WORD.fullmatch(name)) and bare[1] != name:
        yield bare[1]
    if "/" in name and " " not in name:
        yield name.rpartition("/")[2]
    if name.endswith("s") and len(name) > 3:
        yield name[:-1].removesuffix("'").removesuffix("’")


class NameIndex:
    """All entities by id, by label and by folded spelling, and the tree of versions and sizes."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self.entities = Entities(db)
        self.children: dict[str, list[str]] = defaultdict(list)
        self.parents: dict[str, str] = {}
        for row in db.rows("SELECT child, parent FROM relations WHERE relation = 'variant_of' ORDER BY parent, child"):
            self.children[row["parent"]].append(row["child"])
            self.parents[row["child"]] = row["parent"]

    def find(self, name: str) -> str:
        """Return the id of the entity that a name, label or id stands for.

        Raises:
            UnknownNameError: if there is none; it carries the nearest names.
        """
        if name in self.entities:
            return name
        if labelled := self._db.value("SELECT id FROM entity WHERE label = ?", [name]):
            return labelled
        if found := self.bearers(name):
            return found[0]
        near = self.nearest(name)
        hint = f"; did you mean {', '.join(near)}?" if near else "; try kg search"
        raise UnknownNameError(f"{name}: no entity of this name{hint}", tuple(near))

    def bearers(self, name: str) -> list[str]:
        """Return the ids of all entities that bear a name or, if none does, what else may be meant by it.

        The one meant first: written just so as its name or else as an alias, then those with most papers.
        """
        if found := self._bearing_both(name):
            return found
        ways = [name, *other_ways(name)]
        for way in ways:
            if found := self.named(way) or self._readings.named(way):
                return found if len(found) == 1 else self._written_so(ways, found)
        return []

    def namesakes(self, name: str) -> list[str]:
        """Return the ids of the entities that bear a name besides the one that `find` takes; an id is nobody else's."""
        bearers = [] if name in self.entities else self.bearers(name)
        if len(bearers) < 2:
            return []
        meant = self.find(name)
        return [id for id in bearers if id != meant]

    def _bearing_both(self, name: str) -> list[str]:
        """Return the ids of the entities that "full form (acronym)" names by both, those with most papers first."""
        both = _FULL_AND_SHORT.fullmatch(name.strip())
        if both is None:
            return []
        others = set(self.named(both[1]))
        return [id for id in self.named(both[2]) if id in others]

    @cached_property
    def _readings(self) -> Readings:
        from kg.ask.readings import Readings  # most names are found without the rules of names, which take time to load

        return Readings(self._db, lambda base: fold(base) in self._known_keys)

    @cached_property
    def _known_keys(self) -> frozenset[str]:
        """All folded spellings, to look one up."""
        return frozenset(self._keys)

    def _written_so(self, ways: list[str], candidates: list[str]) -> list[str]:
        """Return the candidates written in one of the ways but for case and hyphens ("HumanEval+" is not), else all.

        First what is written just so, in the first way before the others, as name before alias.
        """
        from kg.resolve.typography import loose  # only where several are alike: it takes time to import

        rows = self._db.rows(
            "SELECT id, name, label, aliases FROM entities WHERE id IN (SELECT unnest(?))", [candidates]
        )
        keys = set(map(loose, ways))
        alike = {r["id"] for r in rows if keys & set(map(loose, (r["name"], r["label"], *r["aliases"])))}
        written = {
            r["id"]: min(
                ((n, way != r["name"]) for n, way in enumerate(ways) if way == r["name"] or way in r["aliases"]),
                default=(len(ways), True),
            )
            for r in rows
        }
        return sorted((id for id in candidates if id in alike or not alike), key=written.__getitem__)

    def named(self, surface: str) -> list[str]:
        """Return the ids of all entities that can be written so.

        Those whose own name it is come first, then those with most papers.
        """
        self._db.need("spelling")
        rows = self._db.tuples(
            "SELECT e.id FROM spelling s JOIN entity e ON e.no = s.entity WHERE s.key = ? "
            "ORDER BY NOT s.own, e.papers DESC, e.id",
            [fold(surface)],
        )
        return [id for (id,) in rows]

    @cached_property
    def _keys(self) -> list[str]:
        """All folded spellings, for comparisons by edit distance."""
        self._db.need("spelling")
        return self._db.table("SELECT DISTINCT key FROM spelling ORDER BY key").column(0).to_pylist()

    def matches(self, text: str, limit: int) -> list[tuple[float, str, str]]:
        """Return (score 0 to 100, entity id, matched key) of the nearest spellings, best first."""
        key = fold(text)
        if not key:
            return []
        near = process.extract(key, self._keys, scorer=fuzz.ratio, limit=limit * 3, score_cutoff=_NEAR)
        alike = {matched: score for matched, score, _ in near}
        found = self._db.tuples(
            "SELECT s.key, s.entity, e.papers FROM spelling s JOIN entity e ON e.no = s.entity "
            "WHERE s.key IN (SELECT unnest(?))",
            [list(alike)],
        )
        scores: dict[int, tuple[float, str, int]] = {}

        def offer(entity: int, score: float, matched: str, papers: int) -> None:
            if (score, matched) > scores.get(entity, (0.0, "", 0))[:2]:
                scores[entity] = (score, matched, papers)

        for matched, entity, papers in found:
            offer(entity, alike[matched], matched, papers)
        if len(key) >= 2:
            # spellings that hold the text, the likeliest first: those it begins, short ones, ones of many papers
            for matched, entity, papers, score in self._db.tuples(
                "SELECT s.key, s.entity, e.papers, (CASE WHEN starts_with(s.key, $1) THEN 92.0 ELSE 80.0 END) "
                "* (0.85 + 0.15 * $2 / length(s.key)) AS score "
                "FROM spelling s JOIN entity e ON e.no = s.entity WHERE contains(s.key, $1) AND s.key <> $1 "
                "ORDER BY score DESC, e.papers DESC, e.id LIMIT $3",
                [key, len(key), limit * 3],
            ):
                offer(entity, float(score), matched, papers)
        ranked = sorted((-score, -papers, self.entities.id(no), key) for no, (score, key, papers) in scores.items())
        return [(round(-score, 1), id, matched) for score, _, id, matched in ranked[:limit]]

    def nearest(self, name: str, limit: int = 5) -> list[str]:
        """Return the labels nearest to a name that is not there."""
        return [self.entities[entity].label for _, entity, _ in self.matches(name, limit)]

    def with_variants(self, entity: str) -> list[str]:
        """Return an entity and all versions and sizes below it, the entity first."""
        found, queue = {entity: None}, [entity]
        while queue:
            for child in self.children.get(queue.pop(), ()):
                if child not in found:
                    found[child] = None
                    queue.append(child)
        return list(found)

"""From a name in any spelling to the entity: exact label, then folded spelling, then the nearest by edit distance."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from rapidfuzz import fuzz, process

from kg.ask.database import Database
from kg.errors import UnknownNameError
from kg.records import fold

_NEAR = 70.0
"""Least similarity (0 to 100) of a name that is suggested."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of an entity without asking the tables."""

    id: str
    name: str
    label: str
    type: str
    family: str | None
    papers: int
    background: bool

    def ref(self) -> dict[str, str]:
        """Return how answers refer to this entity."""
        return {"id": self.id, "label": self.label, "type": self.type}


class NameIndex:
    """All entities by id, by label and by folded spelling, and the tree of versions and sizes."""

    def __init__(self, db: Database) -> None:
        self.entities: dict[str, Known] = {}
        self._by_label: dict[str, str] = {}
        self._by_key: dict[str, list[tuple[bool, int, str]]] = defaultdict(list)
        self.children: dict[str, list[str]] = defaultdict(list)
        self.parents: dict[str, str] = {}
        sql = "SELECT id, name, label, type, family, papers, background, aliases FROM entities"
        for row in db.stream(sql):
            aliases = row.pop("aliases") or []
            known = Known(**row)
            self.entities[known.id] = known
            self._by_label[known.label] = known.id
            for key in dict.fromkeys(map(fold, (known.name, known.label, *aliases))):
                # of several entities with one spelling: the one it is the name of, then the one with most papers
                own = key in (fold(known.name), fold(known.label))
                self._by_key[key].append((not own, -known.papers, known.id))
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
        if name in self._by_label:
            return self._by_label[name]
        found = self._by_key.get(fold(name)) if fold(name) else None
        if found:
            return min(found)[2]
        near = self.nearest(name)
        hint = f"; did you mean {', '.join(near)}?" if near else "; try kg search"
        raise UnknownNameError(f"{name}: no entity of this name{hint}", tuple(near))

    def named(self, surface: str) -> list[str]:
        """Return the ids of all entities that can be written so."""
        return [entity for *_, entity in sorted(self._by_key.get(fold(surface), ()))]

    def matches(self, text: str, limit: int) -> list[tuple[float, str, str]]:
        """Return (score 0 to 100, entity id, matched key) of the nearest spellings, best first."""
        key = fold(text)
        if not key:
            return []
        scores: dict[str, tuple[float, str]] = {}

        def offer(entity: str, score: float, matched: str) -> None:
            if score > scores.get(entity, (0.0, ""))[0]:
                scores[entity] = (score, matched)

        for matched, score, _ in process.extract(
            key, self._by_key.keys(), scorer=fuzz.ratio, limit=limit * 3, score_cutoff=_NEAR
        ):
            for _, _, entity in self._by_key[matched]:
                offer(entity, score, matched)
        if len(key) >= 2:
            for matched, holders in self._by_key.items():
                if key in matched and key != matched:
                    start = matched.startswith(key)
                    for _, _, entity in holders:
                        offer(entity, (92.0 if start else 80.0) * (0.85 + 0.15 * len(key) / len(matched)), matched)
        ranked = sorted(scores.items(), key=lambda s: (-s[1][0], -self.entities[s[0]].papers, s[0]))
        return [(round(score, 1), entity, matched) for entity, (score, matched) in ranked[:limit]]

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

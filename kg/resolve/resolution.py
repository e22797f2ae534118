"""What resolution gives: entities with their spellings, who is whose variant, and why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from kg.records import Problem
from kg.resolve.typography import loose


class Spelling(NamedTuple):
    """One way an entity is written: mentions, papers, and the rule that put it there."""

    surface: str
    mentions: int
    papers: int
    rule: str


@dataclass(slots=True)
class ResolvedEntity:
    """One thing of the corpus: what one page is for."""

    id: str
    name: str
    label: str
    type: str
    family: str | None = None
    spellings: list[Spelling] = field(default_factory=list)
    full_form: str | None = None
    notes: list[str] = field(default_factory=list)  # decisions beyond single spellings, in words
    year: int | None = None  # of the paper that introduced it, where the background knows it


@dataclass(frozen=True, slots=True)
class Variant:
    """A version, size or tuning: ids of child and parent, and the rule of names that says so."""

    child: str
    parent: str
    rule: str
    relation: str = "variant_of"


@dataclass(slots=True)
class Resolution:
    """The outcome: ``entities`` sorted by id; ``entity_of`` maps (paper id, index of its entity) to an entity's id."""

    entities: list[ResolvedEntity]
    entity_of: dict[tuple[str, int], str]
    variants: list[Variant]
    problems: list[Problem] = field(default_factory=list)  # corrections that did not apply
    moved: Mapping[str, str] = field(default_factory=dict)  # labels and ids that corrections took away -> the id now
    families_set: Mapping[str, int] = field(default_factory=dict)  # id -> line of the correction that set its family
    hidden: list[ResolvedEntity] = field(default_factory=list)  # what corrections took the page of; without ids

    def find(self, name: str) -> list[ResolvedEntity]:
        """Return the entities that the name can mean: by id, label or name, else by any spelling or what it was."""
        return self.finder()(name)

    def finder(self) -> Callable[[str], list[ResolvedEntity]]:
        """Return `find` for many names: all spellings are folded once."""
        exact: dict[str, list[ResolvedEntity]] = defaultdict(list)
        named: dict[str, list[ResolvedEntity]] = defaultdict(list)
        own: dict[str, list[ResolvedEntity]] = defaultdict(list)
        for e in self.entities:
            for key in {e.id, e.label}:
                exact[key].append(e)
            named[loose(e.name)].append(e)
            for folded in {loose(s.surface) for s in e.spellings if s.rule != SHORTENED}:
                own[folded].append(e)
        for key, id in self.moved.items():
            own[loose(key)] = own.get(loose(key)) or exact[id]
        return lambda name: exact.get(name.strip()) or named.get(loose(name)) or own.get(loose(name), [])

    def explain(self, name: str) -> list[dict[str, Any]]:
        """Return, for each entity that the name can mean, which rule joined which spellings, with counts.

        Each: ``id``, ``label``, ``type``, ``family``, ``spellings`` (surface, mentions, papers, rule), ``variant_of``
        and ``variants`` (id and rule), ``notes``.
        """
        return [
            {
                "id": e.id,
                "label": e.label,
                "type": e.type,
                "family": e.family,
                "spellings": [
                    {"surface": s.surface, "mentions": s.mentions, "papers": s.papers, "rule": s.rule}
                    for s in e.spellings
                ],
                "variant_of": [{"id": v.parent, "rule": v.rule} for v in self.variants if v.child == e.id],
                "variants": [{"id": v.child, "rule": v.rule} for v in self.variants if v.parent == e.id],
                "notes": list(e.notes),
            }
            for e in self.find(name)
        ]


SHORTENED = "shortened mention of a fuller name"
BESIDE = "another name in the same paper"

NO_ALIAS = frozenset((SHORTENED, BESIDE))
"""Rules of spellings that name the entity in their own paper only: elsewhere they may be anything."""

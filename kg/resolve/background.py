"""Load the background: well-known things and what they descend from, each with the paper that says so."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from kg.errors import KGError
from kg.resolve.acronyms import fits, same_long
from kg.resolve.known import GROUP, read
from kg.resolve.naming import slug
from kg.resolve.resolution import SHORTENED, Resolution, ResolvedEntity
from kg.resolve.typography import loose
from kg.schema import ENTITY_TYPES, RELATIONS

_ARXIV = re.compile(r"\d{4}\.\d{4,5}")
_PAPER = re.compile(r"(?P<authors>.+?) \((?P<year>(?:19|20)\d\d)\), (?P<title>.+)")
_KEYS = {"name", "type", "also", "paper", "arxiv", *RELATIONS}


@dataclass(frozen=True, slots=True)
class BackgroundEntity:
    """A well-known thing: name, type, other names, and the year of its paper where it is known."""

    name: str
    type: str
    also: tuple[str, ...] = ()
    year: int | None = None


@dataclass(frozen=True, slots=True)
class BackgroundRelation:
    """Who descends from whom, by name, with the source in words."""

    child: str
    parent: str
    relation: str
    source: str


@cache
def background() -> tuple[tuple[BackgroundEntity, ...], tuple[BackgroundRelation, ...]]:
    """Return the things and relations of ``background.yaml``.

    Raises:
        KGError: the file is not in its form; the message names the entry.
    """
    return parse(read("background.yaml"))


def parse(rows: Iterable[Mapping[str, Any]]) -> tuple[tuple[BackgroundEntity, ...], tuple[BackgroundRelation, ...]]:
    """Check the rows of the file and return its things, parents without a line of their own included, and relations."""
    entities: dict[tuple[str, str], BackgroundEntity] = {}
    relations: list[BackgroundRelation] = []
    parents: list[tuple[str, str]] = []
    for row in rows:
        name, kind = row.get("name"), row.get("type")
        wrong = set(row) - _KEYS
        paper = _PAPER.fullmatch(row.get("paper", ""))
        arxiv = row.get("arxiv")
        if not isinstance(name, str) or kind not in ENTITY_TYPES or wrong or not paper:
            raise KGError(f"background: {name!r}: needs name, type and paper, and takes no {sorted(wrong)}")
        if arxiv is not None and not (isinstance(arxiv, str) and _ARXIV.fullmatch(arxiv)):
            raise KGError(f"background: {name}: {arxiv!r} is no arXiv id")
        key = (GROUP[kind], loose(name))
        if key in entities:
            raise KGError(f"background: {name} ({kind}) stands there twice")
        entities[key] = BackgroundEntity(name, kind, tuple(row.get("also", ())), int(paper["year"]))
        source = f'{paper["authors"]} ({paper["year"]}), "{paper["title"]}"' + (f", arXiv:{arxiv}" if arxiv else "")
        for relation in RELATIONS:
            for parent in row.get(relation, ()):
                relations.append(BackgroundRelation(name, parent, relation, source))
                parents.append((parent, kind))
    named = {folded for _, folded in entities}
    for parent, kind in parents:
        if loose(parent) not in named:
            named.add(loose(parent))
            entities[GROUP[kind], loose(parent)] = BackgroundEntity(parent, kind)
    return tuple(entities.values()), tuple(relations)


def join_background(resolution: Resolution) -> list[tuple[str, str, str, str]]:
    """Return (child id, parent id, relation, source) for a corpus, sorted; things that no paper names are added.

    Taken are the things that the corpus names, all their ancestors and their direct descendants. Things added to
    ``resolution.entities`` have no spellings; a version that the grammar of names hangs already is not repeated. Each
    thing's year goes to its entity. A thing is matched by its name or another name within its group of types (method
    and model for each other where only one is there), never to an acronym that the corpus gives another full form.
    What a correction hid is left out with its relations.
    """
    things, relations = background()
    at = {loose(t.name): t for t in things}
    matches = _matches(resolution.entities, things)
    hidden = set(_matches(resolution.hidden, things)) - set(matches)
    relations = tuple(r for r in relations if not hidden & {loose(r.child), loose(r.parent)})
    ids = {folded: found.id for folded, found in matches.items()}
    for folded, found in matches.items():
        years = [year for year in (found.year, at[folded].year) if year]
        found.year = min(years, default=None)
    wanted, waiting = set(ids), sorted(ids)
    parents: dict[str, list[str]] = defaultdict(list)
    for r in relations:
        parents[loose(r.child)].append(loose(r.parent))
    while waiting:
        new = set(parents[waiting.pop()]) - wanted
        wanted |= new
        waiting += sorted(new)
    wanted |= {loose(r.child) for r in relations if loose(r.parent) in ids}
    taken = {e.id for e in resolution.entities}
    labels = {e.label.casefold() for e in resolution.entities}
    for folded in sorted(wanted - set(ids)):
        made = _made(at[folded], taken, labels)
        ids[folded] = made.id
        resolution.entities.append(made)
    resolution.entities.sort(key=lambda e: e.id)
    hung = {(v.child, v.parent) for v in resolution.variants}
    rows = {
        (ids[child], ids[parent], r.relation, r.source)
        for r in relations
        if (child := loose(r.child)) in wanted and (parent := loose(r.parent)) in wanted
    }
    return sorted(row for row in rows if row[0] != row[1] and row[:2] not in hung)


def _matches(entities: Iterable[ResolvedEntity], things: Iterable[BackgroundEntity]) -> dict[str, ResolvedEntity]:
    """Which of the corpus entities each thing is, by the thing's folded name."""
    named: dict[str, list[ResolvedEntity]] = defaultdict(list)
    for entity in entities:
        names = {loose(entity.name)} | {loose(s.surface) for s in entity.spellings if s.rule != SHORTENED}
        for folded in names:
            named[folded].append(entity)
    found = {}
    for thing in things:
        wanted = [loose(n) for n in (thing.name, *thing.also)]
        fitting = {e.id: e for n in wanted for e in named.get(n, ()) if _agrees(thing, e)}
        own = [e for e in fitting.values() if GROUP[e.type] == GROUP[thing.type]]
        candidates = own or [e for e in fitting.values() if "data" not in (GROUP[e.type], GROUP[thing.type])]
        if candidates:
            found[wanted[0]] = min(
                candidates,
                key=lambda e: (-sum(loose(s.surface) in wanted for s in e.spellings), loose(e.name) != wanted[0], e.id),
            )
    return found


def _agrees(thing: BackgroundEntity, entity: ResolvedEntity) -> bool:
    """Return whether the entity's full form is one of the thing's, where both have one."""
    forms = [f for f in thing.also if fits(thing.name, f)]
    form = entity.full_form
    return not forms or form is None or any(same_long(thing.name, f, form) for f in forms)


def _made(thing: BackgroundEntity, taken: set[str], labels: set[str]) -> ResolvedEntity:
    """The thing as an entity without papers, its id and label unique."""
    own_id = base = f"{thing.type}/{slug(thing.name)}"
    label, n = thing.name, 2
    while own_id in taken:
        own_id, n = f"{base}-{n}", n + 1
    if label.casefold() in labels:
        label = f"{thing.name} ({thing.also[0] if thing.also else thing.type})"
    taken.add(own_id)
    labels.add(label.casefold())
    notes = ["no paper names it: known from the background"]
    return ResolvedEntity(own_id, thing.name, label, thing.type, notes=notes, year=thing.year)

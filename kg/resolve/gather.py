"""One pass over the extractions: what resolution needs of them, in compact tuples.

An extraction is let go as soon as it is read; surfaces are held once. 300,000 entities of papers fit into some
hundred megabytes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from kg.records import Extraction
from kg.resolve.acronyms import fits
from kg.resolve.typography import loose
from kg.schema import ENTITY_TYPES


class Entry(NamedTuple):
    """An entity of one paper: surfaces as numbers, mentions of each, full forms that the paper defines for it."""

    paper: str
    place: int  # among the paper's entities
    type: str
    name: int
    surfaces: tuple[int, ...]
    counts: tuple[int, ...]
    defined: tuple[int, ...]
    introduced: bool
    titled: bool  # introduced, and named in the title


class Naming(NamedTuple):
    """How one paper names one of its entities: the same as an `Entry`, surfaces as texts."""

    place: int
    type: str
    name: str
    surfaces: list[str]  # sorted
    counts: list[int]
    defined: list[str]  # sorted
    introduced: bool
    titled: bool


@dataclass(slots=True)
class Gathered:
    """All entries, and the surfaces that their numbers stand for."""

    entries: list[Entry] = field(default_factory=list)
    surfaces: list[str] = field(default_factory=list)


def namings(extraction: Extraction) -> Iterator[Naming]:
    """Yield how a paper names its entities, but for those without a type or a surface; depends on this paper alone."""
    definitions = [(loose(s), s, f) for s, f in extraction.definitions]
    for place, entity in enumerate(extraction.entities):
        if entity.type not in ENTITY_TYPES:
            continue
        counts = Counter(m.surface for m in entity.mentions)
        surfaces = sorted({s for s in (*entity.surfaces, *counts, entity.name) if s.strip()})
        if not surfaces:
            continue
        if entity.name not in entity.surfaces and entity.name not in counts and len(surfaces) > 1:
            surfaces.remove(entity.name)
        longs: set[str] = set()
        if definitions:
            folded = {loose(s) for s in surfaces}
            longs = {f for key, s, f in definitions if key in folded and loose(f) not in folded and fits(s, f)}
        introduced = entity.role == "introduces"
        yield Naming(
            place,
            entity.type,
            entity.name if entity.name in surfaces else surfaces[0],
            surfaces,
            [counts.get(s, 0) for s in surfaces],
            sorted(longs),
            introduced,
            introduced and any(m.span.field == "title" for m in entity.mentions),
        )


def gather(named: Iterable[tuple[str, Iterable[Naming]]]) -> Gathered:
    """Put together how papers, given with their ids in any order, name their entities; sorted by paper and place."""
    numbers: dict[str, int] = {}
    tuples: dict[tuple[int, ...], tuple[int, ...]] = {}
    gathered = Gathered()

    def number(surface: str) -> int:
        found = numbers.get(surface)
        if found is None:
            found = numbers[surface] = len(gathered.surfaces)
            gathered.surfaces.append(surface)
        return found

    def shared(values: Iterable[int]) -> tuple[int, ...]:
        found = tuple(values)
        return tuples.setdefault(found, found)

    for paper, several in named:
        for place, kind, name, surfaces, counts, defined, introduced, titled in several:
            gathered.entries.append(
                Entry(
                    paper,
                    place,
                    kind,
                    number(name),
                    shared(map(number, surfaces)),
                    shared(counts),
                    shared(map(number, defined)),
                    introduced,
                    titled,
                )
            )
    gathered.entries.sort(key=lambda e: (e.paper, e.place))
    return gathered

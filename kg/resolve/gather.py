"""One pass over the extractions: what resolution needs of them, in compact tuples.

An extraction is let go as soon as it is read; surfaces are held once. 300,000 entities of papers fit into some
hundred megabytes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from kg.records import Extraction
from kg.resolve.acronyms import fits
from kg.resolve.typography import loose
from kg.schema import ENTITY_TYPES


@dataclass(frozen=True, slots=True)
class Entry:
    """An entity of one paper: surfaces as numbers, mentions of each, full forms that the paper defines for it."""

    paper: str
    index: int
    type: str
    name: int
    surfaces: tuple[int, ...]
    counts: tuple[int, ...]
    defined: tuple[int, ...]
    introduced: bool
    titled: bool  # introduced, and named in the title


@dataclass(slots=True)
class Gathered:
    """All entries, and the surfaces that their numbers stand for."""

    entries: list[Entry] = field(default_factory=list)
    surfaces: list[str] = field(default_factory=list)


def gather(extractions: Iterable[Extraction]) -> Gathered:
    """Read the extractions once, in any order; entries come out sorted by paper and index."""
    numbers: dict[str, int] = {}
    tuples: dict[tuple[int, ...], tuple[int, ...]] = {}
    gathered = Gathered()

    def number(surface: str) -> int:
        found = numbers.get(surface)
        if found is None:
            found = numbers[surface] = len(gathered.surfaces)
            gathered.surfaces.append(surface)
        return found

    def shared(values: tuple[int, ...]) -> tuple[int, ...]:
        return tuples.setdefault(values, values)

    for extraction in extractions:
        definitions = [(loose(s), s, f) for s, f in extraction.definitions]
        for index, entity in enumerate(extraction.entities):
            if entity.type not in ENTITY_TYPES:
                continue
            counts = Counter(m.surface for m in entity.mentions)
            surfaces = sorted({s for s in (*entity.surfaces, *counts, entity.name) if s.strip()})
            if not surfaces:
                continue
            if entity.name not in entity.surfaces and entity.name not in counts and len(surfaces) > 1:
                surfaces.remove(entity.name)
            name = entity.name if entity.name in surfaces else surfaces[0]
            folded = {loose(s) for s in surfaces}
            longs = {f for key, s, f in definitions if key in folded and loose(f) not in folded and fits(s, f)}
            gathered.entries.append(
                Entry(
                    extraction.paper,
                    index,
                    entity.type,
                    number(name),
                    shared(tuple(number(s) for s in surfaces)),
                    shared(tuple(counts.get(s, 0) for s in surfaces)),
                    shared(tuple(number(f) for f in sorted(longs))),
                    entity.role == "introduces",
                    entity.role == "introduces" and any(m.span.field == "title" for m in entity.mentions),
                )
            )
    gathered.entries.sort(key=lambda e: (e.paper, e.index))
    return gathered

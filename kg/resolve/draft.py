"""The corpus entities while they are being settled: clusters with their counts, before they have names and ids."""

from __future__ import annotations

from dataclasses import dataclass, field

from kg.resolve.cluster import Clusters, Node
from kg.resolve.forms import Forms
from kg.resolve.gather import Gathered
from kg.resolve.known import GROUP
from kg.schema import ENTITY_TYPES

_TYPE_NUMBER = {kind: n for n, kind in enumerate(ENTITY_TYPES)}
_BY_NAME = sorted(_TYPE_NUMBER.items())


@dataclass(slots=True)
class Draft:
    """An entity in the making. Made-up families have no papers and carry their ``name`` from the start."""

    nodes: list[Node] = field(default_factory=list)
    types: list[int] = field(default_factory=lambda: [0] * len(ENTITY_TYPES))  # papers by type
    counts: dict[str, list[int]] = field(default_factory=dict)  # surface -> papers, mentions, papers that name it so
    entries: list[int] = field(default_factory=list)
    total: int = 0  # papers
    name: str | None = None
    type: str | None = None
    parent: int | None = None  # of which it is a variant: the parent's number
    rule: str = ""
    family_set: int = 0  # line of the correction that gave it its parent or took it out of its family
    gone: str | None = None  # why it is no longer there: "merged", "split", "hidden"
    into: int | None = None  # the draft that it was merged into
    id: str = ""  # once settled
    foreign: frozenset[str] = frozenset()  # surfaces whose form belongs to another entity
    moved: dict[str, str] | None = None  # surface -> the correction that brought it here
    notes: tuple[str, ...] = ()
    hint: str | None = None  # what tells it apart where it has no full form: the paper that introduces it

    def group(self) -> str:
        """Return the group of types it belongs to."""
        return GROUP[self.settled_type()]

    def settled_type(self) -> str:
        """Return the type: the one most papers give; the first in alphabetical order where they are even."""
        if self.type:
            return self.type
        most = max(self.types)
        return next(kind for kind, number in _BY_NAME if self.types[number] == most)

    def own(self) -> dict[str, int]:
        """Return the papers of each surface that is a spelling of this very entity."""
        return {s: c[0] for s, c in self.counts.items() if s not in self.foreign}

    def note(self, text: str) -> None:
        """Add a decision, in words."""
        self.notes += (text,)


def draft(gathered: Gathered, forms: Forms, clusters: Clusters) -> list[Draft]:
    """Return one draft a cluster, in the clusters' order, with the counts of its entries."""
    drafts = [Draft(nodes=nodes) for nodes in clusters.nodes]
    for number, at in enumerate(clusters.of_entry):
        add_entry(drafts[at], number, gathered)
    for one in drafts:
        own = {(group, key) for group, key, _ in one.nodes}
        groups = {group for group, _, _ in one.nodes}
        groups.update(GROUP[kind] for kind, n in zip(ENTITY_TYPES, one.types, strict=True) if n)
        foreign = [s for s in one.counts if not any((g, forms.parse(s, g).key) in own for g in sorted(groups))]
        if foreign:
            one.foreign = frozenset(foreign)
        for node in one.nodes:
            one.hint = one.hint or clusters.hints.get(node)
            if node in clusters.notes:
                one.notes += tuple(n for n in clusters.notes[node] if n not in one.notes)
    return drafts


def add_entry(one: Draft, number: int, gathered: Gathered) -> None:
    """Count one entry of a paper into the draft."""
    entry = gathered.entries[number]
    one.entries.append(number)
    one.types[_TYPE_NUMBER[entry.type]] += 1
    one.total += 1
    for surface, count in zip(entry.surfaces, entry.counts, strict=True):
        text = gathered.surfaces[surface]
        counts = one.counts.get(text)
        if counts is None:
            counts = one.counts[text] = [0, 0, 0]
        counts[0] += 1
        counts[1] += count
        counts[2] += surface == entry.name

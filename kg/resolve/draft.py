"""The corpus entities while they are being settled: clusters with their counts, before they have names and ids."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from kg.resolve.cluster import Clusters, Node
from kg.resolve.forms import Forms
from kg.resolve.gather import Gathered
from kg.resolve.known import GROUP


@dataclass(slots=True)
class Draft:
    """An entity in the making. Made-up families have no papers and carry their ``name`` from the start."""

    nodes: list[Node] = field(default_factory=list)
    types: Counter[str] = field(default_factory=Counter)  # papers by type
    papers: Counter[str] = field(default_factory=Counter)  # papers by surface
    mentions: Counter[str] = field(default_factory=Counter)
    names: Counter[str] = field(default_factory=Counter)  # papers that name it so
    foreign: set[str] = field(default_factory=set)  # surfaces whose form belongs to another entity
    moved: dict[str, str] = field(default_factory=dict)  # surface -> the correction that brought it here
    entries: list[int] = field(default_factory=list)
    total: int = 0  # papers
    name: str | None = None
    type: str | None = None
    parent: int | None = None  # of which it is a variant: the parent's number
    rule: str = ""
    gone: str | None = None  # why it is no longer there: "merged", "split", "hidden"
    into: int | None = None  # the draft that it was merged into
    notes: list[str] = field(default_factory=list)
    id: str = ""  # once settled

    def group(self) -> str:
        """Return the group of types it belongs to."""
        return GROUP[self.settled_type()]

    def settled_type(self) -> str:
        """Return the type: the one most papers give, data set before benchmark only by majority."""
        if self.type:
            return self.type
        return min(self.types, key=lambda t: (-self.types[t], t))


def draft(gathered: Gathered, forms: Forms, clusters: Clusters) -> list[Draft]:
    """Return one draft a cluster, in the clusters' order, with the counts of its entries."""
    drafts = [Draft(nodes=list(nodes)) for nodes in clusters.nodes]
    for number, at in enumerate(clusters.of_entry):
        add_entry(drafts[at], number, gathered, forms)
    for one in drafts:
        own = {(group, key) for group, key, _ in one.nodes}
        groups = {group for group, _, _ in one.nodes}
        for surface in one.papers:
            if not any((g, forms.parse(surface, g).key) in own for g in groups | {GROUP[t] for t in one.types}):
                one.foreign.add(surface)
        one.notes = [note for node in one.nodes for note in clusters.notes.get(node, ())]
    return drafts


def add_entry(one: Draft, number: int, gathered: Gathered, forms: Forms) -> None:
    """Count one entry of a paper into the draft."""
    entry = gathered.entries[number]
    one.entries.append(number)
    one.types[entry.type] += 1
    one.total += 1
    one.names[gathered.surfaces[entry.name]] += 1
    for surface, count in zip(entry.surfaces, entry.counts, strict=True):
        text = gathered.surfaces[surface]
        one.papers[text] += 1
        one.mentions[text] += count

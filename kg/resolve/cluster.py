"""Join the forms of names that are one thing, and keep apart what only looks alike.

Nodes are (group of types, key), an acronym with several senses one node a sense. What joins two nodes is that papers
name one entity by both. Similarity alone joins nothing, joins are never chained blindly: each join of two clusters
must be borne out by their papers as a whole, and never brings a name into the cluster of its own versions.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from kg.resolve.acronyms import fits, is_short, same_long, senses
from kg.resolve.forms import Forms
from kg.resolve.gather import Entry, Gathered
from kg.resolve.grammar import WORD
from kg.resolve.known import GROUP, known, words

DOMINANT = 0.7
"""Share of the defining papers that an acronym's best sense needs to take in the papers that do not define it."""

ACRONYM_SUPPORT = 0.05
"""Of the papers of the rarer of two clusters, the share that must name both for an acronym and its full form."""

OTHER_SUPPORT = 0.5
"""The same for two names that are no acronym and full form."""

OTHER_DATA_SHARE = 0.15
"""A name typed as data in a smaller share of papers than this (or the reverse) is taken as a slip of typing."""

_COMPARED = 12  # names of a cluster that are compared with another's

Node = tuple[str, str, int]
"""Group, key, sense (0 but for acronyms with several)."""


@dataclass(slots=True)
class Clusters:
    """Which cluster each entry belongs to, and what was decided on the way."""

    of_entry: list[int]
    nodes: list[list[Node]]  # of each cluster
    of_node: dict[Node, int]
    joined: dict[frozenset[Node], tuple[str, int]]  # rule and papers of each join
    notes: dict[Node, list[str]]
    folded: dict[tuple[str, str], str]  # (group, key) -> group that its papers were folded into


@dataclass(slots=True)
class _Facts:
    """Counts over papers of one (group, key)."""

    papers: int = 0
    introduced: int = 0
    longs: Counter[str] = field(default_factory=Counter)  # full forms that papers give for it
    surfaces: Counter[str] = field(default_factory=Counter)


def cluster(gathered: Gathered, forms: Forms) -> Clusters:
    """Return the clusters of the entries; equal for any order of the papers."""
    notes: dict[Node, list[str]] = defaultdict(list)
    facts = _facts(gathered, forms)
    folded = _fold_types(facts, notes)
    facts = _refold(facts, folded)
    grouped = {
        item: senses(_best(f.surfaces), f.longs) for item, f in sorted(facts.items()) if f.longs and any(f.surfaces)
    }
    default = {item: _default_sense(item, facts[item], groups, notes) for item, groups in grouped.items()}
    sense_of = {
        (item, forms.parse(long, item[0]).key): n
        for item, groups in grouped.items()
        for n, group in enumerate(groups, 1)
        for long in group
    }

    entry_nodes: list[list[tuple[Node, int]]] = []  # node and the surface number that gave it
    counts: Counter[Node] = Counter()
    pairs: Counter[tuple[Node, Node]] = Counter()
    fitting: set[tuple[Node, Node]] = set()
    for entry in gathered.entries:
        nodes = _nodes_of(entry, forms, folded, grouped, default, sense_of)
        entry_nodes.append(nodes)
        distinct = sorted({n for n, _ in nodes})
        counts.update(distinct)
        for i, a in enumerate(distinct):
            for b in distinct[i + 1 :]:
                pairs[a, b] += 1
        for a, s in nodes:
            for b, t in nodes:
                if a < b and (a, b) not in fitting:
                    one, two = gathered.surfaces[s], gathered.surfaces[t]
                    if fits(one, two) or fits(two, one):
                        fitting.add((a, b))

    text_of = _texts(entry_nodes, gathered)
    joins = _Joins(counts, pairs)
    strength = {(a, b): n / min(counts[a], counts[b]) for (a, b), n in pairs.items()}
    for a, b in sorted(fitting, key=lambda p: (-strength[p], -pairs[p], p)):
        joins.join(a, b, ACRONYM_SUPPORT, "acronym and full form")
    others = (p for p in pairs if p not in fitting and strength[p] >= OTHER_SUPPORT)
    for a, b in sorted(others, key=lambda p: (-strength[p], -pairs[p], p)):
        if not _nested(joins.members(a), joins.members(b), text_of, forms):
            joins.join(a, b, OTHER_SUPPORT, "two names of one thing")
    return joins.result(entry_nodes, gathered, forms, text_of, notes, folded)


def _facts(gathered: Gathered, forms: Forms) -> dict[tuple[str, str], _Facts]:
    facts: dict[tuple[str, str], _Facts] = defaultdict(_Facts)
    for entry in gathered.entries:
        group = GROUP[entry.type]
        texts = [(gathered.surfaces[s], forms[s, group].key) for s in entry.surfaces]
        longs = [(gathered.surfaces[s], forms[s, group].key) for s in entry.defined] + texts
        for key in {key for _, key in texts}:
            fact = facts[group, key]
            fact.papers += 1
            fact.introduced += entry.introduced
            own = [t for t, k in texts if k == key]
            fact.surfaces.update(own)
            shorts = [t for t in own if is_short(t)]
            if shorts:
                found: dict[str, str] = {}
                for text, other in longs:
                    if other != key and any(fits(s, text) for s in shorts):
                        found.setdefault(other, text)
                fact.longs.update(sorted(found.values()))
    return facts


def _best(surfaces: Counter[str]) -> str:
    return min(surfaces, key=lambda s: (not is_short(s), -surfaces[s], s))


def _fold_types(facts: dict[tuple[str, str], _Facts], notes: dict[Node, list[str]]) -> dict[tuple[str, str], str]:
    """Decide which groups of one key are one thing: (group, key) -> the group it counts as."""
    listed = known()
    by_key: dict[str, list[str]] = defaultdict(list)
    for group, key in facts:
        by_key[key].append(group)
    folded: dict[tuple[str, str], str] = {}
    for key, groups in sorted(by_key.items()):
        if len(groups) < 2:
            continue
        wanted = listed.together.get(key)
        apart = listed.apart.get(key, frozenset())
        groups.sort(key=lambda g: (wanted is None or GROUP[wanted] != g, -facts[g, key].papers, _ORDER[g]))
        major = groups[0]
        for minor in groups[1:]:
            if wanted is None and (
                {major, minor} <= apart or not _one_thing(key, facts[major, key], facts[minor, key], major, minor)
            ):
                notes[major, key, 0].append(
                    f"kept apart from the {minor} of this name ({facts[minor, key].papers} papers)"
                )
                continue
            folded[minor, key] = major
            notes[major, key, 0].append(f"{facts[minor, key].papers} papers that call it a {minor} taken in")
    return folded


_ORDER = {"model": 0, "method": 1, "data": 2}


def _one_thing(key: str, major: _Facts, minor: _Facts, *groups: str) -> bool:
    if major.longs and minor.longs:
        short = _best(major.surfaces)
        if not any(same_long(short, a, b) for a in major.longs for b in minor.longs):
            return False
    elif (major.longs or minor.longs) and minor.introduced:
        return False
    if set(groups) == {"model", "method"}:
        return not (major.introduced and minor.introduced)
    return not minor.introduced and minor.papers <= OTHER_DATA_SHARE * (major.papers + minor.papers)


def _refold(facts: dict[tuple[str, str], _Facts], folded: dict[tuple[str, str], str]) -> dict[tuple[str, str], _Facts]:
    merged: dict[tuple[str, str], _Facts] = defaultdict(_Facts)
    for (group, key), fact in facts.items():
        into = merged[folded.get((group, key), group), key]
        into.papers += fact.papers
        into.introduced += fact.introduced
        into.longs.update(fact.longs)
        into.surfaces.update(fact.surfaces)
    return merged


def _default_sense(item: tuple[str, str], fact: _Facts, groups: list[list[str]], notes: dict[Node, list[str]]) -> int:
    """The sense of the papers that do not define the acronym: 0 is a thing of its own."""
    if len(groups) == 1:
        return 1
    support = [sum(fact.longs[f] for f in g) for g in groups]
    undefined = max(0, fact.papers - sum(support))
    listing = ", ".join(f"{g[0]} ({n})" for g, n in zip(groups, support, strict=True))
    for n in range(len(groups) + 1):
        notes[(*item, n)].append(f"one acronym, several full forms: {listing}; {undefined} papers give none")
    return 1 if support[0] >= max(2, DOMINANT * sum(support)) else 0


def _nodes_of(
    entry: Entry,
    forms: Forms,
    folded: dict[tuple[str, str], str],
    grouped: dict[tuple[str, str], list[list[str]]],
    default: dict[tuple[str, str], int],
    sense_of: dict[tuple[tuple[str, str], str], int],
) -> list[tuple[Node, int]]:
    own = GROUP[entry.type]
    keys = [forms[s, own].key for s in entry.surfaces]
    longs = keys + [forms[s, own].key for s in entry.defined]
    nodes = []
    for number, key in zip(entry.surfaces, keys, strict=True):
        item = (folded.get((own, key), own), key)
        sense = 0
        if item in grouped:
            told = sorted({sense_of[item, k] for k in longs if (item, k) in sense_of})
            sense = told[0] if told else default[item]
            if len(grouped[item]) == 1:
                sense = 1
        nodes.append(((*item, sense), number))
    for number in entry.defined:
        key = forms[number, own].key
        nodes.append(((folded.get((own, key), own), key, 0), number))
    return nodes


def _texts(entry_nodes: Sequence[list[tuple[Node, int]]], gathered: Gathered) -> dict[Node, str]:
    """The commonest surface of each node."""
    seen: dict[Node, Counter[int]] = defaultdict(Counter)
    for nodes in entry_nodes:
        for node, number in nodes:
            seen[node][number] += 1
    return {node: gathered.surfaces[min(c, key=lambda n: (-c[n], gathered.surfaces[n]))] for node, c in seen.items()}


def _nested(ones: Sequence[Node], twos: Sequence[Node], text_of: dict[Node, str], forms: Forms) -> bool:
    """Return whether a name of the one cluster lies within one of the other, or both are versions or sizes of one.

    A bare head more ("Segment Anything", "Segment Anything Model") does not count.
    """
    heads = words().heads
    for one in ones[:_COMPARED]:
        a = forms.parse(text_of[one], one[0])
        x = {t.norm for t in a.tokens if t.kind == WORD}
        for two in twos[:_COMPARED]:
            b = forms.parse(text_of[two], two[0])
            y = {t.norm for t in b.tokens if t.kind == WORD}
            if a.base == b.base or ((x <= y or y <= x) and not (x ^ y) <= heads):
                return True
    return False


class _Joins:
    """Union of nodes under guards, with the papers that two clusters share kept up to date."""

    def __init__(self, counts: Counter[Node], pairs: Counter[tuple[Node, Node]]) -> None:
        self._counts = counts
        self._parent: dict[Node, Node] = {n: n for n in counts}
        self._weight: dict[Node, int] = dict(counts)
        self._shared: dict[Node, Counter[Node]] = defaultdict(Counter)
        self._members: dict[Node, list[Node]] = {n: [n] for n in counts}
        self._names: dict[Node, dict[tuple[str, str], str]] = {n: {} for n in counts}
        for (a, b), n in pairs.items():
            self._shared[a][b] += n
            self._shared[b][a] += n
        for node in counts:
            self._names[node] = {(node[0], node[1].split("|")[0]): node[1]}
        self.joined: dict[frozenset[Node], tuple[str, int]] = {}

    def find(self, node: Node) -> Node:
        """Return the representative of the node's cluster."""
        root = node
        while self._parent[root] != root:
            root = self._parent[root]
        while self._parent[node] != root:
            self._parent[node], node = root, self._parent[node]
        return root

    def members(self, node: Node) -> list[Node]:
        """Return the nodes of the node's cluster."""
        return self._members[self.find(node)]

    def join(self, a: Node, b: Node, support: float, rule: str) -> None:
        """Join the clusters of two nodes if their papers bear it out and no name meets its own version."""
        x, y = self.find(a), self.find(b)
        if x == y:
            return
        shared = self._shared[x][y]
        if shared < support * min(self._weight[x], self._weight[y]):
            return
        if any(self._names[y].get(base, key) != key for base, key in self._names[x].items()):
            return
        if len(self._shared[x]) < len(self._shared[y]):
            x, y = y, x
        self._parent[y] = x
        self._weight[x] = max(self._weight[x], self._weight[y])
        self._names[x].update(self._names.pop(y))
        self._members[x] += self._members.pop(y)
        for other, n in self._shared.pop(y).items():
            if other != x:
                self._shared[x][other] += n
                self._shared[other][x] += n
                del self._shared[other][y]
        self._shared[x].pop(y, None)
        self.joined[frozenset((a, b))] = (rule, shared)

    def result(
        self,
        entry_nodes: Sequence[list[tuple[Node, int]]],
        gathered: Gathered,
        forms: Forms,
        text_of: dict[Node, str],
        notes: dict[Node, list[str]],
        folded: dict[tuple[str, str], str],
    ) -> Clusters:
        """Number the clusters in the order of their least node and give each entry its own."""
        members: dict[Node, list[Node]] = defaultdict(list)
        for node in sorted(self._parent):
            members[self.find(node)].append(node)
        ordered = sorted(members.values())
        of_node = {node: n for n, nodes in enumerate(ordered) for node in nodes}
        chosen: list[int] = []
        for entry, nodes in zip(gathered.entries, entry_nodes, strict=True):
            chosen.append(_choose(entry, nodes, of_node, text_of, forms))
        return Clusters(chosen, ordered, of_node, self.joined, notes, folded)


def _choose(
    entry: Entry, nodes: list[tuple[Node, int]], of_node: dict[Node, int], text_of: dict[Node, str], forms: Forms
) -> int:
    """The cluster of an entry whose surfaces fall into several: that of the fullest name, then of its own name."""
    spelled = nodes[: len(entry.surfaces)]
    clusters = {of_node[n] for n, _ in spelled}
    if len(clusters) == 1:
        return clusters.pop()
    short = {
        of_node[a]
        for a, _ in spelled
        for b, _ in spelled
        if of_node[a] != of_node[b] and _within(text_of[a], text_of[b], forms, a[0])
    }
    if clusters - short:
        clusters -= short
    weight: Counter[int] = Counter()
    for (node, number), count in zip(spelled, entry.counts, strict=True):
        weight[of_node[node]] += count + (1_000_000 if number == entry.name else 0)
    return min(clusters, key=lambda c: (-weight[c], c))


def _within(one: str, two: str, forms: Forms, group: str) -> bool:
    """Return whether the first name is the second cut short ("Gemma" for "Gemma 3 4B")."""
    a, b = forms.parse(one, group), forms.parse(two, group)
    x, y = {t.norm for t in a.tokens}, {t.norm for t in b.tokens}
    return x < y

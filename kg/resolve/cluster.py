"""Join the forms of names that are one thing, and keep apart what only looks alike.

Nodes are (group of types, key, sense): an acronym with several full forms is one node a sense. What joins two nodes is
that papers name one entity by both. Similarity alone joins nothing, and joins are never chained blindly: each join of
two clusters must be borne out by their papers as a whole, and never brings a name into the cluster of its own versions.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from kg.resolve.acronyms import fits, qualified, senses
from kg.resolve.forms import Forms
from kg.resolve.gather import Entry, Gathered
from kg.resolve.known import known, words
from kg.resolve.patterns import Facts, Key, Pattern, contested, facts, fold_types, patterns

DOMINANT = 0.7
"""Share of the defining papers that an acronym's best sense needs to take in the papers that do not define it."""

ACRONYM_SUPPORT = 0.05
"""Of the papers of the rarer of two clusters, the share that must name both for an acronym and its full form."""

OTHER_SUPPORT = 0.5
"""The same for two names that are no acronym and full form."""

COMMON = 3
"""A name of so many papers takes in another name, no acronym or full form of it, only if two papers join them."""

KNOWN_PAPERS = 3
"""A full form listed in ``families.yaml`` counts as so many papers that define the acronym."""

_COMPARED = 12  # names of a cluster that are compared with another's

Node = tuple[str, str, int]
"""Group, key, sense (0 but for acronyms with full forms)."""

Named = tuple[Node, int]
"""A node and the number of the surface that gave it."""


@dataclass(slots=True)
class Clusters:
    """Which cluster each entry belongs to, and what was decided on the way."""

    of_entry: list[int]
    nodes: list[list[Node]]  # of each cluster
    of_node: dict[Node, int]
    notes: dict[Node, list[str]]
    hints: dict[Node, str]  # the paper that a contested name is told apart by


def cluster(gathered: Gathered, forms: Forms) -> Clusters:
    """Return the clusters of the entries; equal for any order of the papers."""
    own = contested(gathered, forms)
    found, pattern_of = patterns(gathered, forms, own)
    ordered = list(found.values())
    key_notes: dict[Key, list[str]] = defaultdict(list)
    counts, acronyms = facts(ordered, gathered, forms)
    folded = fold_types(counts, acronyms, key_notes)
    meanings = _Senses(counts, acronyms, folded, forms)
    meanings.tell_apart(own, ordered)
    notes = dict(meanings.notes)
    for item, texts in key_notes.items():
        for sense in range(meanings.several.get(item, 0) + 1):
            notes[(*item, sense)] = notes.get((*item, sense), []) + texts

    nodes = {key: meanings.nodes(one) for key, one in found.items()}
    papers: Counter[Node] = Counter()
    pairs: Counter[tuple[Node, Node]] = Counter()
    fitting: set[tuple[Node, Node]] = set()
    surfaces: dict[Node, Counter[int]] = defaultdict(Counter)
    for key, one in found.items():
        for node in {n for n, _ in nodes[key]}:
            papers[node] += one.papers
        if len(nodes[key]) > 1:
            _count_pairs(one, nodes[key], gathered, pairs, fitting)
            for node, number in nodes[key]:
                surfaces[node][number] += one.papers
    text_of = {n: min((-c, gathered.surfaces[s]) for s, c in seen.items())[1] for n, seen in surfaces.items()}
    joins = _Joins(papers, pairs)
    _join_all(joins, pairs, fitting, papers, text_of, forms)
    for short, long in meanings.known_pairs():
        joins.join(short, long, 0.0)
    for plain, expanded in _written_out(joins, papers, fitting, text_of, forms):
        joins.join(plain, expanded, 0.0)

    members = joins.clusters()
    of_node = {node: n for n, group in enumerate(members) for node in group}
    choice = {key: {of_node[n] for n, _ in named[: len(key[1])]} for key, named in nodes.items()}
    of_entry = []
    for entry, key in zip(gathered.entries, pattern_of, strict=True):
        at = choice[key]
        of_entry.append(
            next(iter(at)) if len(at) == 1 else _choose(entry, nodes[key], of_node, papers, gathered, forms)
        )
    return Clusters(of_entry, members, of_node, notes, meanings.hints)


def _count_pairs(
    one: Pattern,
    named: Sequence[Named],
    gathered: Gathered,
    pairs: Counter[tuple[Node, Node]],
    fitting: set[tuple[Node, Node]],
) -> None:
    distinct = sorted({n for n, _ in named})
    for i, a in enumerate(distinct):
        for b in distinct[i + 1 :]:
            pairs[a, b] += one.papers
    for a, s in named:
        for b, t in named:
            if a < b and (a, b) not in fitting:
                first, second = gathered.surfaces[s], gathered.surfaces[t]
                if fits(first, second) or fits(second, first):
                    fitting.add((a, b))


def _join_all(
    joins: _Joins,
    pairs: Mapping[tuple[Node, Node], int],
    fitting: set[tuple[Node, Node]],
    papers: Mapping[Node, int],
    text_of: Mapping[Node, str],
    forms: Forms,
) -> None:
    """Acronyms and full forms first, then other names of one thing; the best supported first."""
    strength = {(a, b): n / min(papers[a], papers[b]) for (a, b), n in pairs.items()}
    for a, b in sorted(fitting, key=lambda p: (-strength[p], -pairs[p], p)):
        joins.join(a, b, ACRONYM_SUPPORT)
    others = (p for p in pairs if p not in fitting and strength[p] >= OTHER_SUPPORT)
    for a, b in sorted(others, key=lambda p: (-strength[p], -pairs[p], p)):
        seldom = pairs[a, b] < 2 and max(joins.weight(a), joins.weight(b)) >= COMMON
        if not seldom and not _nested(joins.members(a), joins.members(b), text_of, forms):
            joins.join(a, b, OTHER_SUPPORT)


class _Senses:
    """The senses of each acronym, and which one a paper means."""

    def __init__(
        self, counts: dict[Key, list[int]], acronyms: dict[Key, Facts], folded: dict[Key, str], forms: Forms
    ) -> None:
        self._folded = folded
        self._forms = forms
        self._sense_of: dict[tuple[Key, str], int] = {}
        self._default: dict[Key, int] = {}
        self._listed: list[tuple[Node, Node]] = []
        self._own_sense: dict[tuple[Key, str], int] = {}
        self.hints: dict[Node, str] = {}
        self.several: dict[Key, int] = {}
        self.notes: dict[Node, list[str]] = {}
        merged: dict[Key, Facts] = {}
        for (group, key), fact in sorted(acronyms.items()):
            item = (folded.get((group, key), group), key)
            into = merged.setdefault(item, Facts(short=fact.short))
            into.longs.update(fact.longs)
        known_long = self._known(counts, merged)
        for item, fact in sorted(merged.items()):
            fact.papers = counts[item][0] + sum(counts[g, item[1]][0] for g in _folded_into(item, folded))
            self._settle(item, fact, known_long)

    def _known(self, counts: dict[Key, list[int]], merged: dict[Key, Facts]) -> dict[Key, str]:
        """Add the full forms that everybody knows to the acronyms that the corpus has."""
        added = {}
        for group, short, long in known().full_forms:
            item = (group, self._forms.parse(short, group).key)
            if item not in counts or item in self._folded:
                continue
            fact = merged.setdefault(item, Facts(short=short))
            if fact.short and not fits(fact.short, long):
                fact.short = short
            fact.longs[long] += KNOWN_PAPERS
            added[item] = long
        return added

    def _settle(self, item: Key, fact: Facts, known_long: Mapping[Key, str]) -> None:
        groups = senses(fact.short or item[1], fact.longs)
        if not groups:
            return
        for n, group in enumerate(groups, 1):
            for long in group:
                self._sense_of[item, self._forms.parse(long, item[0]).key] = n
        support = [sum(fact.longs[f] for f in g) for g in groups]
        self._default[item] = 1 if len(groups) == 1 or support[0] >= max(2, DOMINANT * sum(support)) else 0
        self.several[item] = len(groups)
        if len(groups) > 1:
            listing = ", ".join(f"{g[0]} ({n})" for g, n in zip(groups, support, strict=True))
            none = max(0, fact.papers - sum(support))
            said = f"one acronym, several full forms: {listing}; {none} papers give none"
            for n in range(len(groups) + 1):
                self.notes[(*item, n)] = [said]
        if item in known_long:
            key = self._forms.parse(known_long[item], item[0]).key
            home = self._folded.get((item[0], key), item[0])
            if sense := self._sense_of.get((item, key)):
                self._listed.append(((*item, sense), (home, key, 0)))

    def tell_apart(self, own: frozenset[Key], found: Sequence[Pattern]) -> None:
        """Make a name that several papers introduce a thing of each of them, but for acronyms that they define."""
        papers: dict[Key, set[str]] = defaultdict(set)
        for one in found:
            if not one.paper:
                continue
            keys = {self._forms.parse(self._text(s), one.group).key for s in (*one.surfaces, *one.defined)}
            for key in keys:
                item = (self._folded.get((one.group, key), one.group), key)
                if (one.group, key) in own and not any((item, k) in self._sense_of for k in keys):
                    papers[item].add(one.paper)
        for item, introducing in papers.items():
            defined = self.several.get(item, 0)
            if len(introducing) + defined < 2:
                continue
            said = f"introduced by {len(introducing) + defined} papers, each as its own"
            for n, paper in enumerate(sorted(introducing), defined + 1):
                self._own_sense[item, paper] = n
                self.notes.setdefault((*item, n), []).append(said)
                self.hints[(*item, n)] = paper
            self.several[item] = defined + len(introducing)
            self._default[item] = 0

    def known_pairs(self) -> list[tuple[Node, Node]]:
        """Return acronym and full form of the listed ones."""
        return self._listed

    def nodes(self, one: Pattern) -> tuple[Named, ...]:
        """Return the node of each surface of a pattern, then of each full form that it defines."""
        parse, own = self._forms.parse, one.group
        texts = [(number, parse(self._text(number), own).key) for number in (*one.surfaces, *one.defined)]
        keys = {key for _, key in texts}
        named = []
        for position, (number, key) in enumerate(texts):
            item = (self._folded.get((own, key), own), key)
            sense = self._own_sense.get((item, one.paper), 0) if one.paper and position < len(one.surfaces) else 0
            if sense == 0 and position < len(one.surfaces) and item in self._default:
                told = [n for k in keys if (n := self._sense_of.get((item, k)))]
                sense = min(told) if told else self._default[item]
            named.append(((*item, sense), number))
        return tuple(named)

    def _text(self, number: int) -> str:
        return self._forms.surfaces[number]


def _folded_into(item: Key, folded: Mapping[Key, str]) -> Iterable[str]:
    return (g for g in ("method", "model", "data") if folded.get((g, item[1])) == item[0])


def _nested(ones: Sequence[Node], twos: Sequence[Node], text_of: Mapping[Node, str], forms: Forms) -> bool:
    """Return whether a name of the one cluster lies within one of the other, or both are versions or sizes of one.

    A bare head more ("Segment Anything", "Segment Anything Model") does not count.
    """
    heads = words().heads
    for one in ones[:_COMPARED]:
        a, x = forms.parse(text_of[one], one[0]).base, forms.words(text_of[one], one[0])
        for two in twos[:_COMPARED]:
            b, y = forms.parse(text_of[two], two[0]).base, forms.words(text_of[two], two[0])
            if a == b or ((x <= y or y <= x) and not (x ^ y) <= heads):
                return True
    return False


def _written_out(
    joins: _Joins,
    papers: Mapping[Node, int],
    fitting: set[tuple[Node, Node]],
    text_of: Mapping[Node, str],
    forms: Forms,
) -> list[tuple[Node, Node]]:
    """Pairs of names of which one has an acronym where the other has its full form ("multi-agent RL").

    The acronym must mean that full form in this corpus: both in one cluster.
    """
    longs: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for a, b in sorted(fitting):
        if joins.find(a) == joins.find(b):
            short, long = (a, b) if fits(text_of[a], text_of[b]) else (b, a)
            longs[short[1]].append((text_of[short], text_of[long]))
    if not longs:
        return []
    found = []
    for node in sorted(papers):
        group, key, sense = node
        if sense > 1:
            continue
        text = forms.text_of_key.get((group, key))
        if text is None or (" " not in text and "-" not in text):
            continue
        for piece in forms.pieces(text, group):
            for acronym, full in longs.get(piece, ())[:3]:
                expanded = forms.parse(_replace(text, acronym, full), group).key
                other = (group, expanded, 0)
                if expanded != key and other in papers:
                    found.append((node, other))
    return found


def _replace(text: str, short: str, long: str) -> str:
    parts = text.replace("-", " ").split()
    return " ".join(long if part.casefold().rstrip("s") == short.casefold().rstrip("s") else part for part in parts)


class _Joins:
    """Union of nodes under guards, with the papers that two clusters share kept up to date."""

    def __init__(self, papers: Mapping[Node, int], pairs: Mapping[tuple[Node, Node], int]) -> None:
        self._papers = papers
        self._parent: dict[Node, Node] = {}
        self._weight: dict[Node, int] = {}
        self._members: dict[Node, list[Node]] = {}
        self._names: dict[Node, dict[Key, str]] = {}
        self._shared: dict[Node, dict[Node, int]] = defaultdict(dict)
        for (a, b), n in pairs.items():
            self._shared[a][b] = self._shared[b][a] = n

    def _know(self, node: Node) -> None:
        if node not in self._parent:
            self._parent[node] = node
            self._weight[node] = self._papers.get(node, 0)
            self._members[node] = [node]
            self._names[node] = {(node[0], node[1].split("|")[0]): node[1]}

    def find(self, node: Node) -> Node:
        """Return the representative of the node's cluster."""
        root = node
        while (up := self._parent.get(root, root)) != root:
            root = up
        while (up := self._parent.get(node, node)) != root:
            self._parent[node] = root
            node = up
        return root

    def members(self, node: Node) -> list[Node]:
        """Return the nodes of the node's cluster."""
        root = self.find(node)
        return self._members.get(root, [root])

    def weight(self, node: Node) -> int:
        """Return the papers of the commonest name of the node's cluster."""
        root = self.find(node)
        return self._weight.get(root, self._papers.get(root, 0))

    def join(self, a: Node, b: Node, support: float) -> None:
        """Join the clusters of two nodes if their papers bear it out and no name meets its own version."""
        if a not in self._papers or b not in self._papers:
            return
        self._know(a)
        self._know(b)
        x, y = self.find(a), self.find(b)
        if x == y:
            return
        shared = self._shared[x].get(y, 0)
        if shared < support * min(self._weight[x], self._weight[y]):
            return
        if any(self._names[y].get(base, key) != key for base, key in self._names[x].items()):
            return
        if (len(self._shared[x]), y) < (len(self._shared[y]), x):
            x, y = y, x
        self._parent[y] = x
        self._weight[x] = max(self._weight[x], self._weight[y])
        self._names[x].update(self._names.pop(y))
        self._members[x] += self._members.pop(y)
        for other, n in self._shared.pop(y).items():
            del self._shared[other][y]
            if other != x:
                self._shared[x][other] = self._shared[other][x] = self._shared[x].get(other, 0) + n

    def clusters(self) -> list[list[Node]]:
        """Return the clusters, each sorted, in the order of their least node."""
        joined: dict[Node, list[Node]] = {}
        for node in sorted(self._papers):
            joined.setdefault(self.find(node), []).append(node)
        return sorted(joined.values())


def _choose(
    entry: Entry,
    named: Sequence[Named],
    of_node: Mapping[Node, int],
    papers: Mapping[Node, int],
    gathered: Gathered,
    forms: Forms,
) -> int:
    """The cluster of an entry whose surfaces fall into several: that of the fullest name.

    Not where the acronym says that its full form begins later: "flow-guided Monte Carlo Tree Search (MCTS)" is MCTS.
    Where this leaves several: the cluster of its own name; the best known one if no other paper has the own name and
    this one does not introduce it.
    """
    spelled = [(of_node[node], number, node[0]) for node, number in named[: len(entry.surfaces)]]
    texts = [gathered.surfaces[s] for _, s, _ in spelled]
    beyond = {at for (at, _, _), long in zip(spelled, texts, strict=True) if any(qualified(t, long) for t in texts)}
    compared = [one for one in spelled if one[0] not in beyond] or spelled
    clusters = {at for at, _, _ in compared}
    short = set()
    for one, s, group in compared:
        pieces = forms.pieces(gathered.surfaces[s], group)
        if any(one != two and pieces < forms.pieces(gathered.surfaces[t], group) for two, t, _ in compared):
            short.add(one)
    if clusters - short:
        clusters -= short
    own: Counter[int] = Counter()
    known_best: Counter[int] = Counter()
    for (at, number, _), (node, _), count in zip(spelled, named[: len(spelled)], entry.counts, strict=True):
        own[at] += count + (1_000_000 if number == entry.name else 0)
        known_best[at] = max(known_best[at], papers[node])
    best = min(clusters, key=lambda c: (-own[c], c))
    if entry.introduced or known_best[best] > 1:
        return best
    return min(clusters, key=lambda c: (-known_best[c], -own[c], c))

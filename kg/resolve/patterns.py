"""The distinct ways in which papers name one thing, with how many papers do, and the facts that follow for each name.

Most papers that name LoRA do so in the same few ways: what depends on type and surfaces alone is worked out once for
each such pattern, and weighted by its papers.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field

from kg.resolve.acronyms import fits, is_short, same_long
from kg.resolve.forms import Forms
from kg.resolve.gather import Gathered
from kg.resolve.known import GROUP, known

OTHER_DATA_SHARE = 0.15
"""A name typed as data in a smaller share of papers than this (or the reverse) is taken as a slip of typing."""

PatternKey = tuple[str, tuple[int, ...], tuple[int, ...], str]
"""What entries of one pattern share: group, surfaces, defined full forms, the paper where it stands for itself."""

SLIP_SHARE = 0.1
"""A type given by no more papers than this share of the other's is a slip, whoever introduces the name."""

CONTESTED_SHARE = 0.5
"""A name that so many of its papers introduce in their titles is a thing of each of them."""

Key = tuple[str, str]
"""Group of types and key of a form."""

_ORDER = {"model": 0, "method": 1, "data": 2}


@dataclass(slots=True)
class Pattern:
    """Group, surfaces and defined full forms; papers that name a thing so, and how many of them introduce it."""

    group: str
    surfaces: tuple[int, ...]
    defined: tuple[int, ...]
    paper: str = ""  # of a name that several papers introduce: the one that introduces it here
    papers: int = 0
    introduced: int = 0


def contested(gathered: Gathered, forms: Forms) -> frozenset[Key]:
    """Return the names that several papers introduce, each as its own, in their titles.

    Names of one word only, and only where no fewer than half of the papers that name it do so: what everybody uses has
    one origin, whatever a reading of roles says.
    """
    titled: Counter[Key] = Counter()
    every: Counter[Key] = Counter()
    for entry in gathered.entries:
        if entry.titled:
            group = GROUP[entry.type]
            texts = [gathered.surfaces[s] for s in entry.surfaces]
            titled.update({(group, forms.parse(t, group).key) for t in texts if " " not in t.strip()})
    several = {item for item, n in titled.items() if n > 1}
    if not several:
        return frozenset()
    for entry in gathered.entries:
        group = GROUP[entry.type]
        keys = {(group, forms.parse(gathered.surfaces[s], group).key) for s in entry.surfaces}
        every.update(keys & several)
    return frozenset(item for item in several if titled[item] >= CONTESTED_SHARE * every[item])


@dataclass(slots=True)
class Facts:
    """Counts over the papers of one name."""

    papers: int = 0
    introduced: int = 0
    short: str | None = None  # its commonest spelling that is an acronym
    longs: Counter[str] = field(default_factory=Counter)  # full forms that papers give for it


def patterns(
    gathered: Gathered, forms: Forms, own: frozenset[Key]
) -> tuple[dict[PatternKey, Pattern], list[PatternKey]]:
    """Return the patterns of the corpus by their key, and the key of each entry; ``own``: the contested names."""
    found: dict[PatternKey, Pattern] = {}
    keys = []
    for entry in gathered.entries:
        group, paper = GROUP[entry.type], ""
        if own and entry.titled:
            names = {(group, forms.parse(gathered.surfaces[s], group).key) for s in entry.surfaces}
            paper = entry.paper if names & own else ""
        key = (group, entry.surfaces, entry.defined, paper)
        keys.append(key)
        one = found.get(key)
        if one is None:
            one = found[key] = Pattern(*key)
        one.papers += 1
        one.introduced += entry.introduced
    return found, keys


def facts(found: list[Pattern], gathered: Gathered, forms: Forms) -> tuple[dict[Key, list[int]], dict[Key, Facts]]:
    """Return papers and introductions of each name, and the facts of the names that are acronyms."""
    counts: dict[Key, list[int]] = {}
    acronyms: dict[Key, Facts] = {}
    spelled: dict[Key, Counter[str]] = defaultdict(Counter)
    for one in found:
        texts = [gathered.surfaces[s] for s in one.surfaces]
        keys = [forms.parse(t, one.group).key for t in texts]
        for key in set(keys):
            count = counts.setdefault((one.group, key), [0, 0])
            count[0] += one.papers
            count[1] += one.introduced
        for text, key in zip(texts, keys, strict=True):
            if is_short(text):
                spelled[one.group, key][text] += one.papers
        if len(texts) + len(one.defined) < 2:
            continue
        candidates = texts + [gathered.surfaces[s] for s in one.defined]
        for key in set(keys):
            shorts = [t for t, k in zip(texts, keys, strict=True) if k == key and is_short(t)]
            longs: dict[str, str] = {}
            for text in candidates:
                other = forms.parse(text, one.group).key
                if other != key and any(fits(s, text) for s in shorts):
                    longs.setdefault(other, text)
            if longs:
                fact = acronyms.setdefault((one.group, key), Facts())
                for text in longs.values():
                    fact.longs[text] += one.papers
    for item, fact in acronyms.items():
        fact.papers, fact.introduced = counts[item]
        fact.short = min(spelled[item], key=lambda s: (-spelled[item][s], s))
    return counts, acronyms


def fold_types(counts: dict[Key, list[int]], acronyms: dict[Key, Facts], notes: dict[Key, list[str]]) -> dict[Key, str]:
    """Decide which groups of types of one name are one thing: (group, key) -> the group it counts as."""
    listed = known()
    groups_of: dict[str, list[str]] = {}
    seen: dict[str, str] = {}
    for group, key in counts:
        if seen.setdefault(key, group) != group:
            groups_of.setdefault(key, [seen[key]]).append(group)
    folded: dict[Key, str] = {}
    for key, groups in sorted(groups_of.items()):
        wanted = listed.together.get(key)
        apart = listed.apart.get(key, frozenset())
        groups.sort(key=lambda g: (wanted is None or GROUP[wanted] != g, -counts[g, key][0], _ORDER[g]))
        major = groups[0]
        for minor in groups[1:]:
            papers = counts[minor, key][0]
            if wanted is None and ({major, minor} <= apart or not _one_thing(key, major, minor, counts, acronyms)):
                notes[major, key].append(f"kept apart from the {minor} of this name ({papers} papers)")
                notes[minor, key].append(f"kept apart from the {major} of this name ({counts[major, key][0]} papers)")
                continue
            folded[minor, key] = major
            notes[major, key].append(f"{papers} papers that call it a {minor} taken in")
    return folded


def _one_thing(key: str, major: str, minor: str, counts: dict[Key, list[int]], acronyms: dict[Key, Facts]) -> bool:
    """Whether a name of two groups of types is one thing; the full forms say, then who introduces it, then shares."""
    one, two = acronyms.get((major, key)), acronyms.get((minor, key))
    (papers, introduced), (few, anew) = counts[major, key], counts[minor, key]
    if one and two:
        short = one.short or key
        if not any(same_long(short, a, b) for a in one.longs for b in two.longs):
            return False
    elif (one or two) and anew:
        return False
    if few <= SLIP_SHARE * papers:
        return True
    if {major, minor} == {"model", "method"}:
        return not (introduced and anew)
    return not anew and few <= OTHER_DATA_SHARE * (papers + few)

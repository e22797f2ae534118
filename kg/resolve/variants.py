"""Versions, sizes and tunings below their families, by the grammar of names."""

from __future__ import annotations

from collections import Counter, defaultdict

from kg.resolve.cluster import Clusters
from kg.resolve.draft import Draft
from kg.resolve.forms import Forms
from kg.resolve.known import known

_RELATED = {"model": ("model", "method"), "method": ("method", "model"), "data": ("data",)}
_FAMILY_TYPE = {"model": "model", "method": "method"}


def hang(drafts: list[Draft], forms: Forms, clusters: Clusters) -> None:
    """Set ``parent`` and ``rule`` of each draft that is a variant; families that no paper names are added to the list.

    A family is made up where the grammar is sure of it (a size in numbers or a version), where it is a known one, or
    where two variants of the corpus ask for it.
    """
    at: dict[tuple[str, str], int] = {}
    for (group, key, _), number in sorted(clusters.of_node.items(), key=lambda item: -item[0][2]):
        if drafts[number].total:
            at[group, key] = number
    for group, short, long in known().full_forms:
        one, two = (group, forms.parse(short, group).key), (group, forms.parse(long, group).key)
        for mine, other in ((one, two), (two, one)):
            if mine not in at and other in at:
                at[mine] = at[other]
    waiting = [n for n, d in enumerate(drafts) if d.total]
    while waiting:
        asked: dict[tuple[str, str], list[tuple[int, str, str, bool]]] = defaultdict(list)
        for number in waiting:
            found = _parent(drafts[number], forms)
            if found is None:
                continue
            text, rule, sure = found
            group = drafts[number].group()
            key = forms.parse(text, group).key
            home = next((at[g, key] for g in _RELATED[group] if (g, key) in at), None)
            if home is None:
                asked[group, key].append((number, text, rule, sure))
            elif home != number and not below(drafts, home, number):
                drafts[number].parent, drafts[number].rule = home, rule
        waiting = []
        for (group, key), children in sorted(asked.items()):
            if not (len(children) > 1 or any(sure for *_, sure in children) or key in known().families[group]):
                continue
            new = len(drafts)
            texts = Counter({text: 0 for _, text, _, _ in children})
            for child, text, _, _ in children:
                texts[text] += drafts[child].total
            name = known().families[group].get(key) or min(texts, key=lambda t: (-texts[t], t))
            kinds = Counter(drafts[child].settled_type() for child, *_ in children)
            made = Draft(name=name, type=min(kinds, key=lambda t: (-kinds[t], t)))
            made.nodes = [(group, key, 0)]
            made.note("no paper names it: known from the names of its variants")
            drafts.append(made)
            at[group, key] = new
            for child, _, rule, _ in children:
                drafts[child].parent, drafts[child].rule = new, rule
            waiting.append(new)


def _parent(one: Draft, forms: Forms) -> tuple[str, str, bool] | None:
    """What most of its papers' spellings say it is a variant of; the longest such name where they differ in detail."""
    votes: Counter[str | None] = Counter()
    found: dict[str, tuple[int, int, str, str, bool]] = {}
    spellings = one.own() or {one.name or "": 1}
    group = one.group()
    for surface, papers in spellings.items():
        form = forms.parse(surface, group)
        if form.parent is None:
            votes[None] += papers
            continue
        key = forms.parse(form.parent, group).key
        votes[key] += papers
        rank = (-papers, -len(form.parent), form.parent, form.rule or "", form.sure)
        found[key] = min(found.get(key, rank), rank)
    if not found:
        return None
    best = max(found, key=lambda k: (k.count("|") and "|" in k, votes[k], k))
    if votes[None] > sum(n for k, n in votes.items() if k is not None):
        return None
    _, _, text, rule, sure = found[best]
    return text, rule, sure


def below(drafts: list[Draft], number: int, top: int) -> bool:
    """Return whether ``number`` hangs below ``top``, in which case hanging ``top`` below it would close a circle."""
    seen: int | None = number
    while seen is not None:
        if seen == top:
            return True
        seen = drafts[seen].parent
    return False


def root(drafts: list[Draft], number: int) -> int:
    """Return the number of the family's root."""
    while (parent := drafts[number].parent) is not None:
        number = parent
    return number

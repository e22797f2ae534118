"""Names, labels, ids, and what is said of each spelling."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from itertools import chain, count
from typing import NamedTuple

from kg.resolve.acronyms import fits, is_short
from kg.resolve.draft import Draft
from kg.resolve.forms import Forms
from kg.resolve.known import known
from kg.resolve.resolution import BESIDE, SHORTENED
from kg.resolve.typography import clean, loose, plain

SHORT_SHARE = 0.1
"""An acronym is the name of its full form from this share of the papers on."""

_NOT_SLUG = re.compile(r"[^0-9a-z]+")


def slug(name: str) -> str:
    """Return the name as the readable part of an id.

    >>> slug("Llama 2"), slug("Qwen2.5-Math"), slug("HumanEval+"), slug("TÜLU")
    ('llama-2', 'qwen2-5-math', 'humaneval-plus', 'tulu')
    """
    low = plain(clean(name)).replace("+", "-plus-").replace("#", "-sharp-")
    ascii_slug = _NOT_SLUG.sub("-", low).strip("-")
    if ascii_slug:
        return ascii_slug
    return "-".join(f"u{ord(c):x}" for c in clean(name) if not c.isspace()) or "unnamed"


def choose_name(one: Draft, forms: Forms) -> str:
    """Return the spelling for the page: the acronym where there is one, else the commonest, in clean type."""
    if one.name:
        return one.name
    group = one.group()
    own = one.own() or {s: c[0] for s, c in one.counts.items()}
    if len(own) == 1:
        return clean(next(iter(own)))
    for node in one.nodes:
        family = known().families[group].get(node[1])
        if family and any(loose(s) == loose(family) for s in own):
            return family
    shorts = {s: n for s, n in own.items() if any(fits(s, long) for long in own if long != s)}
    if sum(shorts.values()) >= SHORT_SHARE * one.total:
        own = shorts or own
    texts: Counter[str] = Counter()
    for surface, papers in own.items():
        texts[clean(surface)] += papers
    # Spellings that differ in case and plural alone vote together for the key, apart for the writing.
    by_key: Counter[str] = Counter()
    for text, papers in texts.items():
        by_key[forms.parse(text, group).key] += papers
    named = Counter(dict.fromkeys(by_key, 0))
    for surface, counts in one.counts.items():
        named[forms.parse(surface, group).key] += counts[2]
    key = min(by_key, key=lambda k: (-by_key[k] - named[k], k))
    alike = {t: n for t, n in texts.items() if forms.parse(t, group).key == key}
    singular = {
        t: n for t, n in alike.items() if not (t.endswith("s") and any(loose(t[:-1]) == loose(u) for u in alike))
    }
    alike = singular or alike
    return min(alike, key=lambda t: (-alike[t], -sum(c.isupper() for c in t), t))


def full_form(one: Draft, name: str) -> str | None:
    """Return the commonest full form that the name is the acronym of."""
    if len(one.counts) < 2 or not is_short(name):
        return None
    longs = {clean(s): n for s, n in one.own().items() if fits(name, s)}
    return min(longs, key=lambda s: (-longs[s], s)) if longs else None


def qualify(named: list[tuple[str, str, str | None, int]]) -> list[tuple[str, str]]:
    """Return (label, id) for each (name, type, full form, papers); labels and ids are unique.

    Entities that share a name get a qualifier in brackets: the type where that tells them apart, else the full form,
    else a number. The best supported one of a type keeps the plain id.
    """
    sharing: dict[str, list[int]] = defaultdict(list)
    for number, (name, *_) in enumerate(named):
        sharing[loose(name)].append(number)
    labels = [name for name, *_ in named]
    for numbers in sharing.values():
        if len(numbers) < 2:
            continue
        types = Counter(named[n][1] for n in numbers)
        for n in numbers:
            name, kind, form, _ = named[n]
            labels[n] = f"{name} ({kind})" if types[kind] == 1 or form is None else f"{name} ({form})"
    ids = [""] * len(named)
    taken_ids: set[str] = set()
    taken_labels: set[str] = set()
    for n in sorted(
        range(len(named)),
        key=lambda n: (-named[n][3], named[n][2] is None, named[n][0], named[n][1], named[n][2] or ""),
    ):
        name, kind, form, _ = named[n]
        candidates = [name, f"{name} {form}"] if form else [name]
        for candidate in chain(candidates, (f"{name} {i}" for i in count(2))):
            if (wanted := f"{kind}/{slug(candidate)}") not in taken_ids:
                ids[n] = wanted
                taken_ids.add(wanted)
                break
        label, i = labels[n], 2
        while label.casefold() in taken_labels:
            label, i = f"{labels[n]} ({i})", i + 1
        labels[n] = label
        taken_labels.add(label.casefold())
    return list(zip(labels, ids, strict=True))


class Labelled(NamedTuple):
    """How a draft is shown, and the full form that tells it apart."""

    name: str
    type: str
    form: str | None
    label: str
    id: str


def labelled(drafts: list[Draft], forms: Forms) -> dict[int, Labelled]:
    """Return how each draft that is not gone is shown as things stand, by its number."""
    kept = [n for n, one in enumerate(drafts) if one.gone is None and (one.total or one.name)]
    named = []
    for n in kept:
        one = drafts[n]
        name = choose_name(one, forms)
        named.append((name, one.settled_type(), full_form(one, name) or one.hint, one.total))
    return {
        n: Labelled(name, kind, form, label, own_id)
        for n, (name, kind, form, _), (label, own_id) in zip(kept, named, qualify(named), strict=True)
    }


def spelling_rule(one: Draft, surface: str, name: str, forms: Forms) -> str:
    """Return, in words, why the surface is a spelling of the name."""
    group = one.group()
    if surface == name:
        return "the name"
    if one.moved and surface in one.moved:
        return one.moved[surface]
    if clean(surface) != surface and clean(surface) == name:
        return "typographic residue"
    if loose(surface) == loose(name):
        return "case, space, hyphen or typography"
    if surface in one.foreign:
        return SHORTENED if _part(surface, one) else BESIDE
    mine, its = forms.parse(surface, group), forms.parse(name, group)
    if mine.key == its.key:
        if forms.kinds(surface, group) == forms.kinds(name, group):
            return "plural, regional spelling or known other name"
        return "same words, version and tags in another order or writing"
    if fits(name, surface):
        return "full form, defined beside the acronym"
    if fits(surface, name):
        return "acronym, defined beside the full form"
    if any(fits(other, surface) for other in one.own() if is_short(other)):
        return "full form, defined beside another spelling"
    return "two names that papers give to one thing"


def _part(surface: str, one: Draft) -> bool:
    folded = loose(surface)
    return any(folded in loose(other) for other in one.counts if other != surface)

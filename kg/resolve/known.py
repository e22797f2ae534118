"""Load the data files about names: ``grammar.yaml`` (word classes), ``families.yaml`` (what patterns cannot know)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from kg.resolve.typography import loose

GROUP = {"method": "method", "model": "model", "dataset": "data", "benchmark": "data"}
"""Types within which a spelling means one thing: data set and benchmark are one group."""

_HERE = Path(__file__).parent
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml's, where PyYAML has it, is seven times as fast


@dataclass(frozen=True)
class Words:
    """The word classes of ``grammar.yaml``, patterns compiled to match one whole lower-case token."""

    size: re.Pattern[str]
    active: re.Pattern[str]
    context: re.Pattern[str]
    release: re.Pattern[str]
    quantisation: re.Pattern[str]
    size_words: frozenset[str]
    tuning_words: frozenset[str]
    size_letters: Mapping[str, str]
    letter_families: frozenset[str]
    same_words: Mapping[str, str]
    vendors: frozenset[str]
    subset_words: frozenset[str]
    edition_words: frozenset[str]
    spellings: tuple[tuple[re.Pattern[str], str], ...]
    articles: frozenset[str]
    joints: frozenset[str]
    joints_from: int
    heads: frozenset[str]
    fillers: frozenset[str]
    endings: tuple[str, ...]


@dataclass(frozen=True)
class Known:
    """The lists of ``families.yaml``, names folded with `loose`, by group of types."""

    atomic: Mapping[str, frozenset[str]]
    atomic_names: Mapping[str, tuple[str, ...]]  # the same as written
    families: Mapping[str, Mapping[str, str]]  # group -> folded name -> name
    versions: Mapping[str, Mapping[str, re.Pattern[str]]]  # group -> folded family -> what its versions look like
    also: Mapping[str, Mapping[str, str]]  # group -> folded other name -> folded family
    full_forms: tuple[tuple[str, str, str], ...]  # group, acronym, full form
    same: tuple[tuple[str, tuple[str, ...]], ...]  # (group, names)
    apart: Mapping[str, frozenset[str]]  # folded name -> groups that stay apart
    together: Mapping[str, str]  # folded name -> type


def read(name: str) -> Any:
    """Return a data file of this package as plain values."""
    with (_HERE / name).open(encoding="utf-8") as lines:
        return yaml.load(lines, Loader=_LOADER)


def _any(patterns: Iterable[str]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{p})" for p in patterns))


@cache
def words() -> Words:
    """Return the word classes of ``grammar.yaml``."""
    raw = read("grammar.yaml")
    return Words(
        size=_any(raw["size_patterns"]),
        active=_any(raw["active_patterns"]),
        context=_any(raw["context_patterns"]),
        release=_any(raw["release_patterns"]),
        quantisation=_any(raw["quantisation_patterns"]),
        size_words=frozenset(raw["size_words"]),
        tuning_words=frozenset(raw["tuning_words"]),
        size_letters=raw["size_letters"],
        letter_families=frozenset(raw["letter_families"]),
        same_words=raw["same_words"],
        vendors=frozenset(raw["vendors"]),
        subset_words=frozenset(raw["subset_words"]),
        edition_words=frozenset(raw["edition_words"]),
        spellings=tuple((re.compile(p), r) for p, r in raw["word_spellings"]),
        articles=frozenset(raw["articles"]),
        joints=frozenset(raw["joints"]),
        joints_from=raw["joints_from"],
        heads=frozenset(raw["heads"]),
        fillers=frozenset(raw["fillers"]),
        endings=tuple(raw["endings"]),
    )


@cache
def known() -> Known:
    """Return the lists of ``families.yaml``."""
    raw = read("families.yaml")
    atomic_names: dict[str, list[str]] = {"method": [], "model": [], "data": []}
    for kind, names in raw["atomic"].items():
        atomic_names[GROUP[kind]] += names
    atomic = {group: set(map(loose, names)) for group, names in atomic_names.items()}
    families: dict[str, dict[str, str]] = {g: {} for g in atomic}
    versions: dict[str, dict[str, re.Pattern[str]]] = {g: {} for g in atomic}
    also: dict[str, dict[str, str]] = {g: {} for g in atomic}
    for family in raw["families"]:
        group, folded = GROUP[family["type"]], loose(family["name"])
        families[group][folded] = family["name"]
        if "versions" in family:
            versions[group][folded] = _any(family["versions"])
        also[group].update((loose(other), folded) for other in family.get("also", ()))
    return Known(
        atomic={g: frozenset(names) for g, names in atomic.items()},
        atomic_names={g: tuple(names) for g, names in atomic_names.items()},
        families=families,
        versions=versions,
        also=also,
        full_forms=tuple((GROUP[f["type"]], f["short"], f["long"]) for f in raw["full_forms"]),
        same=tuple((GROUP[s["type"]], tuple(s["names"])) for s in raw["same"]),
        apart={loose(a["name"]): frozenset(GROUP[t] for t in a["types"]) for a in raw["apart"]},
        together={loose(t["name"]): t["type"] for t in raw["together"]},
    )

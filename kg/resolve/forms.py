"""The forms of all surfaces of the corpus, each parsed once per group of types.

Whether "SAM2" is a version depends on whether the corpus knows a SAM: the names that stand alone, or with a version
set apart, are gathered first.
"""

from __future__ import annotations

import re

from kg.resolve.gather import Gathered
from kg.resolve.grammar import VERSION, Form, Grammar
from kg.resolve.known import GROUP
from kg.resolve.typography import plain

GROUPS = ("method", "model", "data")
_GLUED = re.compile(r"[A-Za-z]\d|\d\d")
_YEAR = re.compile(r"20\d\d")


class Forms:
    """Maps (surface number, group) to its `Form`; parses names outside the corpus by the same rules."""

    def __init__(self, gathered: Gathered) -> None:
        used: set[tuple[int, str]] = set()
        for entry in gathered.entries:
            group = GROUP[entry.type]
            used.update((s, group) for s in entry.surfaces)
            used.update((s, group) for s in entry.defined)
        self._attested: dict[str, set[str]] = {group: set() for group in GROUPS}
        first = {group: Grammar(group, lambda _: False) for group in GROUPS}
        forms = {}
        for number, group in used:
            form = forms[number, group] = first[group].parse(gathered.surfaces[number])
            seen = self._attested[group]
            seen.add(form.base)
            versions = [t for t in form.tokens if t.kind == VERSION]
            if versions:
                if any(_YEAR.fullmatch(t.norm) for t in versions):
                    seen.add(f"{form.base}#year")
                if all(t.kind in ("word", "version") for t in form.tokens):
                    seen.add(form.key)
        self.grammars = {g: Grammar(g, self._attested[g].__contains__) for g in GROUPS}
        for number, group in used:
            if _GLUED.search(gathered.surfaces[number]):
                forms[number, group] = self.grammars[group].parse(gathered.surfaces[number])
        self._forms = forms
        self._cache: dict[tuple[str, str], Form] = {}

    def __getitem__(self, item: tuple[int, str]) -> Form:
        return self._forms[item]

    def parse(self, text: str, group: str) -> Form:
        """Return the form of any text, by the rules and the names of this corpus."""
        item = (text, group)
        if item not in self._cache:
            self._cache[item] = self.grammars[group].parse(text)
        return self._cache[item]


def is_plural(text: str, key: str) -> bool:
    """Return whether the spelling carries a plural that its key lacks."""
    return text.endswith("s") and not plain(key).endswith("s")

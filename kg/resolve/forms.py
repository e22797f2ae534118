"""The forms of all surfaces of the corpus, each parsed once per group of types.

Whether "SAM2" is a version depends on whether the corpus knows a SAM: the names that stand alone, or with a version
set apart, are gathered first. Only what asks for a name that is there is read again.
"""

from __future__ import annotations

import re
from functools import lru_cache

from kg.resolve.gather import Gathered
from kg.resolve.grammar import WORD, Form, Grammar, Reading
from kg.resolve.known import GROUP
from kg.resolve.readings import GROUPS, Readings

_GLUED = re.compile(r"[A-Za-z]\d|\d\d")
_YEAR = re.compile(r"(?:19|20)\d\d")


class Forms:
    """Maps (surface, group) to its `Form`, for names within the corpus and outside it."""

    def __init__(self, gathered: Gathered, readings: Readings | None = None) -> None:
        """Parse the surfaces of a corpus; ``readings``: those of an earlier build."""
        self._readings = readings or Readings()
        used: dict[tuple[int, str], None] = {}
        for entry in gathered.entries:
            group = GROUP[entry.type]
            for number in (*entry.surfaces, *entry.defined):
                used[number, group] = None
        self._attested: dict[str, set[str]] = {group: set() for group in GROUPS}
        first = self._readings.grammars
        self._forms: dict[tuple[str, str], Form] = {}
        for number, group in used:
            surface = gathered.surfaces[number]
            form = self._forms[surface, group] = first[group].settle(self._readings.of(surface, group).form)
            seen = self._attested[group]
            seen.add(form.base)
            if "|" in form.key:
                _, versions, tags = form.key.split("|")
                if _YEAR.fullmatch(versions):
                    seen.add(f"{form.base}#year")
                if not tags:
                    seen.add(form.key)
        self.surfaces = gathered.surfaces
        self._grammars = {g: Grammar(g, self._attested[g].__contains__) for g in GROUPS}
        for surface, group in self._forms:
            if _GLUED.search(surface):
                self._forms[surface, group] = self._parse(surface, group)
        self.text_of_key: dict[tuple[str, str], str] = {}
        for (surface, group), form in self._forms.items():
            item = (group, form.key)
            if surface < self.text_of_key.get(item, "\U0010ffff"):
                self.text_of_key[item] = surface
        self._read_anew = lru_cache(maxsize=1 << 14)(lambda surface, group: self._grammars[group].read(surface))

    def parse(self, surface: str, group: str) -> Form:
        """Return the form of a surface, by the rules and the names of this corpus."""
        item = (surface, group)
        form = self._forms.get(item)
        if form is None:
            form = self._forms[item] = self._parse(surface, group)
        return form

    def _parse(self, surface: str, group: str) -> Form:
        grammar, reading = self._grammars[group], self._readings.of(surface, group)
        if self._attested[group].isdisjoint(reading.asked):
            return grammar.settle(reading.form)
        return grammar.parse(surface)

    def _reading(self, surface: str, group: str) -> Reading:
        reading = self._readings.of(surface, group)
        if self._attested[group].isdisjoint(reading.asked):
            return reading
        return self._read_anew(surface, group)

    def kinds(self, surface: str, group: str) -> tuple[str, ...]:
        """Return the classes of the pieces of a surface."""
        return self._reading(surface, group).kinds

    def words(self, surface: str, group: str) -> frozenset[str]:
        """Return the words of a surface, without versions and tags."""
        reading = self._reading(surface, group)
        return frozenset([norm for norm, kind in zip(reading.norms, reading.kinds, strict=True) if kind == WORD])

    def pieces(self, surface: str, group: str) -> frozenset[str]:
        """Return all pieces of a surface, normalised."""
        return frozenset(self._reading(surface, group).norms)

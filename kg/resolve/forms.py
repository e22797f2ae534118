"""The forms of all surfaces of the corpus, each parsed once per group of types.

Whether "SAM2" is a version depends on whether the corpus knows a SAM: the names that stand alone, or with a version
set apart, are gathered first.
"""

from __future__ import annotations

import re
from functools import lru_cache

from kg.resolve.gather import Gathered
from kg.resolve.grammar import WORD, Form, Grammar, Token
from kg.resolve.known import GROUP

GROUPS = ("method", "model", "data")
_GLUED = re.compile(r"[A-Za-z]\d|\d\d")
_YEAR = re.compile(r"(?:19|20)\d\d")


class Forms:
    """Maps (surface, group) to its `Form`, for names within the corpus and outside it."""

    def __init__(self, gathered: Gathered) -> None:
        used: set[tuple[int, str]] = set()
        for entry in gathered.entries:
            group = GROUP[entry.type]
            for number in entry.surfaces:
                used.add((number, group))
            for number in entry.defined:
                used.add((number, group))
        attested: dict[str, set[str]] = {group: set() for group in GROUPS}
        first = {group: Grammar(group, lambda _: False) for group in GROUPS}
        self._forms: dict[tuple[str, str], Form] = {}
        for number, group in used:
            surface = gathered.surfaces[number]
            form = self._forms[surface, group] = first[group].parse(surface)
            seen = attested[group]
            seen.add(form.base)
            if "|" in form.key:
                _, versions, tags = form.key.split("|")
                if _YEAR.fullmatch(versions):
                    seen.add(f"{form.base}#year")
                if not tags:
                    seen.add(form.key)
        self.surfaces = gathered.surfaces
        self._grammars = {g: Grammar(g, attested[g].__contains__) for g in GROUPS}
        for surface, group in list(self._forms):
            if _GLUED.search(surface):
                self._forms[surface, group] = self._grammars[group].parse(surface)
        self.text_of_key: dict[tuple[str, str], str] = {}
        for (surface, group), form in self._forms.items():
            item = (group, form.key)
            if surface < self.text_of_key.get(item, "\U0010ffff"):
                self.text_of_key[item] = surface
        self.tokens = lru_cache(maxsize=1 << 14)(self._tokens)

    def parse(self, surface: str, group: str) -> Form:
        """Return the form of a surface, by the rules and the names of this corpus."""
        item = (surface, group)
        form = self._forms.get(item)
        if form is None:
            form = self._forms[item] = self._grammars[group].parse(surface)
        return form

    def _tokens(self, surface: str, group: str) -> tuple[Token, ...]:
        return tuple(self._grammars[group].tokens(surface))

    def words(self, surface: str, group: str) -> frozenset[str]:
        """Return the words of a surface, without versions and tags."""
        return frozenset(t.norm for t in self.tokens(surface, group) if t.kind == WORD)

    def pieces(self, surface: str, group: str) -> frozenset[str]:
        """Return all pieces of a surface, normalised."""
        return frozenset(t.norm for t in self.tokens(surface, group))

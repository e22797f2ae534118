"""Replay the corrections of entities on the drafts: merge, split, rename, retype, hide, set family."""

from __future__ import annotations

from collections import defaultdict

from kg.records import Problem
from kg.resolve.curation import Curation, Entry
from kg.resolve.draft import Draft, add_entry
from kg.resolve.forms import Forms
from kg.resolve.gather import Gathered
from kg.resolve.naming import choose_name, labelled, slug
from kg.resolve.typography import clean, loose
from kg.resolve.variants import below


class Corrections:
    """The drafts with names by which corrections find them.

    Those are the names, labels and ids from before all corrections, and those that the corrections so far have given:
    a page shows these, and who corrects a page writes them.
    """

    def __init__(self, drafts: list[Draft], gathered: Gathered, forms: Forms) -> None:
        self._drafts = drafts
        self._gathered = gathered
        self._forms = forms
        self.problems: list[Problem] = []
        self._exact: dict[str, list[int]] = defaultdict(list)
        self._named: dict[str, list[int]] = defaultdict(list)
        self._spelled: dict[str, list[int]] = defaultdict(list)
        self.keys: dict[int, list[str]] = {}  # labels and ids that each draft had, the first ones first
        self._shown: dict[str, int] | None = None
        self._index()

    def _index(self) -> None:
        for n, one in labelled(self._drafts, self._forms).items():
            self.keys[n] = [one.label, one.id]
            self._exact[one.id].append(n)
            self._exact[one.label].append(n)
            self._named[loose(one.name)].append(n)
            for surface in self._drafts[n].own():
                self._spelled[loose(surface)].append(n)

    def replay(self, curation: Curation) -> None:
        """Apply each entry in its order; the ones that do not apply are reported."""
        for entry in curation.entity_entries():
            message = getattr(self, f"_{entry.action}")(entry)
            if message:
                self.problems.append(entry.problem(message))
            if not message or entry.action == "merge":  # which may apply in part
                self._shown = None

    # -- finding -------------------------------------------------------------------------------------------------

    def _find(self, name: str, entry: Entry) -> int | str:
        """The draft's number, or what is wrong."""
        wanted, wrong = entry.get("type"), f"no entity {name!r}; not applied"
        for table, key in ((self._exact, name), (self._named, loose(name)), (self._spelled, loose(name))):
            found = sorted({self._now(n) for n in table.get(key, ())} - {-1})
            if wanted and len(found) > 1:
                found = [n for n in found if self._drafts[n].settled_type() == wanted]
            if len(found) == 1:
                return found[0]
            if found:
                ids = ", ".join(self.keys[n][1] for n in found[:5])
                wrong = f"{name!r} names {len(found)} entities; say which type or use one of {ids}"
                break
        if self._shown is None:  # asked only for what the names from before the corrections do not settle
            shown = labelled(self._drafts, self._forms)
            self._shown = {key: n for n, one in shown.items() for key in (one.label, one.id)}
        return self._shown.get(name, wrong)

    def _keep(self, number: int) -> None:
        """Note the name and the id that a correction gave to a draft, so that it is found by them from now on."""
        one = self._drafts[number]
        name = choose_name(one, self._forms)
        own_id = f"{one.settled_type()}/{slug(name)}"
        self.keys.setdefault(number, []).extend((name, own_id))
        self._exact[own_id].append(number)
        self._named[loose(name)].append(number)

    def _now(self, number: int) -> int:
        """The draft that holds it after merges, -1 for a hidden one."""
        while (into := self._drafts[number].into) is not None:
            number = into
        return -1 if self._drafts[number].gone else number

    # -- actions: each returns what kept it from applying -----------------------------------------------------------

    def _merge(self, entry: Entry) -> str | None:
        into = self._find(entry.get("into") or "", entry)
        if isinstance(into, str):
            return into
        wrong: list[str] = []
        for name in entry.many("names"):
            found = self._find(name, entry)
            if isinstance(found, str):
                wrong.append(found)
            elif found == into:
                wrong.append(f"{name!r} and {entry.get('into')!r} are one already")
            else:
                self._join(found, into, entry)
        return "; ".join(wrong) or None

    def _join(self, found: int, into: int, entry: Entry) -> None:
        one, other = self._drafts[into], self._drafts[found]
        one.name = choose_name(one, self._forms)
        one.type = one.settled_type()
        own, others = set(one.own()), set(other.own())
        one.moved = {**(one.moved or {}), **dict.fromkeys(others - own, f"correction: {entry.reason}")}
        for number in other.entries:
            add_entry(one, number, self._gathered)
        one.foreign = frozenset(one.counts) - own - others
        one.nodes = one.nodes + other.nodes
        one.note(f"correction: {choose_name(other, self._forms)} merged in: {entry.reason}")
        other.gone, other.into, other.entries = "merged", into, []
        for number, child in enumerate(self._drafts):
            if child.parent == found:
                child.parent = into if number != into else other.parent
        if one.parent is not None and below(self._drafts, one.parent, into):
            one.parent = None

    def _split(self, entry: Entry) -> str | None:
        found = self._find(entry.get("name") or "", entry)
        if isinstance(found, str):
            return found
        one = self._drafts[found]
        spellings, papers = set(entry.many("spellings")), set(entry.many("papers"))
        texts, folded = self._gathered.surfaces, {loose(s) for s in spellings}
        exact = {s for s in spellings if s in one.counts}
        leaving = []
        for number in one.entries:
            row = self._gathered.entries[number]
            own = {texts[s] for s in row.surfaces}
            if row.paper in papers or own & exact or any(loose(s) in folded and not exact for s in own):
                leaving.append(number)
        if not leaving:
            return f"{entry.get('name')!r} has none of these spellings or papers any more; not applied"
        name, kind = clean(entry.get("new") or ""), entry.get("new_type") or one.settled_type()
        home = self._named.get(loose(name), [])
        same = [n for n in {self._now(h) for h in home} - {-1, found} if self._drafts[n].settled_type() == kind]
        staying = [n for n in one.entries if n not in set(leaving)]
        before = choose_name(one, self._forms)
        self._recount(one, staying)
        if staying:
            one.name = before if any(loose(s) == loose(before) for s in one.counts) else None
        else:
            one.gone = "split"
        if len(same) == 1:
            new = same[0]
        else:
            new = len(self._drafts)
            self._drafts.append(Draft(nodes=[(one.nodes[0][0], loose(name), 0)], name=name, type=kind))
            self._exact[name].append(new)
            self._keep(new)
        target = self._drafts[new]
        for number in leaving:
            add_entry(target, number, self._gathered)
            moved = {texts[s]: f"correction: {entry.reason}" for s in self._gathered.entries[number].surfaces}
            target.moved = {**moved, **(target.moved or {})}
        target.note(f"correction: split from {before}: {entry.reason}")
        one.note(f"correction: {name} split off: {entry.reason}")
        return None

    def _recount(self, one: Draft, entries: list[int]) -> None:
        if not one.type:
            one.type = one.settled_type()
        one.counts, one.types, one.entries, one.total = {}, [0] * len(one.types), [], 0
        for number in entries:
            add_entry(one, number, self._gathered)
        one.foreign &= frozenset(one.counts)

    def _rename(self, entry: Entry) -> str | None:
        found = self._find(entry.get("name") or "", entry)
        if isinstance(found, str):
            return found
        one, to = self._drafts[found], clean(entry.get("to") or "")
        if choose_name(one, self._forms) == to:
            return f"{to!r} is its name already"
        one.type = one.settled_type()
        one.name = to
        one.note(f"correction: named {to}: {entry.reason}")
        self._keep(found)
        return None

    def _retype(self, entry: Entry) -> str | None:
        found = self._find(entry.get("name") or "", entry)
        if isinstance(found, str):
            return found
        one, to = self._drafts[found], entry.get("to") or ""
        if one.settled_type() == to:
            return f"{entry.get('name')!r} is a {to} already"
        one.name = choose_name(one, self._forms)
        one.type = to
        one.note(f"correction: a {to}: {entry.reason}")
        self._keep(found)
        return None

    def _hide(self, entry: Entry) -> str | None:
        found = self._find(entry.get("name") or "", entry)
        if isinstance(found, str):
            return found
        one = self._drafts[found]
        one.gone = "hidden"
        for child in self._drafts:
            if child.parent == found:
                child.parent = one.parent
        return None

    def _set_family(self, entry: Entry) -> str | None:
        found = self._find(entry.get("name") or "", entry)
        if isinstance(found, str):
            return found
        one, wanted = self._drafts[found], entry.get("family")
        if wanted is None:
            if one.parent is None:
                return f"{entry.get('name')!r} is in no family already"
            one.parent, one.family_set = None, entry.line
            one.note(f"correction: in no family: {entry.reason}")
            return None
        home = self._find(wanted, Entry("set_family", {}, ""))
        if isinstance(home, str):
            if "names" in home:
                return home
            home = len(self._drafts)
            made = Draft(nodes=[(one.group(), loose(wanted), 0)], name=clean(wanted), type=one.settled_type())
            made.note(f"correction: the family of {choose_name(one, self._forms)}: {entry.reason}")
            self._drafts.append(made)
            self._keep(home)
        if one.parent == home:
            return f"{wanted!r} is its family already"
        if home == found or below(self._drafts, home, found):
            return f"{wanted!r} is below {entry.get('name')!r} itself; not applied"
        one.parent, one.rule, one.family_set = home, f"correction: {entry.reason}", entry.line
        return None

"""Who is whose variant in the end, and so the family of each entity: one parent each, never in a circle."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from kg.graph.tables import Edits, RelationRow
from kg.records import Problem
from kg.resolve import Resolution
from kg.resolve.curation import RelationEdit

_VARIANT = "variant_of"


def settle_families(
    resolution: Resolution, known: Iterable[RelationRow], edits: Edits
) -> tuple[list[RelationRow], list[Problem]]:
    """Give each entity its family, and return the known relations that agree with it.

    Names say first whose variant an entity is; corrections of ``variant_of`` say it instead, as ``set_family`` does;
    the background says it only where neither does. A correction that would close a circle is taken out of ``edits``
    and becomes a problem; of two that give an entity a parent the later holds.
    """
    known = list(known)
    corrected = _corrected(resolution, edits)
    steps = [r for r in known if r.relation == _VARIANT and (r.child, r.parent) not in corrected]
    parents = {r.child: r.parent for r in steps if r.origin == "name"}
    problems = []
    for (child, parent), edit in corrected.items():
        if edit.add and child in _line(parents, parent):
            names = edit.entry.get("child"), edit.entry.get("parent")
            problems.append(edit.entry.problem(f"{names[1]!r} is below {names[0]!r} itself; not applied"))
        elif edit.add:
            parents[child] = parent
    for r in steps:
        settled = r.child in parents or r.child in resolution.families_set
        if not settled and r.child not in _line(parents, r.parent):
            parents[r.child] = r.parent
    for (child, parent), edit in corrected.items():
        if edit.add and parents.get(child) != parent:
            del edits.relations[child, parent, _VARIANT]
    above = set(parents.values())
    for e in resolution.entities:
        e.family = _line(parents, e.id)[-1] if e.id in parents or e.id in above else None
    return [r for r in known if _agrees(r, parents, edits)], problems


def _corrected(resolution: Resolution, edits: Edits) -> dict[tuple[str, str], RelationEdit]:
    """Return the corrections of ``variant_of`` in their order; those from before a ``set_family`` no longer count."""
    corrected = {}
    for key, edit in sorted(edits.relations.items(), key=lambda item: item[1].entry.line):
        child, parent, relation = key
        if relation != _VARIANT:
            continue
        if edit.entry.line < resolution.families_set.get(child, 0):
            del edits.relations[key]
        else:
            corrected[child, parent] = edit
    return corrected


def _agrees(row: RelationRow, parents: Mapping[str, str], edits: Edits) -> bool:
    """Return whether a known relation holds, or a correction is about it: writing the table tells which of the two."""
    key = (row.child, row.parent, row.relation)
    return row.relation != _VARIANT or parents.get(row.child) == row.parent or key in edits.relations


def _line(parents: Mapping[str, str], id: str) -> list[str]:
    """Return an entity, its parent and so on to the root of its family."""
    line = [id]
    while line[-1] in parents:
        line.append(parents[line[-1]])
    return line

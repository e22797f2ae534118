"""Whether a correction finds what it names: asked when it is written, before a build replays it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from kg.ask.database import Database
from kg.ask.names import NameIndex
from kg.records import Problem
from kg.resolve.curation import Entry, settle
from kg.resolve.resolution import Resolution, ResolvedEntity, Spelling
from kg.resolve.typography import loose


def unsettled(db: Database, names: NameIndex, entry: Entry, earlier: Iterable[Entry] = ()) -> list[Problem]:
    """Return what keeps an entry from applying: names of no entity here or of several, papers that are not here.

    Parameters:
        db: the tables.
        names: their names.
        entry: the correction.
        earlier: entries of the same file; names that those before it give to entities are not doubted.
    """
    held = {id for (id,) in db.tuples("SELECT id FROM papers WHERE id IN (SELECT unnest(?))", [entry.papers()])}
    problems = [entry.problem(f"no paper {paper!r}; not applied") for paper in entry.papers() if paper not in held]
    given = {loose(name) for other in earlier if other.line < entry.line and (name := other.gives())}
    wanted = [name for name in entry.entities() if loose(name) not in given]
    find = _finder(db, names, wanted)
    for name in wanted:
        found = find(name)
        settled = settle(found, name, entry)
        if not isinstance(settled, Problem):
            continue
        if not found and names.bearers(name):
            settled = entry.problem(f"{name!r} is known from the background alone, no paper names it; not applied")
        elif not found and (near := names.nearest(name)):
            settled = replace(settled, message=f"{settled.message}; did you mean {', '.join(near)}?")
        problems.append(settled)
    return problems


def _finder(db: Database, names: NameIndex, wanted: Sequence[str]) -> Callable[[str], list[ResolvedEntity]]:
    """Return how a build finds entities by some names; what only the background knows it does not find."""
    ids = {id for name in wanted for id in names.named(name)}
    rows = db.rows(
        "SELECT id, name, label, type, spellings FROM entities "
        "WHERE (id IN (SELECT unnest($ids)) OR id IN (SELECT unnest($names)) OR label IN (SELECT unnest($names))) "
        "AND NOT background ORDER BY id",
        {"ids": sorted(ids), "names": list(wanted)},
    )
    return Resolution(
        [ResolvedEntity(**{**row, "spellings": [Spelling(**s) for s in row["spellings"]]}) for row in rows], {}, []
    ).finder()

"""One entity: what it is, its family, how papers use it, what it descends from and what it is used with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from kg.ask.database import Database
from kg.ask.lineage import Lineages, describe
from kg.ask.names import NameIndex
from kg.ask.papers import papers_of
from kg.schema import ROLES

Row = dict[str, Any]

_DATA = ("dataset", "benchmark")
"""Types of what others are measured on."""


def members(db: Database, names: NameIndex, root: str, min_confidence: float = 0.0) -> list[Row]:
    """Return the versions and sizes below an entity, each with its parent in the tree."""
    below = names.with_variants(root)[1:]
    papers = paper_counts(db, names, below, min_confidence)
    rows = [{**names.entities[id].ref(), "papers": papers[id], "parent": names.parents.get(id)} for id in below]
    return sorted(rows, key=lambda r: (-r["papers"], r["id"]))


def paper_counts(db: Database, names: NameIndex, ids: Sequence[str], min_confidence: float = 0.0) -> dict[str, int]:
    """Return how many papers are linked to each of some entities."""
    if not min_confidence:
        return {id: names.entities[id].papers for id in ids}
    db.need("link")
    counted = dict(
        db.tuples(
            "SELECT entity, count(*) FROM link WHERE entity IN (SELECT unnest(?)) AND confidence >= ? GROUP BY entity",
            [[names.entities.no(id) for id in ids], min_confidence],
        )
    )
    return {id: counted.get(names.entities.no(id), 0) for id in ids}


def used_with(
    db: Database,
    names: NameIndex,
    entity: str,
    min_confidence: float = 0.0,
    limit: int = 15,
    *,
    role: str | None = None,
    own_role: str | None = None,
) -> list[Row]:
    """Return the entities that share most papers with one.

    With ``role``, only where the other has it in the paper; with ``own_role``, only where the one itself has it.
    """
    ranks = [(end, ROLES.index(rank)) for end, rank in (("o", role), ("l", own_role)) if rank]
    wanted = "".join(f"AND {end}.rank = {rank} " for end, rank in ranks)
    own = {names.entities.no(id) for id in names.with_variants(entity)}
    db.need("link")
    rows = db.tuples(
        f"""
        SELECT o.entity, count(*) AS papers FROM link l JOIN link o ON o.paper = l.paper AND o.entity <> l.entity
        WHERE l.entity = ? AND l.confidence >= ? AND o.confidence >= ? {wanted}
        GROUP BY o.entity ORDER BY papers DESC, o.entity LIMIT ?
        """,
        [names.entities.no(entity), min_confidence, min_confidence, limit + len(own)],
    )
    found = [{**names.entities.at(no).ref(), "papers": papers} for no, papers in rows if no not in own]
    return found[:limit]


def measured(
    db: Database, names: NameIndex, entity: str, min_confidence: float = 0.0, *, own_role: str | None = None
) -> list[Row]:
    """Return the datasets and benchmarks on which papers that name an entity, in its ``own_role`` if given, measure."""
    rows = used_with(db, names, entity, min_confidence, 40, role="evaluates_on", own_role=own_role)
    return [row for row in rows if row["type"] in _DATA][:15]


def entity(db: Database, names: NameIndex, lineages: Lineages, id: str, min_confidence: float = 0.0) -> Row:
    """Return the whole page of one entity as plain data."""
    row = db.rows("SELECT * FROM entities WHERE id = ?", [id])[0]
    papers = papers_of(db, names, [id], min_confidence=min_confidence)
    below = names.with_variants(id)
    db.need("link")
    rolled = db.value(
        "SELECT count(DISTINCT paper) FROM link WHERE entity IN (SELECT unnest(?)) AND confidence >= ?",
        [[names.entities.no(one) for one in below], min_confidence],
    )
    months = Counter(p["date"][:7] for p in papers if p["date"])
    root = row["family"]
    data = row["type"] in _DATA
    dated = sorted((p for p in papers if p["date"]), key=lambda p: p["date"])
    first, last = (dated[0], dated[-1]) if dated else ({}, {})
    tree = members(db, names, root or id, min_confidence)
    mentions = row["mentions"]
    if min_confidence > 0:
        sure = "SELECT count(*) FROM mentions WHERE entity = ? AND confidence >= ?"
        mentions = db.value(sure, [id, min_confidence])
    return {
        **{k: row[k] for k in ("id", "name", "label", "type", "aliases")},
        "family": root
        and {
            **names.entities[root].ref(),
            "papers": paper_counts(db, names, [root], min_confidence)[root],
            "members": tree,
        },
        "background": row["background"],
        "year": row["year"],
        "members": tree if root in (None, id) else members(db, names, id, min_confidence),
        "counts": {
            "papers": len(papers),
            "papers_with_family": rolled,
            "mentions": mentions,
            "by_role": {role: n for role in ROLES if (n := sum(p["role"] == role for p in papers))},
        },
        "first_date": first.get("date"),
        "first_date_precision": first.get("date_precision"),
        "last_date": last.get("date"),
        "last_date_precision": last.get("date_precision"),
        "papers": {role: rows for role in ROLES if (rows := [p for p in papers if p["role"] == role])},
        "ancestors": describe(db, names, lineages, lineages.walk(id, True, min_confidence)),
        "descendants": describe(db, names, lineages, lineages.walk(id, False, min_confidence)),
        "used_with": used_with(db, names, id, min_confidence),
        # data are not measured: they are what a paper measures on, beside others
        "measured_on": [] if data else measured(db, names, id, min_confidence),
        "measured_together_with": measured(db, names, id, min_confidence, own_role="evaluates_on") if data else [],
        "timeline": [{"period": month, "papers": months[month]} for month in sorted(months)],
        "spellings": row["spellings"],
    }

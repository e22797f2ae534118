"""Views for a screen: overview, what rises and falls, the part that can be drawn, and matrices of two types."""

from __future__ import annotations

from typing import Any

from kg.ask.database import Database
from kg.ask.entity import paper_counts
from kg.ask.filters import EVERYTHING, Filters
from kg.ask.names import NameIndex
from kg.errors import KGError
from kg.schema import ENTITY_TYPES, ROLES

Row = dict[str, Any]


def overview(db: Database, min_confidence: float = 0.0, top: int = 10) -> Row:
    """Return counts, the entities with most papers by type, and papers by month.

    Entities are counted that have papers, those that no paper is linked to apart, as ``background``.
    """
    db.need("link")
    by_role = {
        ROLES[rank]: n
        for rank, n in db.tuples(
            "SELECT rank, count(*) FROM link WHERE confidence >= ? GROUP BY rank", [min_confidence]
        )
    }
    source, parameters = _entities(db, Filters(min_papers=1, min_confidence=min_confidence))
    by_type = dict(db.tuples(f"SELECT type, count(*) {source} GROUP BY type", parameters))
    each = "(SELECT * FROM counted WHERE type = ? ORDER BY papers DESC, id LIMIT ?)"
    best = db.rows(
        f"WITH counted AS MATERIALIZED (SELECT type, id, label, papers {source}) "
        + " UNION ALL ".join([each] * len(ENTITY_TYPES)),
        [*parameters, *(value for t in ENTITY_TYPES for value in (t, top))],
    )
    best.sort(key=lambda row: (-row["papers"], row["id"]))
    where = "WHERE confidence >= ?" if min_confidence > 0 else ""  # else the tables know their length
    sure = {
        table: db.value(f"SELECT count(*) FROM {table} {where}", [min_confidence] if where else [])
        for table in ("relations", "mentions")
    }
    return {
        "counts": {
            "papers": db.value("SELECT count(*) FROM paper"),
            "entities": sum(by_type.values()),
            "background": db.value("SELECT count(*) FROM entity WHERE papers = 0"),
            "links": sum(by_role.values()),
            **sure,
            "by_type": {t: by_type.get(t, 0) for t in ENTITY_TYPES},
            "by_role": {role: by_role.get(role, 0) for role in ROLES},
        },
        "top": {
            t: [{k: row[k] for k in ("id", "label", "papers")} for row in best if row["type"] == t]
            for t in ENTITY_TYPES
        },
        "papers_by_month": db.rows(
            "SELECT date[1:7] AS period, count(*)::INT AS papers FROM paper WHERE date IS NOT NULL "
            "GROUP BY period ORDER BY period"
        ),
    }


_ORDERS = {"papers": "papers DESC, id", "name": "lower(label), id", "first_date": "first_date DESC NULLS LAST, id"}

_COUNTED = """
    SELECT e.no, e.id, e.label, e.type, coalesce(c.papers, 0)::INT AS papers, c.first_date, c.last_date, e.family
    FROM entity e LEFT JOIN (
        SELECT l.entity, count(*) AS papers, min(p.date) AS first_date, max(p.date) AS last_date
        FROM link l JOIN paper p ON p.no = l.paper WHERE l.confidence >= ? GROUP BY l.entity
    ) c ON c.entity = e.no
"""
"""The table of entities, papers and dates counted anew from the links that are sure enough."""


def _entities(db: Database, only: Filters) -> tuple[str, list[Any]]:
    """Return the FROM and WHERE of a question to the entities, and its parameters."""
    db.need("link")
    table = f"({_COUNTED})" if only.min_confidence > 0 else "entity"
    wanted = f" AND type IN ({', '.join('?' * len(only.types))})" if only.types else ""
    parameters: list[Any] = [only.min_confidence] if only.min_confidence > 0 else []
    return f"FROM {table} WHERE papers >= ?{wanted}", [*parameters, only.min_papers, *only.types]


def entities(
    db: Database, only: Filters, limit: int | None = None, order: str = "papers", offset: int = 0
) -> list[Row]:
    """Return entities, those with most papers first, or by "name", or the newest first ("first_date")."""
    if order not in _ORDERS:
        raise KGError(f"{order}: no such order; choose from {', '.join(_ORDERS)}")
    source, parameters = _entities(db, only)
    return db.rows(
        f"SELECT id, label, type, papers, first_date, last_date, family {source} ORDER BY {_ORDERS[order]} "
        "LIMIT ? OFFSET ?",
        [*parameters, 2**62 if limit is None else limit, offset],
    )


def count_entities(db: Database, only: Filters) -> int:
    """Return how many entities there are."""
    source, parameters = _entities(db, only)
    return int(db.value(f"SELECT count(*) {source}", parameters))


def whole(db: Database, names: NameIndex, limit: int = 300, only: Filters = EVERYTHING) -> Row:
    """Return the entities of a filtered corpus joined by the papers that name both, the busiest ``limit`` of them."""
    sql, parameters = only.links(db)
    busiest = db.rows(
        f"WITH part AS ({sql}) SELECT entity, count(*) AS papers, count(*) OVER () AS total FROM part "
        "GROUP BY entity HAVING count(*) >= ? ORDER BY papers DESC, entity LIMIT ?",
        [*parameters, only.min_papers, limit],
    )
    pairs = db.tuples(
        f"""
        WITH kept AS (SELECT unnest(?) AS entity),
             part AS MATERIALIZED (SELECT paper, entity FROM ({sql}) SEMI JOIN kept USING (entity))
        SELECT a.entity AS source, b.entity AS target, count(*) AS papers
        FROM part a JOIN part b ON a.paper = b.paper AND a.entity < b.entity
        GROUP BY source, target ORDER BY papers DESC, source, target
        """,
        [[r["entity"] for r in busiest], *parameters],
    )
    kept = [names.entities.id(r["entity"]) for r in busiest]
    edges = [
        {
            "source": names.entities.id(source),
            "target": names.entities.id(target),
            "papers": papers,
            "key": "used_with",
            "confidence": 1.0,
        }
        for source, target, papers in pairs
    ]
    edges += [
        {
            "source": r["child"],
            "target": r["parent"],
            "key": r["relation"],
            "papers": 1,
            "confidence": round(r["confidence"], 4),
        }
        for r in db.rows(
            "WITH kept AS (SELECT unnest(?) AS id) SELECT child, parent, relation, confidence FROM relations "
            "WHERE child IN (SELECT id FROM kept) AND parent IN (SELECT id FROM kept) AND confidence >= ?",
            [kept, only.min_confidence],
        )
    ]
    counted = {id: r["papers"] for id, r in zip(kept, busiest, strict=True)}
    nodes = [node | {"papers": counted[node["id"]]} for node in drawn(db, names, kept)]
    total = busiest[0]["total"] if busiest else 0
    return {"nodes": nodes, "edges": edges, "left_out": {"nodes": total - len(kept), "edges": 0}}


def drawn(db: Database, names: NameIndex, ids: list[str], min_confidence: float = 0.0) -> list[Row]:
    """Return some entities and papers as the nodes of a picture."""
    titles = {
        r["id"]: r
        for r in db.rows(
            "WITH ids AS (SELECT unnest(?) AS id) "
            "SELECT id, title, date, date_precision FROM paper WHERE id IN (SELECT id FROM ids)",
            [[n for n in ids if n not in names.entities]],
        )
    }
    counts = paper_counts(db, names, [n for n in ids if n in names.entities], min_confidence)
    nodes = []
    for id in ids:
        if id in names.entities:
            known = names.entities[id]
            when = {"date": None, "date_precision": None}
            nodes.append({"id": id, "kind": known.type, "label": known.label, "papers": counts[id], **when})
        else:
            paper = titles[id]
            when = {key: paper[key] for key in ("date", "date_precision")}
            nodes.append({"id": id, "kind": "paper", "label": paper["title"], "papers": 1, **when})
    return nodes


def movement(db: Database, names: NameIndex, limit: int = 5, min_papers: int = 4, min_confidence: float = 0.0) -> Row:
    """Return what rose and what fell most from one year to the next, by its share of the papers of each.

    The years are the last two that have papers; what fewer than ``min_papers`` of both name is left out.
    """
    db.need("link")
    years = db.tuples(
        "SELECT date[1:4] AS year, count(*) FROM paper WHERE date IS NOT NULL GROUP BY year ORDER BY year DESC LIMIT 2"
    )
    if len(years) < 2:
        return {"years": [], "totals": [], "rises": [], "falls": []}
    (last, now), (first, before) = years
    rows = db.tuples(
        """
        WITH counted AS (
            SELECT l.entity, count(*) FILTER (p.date[1:4] = $first) AS before,
                   count(*) FILTER (p.date[1:4] = $last) AS now
            FROM link l JOIN paper p ON p.no = l.paper WHERE p.date >= $first AND l.confidence >= $sure
            GROUP BY l.entity HAVING before + now >= $least
        )
        SELECT entity, before, now, now * $before - before * $now AS change  -- of the shares, in whole numbers
        FROM counted ORDER BY change DESC, entity
        """,
        {"first": first, "last": last, "before": before, "now": now, "sure": min_confidence, "least": min_papers},
    )

    def told(some: list[tuple[Any, ...]]) -> list[Row]:
        return [{**names.entities.at(no).ref(), "counts": [before, now]} for no, before, now, _ in some]

    return {
        "years": [int(first), int(last)],
        "totals": [before, now],
        "rises": told([row for row in rows[:limit] if row[3] > 0]),
        "falls": told([row for row in rows[: -limit - 1 : -1] if row[3] < 0]),
    }


def matrix(
    db: Database, names: NameIndex, rows: str, columns: str, limit: int = 30, min_confidence: float = 0.0
) -> Row:
    """Return which papers name an entity of type ``rows`` together with one of type ``columns``.

    The ``limit`` entities of each type with most papers; versions and sizes count on their own. A cell that is absent
    is empty: no paper names both.
    """
    axes = [entities(db, Filters([t], min_confidence=min_confidence), limit) for t in (rows, columns)]
    cells: dict[str, list[str]] = {}
    db.need("link")
    sides = [[names.entities.no(e["id"]) for e in axis] for axis in axes]
    for row, column, papers in db.tuples(
        """
        WITH r AS (SELECT paper, entity FROM link WHERE entity IN (SELECT unnest(?)) AND confidence >= ?),
             c AS (SELECT paper, entity FROM link WHERE entity IN (SELECT unnest(?)) AND confidence >= ?)
        SELECT r.entity AS row, c.entity AS col, list(p.id ORDER BY p.no) AS papers
        FROM r JOIN c ON r.paper = c.paper AND r.entity <> c.entity JOIN paper p ON p.no = r.paper
        GROUP BY row, col ORDER BY row, col
        """,
        [sides[0], min_confidence, sides[1], min_confidence],
    ):
        cells[f"{names.entities.id(row)}|{names.entities.id(column)}"] = papers
    return {
        "rows": [{"id": e["id"], "label": e["label"]} for e in axes[0]],
        "columns": [{"id": e["id"], "label": e["label"]} for e in axes[1]],
        "cells": cells,
    }

"""Which papers, and how: the links of an entity, and one paper with everything found in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kg.ask.database import ROLE_RANK, Database
from kg.ask.filters import check_roles
from kg.ask.names import NameIndex
from kg.errors import UnknownNameError
from kg.schema import ROLES

Row = dict[str, Any]


def papers_of(
    db: Database, names: NameIndex, entities: Sequence[str], roles: Sequence[str] = (), min_confidence: float = 0.0
) -> list[Row]:
    """Return the papers linked to any of some entities: each once, by its strongest link; strongest role first.

    ``places`` are the start and end of each mention of the linked entity within the evidence, counted as the evidence.
    """
    check_roles(roles)
    marks = ", ".join("?" * len(entities))
    wanted = f"AND l.role IN ({', '.join('?' * len(roles))})" if roles else ""
    rank = ROLE_RANK.format(role="l.role")
    db.need("paper")
    labels = {id: names.entities[id].label for id in entities}
    rows = db.tuples(
        f"""
        WITH best AS (
            SELECT l.*, {rank} AS rank FROM links l
            WHERE l.entity IN ({marks}) AND l.confidence >= ? {wanted}
            QUALIFY row_number() OVER (PARTITION BY l.paper ORDER BY rank, l.confidence DESC, l.entity) = 1
        ),
        named AS (
            SELECT m.paper, list([m."start", m."end"] ORDER BY m."start", m."end") AS places
            FROM mentions m JOIN best ON m.paper = best.paper AND m.entity = best.entity
            WHERE m.entity IN ({marks}) AND m.field = best.evidence.field
              AND m."start" >= best.evidence."start" AND m."end" <= best.evidence."end"
            GROUP BY m.paper
        )
        SELECT p.id, p.title, p.date, p.date_precision, best.role, best.entity, best.confidence, best.text,
               best.evidence.field, best.evidence."start", best.evidence."end", named.places
        FROM best JOIN paper p ON p.id = best.paper LEFT JOIN named ON named.paper = best.paper
        ORDER BY best.rank, p.date DESC NULLS LAST, p.id
        """,
        [*entities, min_confidence, *roles, *entities],
    )
    return [
        {
            "id": id,
            "title": title,
            "date": date,
            "date_precision": precision,
            "role": role,
            "entity": labels[entity],
            "confidence": round(confidence, 4),
            "evidence": None if field is None else {"field": field, "start": start, "end": end, "text": text},
            "places": places or [],
        }
        for id, title, date, precision, role, entity, confidence, text, field, start, end, places in rows
    ]


def all_papers(db: Database) -> list[Row]:
    """Return every paper, newest first, in the same form, without a link."""
    db.need("paper")
    rows = db.rows("SELECT id, title, date, date_precision FROM paper ORDER BY date DESC NULLS LAST, id")
    without: Row = {"role": None, "entity": None, "confidence": None, "evidence": None, "places": []}
    return [{**row, **without} for row in rows]


def newest(db: Database, years: Sequence[str] = (), limit: int = 100, offset: int = 0) -> Row:
    """Return papers of some years ("2024"), newest first: ``total``, and the ``papers`` from ``offset`` on."""
    db.need("paper")
    source = "FROM paper" + (f" WHERE date[1:4] IN ({', '.join('?' * len(years))})" if years else "")
    rows = db.rows(
        f"SELECT id, title, date, date_precision {source} ORDER BY date DESC NULLS LAST, id LIMIT ? OFFSET ?",
        [*years, limit, offset],
    )
    return {"total": db.value(f"SELECT count(*) {source}", list(years)), "papers": rows}


def paper(db: Database, names: NameIndex, id: str, min_confidence: float = 0.0) -> Row:
    """Return one paper: what its sources say, its mentions and links, and the papers most like it.

    Raises:
        UnknownNameError: if there is no paper of this id.
    """
    found = db.rows("SELECT * FROM papers WHERE id = ?", [id])
    if not found:
        db.need("paper")
        near = db.rows("SELECT id FROM paper ORDER BY jaro_winkler_similarity(id, ?) DESC, id LIMIT 3", [id[:100]])
        hint = tuple(r["id"] for r in near)
        raise UnknownNameError(f"{id}: no paper of this id; the nearest are {', '.join(hint) or 'none'}", hint)
    row = found[0]
    refs = names.entities
    row["mentions"] = [
        {**m, **refs[m["entity"]].ref(), "entity": m["entity"], "confidence": round(m["confidence"], 4)}
        for m in db.rows(
            'SELECT field, "start", "end", surface, entity, confidence FROM mentions '
            'WHERE paper = ? AND confidence >= ? ORDER BY field DESC, "start"',
            [id, min_confidence],
        )
    ]
    db.need("link")
    row["links"] = [
        {
            **refs.at(link["entity"]).ref(),
            "entity": refs.id(link["entity"]),
            "role": ROLES[link["rank"]],
            "confidence": round(link["confidence"], 4),
            "evidence": link["evidence"] and {**link["evidence"], "text": _slice(row, link["evidence"])},
            "origin": link["origin"],
            "reason": link["reason"],
        }
        for link in db.rows(
            "SELECT * FROM link WHERE paper = (SELECT no FROM paper WHERE id = ?) AND confidence >= ? "
            "ORDER BY rank, confidence DESC, entity",
            [id, min_confidence],
        )
    ]
    row["relations"] = [
        {
            "child": refs[r["child"]].ref(),
            "parent": refs[r["parent"]].ref(),
            "relation": r["relation"],
            "confidence": round(r["confidence"], 4),
            "evidence": [
                {**e, "title": row["title"], "text": _slice(row, e)} for e in r["evidence"] if e["paper"] == id
            ],
        }
        for r in db.rows(
            "SELECT * FROM relations WHERE origin = 'text' AND list_contains([e.paper for e in evidence], ?) "
            "AND confidence >= ? ORDER BY child, parent",
            [id, min_confidence],
        )
    ]
    row["similar"] = similar(db, names, id, min_confidence=min_confidence)
    return row


def _slice(paper_row: Row, span: Row | None) -> str | None:
    return None if not span else paper_row[span["field"]][span["start"] : span["end"]]


def similar(db: Database, names: NameIndex, id: str, limit: int = 8, min_confidence: float = 0.0) -> list[Row]:
    """Return the papers that share most entities with one, rare entities weighing more (as in tf-idf)."""
    db.need("link")
    rows = db.rows(
        """
        WITH this AS (SELECT no FROM paper WHERE id = $id),
             sure AS (SELECT paper, entity FROM link WHERE confidence >= $sure),
             weight AS (  -- in whole millionths, which add up to the same sum in any order
                SELECT e.no AS entity, (1e6 * ln(1 + (SELECT count(*) FROM paper) / greatest(e.papers, 1)))::BIGINT AS w
                FROM sure l JOIN entity e ON e.no = l.entity WHERE l.paper = (SELECT no FROM this)
             ),
             best AS (
                SELECT l.paper, sum(w) AS score FROM sure l JOIN weight USING (entity)
                WHERE l.paper <> (SELECT no FROM this) GROUP BY l.paper ORDER BY score DESC, l.paper LIMIT $limit
             )
        SELECT p.id, p.title, p.date, p.date_precision, list(l.entity ORDER BY w DESC, l.entity) AS shared,
               round(any_value(score) / 1e6, 3) AS score
        FROM best JOIN sure l USING (paper) JOIN weight USING (entity) JOIN paper p ON p.no = best.paper
        GROUP BY p.no, p.id, p.title, p.date, p.date_precision ORDER BY any_value(best.score) DESC, p.no
        """,
        {"id": id, "sure": min_confidence, "limit": limit},
    )
    return [{**r, "shared": [names.entities.at(no).label for no in r["shared"]]} for r in rows]

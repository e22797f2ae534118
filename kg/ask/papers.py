"""Which papers, and how: the links of an entity, and one paper with everything found in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kg.ask.database import EVIDENCE_TEXT, ROLE_RANK, Database
from kg.ask.names import NameIndex
from kg.errors import KGError, UnknownNameError
from kg.schema import ROLES

Row = dict[str, Any]


def evidence(row: Row) -> Row | None:
    """Return the evidence of a row that carries a span and its ``text``."""
    span = row.get("evidence")
    return {**span, "text": row["text"]} if span else None


def papers_of(
    db: Database, names: NameIndex, entities: Sequence[str], roles: Sequence[str] = (), min_confidence: float = 0.0
) -> list[Row]:
    """Return the papers linked to any of some entities: each once, by its strongest link; strongest role first."""
    for role in roles:
        if role not in ROLES:
            raise KGError(f"{role}: no such role; choose from {', '.join(ROLES)}")
    marks = ", ".join("?" * len(entities))
    wanted = f"AND l.role IN ({', '.join('?' * len(roles))})" if roles else ""
    rank = ROLE_RANK.format(role="l.role")
    rows = db.rows(
        f"""
        WITH best AS (
            SELECT l.*, {rank} AS rank FROM links l
            WHERE l.entity IN ({marks}) AND l.confidence >= ? {wanted}
            QUALIFY row_number() OVER (PARTITION BY l.paper ORDER BY rank, l.confidence DESC, l.entity) = 1
        )
        SELECT p.id, p.title, p.date, best.role, best.entity, best.confidence, best.evidence,
               {EVIDENCE_TEXT.format(e="best.evidence", p="p")} AS text
        FROM best JOIN papers p ON p.id = best.paper
        ORDER BY best.rank, p.date DESC NULLS LAST, p.id
        """,
        [*entities, min_confidence, *roles],
    )
    return [
        {
            "id": r["id"],
            "title": r["title"],
            "date": r["date"],
            "role": r["role"],
            "entity": names.entities[r["entity"]].label,
            "confidence": round(r["confidence"], 4),
            "evidence": evidence(r),
        }
        for r in rows
    ]


def all_papers(db: Database) -> list[Row]:
    """Return every paper, newest first, in the same form, without a link."""
    rows = db.rows("SELECT id, title, date FROM papers ORDER BY date DESC NULLS LAST, id")
    return [{**r, "role": None, "entity": None, "confidence": None, "evidence": None} for r in rows]


def paper(db: Database, names: NameIndex, id: str, min_confidence: float = 0.0) -> Row:
    """Return one paper: what its sources say, its mentions and links, and the papers most like it.

    Raises:
        UnknownNameError: if there is no paper of this id.
    """
    found = db.rows("SELECT * FROM papers WHERE id = ?", [id])
    if not found:
        near = db.rows("SELECT id FROM papers ORDER BY jaro_winkler_similarity(id, ?) DESC, id LIMIT 3", [id[:100]])
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
    rank = ROLE_RANK.format(role="role")
    row["links"] = [
        {
            **refs[link["entity"]].ref(),
            "entity": link["entity"],
            "role": link["role"],
            "confidence": round(link["confidence"], 4),
            "evidence": evidence({**link, "text": _slice(row, link["evidence"])}),
            "origin": link["origin"],
            "reason": link["reason"],
        }
        for link in db.rows(
            f"SELECT * FROM links WHERE paper = ? AND confidence >= ? ORDER BY {rank}, confidence DESC, entity",
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
            "ORDER BY child, parent",
            [id],
        )
    ]
    row["similar"] = similar(db, names, id)
    return row


def _slice(paper_row: Row, span: Row | None) -> str | None:
    return None if not span else paper_row[span["field"]][span["start"] : span["end"]]


def similar(db: Database, names: NameIndex, id: str, limit: int = 8) -> list[Row]:
    """Return the papers that share most entities with one, rare entities weighing more (as in tf-idf)."""
    rows = db.rows(
        """
        WITH mine AS (SELECT entity FROM links WHERE paper = ?),
             weight AS (
                SELECT e.id AS entity, ln(1 + (SELECT count(*) FROM papers) / greatest(e.papers, 1)) AS w
                FROM entities e JOIN mine ON mine.entity = e.id
             )
        SELECT l.paper AS id, sum(w) AS score, list(l.entity ORDER BY w DESC, l.entity) AS shared
        FROM links l JOIN weight USING (entity) WHERE l.paper <> ?
        GROUP BY l.paper ORDER BY score DESC, id LIMIT ?
        """,
        [id, id, limit],
    )
    if not rows:
        return []
    marks = ", ".join("?" * len(rows))
    titles = {
        r["id"]: r
        for r in db.rows(f"SELECT id, title, date FROM papers WHERE id IN ({marks})", [r["id"] for r in rows])
    }
    return [
        {
            **titles[r["id"]],
            "shared": [names.entities[e].label for e in r["shared"]],
            "score": round(r["score"], 3),
        }
        for r in rows
    ]

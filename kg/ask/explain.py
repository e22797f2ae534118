"""Why an entity is what it is: its spellings with the rules that joined them, and the rules behind its family."""

from __future__ import annotations

from typing import Any

from kg.ask.database import Database
from kg.ask.names import NameIndex

Row = dict[str, Any]


def explain(db: Database, names: NameIndex, id: str) -> Row:
    """Return the spellings of an entity with rule and counts, its variant steps, and others that share a spelling."""
    row = db.rows("SELECT id, label, type, spellings FROM entities WHERE id = ?", [id])[0]
    up, down = (
        [
            {**names.entities[r[other]].ref(), "reason": r["reason"], "origin": r["origin"]}
            for r in db.rows(
                f"SELECT child, parent, reason, origin FROM relations "
                f"WHERE relation = 'variant_of' AND {here} = ? ORDER BY child, parent",
                [id],
            )
        ]
        for here, other in (("child", "parent"), ("parent", "child"))
    )
    surfaces = [row["label"], *(s["surface"] for s in row["spellings"])]
    same = sorted({e for surface in surfaces for e in names.named(surface)} - {id})
    return {
        **row,
        "variant_of": up,
        "variants": down,
        "same_spelling": [{**names.entities[e].ref(), "papers": names.entities[e].papers} for e in same],
    }

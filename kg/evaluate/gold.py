"""Gold files: reading them, with every fault named by file and line."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kg.errors import GoldError
from kg.records import Paper
from kg.schema import ENTITY_TYPES, RELATIONS, ROLES

Row = dict[str, Any]
"""One paper in the gold form: ``id``, ``title``, ``abstract``, ``entities``, ``lineage``."""


def read_gold(path: str | Path, texts: Mapping[str, Row] | None = None, roles: bool = True) -> dict[str, Row]:
    """Read a gold file into its papers by id, in the order of the file.

    Args:
        path: JSON Lines in the form that the guidelines give.
        texts: where the file holds labels alone, the papers that they are of, by id, with ``title`` and ``abstract``.
        roles: whether every entity must have a role.

    Raises:
        GoldError: the file cannot be read, or a line is not in the form that the guidelines give.
    """
    rows: dict[str, Row] = {}
    try:
        with Path(path).open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                if not line.strip():
                    continue
                try:
                    row = json.loads(line)
                except ValueError as error:
                    raise GoldError(f"{path}:{number}: no JSON ({error})") from None
                if texts is not None and isinstance(row, dict):
                    known = texts.get(str(row.get("id")))
                    if known is None:
                        raise GoldError(f"{path}:{number}: no text of {row.get('id')!r} among the unlabelled abstracts")
                    row |= {"title": known["title"], "abstract": known["abstract"]}
                fault = _fault(row, roles)
                if fault:
                    raise GoldError(f"{path}:{number}: {fault}")
                if row["id"] in rows:
                    raise GoldError(f"{path}:{number}: a second paper with the id {row['id']!r}")
                rows[row["id"]] = row
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
        raise GoldError(f"{path}: cannot read it ({reason})") from None
    if not rows:
        raise GoldError(f"{path}: holds no paper")
    return rows


def papers(rows: dict[str, Row]) -> list[Paper]:
    """Return the papers of gold rows, without what the annotators said of them."""
    return [Paper(row["id"], row["title"], row["abstract"]) for row in rows.values()]


def _fault(row: Any, roles: bool) -> str | None:
    """Say in words what is wrong with one line, or return None."""
    if not isinstance(row, dict):
        return "a JSON object is wanted"
    for key in ("id", "title", "abstract"):
        if not isinstance(row.get(key), str):
            return f"{key!r} must be a string"
    entities = row.get("entities")
    if not isinstance(entities, list):
        return "'entities' must be a list"
    for entity in entities:
        fault = _entity_fault(entity, roles)
        if fault:
            return fault
    links = row.get("lineage", [])
    if not isinstance(links, list):
        return "'lineage' must be a list"
    for link in links:
        if not isinstance(link, dict) or not all(isinstance(link.get(k), str) for k in ("child", "parent")):
            return "each entry of 'lineage' needs the strings 'child' and 'parent'"
        if link.get("relation") not in RELATIONS:
            return f"unknown relation {link.get('relation')!r}; one of {', '.join(RELATIONS)}"
    return None


def _entity_fault(entity: Any, roles: bool) -> str | None:
    if not isinstance(entity, dict) or not isinstance(entity.get("name"), str):
        return "each entity needs the string 'name'"
    if entity.get("type") not in ENTITY_TYPES:
        return f"{entity['name']!r} has the unknown type {entity.get('type')!r}; one of {', '.join(ENTITY_TYPES)}"
    if roles and entity.get("role") not in ROLES:
        return f"{entity['name']!r} has the unknown role {entity.get('role')!r}; one of {', '.join(ROLES)}"
    surfaces = entity.get("surfaces")
    if not isinstance(surfaces, list) or not surfaces or not all(isinstance(s, str) and s for s in surfaces):
        return f"{entity['name']!r} needs a list of surfaces"
    return None

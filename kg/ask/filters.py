"""Which links and relations a question counts: by type, role, year, and how sure they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from kg.ask.database import Database
from kg.errors import KGError
from kg.schema import ENTITY_TYPES, ROLES


@dataclass(frozen=True, slots=True)
class Filters:
    """What passes; the default is everything. Papers pass whatever the types.

    Raises:
        KGError: one of the types or roles is none.
    """

    types: Sequence[str] = ()
    roles: Sequence[str] = ()
    years: tuple[int, int] | None = None  # of the papers, first and last
    min_papers: int = 1
    min_confidence: float = 0.0

    def __post_init__(self) -> None:
        check_types(self.types)
        check_roles(self.roles)

    def passes(self, type: str) -> bool:
        """Return whether entities of a type pass."""
        return not self.types or type in self.types

    def links(self, db: Database, always: int | None = None) -> tuple[str, list[Any]]:
        """Return the links that pass, by numbers, as SQL, and its parameters.

        ``always`` is the number of an entity whose own type and count of papers do not matter.
        """
        db.need("link")
        sql = "SELECT l.paper, l.entity, l.rank, l.confidence FROM link l WHERE l.confidence >= ?"
        parameters: list[Any] = [self.min_confidence]
        entity_types = [t for t in self.types if t != "paper"]
        wanted = ["papers >= ?"] if self.min_papers > 1 else []
        if entity_types:
            wanted.append(f"type IN ({', '.join('?' * len(entity_types))})")
        if wanted:
            sql += f" AND l.entity IN (SELECT no FROM entity WHERE ({' AND '.join(wanted)}) OR no = ?)"
            parameters += [*([self.min_papers] if self.min_papers > 1 else []), *entity_types]
            parameters.append(-1 if always is None else always)
        if self.roles:
            sql += f" AND l.rank IN ({', '.join('?' * len(self.roles))})"
            parameters += [ROLES.index(role) for role in self.roles]
        if self.years:
            sql += " AND l.paper IN (SELECT no FROM paper WHERE date >= ? AND date < ?)"
            parameters += [f"{self.years[0]:04d}", f"{self.years[1] + 1:04d}"]
        return sql, parameters


def check_types(types: Sequence[str]) -> None:
    """Raise a KGError where one of some types is none."""
    for t in types:
        if t not in (*ENTITY_TYPES, "paper"):
            raise KGError(f"{t}: no such type; choose from {', '.join(ENTITY_TYPES)}")


def check_roles(roles: Sequence[str]) -> None:
    """Raise a KGError where one of some roles is none."""
    if isinstance(roles, str):
        raise KGError(f'{roles}: roles come as a list, such as ["uses"]')
    for role in roles:
        if role not in ROLES:
            raise KGError(f"{role}: no such role; choose from {', '.join(ROLES)}")


EVERYTHING = Filters()
"""Filters that all passes."""

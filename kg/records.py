"""What moves between the rooms: papers, and what was read out of one paper.

All are immutable values. A `Paper` comes out of ``kg.read``; an `Extraction` comes out of ``kg.extract`` for one
paper; ``kg.resolve`` decides which `PaperEntity` values of different papers are the same entity.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha1
from typing import Any

Progress = Callable[[str, int, int | None], None]
"""Called as work goes on: the step's name, how much is done, of how much (None where unknown)."""

_PUNCTUATION = re.compile(r"[\W_]+")


def fold(text: str) -> str:
    """Return the text without case, spaces and punctuation: the key by which names and titles are compared.

    The same folding as the scorer's (``kg.evaluate``).

    >>> fold("LLaMA-2: Open & Chat")
    'llama2openchat'
    """
    low = text.casefold()
    return low if low.isalnum() else _PUNCTUATION.sub("", low)


def paper_id(title: str) -> str:
    """Return the id of a paper that came without one: "s" and ten hex digits of its folded title's SHA-1.

    >>> paper_id("BeanCounter: A low-toxicity, large-scale, and open dataset of business-oriented text")
    's2249147777'
    """
    return "s" + sha1(fold(title).encode()).hexdigest()[:10]


def shown_date(date: str | None, precision: str | None) -> str:
    """Return a date as far as it is known, in words where its year was inferred; none is empty.

    >>> shown_date("2024-01-01", "year"), shown_date("2025-03-01", "month"), shown_date("2025-03-01", "day")
    ('2024', '2025-03', '2025-03-01')
    >>> shown_date("2025-03-09", "day, year inferred"), shown_date(None, None)
    ('2025-03-09 (year inferred)', '')
    """
    if not date:
        return ""
    if precision == "day, year inferred":
        return f"{date} (year inferred)"
    return date[: {"year": 4, "month": 7}.get(precision or "day", 10)]


@dataclass(frozen=True, slots=True)
class Source:
    """Where a paper was read: file (as given), record number and line, both counted from 1."""

    file: str
    record: int
    line: int


@dataclass(frozen=True, slots=True)
class Paper:
    """One paper: title and abstract, and what its sources say of it."""

    id: str
    title: str
    abstract: str
    date: str | None = None  # ISO 8601; the first of the period where month or day are unknown
    date_precision: str | None = None  # one of schema.DATE_PRECISIONS
    authors: tuple[str, ...] = ()
    author_count: int | None = None
    organisation: str | None = None
    comments: int | None = None
    categories: tuple[str, ...] = ()
    sources: tuple[Source, ...] = ()
    notes: tuple[str, ...] = ()  # what merging had to decide, in words

    def text(self, field_name: str) -> str:
        """Return the title or the abstract (``field_name`` is one of ``schema.FIELDS``)."""
        return self.title if field_name == "title" else self.abstract


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A stretch of one field of one paper: code points, end exclusive."""

    field: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Mention:
    """One place where a paper names an entity."""

    span: Span
    surface: str
    confidence: float = 1.0


@dataclass(frozen=True, slots=True)
class PaperEntity:
    """An entity as one paper speaks of it: name, type, role and every surface and mention there."""

    name: str
    type: str
    role: str
    surfaces: tuple[str, ...]
    mentions: tuple[Mention, ...] = ()
    confidence: float = 1.0  # that the paper names this thing, with this type
    role_confidence: float = 1.0
    evidence: Span | None = None  # the sentence that the role rests on


@dataclass(frozen=True, slots=True)
class PaperRelation:
    """A lineage pair that one paper states; ``child`` and ``parent`` are names of its entities."""

    child: str
    parent: str
    relation: str
    confidence: float = 1.0
    evidence: Span | None = None


@dataclass(frozen=True, slots=True)
class Extraction:
    """All that was read out of one paper."""

    paper: str
    entities: tuple[PaperEntity, ...] = ()
    relations: tuple[PaperRelation, ...] = ()
    definitions: tuple[tuple[str, str], ...] = ()  # (short form, long form), as the paper defines them

    def to_dict(self) -> dict[str, Any]:
        """Return the gold form (see the guidelines) plus confidences and evidence, ready for JSON."""

        def span(value: Span | None) -> list[Any] | None:
            return None if value is None else [value.field, value.start, value.end]

        return {
            "id": self.paper,
            "entities": [
                {
                    "name": e.name,
                    "type": e.type,
                    "role": e.role,
                    "surfaces": list(e.surfaces),
                    "mentions": [[m.span.field, m.span.start, m.span.end] for m in e.mentions],
                    "mention_confidence": [round(m.confidence, 4) for m in e.mentions],
                    "confidence": round(e.confidence, 4),
                    "role_confidence": round(e.role_confidence, 4),
                    "evidence": span(e.evidence),
                }
                for e in self.entities
            ],
            "lineage": [
                {
                    "child": r.child,
                    "parent": r.parent,
                    "relation": r.relation,
                    "confidence": round(r.confidence, 4),
                    "evidence": span(r.evidence),
                }
                for r in self.relations
            ],
            "definitions": [list(pair) for pair in self.definitions],
        }

    def to_gold(self, min_confidence: float = 0.0) -> dict[str, Any]:
        """Return `to_dict` without entities and pairs less sure than ``min_confidence``, and pairs of such entities."""
        row = self.to_dict()
        row["entities"] = [e for e in row["entities"] if e["confidence"] >= min_confidence]
        names = {e["name"] for e in row["entities"]}
        row["lineage"] = [
            r for r in row["lineage"] if r["confidence"] >= min_confidence and {r["child"], r["parent"]} <= names
        ]
        return row

    @classmethod
    def from_dict(cls, row: Mapping[str, Any], texts: Mapping[str, str]) -> Extraction:
        """Read back what `to_dict` gave; ``texts`` maps "title" and "abstract" to the paper's texts."""

        def span(value: list[Any] | None) -> Span | None:
            return None if value is None else Span(*value)

        entities = []
        for e in row["entities"]:
            places = [Span(*m) for m in e.get("mentions", ())]
            sure = e.get("mention_confidence") or [1.0] * len(places)
            entities.append(
                PaperEntity(
                    name=e["name"],
                    type=e["type"],
                    role=e["role"],
                    surfaces=tuple(e["surfaces"]),
                    mentions=tuple(
                        Mention(s, texts[s.field][s.start : s.end], c) for s, c in zip(places, sure, strict=True)
                    ),
                    confidence=e.get("confidence", 1.0),
                    role_confidence=e.get("role_confidence", 1.0),
                    evidence=span(e.get("evidence")),
                )
            )
        relations = tuple(
            PaperRelation(r["child"], r["parent"], r["relation"], r.get("confidence", 1.0), span(r.get("evidence")))
            for r in row.get("lineage", ())
        )
        return cls(row["id"], tuple(entities), relations, tuple((s, f) for s, f in row.get("definitions", ())))


@dataclass(frozen=True, slots=True)
class Problem:
    """Something in a source that could not be read; nothing is dropped without one."""

    file: str
    line: int | None
    message: str

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        return f"{place}: {self.message}"


@dataclass(slots=True)
class Report:
    """What reading met on its way: problems, in order, and records counted per file."""

    problems: list[Problem] = field(default_factory=list)
    records: dict[str, int] = field(default_factory=dict)

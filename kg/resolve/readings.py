"""How surfaces are read where the corpus has nothing to say, remembered from one build to the next.

Most names are read the same way in any corpus; taking them apart is half of the work of resolution. A build hands in
the readings of the last one and keeps those that it used itself.
"""

from __future__ import annotations

import unicodedata
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa

from kg import remembered
from kg.resolve.grammar import Form, Grammar, Reading

GROUPS = ("method", "model", "data")

_MOST_KEPT = 1.5
"""So many times the readings that a build uses are kept at most."""

_TEXTS = pa.list_(pa.string())
_SCHEMA = pa.schema(
    [
        ("group", pa.string()),
        ("surface", pa.string()),
        ("text", pa.string()),  # null where it is the surface
        ("key", pa.string()),
        ("base", pa.string()),  # null where it is the key
        ("parent", pa.string()),
        ("rule", pa.string()),
        ("sure", pa.bool_()),
        ("norms", _TEXTS),
        ("kinds", _TEXTS),
        ("asked", _TEXTS),
    ]
)


class Readings:
    """Maps (surface, group) to the `Reading` by a grammar whose corpus attests no name."""

    def __init__(self, known: dict[tuple[str, str], Reading] | None = None) -> None:
        self._known = known or {}
        self.used: dict[tuple[str, str], Reading] = {}
        self.grammars = {group: Grammar(group, lambda _: False) for group in GROUPS}

    def of(self, surface: str, group: str) -> Reading:
        """Return the reading of a surface."""
        item = (surface, group)
        reading = self.used.get(item)
        if reading is None:
            reading = self._known.get(item) or self.grammars[group].read(surface)
            self.used[item] = reading
        return reading

    @classmethod
    def load(cls, path: Path) -> Readings:
        """Return what the last build kept; nothing, if it was by other rules."""
        table = remembered.load(path, _version())
        if table is None:
            return cls()
        columns = [column.combine_chunks() for column in table.columns]
        groups, surfaces, texts, keys, bases, parents, rules, sures = (column.to_pylist() for column in columns[:8])
        lists = (_tuples(column) for column in columns[8:])
        known = {}
        for group, surface, text, key, base, parent, rule, sure, norms, kinds, asked in zip(
            groups, surfaces, texts, keys, bases, parents, rules, sures, *lists, strict=True
        ):
            form = Form(surface if text is None else text, key, key if base is None else base, parent, rule, sure)
            known[surface, group] = Reading(form, norms, kinds, asked)
        return cls(known)

    def keep(self, path: Path) -> None:
        """Keep what was used and what was loaded; only what was used, once much of the rest is of papers long gone."""
        together = {**self._known, **self.used}
        crowded = len(together) > _MOST_KEPT * len(self.used)
        if len(together) == len(self._known) and not crowded:
            return
        rows = sorted((self.used if crowded else together).items())
        forms = [reading.form for _, reading in rows]
        columns: list[Any] = [
            [group for (_, group), _ in rows],
            [surface for (surface, _), _ in rows],
            [None if f.text == surface else f.text for ((surface, _), _), f in zip(rows, forms, strict=True)],
            [f.key for f in forms],
            [None if f.base == f.key else f.base for f in forms],
            [f.parent for f in forms],
            [f.rule for f in forms],
            [f.sure for f in forms],
            *([getattr(reading, name) for _, reading in rows] for name in ("norms", "kinds", "asked")),
        ]
        arrays = [pa.array(column, f.type) for column, f in zip(columns, _SCHEMA, strict=True)]
        remembered.keep(path, _version(), pa.table(arrays, schema=_SCHEMA))


def _tuples(column: pa.ListArray) -> list[tuple[str, ...]]:
    """Return a column of lists as tuples, equal ones held once."""
    texts = column.values.to_pylist()
    ends = column.offsets.to_pylist()
    shared: dict[tuple[str, ...], tuple[str, ...]] = {}
    parts = (tuple(texts[start:end]) for start, end in pairwise(ends))
    return [shared.setdefault(part, part) for part in parts]


@cache
def _version() -> str:
    return remembered.room_version(Path(__file__).parent, unicodedata.unidata_version)

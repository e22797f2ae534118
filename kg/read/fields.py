"""From named fields, as JSON and CSV have them, to a `Record`; every value is looked at with suspicion."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from kg.read.authors import author_names
from kg.read.dates import parse_date
from kg.read.record import Record
from kg.read.text import clean, clean_all
from kg.records import Problem, Report, Source

FIELDS = ("id", "title", "abstract", "date", "update_date", "authors", "authors_parsed", "categories")
"""The fields that are read, in any case; all others are left alone.

arXiv's ``update_date`` stands in for a date, its ``authors_parsed`` for authors that are missing or not told apart.
"""

_SHORT = 64  # characters; the names of the fields are shorter, and only such names are remembered
_LIST_MARK = re.compile(r"[;|]")


def record_of(fields: Mapping[str, Any], source: Source, report: Report, complete: bool = True) -> Record | None:
    """Return the record that the fields give, or None with a `Problem` where title or abstract is missing.

    With ``complete=False`` one of the two may be missing (the problem is reported all the same). A date or a list
    that cannot be understood costs only itself.
    """

    def problem(message: str) -> None:
        report.problems.append(Problem(source.file, source.line, message))

    values: dict[str, Any] = {}
    for key, value in fields.items():
        if (name := _name(key)) in FIELDS and not values.get(name):
            values[name] = value
    texts = {}
    for name in ("title", "abstract"):
        value = values.get(name)
        if value is not None and not isinstance(value, str):
            problem(f"{name} is {_kind(value)}, not text")
            value = None
        texts[name] = clean(value or "")
    missing = [name for name, text in texts.items() if not text]
    if missing:
        kept = not complete and len(missing) < len(texts)
        what = f' in "{_short(texts["title"])}"' if texts["title"] else ""
        problem(f"no {' and no '.join(missing)}{what}" + ("" if kept else ": record skipped"))
        if not kept:
            return None

    identifier = values.get("id")
    if identifier is not None and not isinstance(identifier, str):
        problem(f"id is {_kind(identifier)}, not text: left out")
        identifier = None
    day = _date(values.get("date"))
    if day is None and values.get("date") not in (None, ""):
        problem(f'date "{_short(str(values["date"]))}" not understood (YYYY-MM-DD is): left out')
    day = day or _date(values.get("update_date"))
    lists: dict[str, tuple[str, ...]] = {}
    for name in ("authors", "categories"):
        found = _texts(values.get(name), spaces_part=name == "categories")
        if found is None:
            problem(f"{name} is not a list of texts: left out")
        lists[name] = found or ()
    authors, counted = lists["authors"], True
    if isinstance(text := values.get("authors"), str):
        authors, counted = author_names(clean(text))
    if (not authors or not counted) and (parsed := values.get("authors_parsed")):
        names = _parsed(parsed)
        if names is None:
            problem("authors_parsed is not a list of names in parts: left out")
        authors, counted = (names, True) if names else (authors, counted)
    return Record(
        title=texts["title"],
        abstract=texts["abstract"],
        source=source,
        id=clean(identifier or "") or None,
        date=day[0] if day else None,
        date_precision=day[1] if day else None,
        authors=authors,
        author_count=(len(authors) or None) if counted else None,
        categories=lists["categories"],
    )


def _name(key: object) -> str:
    name = str(key)
    return _cleaned(name) if len(name) < _SHORT else clean(name).casefold()


@lru_cache(maxsize=1 << 10)
def _cleaned(name: str) -> str:
    return clean(name).casefold()


def _date(value: Any) -> tuple[str, str] | None:
    return parse_date(clean(value)) if isinstance(value, str) else None


def _texts(value: Any, spaces_part: bool) -> tuple[str, ...] | None:
    """Return the texts of a list, or of one text that lists them with ; or | (or, on demand, with spaces)."""
    if value is None:
        return ()
    if isinstance(value, str):
        parts: list[Any] = _LIST_MARK.split(value)
        if spaces_part and len(parts) == 1:
            parts = value.split()
    elif isinstance(value, list):
        parts = [item.get("name") if isinstance(item, dict) else item for item in value]
    else:
        return None
    if not all(isinstance(part, str) for part in parts):
        return None
    return tuple(text for text in clean_all(parts) if text)


def _parsed(value: Any) -> tuple[str, ...] | None:
    """Return the names of a list such as arXiv's ``[["Last", "First", "suffix"], ...]``."""
    if not isinstance(value, list) or not all(isinstance(parts, list) and parts for parts in value):
        return None
    if not all(isinstance(part, str) for parts in value for part in parts):
        return None
    names = (" ".join([*first[:1], last, *first[1:2]]) for last, *first in value)
    return tuple(name for name in clean_all(list(names)) if name)


def _kind(value: object) -> str:
    return {dict: "an object", list: "a list", bool: "true or false"}.get(type(value), type(value).__name__)


def _short(text: str, limit: int = 60) -> str:
    text = clean(text)
    return text if len(text) <= limit else text[: limit - 1] + "…"

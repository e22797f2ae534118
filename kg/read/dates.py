"""Dates as papers and listing pages write them, read with no guess beyond what the text says."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = (
    r"(?P<month>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
_DAY = r"(?P<day>[0-3]?\d)(?:st|nd|rd|th)?"
_YEAR = r"(?P<year>(?:19|20)\d\d)"
_WEEKDAY = r"(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?,? )?"
_CLOCK = r"(?:[T ][0-2]?\d:\d\d.*)?"

_FORMS = tuple(
    re.compile(form, re.IGNORECASE)
    for form in (
        rf"{_YEAR}-(?P<month_number>\d\d?)-(?P<day>\d\d?){_CLOCK}",
        rf"{_YEAR}/(?P<month_number>\d\d?)/(?P<day>\d\d?)",
        rf"{_YEAR}(?P<month_number>\d\d)(?P<day>\d\d)",
        rf"{_YEAR}[-/](?P<month_number>\d\d?)",
        _YEAR,
        rf"{_WEEKDAY}{_MONTH} {_DAY},? {_YEAR}",
        rf"{_WEEKDAY}{_DAY} {_MONTH},? {_YEAR}{_CLOCK}",
        rf"{_MONTH},? {_YEAR}",
    )
)
_YEARLESS = tuple(
    re.compile(form, re.IGNORECASE) for form in (rf"{_WEEKDAY}{_MONTH} {_DAY}", rf"{_WEEKDAY}{_DAY} {_MONTH}")
)
_AGO = re.compile(
    r"(?:about |over |almost )?(?P<number>\d{1,5}|an?|one) (?P<unit>minute|hour|day|week|month|year)s? ago",
    re.IGNORECASE,
)
_SHORT = 64  # characters; a date is shorter, and only such texts are remembered
_DAYS_BACK = {"today": 0, "yesterday": 1}
_UNIT_DAYS = {"minute": 0, "hour": 0, "day": 1, "week": 7, "month": 30, "year": 365}
_MOST_DAYS = 100 * 365  # back from the capture; no site has listed papers for longer


@dataclass(frozen=True, slots=True)
class Yearless:
    """A day of a year that the text does not name."""

    month: int
    day: int

    def on_or_after(self, year: int) -> date:
        """Return this day in the first year from ``year`` on that has it (February 29 is not in every year)."""
        for candidate in range(year, year + 9):
            try:
                return date(candidate, self.month, self.day)
            except ValueError:
                continue
        raise ValueError(f"no year near {year} has day {self.day} of month {self.month}")


def parse_date(text: str) -> tuple[str, str] | None:
    """Return (ISO date, precision) of a date that names its year, or None.

    The precision is "day", "month" or "year"; month and day stand as the first where they are unknown.

    >>> parse_date("Dec 29, 2023"), parse_date("2024-05"), parse_date("2023-02-30")
    (('2023-12-29', 'day'), ('2024-05-01', 'month'), None)
    """
    text = " ".join(text.split())
    return _parsed(text) if len(text) < _SHORT else _parsed.__wrapped__(text)


@lru_cache(maxsize=1 << 14)
def _parsed(text: str) -> tuple[str, str] | None:
    for form in _FORMS:
        if match := form.fullmatch(text):
            groups = match.groupdict()
            month, day = _month(groups), groups.get("day")
            precision = "year" if month is None else "month" if day is None else "day"
            try:
                found = date(int(groups["year"]), 1 if month is None else month, 1 if day is None else int(day))
            except ValueError:
                continue
            return found.isoformat(), precision
    return None


def parse_yearless(text: str) -> Yearless | None:
    """Return the day and month of a date without year ("Jun 3"), or None.

    >>> parse_yearless("Jun 3")
    Yearless(month=6, day=3)
    """
    for form in _YEARLESS:
        if match := form.fullmatch(" ".join(text.split())):
            found = Yearless(_month(match.groupdict()) or 0, int(match["day"]))
            try:
                found.on_or_after(2024)
            except ValueError:
                return None
            return found
    return None


def parse_ago(text: str) -> tuple[timedelta, str] | None:
    """Return (time back, precision) of a date told from the day of the capture ("3 days ago"), or None.

    A time that no calendar of papers goes back to is None too.

    >>> parse_ago("2 months ago"), parse_ago("3000 years ago")
    ((datetime.timedelta(days=60), 'month'), None)
    """
    text = " ".join(text.split())
    if (days := _DAYS_BACK.get(text.casefold())) is not None:
        return timedelta(days), "day, year inferred"
    if not (match := _AGO.fullmatch(text)):
        return None
    number = int(match["number"]) if match["number"].isdigit() else 1
    unit = match["unit"].casefold()
    days = number * _UNIT_DAYS[unit]
    precision = {"year": "year", "month": "month"}.get(unit, "day, year inferred")
    return (timedelta(days), precision) if days <= _MOST_DAYS else None


def _month(groups: dict[str, str | None]) -> int | None:
    """Return the month's number as it is written, or None where the form has no month."""
    if number := groups.get("month_number"):
        return int(number)
    name = groups.get("month")
    return _MONTHS.index(name[:3].casefold()) + 1 if name else None

"""Listing pages: text saved from a site that lists papers, title over abstract, with or without a line of facts.

Such pages have no fixed form. Facts (dates, counts of authors) are told by their pattern (`kg.read.lines`); which of
the remaining lines is a title and which an abstract is decided for the page as a whole, as the cheapest way through a
small state machine: a line costs more in a role that its looks speak against (a title of 900 characters), and a change
of role costs more where it is unusual (a title after a title). So one odd line does not shift all that follow.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import BinaryIO

from kg.read.authors import author_names, listed
from kg.read.dates import Yearless, parse_ago, parse_date, parse_yearless
from kg.read.lines import Line, read_lines, vocabulary
from kg.read.merge import generic_titles
from kg.read.record import Record
from kg.read.text import BROKEN, mend_bytes, open_text
from kg.records import Problem, Report, Source, fold

MAX_PAGE = 64 * 1024 * 1024
"""Longest page that is read, in characters; a page is held whole, as later lines explain earlier ones."""

HEADER, TITLE, AUTHORS, ABSTRACT = "header", "title", "authors", "abstract"
PARAGRAPH, ORGANISATION = "paragraph", "organisation"

# (role of the text line before, role of this one): cost without and with a line of facts between the two.
# A pair that is not here does not occur.
_START = "start"
_CHANGES: dict[tuple[str, str], tuple[float, float]] = {
    (_START, HEADER): (1.5, 1.5),
    (_START, TITLE): (0, 0),
    (_START, ABSTRACT): (7, 7),
    (HEADER, HEADER): (0, 0),
    (HEADER, TITLE): (0, 0),
    (TITLE, ABSTRACT): (0, 3),
    (TITLE, TITLE): (5, 4),
    (TITLE, ORGANISATION): (4, 4),
    (TITLE, AUTHORS): (0, 1),
    (AUTHORS, ABSTRACT): (0, 1),
    (AUTHORS, TITLE): (2, 2),
    (ABSTRACT, TITLE): (0, 0),
    (ABSTRACT, PARAGRAPH): (1.5, 9),
    (ABSTRACT, ABSTRACT): (7, 7),
    (ABSTRACT, ORGANISATION): (1, 4),
    (PARAGRAPH, TITLE): (0, 0),
    (PARAGRAPH, PARAGRAPH): (1, 9),
    (PARAGRAPH, ABSTRACT): (7, 7),
    (PARAGRAPH, ORGANISATION): (1, 4),
    (ORGANISATION, TITLE): (0, 0),
    (ORGANISATION, ABSTRACT): (7, 2),
}
# The same on a page where each abstract stands below the authors' affiliation: what is told of single lines alone
# (a title without abstract, then another title) is told otherwise where it repeats.
_AFFILIATED_CHANGES = {
    pair: cost for pair, cost in _CHANGES.items() if ORGANISATION not in pair and pair[0] not in (TITLE, AUTHORS)
} | {
    (TITLE, AUTHORS): (0, 1),
    (TITLE, ORGANISATION): (0, 1),
    (AUTHORS, ORGANISATION): (0, 1),
    (ORGANISATION, ABSTRACT): (0, 1),
}
_AFFILIATED_COST = 10  # of reading a page so: three papers at least bear it
_MEAN_COST = 2.5  # of a line; text that is no listing page costs more
_LONGEST_ORGANISATION = 300  # characters, with its name twice
_LONGEST_NAMES = 4000  # characters of a list of authors

_INNER_STOP = re.compile(r"(?<!\bvs)(?<!\betc)(?<!\be\.g)(?<!\bi\.e)[.][\"”’)\]]* +[A-Z(\[]")
_ENDS_SENTENCE = re.compile(r"[.!?…][\"”’')\]]*$")
_ENDS_QUESTION = re.compile(r"[!?][\"”’')\]]*$")
_ENDS_ADDRESS = re.compile(r"(?:https?://|www\.)\S+$")
_WORD = re.compile(r"[^\W\d_]{4,}")


@dataclass(slots=True)
class _Entry:
    """A record on its way: the title's line, and what has been read under it."""

    title: Line
    paragraphs: list[Line] = field(default_factory=list)
    facts: list[Line] = field(default_factory=list)
    organisation: Line | None = None
    id: str | None = None


def read_listing(stream: BinaryIO, encoding: str, file: str, report: Report, complete: bool = True) -> Iterator[Record]:
    """Yield the records of a listing page in their order; what does not fit is a problem in the report.

    A title without an abstract is a problem; it is a record all the same with ``complete=False``.
    """
    text = _whole(stream, encoding, file, report)
    lines = read_lines(text)
    roles, cost = _roles(lines)
    affiliated, other_cost = _roles(lines, affiliated=True)
    if other_cost + _AFFILIATED_COST < cost and _mostly_differ(lines, affiliated):
        roles, cost = affiliated, other_cost
    header, entries, problems = _entries(lines, roles, file)
    found = [entry for entry in entries if entry.paragraphs]
    if not found or cost > _MEAN_COST * len(roles) or len(problems) > 2 * len(found) + 3:
        report.problems.append(Problem(file, None, "text, but not a page of titles and abstracts: nothing was read"))
        return
    for entry in entries:
        if not entry.paragraphs:
            kept = "" if not complete else ": skipped"
            problems.append(Problem(file, entry.title.number, f'title without abstract "{_short(entry.title)}"{kept}'))
            if (line := entry.organisation) and complete:
                problems.append(Problem(file, line.number, f'"{_short(line)}", under that title: skipped'))
    if name := _collapsed(found):
        message = f'text, but not a page of titles and abstracts: "{_short(name)}" stands over unlike abstracts'
        report.problems.append(Problem(file, name.number, f"{message}: nothing was read"))
        return
    if len(entries) == 1:  # a date that says what happened on it is the paper's, also above the title
        entries[0].facts += [line for line in header if _says_what_happened(line)]
    labelled = all(vocabulary()["abstract_label"].match(entry.paragraphs[0].text) for entry in found)
    calendar = _Calendar.of(header, entries)
    records: list[Record] = []
    undated: list[Line] = []
    for entry in entries if not complete else found:
        record, left_out = _record(entry, Source(file, len(records) + 1, entry.title.number), calendar, labelled)
        records.append(record)
        undated += left_out
    if undated:
        dates = f'date "{undated[0].text}"' if len(undated) == 1 else f"{len(undated)} dates, from here on,"
        problems.append(Problem(file, undated[0].number, f"{dates} left out: nothing on the page tells the year"))
    report.problems += sorted(problems, key=lambda problem: problem.line or 0)
    yield from records


def _mostly_differ(lines: list[Line], roles: dict[int, str]) -> bool:
    """Return whether the affiliations of a page are those of papers: a line that comes again is the page's own."""
    found = [fold(lines[i].text) for i, role in roles.items() if role == ORGANISATION]
    return 2 * len(set(found)) > len(found)


def _says_what_happened(line: Line) -> bool:
    return line.kind == "date" and bool(vocabulary()["date_words"].match(line.text))


def _collapsed(entries: list[_Entry]) -> Line | None:
    """Return a title that stands over three or more abstracts, none as another: a line of the page, not of papers.

    Papers under one title would be taken for one paper, unless they have ids or the title is one that many bear.
    """
    abstracts: dict[str, dict[str, Line]] = {}
    for entry in entries:
        if entry.id is None and (title := fold(entry.title.text)) not in generic_titles():
            under = abstracts.setdefault(title, {})
            under.setdefault(fold(" ".join(line.text for line in entry.paragraphs)), entry.title)
    return next((next(iter(under.values())) for under in abstracts.values() if len(under) > 2), None)


def _whole(stream: BinaryIO, encoding: str, file: str, report: Report) -> str:
    """Return the page's text, as much of it as can be read."""
    parts: list[str] = []
    size = 0
    with open_text(stream, encoding) as text:
        try:
            while part := text.read(1 << 16):
                parts.append(part)
                size += len(part)
                if size > MAX_PAGE:
                    report.problems.append(Problem(file, None, f"page of more than {MAX_PAGE:,} characters: cut there"))
                    break
        except BROKEN as error:
            line = sum(part.count("\n") for part in parts) + 1
            report.problems.append(Problem(file, line, f"the file is damaged or cut off here ({error})"))
    raw = "".join(parts)
    whole = mend_bytes(raw)
    if whole != raw:
        at = next(i for i, (old, new) in enumerate(zip(raw, whole, strict=True)) if old != new)
        line = raw.count("\n", 0, at) + 1
        report.problems.append(Problem(file, line, "not UTF-8 from here on: such bytes are read as Windows-1252"))
    return whole


# Roles of the text lines


def _roles(lines: list[Line], affiliated: bool = False) -> tuple[dict[int, str], float]:
    """Return the role of each text line (by its index in ``lines``) and what the cheapest reading costs.

    The cheapest path through the roles (Viterbi's algorithm); ties go to the role named first among the changes.
    Nothing where no path leads through.
    """
    changes = _AFFILIATED_CHANGES if affiliated else _CHANGES
    texts = [i for i, line in enumerate(lines) if line.kind == "text"]
    best: dict[str, float] = {_START: 0.0}
    back: list[dict[str, str]] = []
    previous = -1
    title_label, follows_label = vocabulary()["title_label"], False
    for i in texts:
        facts_between = int(any(line.kind not in ("text", "label") for line in lines[previous + 1 : i]))
        follower = lines[i + 1].kind if i + 1 < len(lines) else "end"
        costs = _looks(lines[i].text, "separator" if affiliated else follower)
        if follower == "separator":  # "NVIDIA", then "·" and a date: below an abstract, not above the next one
            costs[TITLE] += 2
        if follows_label and len(lines[i].text) <= _LONGEST_NAMES:  # one name looks like a title; here it can be told
            costs[AUTHORS] = min(costs.get(AUTHORS, 3), 3)
        follows_label = bool(title_label.match(lines[i].text))
        if follows_label:
            costs = {role: cost + (0 if role == TITLE else 8) for role, cost in costs.items()}
        step: dict[str, float] = {}
        came: dict[str, str] = {}
        for (before, role), change in changes.items():
            if before in best and role in costs:
                total = best[before] + change[facts_between] + costs[role]
                if role not in step or total < step[role]:
                    step[role], came[role] = total, before
        best = step
        back.append(came)
        previous = i
    if not texts or not best:
        return {}, 0.0
    role = min(best, key=lambda name: best[name] + (3 if name in (TITLE, AUTHORS) else 0))
    cost = best[role]
    roles: dict[int, str] = {}
    for i, came in zip(reversed(texts), reversed(back), strict=True):
        roles[i] = role
        role = came[role]
    return dict(sorted(roles.items())), cost


def _looks(text: str, follower: str) -> dict[str, float]:
    """Return what each role costs for a line that looks like this; ``follower`` is the kind of the next line."""
    length = len(text)
    ends_sentence = bool(_ENDS_SENTENCE.search(text))
    question = bool(_ENDS_QUESTION.search(text))
    address = bool(_ENDS_ADDRESS.search(text.rsplit(maxsplit=1)[-1]))
    start = text[:1000]
    stops = len(_INNER_STOP.findall(start))
    cues = sum(bool(cue.search(start)) for cue in vocabulary()["sentence_cues"])
    words = _WORD.findall(start)
    capitals = sum(word[0].isupper() for word in words) / len(words) if words else 0.0

    title = min(max(length - 150, 0) / 30, 12)
    title += (3 if capitals > 0.6 else 5) if ends_sentence and not question else 0
    title += 4 if address or text.endswith(":") else 0
    title += 2 * min(stops, 3) + min(cues, 2)

    names = length <= _LONGEST_NAMES and _looks_like_names(text)
    title += 1.5 if names else 0

    abstract = max(160 - length, 0) / 50
    abstract += 0 if address else (0.7 if question else 0) if ends_sentence else 2
    abstract += 0 if stops else 1
    abstract += 2 if capitals > 0.6 else 0
    abstract -= min(cues, 2) * 0.5

    costs = {
        TITLE: title,
        ABSTRACT: max(abstract, 0),
        PARAGRAPH: max(abstract, 0),
        HEADER: max(length - 60, 0) / 10 + title,
    }
    if names:
        costs[AUTHORS] = 0.5
    if follower in ("separator", "date") and length <= _LONGEST_ORGANISATION:
        name = _organisation(text)
        twice = 2 if name != text else 0
        costs[ORGANISATION] = max(len(name) - 40, 0) / 10 + max(len(name.split()) - 5, 0) + title - twice
    return costs


# From roles to records


def _entries(lines: list[Line], roles: dict[int, str], file: str) -> tuple[list[Line], list[_Entry], list[Problem]]:
    """Return the facts above the first title, the entries under their titles, and lines that fit nowhere."""
    header: list[Line] = []
    entries: list[_Entry] = []
    problems: list[Problem] = []
    first_title = next((i for i, role in roles.items() if role == TITLE), len(lines))
    ids_above = any(line.kind == "arxiv" for line in lines[:first_title])  # else they stand under their titles
    pending_id: str | None = None
    orphan = False  # within an abstract that has no title
    for i, line in enumerate(lines):
        role = roles.get(i)
        if role == ABSTRACT:
            orphan = not entries or bool(entries[-1].paragraphs)
        if role == TITLE:
            entries.append(_Entry(line, id=pending_id))
            pending_id = None
        elif role == HEADER:
            problems.append(Problem(file, line.number, f'above the first title, not understood: "{_short(line)}"'))
        elif role in (ABSTRACT, PARAGRAPH) and orphan:
            problems.append(Problem(file, line.number, f'abstract without title "{_short(line)}": skipped'))
        elif role in (ABSTRACT, PARAGRAPH):
            entries[-1].paragraphs.append(line)
        elif role == AUTHORS:
            entries[-1].facts.append(Line(line.number, line.text, "author_names", {"names": line.text}))
        elif role == ORGANISATION:
            entries[-1].organisation = line
        elif line.kind == "arxiv" and ids_above:
            pending_id = line.values["id"]
        elif line.kind == "arxiv" and entries:
            entries[-1].id = entries[-1].id or line.values["id"]
        elif entries:
            entries[-1].facts.append(line)
        else:
            header.append(line)
    return header, entries, problems


def _organisation(text: str) -> str:
    """Return the organisation's name once where the page has it twice, as its address and as its name.

    >>> _organisation("Salesforce Salesforce"), _organisation("ByteDance-Seed ByteDance Seed")
    ('Salesforce', 'ByteDance Seed')
    """
    words = text.split()
    for i in range(1, len(words)):
        if fold(" ".join(words[:i])) == fold(" ".join(words[i:])):
            return " ".join(words[i:])
    return text


def _record(entry: _Entry, source: Source, calendar: _Calendar, labelled: bool) -> tuple[Record, list[Line]]:
    """Return the record, and the dates that stand without a year on a page that tells none.

    A label of the abstract is taken off if the title has one too or all abstracts of the page are ``labelled``.
    """
    undated: list[Line] = []
    counts: dict[str, int] = {}
    names: tuple[str, ...] = ()
    counted = True
    day: tuple[str, str] | None = None
    for line in entry.facts:
        for name in ("count", "comments"):
            if name in line.values:
                counts.setdefault(name, _number(line.values[name]))
        if "names" in line.values:
            names, counted = author_names(line.values["names"])
        if line.kind == "date" and day is None:
            day = calendar.day(line.values["date"])
            if day is None:
                undated.append(line)
    words = vocabulary()
    title, abstract = entry.title.text, " ".join(line.text for line in entry.paragraphs)
    if label := words["title_label"].match(title):
        title, labelled = title[label.end() :], True
    if labelled and (label := words["abstract_label"].match(abstract)):  # else it may be the author's own word
        abstract = abstract[label.end() :]
    abstract = words["abstract_fold"].sub("", abstract)
    record = Record(
        title=title,
        abstract=abstract,
        source=source,
        id=entry.id,
        date=day[0] if day else None,
        date_precision=day[1] if day else None,
        authors=names,
        author_count=counts.get("count") or (len(names) if counted else 0) or None,
        organisation=_organisation(entry.organisation.text) if entry.organisation else None,
        comments=counts.get("comments"),
    )
    return record, undated


def _looks_like_names(text: str) -> bool:
    """Return whether a line lists names: two or more, most of them of some words with a capital.

    >>> _looks_like_names("Ada Bee, Cy van Dee"), _looks_like_names("Search, Rank and Read: A Study of the Web")
    (True, False)
    """
    names = [name.split() for name in listed(text)]
    particles = vocabulary()["name_particles"]
    good = sum(2 <= len(name) <= 5 and all(w[0].isupper() or w in particles for w in name) for name in names)
    return len(names) > 1 and good > 0.6 * len(names)


def _number(text: str) -> int:
    return int(float(text[:-1]) * 1000) if text[-1] in "kK" else int(text)


def _short(line: Line, limit: int = 60) -> str:
    return line.text if len(line.text) <= limit else line.text[: limit - 1] + "…"


# Years


@dataclass(frozen=True, slots=True)
class _Calendar:
    """What a page tells of the day it was saved: the year that its dates without year lie in."""

    year: int | None
    saved: date | None  # the day in the page's header

    @classmethod
    def of(cls, header: list[Line], entries: list[_Entry]) -> _Calendar:
        """Infer the year: such sites leave out the year of the capture, and it alone.

        So it is later than every year that is written, and not before the year of any arXiv id; of these, the first
        in which all dates without year exist. A header date with its year says it outright.
        """
        heads = [line.values["date"] for line in header if line.kind == "date"]
        dates = [line.values["date"] for entry in entries for line in entry.facts if line.kind == "date"]
        for text in heads:
            if (told := parse_date(text)) and told[1] == "day":
                day = date.fromisoformat(told[0])
                return cls(day.year, day)
        bounds = [int(told[0][:4]) + 1 for text in dates if (told := parse_date(text))]
        bounds += [2000 + int(entry.id[:2]) for entry in entries if entry.id and re.match(r"\d{4}\.", entry.id)]
        if not bounds:
            return cls(None, None)
        year = max(bounds)
        yearless = [found for text in heads + dates if (found := parse_yearless(text))]
        for found in yearless:
            year = max(year, found.on_or_after(year).year)
        saved = next((found.on_or_after(year) for text in heads if (found := parse_yearless(text))), None)
        return cls(year, saved)

    def day(self, text: str) -> tuple[str, str] | None:
        """Return (ISO date, precision) of a date on the page, or None where its year cannot be told."""
        if told := parse_date(text):
            return told
        if ago := parse_ago(text):
            if self.saved is None:
                return None
            then = self.saved - ago[0]
            if ago[1] in ("month", "year"):  # the first of the period
                then = then.replace(day=1, month=then.month if ago[1] == "month" else 1)
            return then.isoformat(), ago[1]
        found = parse_yearless(text)
        if found is None or self.year is None:
            return None
        day = self._past(found, self.year)
        return day.isoformat(), "day, year inferred"

    def _past(self, found: Yearless, year: int) -> date:
        """Return the day in the year, or in the one before where it would lie well after the capture."""
        day = found.on_or_after(year)
        if self.saved and (day - self.saved).days > 31 and (found.month, found.day) != (2, 29):
            return day.replace(year=day.year - 1)
        return day

"""What each line of a listing page is by its looks alone: blank, furniture, a date, a count of authors, or text."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from kg.read.dates import parse_ago, parse_date, parse_yearless
from kg.read.text import clean

_BROKEN_AT_HYPHEN = re.compile(r"\w-$")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a page, or a part of one that holds several facts.

    ``kind`` is "text", "furniture", "separator" or the fact it states: "authors", "author_names", "comments",
    "upvotes", "date", "submitter", "label", "arxiv", "address". ``values`` holds what was read out of it.
    """

    number: int
    text: str
    kind: str
    values: dict[str, str] = field(default_factory=dict)
    after_blank: bool = False


@cache
def vocabulary() -> dict[str, Any]:
    """Return the words of listing.yaml, its patterns compiled."""
    words = yaml.safe_load((files("kg.read") / "listing.yaml").read_text(encoding="utf-8"))
    compiled = {
        "glued": re.compile(r"(?:(?:" + "|".join(words["glued"]) + r")\s*)+"),
        "furniture": re.compile("|".join(f"(?:{p})" for p in words["furniture"]), re.IGNORECASE),
        "separators": re.compile(rf"\s*[{re.escape(words['separators'])}]\s*"),
        "bullets": words["bullets"] + words["separators"] + " ",
        "date_words": re.compile(words["date_words"], re.IGNORECASE),
        "date_comments": re.compile(words["date_comments"], re.IGNORECASE),
        "date_tail": re.compile(rf"{words['date_tail']}$", re.IGNORECASE),
        "page_date_words": re.compile(words["page_date_words"], re.IGNORECASE),
        "title_label": re.compile(words["title_label"], re.IGNORECASE),
        "abstract_label": re.compile(words["abstract_label"], re.IGNORECASE),
        "abstract_fold": re.compile(words["abstract_fold"], re.IGNORECASE),
        "name_particles": frozenset(words["name_particles"]),
        "sentence_cues": [re.compile(rf"\b(?:{p})\b") for p in words["sentence_cues"]],
    }
    for kind in ("authors", "author_names", "comments", "upvotes", "submitter", "label", "arxiv", "address"):
        compiled[kind] = re.compile(words[kind], re.IGNORECASE)
    return compiled


def read_lines(text: str) -> list[Line]:
    """Return the lines of a page that are not blank, each with its kind."""
    lines: list[Line] = []
    blank = titled = False
    for number, raw in enumerate(re.split(r"\r\n|\r|\n", text), start=1):
        line = clean(raw)
        if not line:
            blank = True
            continue
        if not titled:  # words glued to the front occur above and in the first title only
            if match := vocabulary()["glued"].match(line):
                line = line[match.end() :]
            if not line:
                blank = True
                continue
        for part in _parts(line):
            kind, values = classify(part)
            if kind == "text" and lines and lines[-1].kind == "submitter" and not lines[-1].values:
                kind = "submitter" if len(part.split()) <= 2 else kind  # the name stands on a line of its own
                values = {"name": part} if kind == "submitter" else values
            if kind == "address" and lines and lines[-1].kind == "text":
                kind = "text"  # the end of an abstract
            lines.append(Line(number, part, kind, values, blank))
            blank = False
            titled = titled or (kind == "text" and len(part) > 200)
    return _unwrapped(lines)


def classify(line: str) -> tuple[str, dict[str, str]]:
    """Return the kind of a line and the values it states.

    >>> classify("• 8 authors")
    ('authors', {'count': '8'})
    >>> classify("Dec 2, 2024 2")
    ('date', {'date': 'Dec 2, 2024', 'comments': '2'})
    """
    words = vocabulary()
    bare = line.strip(words["bullets"])
    if not bare:
        return "separator", {}
    if len(bare) > 300:
        return "text", {}
    if date := _date(bare):
        return "date", date
    if words["furniture"].fullmatch(bare):
        return "furniture", {}
    for kind in ("authors", "comments", "upvotes", "submitter", "label", "arxiv", "address", "author_names"):
        if match := words[kind].fullmatch(bare):
            return kind, {name.removesuffix("_2"): value.strip() for name, value in match.groupdict().items() if value}
    return "text", {}


def _date(line: str) -> dict[str, str] | None:
    """Return the date of a line and the count of comments after it, where the line holds nothing else."""
    words = vocabulary()
    if match := words["date_words"].match(line):
        line = words["date_tail"].sub("", line[match.end() :], count=1)
    elif match := words["page_date_words"].match(line):
        line = line[match.end() :]
    if _is_date(line) and not re.fullmatch(r"\d+", line):  # a bare number is a count sooner than a year
        return {"date": line}
    match = words["date_comments"].fullmatch(line)
    if match and match["comments"] and _is_date(match["date"]) and not match["date"].isdigit():
        return {"date": match["date"], "comments": match["comments"]}
    return None


def _is_date(text: str) -> bool:
    return bool(parse_date(text) or parse_yearless(text) or parse_ago(text))


def _parts(line: str) -> list[str]:
    """Return the parts of a line such as "8 authors · Dec 29, 2023", or the whole line where they are no facts.

    The first may be a name: "NVIDIA · Dec 29, 2023". A mark then stands between, as it does where each has a line.
    """
    if len(line) > 300:
        return [line]
    parts = [part for part in vocabulary()["separators"].split(line) if part]
    kinds = [classify(part)[0] for part in parts]
    if len(parts) > 1 and not {"text", "furniture"} & set(kinds[1:]):
        if kinds[0] not in ("text", "furniture"):
            return parts
        if kinds[0] == "text" and "date" in kinds:
            return [parts[0], "·", *parts[1:]]
    return [line]


def _unwrapped(lines: list[Line]) -> list[Line]:
    """Return the lines with paragraphs put together again where the page was saved with lines of fixed width.

    Such a page has no long line, and most lines that follow another without a blank one between go on in lower case.
    """
    texts = [line for line in lines if line.kind == "text"]
    following = [line for line in texts if not line.after_blank]
    going_on = sum(line.text[0].islower() for line in following)
    if len(following) < 0.4 * len(texts) or going_on < 0.5 * len(following):
        return lines
    if not texts or max(len(line.text) for line in texts) > 130:
        return lines
    paragraphs: list[list[Line]] = []
    for line in lines:
        if paragraphs and paragraphs[-1][-1].kind == line.kind == "text" and not line.after_blank:
            paragraphs[-1].append(line)
        else:
            paragraphs.append([line])
    return [_joined(paragraph) for paragraph in paragraphs]


def _joined(lines: list[Line]) -> Line:
    """Return the lines of a paragraph as one, which is numbered as the first."""
    first, last = lines[0], lines[-1]
    if first is last:
        return first
    parts = [line.text if _BROKEN_AT_HYPHEN.search(line.text) else f"{line.text} " for line in lines[:-1]]
    return Line(first.number, "".join([*parts, last.text]), "text", {}, first.after_blank)

"""Small pictures made of HTML: papers over time, a ranking with bars, one bar in parts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from app.components import chips
from app.markup import esc, href, name


def timeline(rows: Sequence[Mapping[str, Any]], total: int, *, kind: str = "", height: int = 92) -> str:
    """Return papers per month as bars; months without papers stand empty, from the first to the last.

    ``rows`` have period ("2024-03") and papers; those of the ``total`` papers that have no date are told beside them.
    More than 60 months are shown by year.
    """
    counts = {str(row["period"]): int(row["papers"]) for row in rows if row.get("period")}
    if not counts:
        return '<p class="quiet">No dates known.</p>'
    dated = sum(counts.values())
    told = f'<p class="quiet">{dated:,} of {total:,} have a date</p>' if dated < total else ""
    months = _months(min(counts), max(counts))
    if len(months) > 60:
        counts = _by_year(counts)
        months = [str(year) for year in range(int(min(counts)), int(max(counts)) + 1)]
    top = max(counts.values())
    bars = "".join(
        f'<li data-v="{counts.get(month, 0)}" title="{esc(month)}: {chips.count(counts.get(month, 0), "paper")}"'
        f' style="--v:{100 * counts.get(month, 0) / top:.1f}"><i></i>'
        f'<span class="sr">{esc(month)}: {counts.get(month, 0)}</span></li>'
        for month in months
    )
    middle = f"<span>most: {top} in {esc(max(counts, key=lambda m: (counts[m], m)))}</span>" if len(months) > 2 else ""
    ends = f"<span>{esc(months[0])}</span>{middle}" + (f"<span>{esc(months[-1])}</span>" if len(months) > 1 else "")
    classes = f"kg-bars kg-k-{esc(kind)}" if kind else "kg-bars"
    return (
        f'<div style="max-width:{max(len(months) * 38, min(len(months) * 66, 260))}px">'
        f'<ol class="{classes}" style="--h:{height}px" aria-label="Papers over time">{bars}</ol>'
        f'<div class="kg-axis" aria-hidden="true">{ends}</div>{told}</div>'
    )


def ranking(rows: Iterable[Mapping[str, Any]], *, page: str = "entity", top: int | None = None) -> str:
    """Return entities, each a link with a bar as long as its papers; ``rows`` have id, label, type and papers."""
    rows = list(rows)
    most = top or max((int(row["papers"]) for row in rows), default=1) or 1
    key = "entity" if page in ("explore", "lineage") else "name"
    items = "".join(
        f'<li class="kg-k-{esc(row["type"])}" style="--w:{100 * int(row["papers"]) / most:.1f}">'
        f'<a href="{esc(href(page, **{key: row["id"]}))}">{name(row["label"], 60)}</a>'
        f'<span title="{chips.count(int(row["papers"]), "paper")}">{int(row["papers"]):,}</span></li>'
        for row in rows
    )
    return f'<ul class="kg-rank">{items}</ul>' if items else '<p class="quiet">None.</p>'


def company(one: Mapping[str, Any], most: int, *, top: int | None = None) -> str:
    """Return what an entity is measured on or together with and used with, ``most`` of each, by papers in common."""
    own = ", its versions and sizes left out" if one["members"] else ""
    return "".join(
        f"<h2>{title} <small>papers in common{own}</small></h2>{ranking(rows, top=top)}"
        for title, key in (
            ("Measured on", "measured_on"),
            ("Measured together with", "measured_together_with"),
            ("Used with", "used_with"),
        )
        if (rows := one[key][:most])
    )


def parts(counts: Mapping[str, int]) -> str:
    """Return one bar cut into roles, with its key."""
    known = {key: number for key, number in counts.items() if number}
    pieces = "".join(f'<i class="kg-r-{esc(key)}" style="--n:{number}"></i>' for key, number in known.items())
    labels = "".join(f"<li>{chips.role(key, number)}</li>" for key, number in known.items())
    return f'<div class="kg-parts" aria-hidden="true">{pieces}</div><ul class="kg-key">{labels}</ul>'


def _months(first: str, last: str) -> list[str]:
    year, month = int(first[:4]), int(first[5:7] or 1)
    months: list[str] = []
    while (label := f"{year:04d}-{month:02d}") <= last and len(months) < 1200:
        months.append(label)
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    return months or [first]


def _by_year(counts: Mapping[str, int]) -> dict[str, int]:
    years: dict[str, int] = {}
    for month, number in counts.items():
        years[month[:4]] = years.get(month[:4], 0) + number
    return years

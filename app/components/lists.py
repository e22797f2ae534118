"""Lists of everything: tables whose rows are links, sorted by a press on a heading, in pages of a bearable length."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app.components import chips
from app.markup import esc, link

PAGE = 100
"""Rows of a list that are shown together."""


def first_shown(place: DeltaGenerator, total: int, things: str, several: str | None = None) -> int:
    """Draw how many things there are and, where there are more than a page of them, the choice of a page.

    Args:
        place: where the choice stands; ``?page=`` in the address is what was chosen.
        total: how many there are.
        things, several: what they are, one and many ("paper").

    Returns:
        The number of the first one to show, from 0.
    """
    pages = -(-total // PAGE)
    number = int(place.number_input("Page", 1, pages, key="page", bind="query-params")) if pages > 1 else 1
    first = (number - 1) * PAGE
    part = f", showing {first + 1:,} to {min(first + PAGE, total):,}" if pages > 1 else ""
    st.html(f'<div class="kg"><p class="quiet">{chips.count(total, things, several)}{part}</p></div>')
    return first


def from_the_first() -> None:
    """Go back to the first page of a list: what stood on the others changes with its filters."""
    st.session_state["page"] = 1


FILTER: Mapping[str, Any] = {"bind": "query-params", "on_change": from_the_first}
"""What every widget that narrows or orders a list is given."""


def table(headings: Sequence[tuple[str, str]], rows: Iterable[Sequence[str]], *, label: str, height: int = 0) -> str:
    """Return a sortable table; ``headings`` are (text, class), cells are HTML that is already safe."""
    classes = [css for _, css in headings]
    head = "".join(
        f'<th scope="col"{_class(css)}><button type="button">{esc(text)}</button></th>' for text, css in headings
    )
    body = "".join(
        "<tr>" + "".join(f"<td{_class(css)}>{cell}</td>" for cell, css in zip(row, classes, strict=True)) + "</tr>"
        for row in rows
    )
    style = f' style="--max:{height}px"' if height else ""
    return (
        f'<div class="kg kg-sort"><div class="kg-scroll"{style} tabindex="0" role="region" aria-label="{esc(label)}">'
        f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div></div>"
    )


def entities(rows: Iterable[Mapping[str, Any]], *, height: int = 0) -> str:
    """Return a table of `KnowledgeGraph.entities` rows."""
    return table(
        (("Name", ""), ("Type", ""), ("Papers", "n"), ("First", "n"), ("Last", "n")),
        (
            (
                link("entity", row["label"], name=row["id"], limit=70),
                chips.kind(row["type"]),
                f"{row['papers']}",
                esc((row.get("first_date") or "")[:7]),
                esc((row.get("last_date") or "")[:7]),
            )
            for row in rows
        ),
        label="Entities",
        height=height,
    )


def _class(css: str) -> str:
    return f' class="{css}"' if css else ""

"""The search box of every page: suggestions while one types, Enter goes to the page.

An ARIA combobox. The text typed comes to Python, `KnowledgeGraph.search` answers, the suggestions go back as data and
are shown as text. Choosing one follows its link.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from app.address import held, min_confidence
from app.components import mounted, says
from app.data import ask
from app.markup import href, plain, short

_component = mounted("search")


@st.fragment
@held()
def box(*, key: str, large: bool = False) -> None:
    """Show a search box over papers and entities; a fragment, so that typing reruns nothing else."""
    text = _typed(key)
    _show(key, text, suggestions(text), label="Search papers and entities", large=large)


@st.fragment
@held()
def choose(label: str, *, key: str, address: Callable[[str], str]) -> None:
    """Show a search box over entities whose suggestions lead to ``address(id)``: choosing one is following a link."""
    text = _typed(key)
    found = ask("search", text, limit=9, min_confidence=min_confidence())["entities"] if text.strip() else []
    _show(key, text, [{**_entity(row), "href": address(row["id"])} for row in found], label=label)


def _typed(key: str) -> str:
    before = st.session_state.get(key) or {}
    return plain(before.get("text"))[:200]


def _show(key: str, text: str, found: list[dict[str, Any]], *, label: str, large: bool = False) -> None:
    _component(
        key=key,
        data={"text": text, "found": found, "label": label, "large": large},
        default={"text": ""},
        on_text_change=_nothing,
    )


def suggestions(text: str, limit: int = 9) -> list[dict[str, Any]]:
    """Return what the list under the box shows for ``text``: entities first, then papers, each with its address."""
    if not text.strip():
        return []
    found = ask("search", text, limit=limit, min_confidence=min_confidence())
    entities = [_entity(row) for row in found["entities"][:6]]
    papers = [
        {
            "href": href("paper", id=row["id"]),
            "label": short(row["title"], 110),
            "kind": "paper",
            "note": says.date(row)[:7],
        }
        for row in found["papers"][: max(3, limit - len(entities))]
    ]
    return entities + papers


def _entity(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "href": href("entity", name=row["id"]),
        "label": short(row["label"], 90),
        "kind": row["type"],
        "note": f"{row['papers']} paper{'' if row['papers'] == 1 else 's'}",
    }


def _nothing() -> None:
    """Do nothing: Streamlit returns a component's values only where a callback is named."""

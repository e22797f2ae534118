"""What a page says when it has nothing to draw: no graph yet, an unknown name, an error of `kg`."""

from __future__ import annotations

import streamlit as st

from app.data import folder
from app.markup import esc, href, link, name
from kg.errors import UnknownNameError


def no_graph(reason: str) -> None:
    """Say that nothing was built yet, and how to build."""
    st.html(
        '<div class="kg"><div class="kg-head"><h1>No graph here yet</h1>'
        f'<p class="lead">{esc(reason)}.</p></div><div class="kg-note"><p>Build one from a folder of papers, then '
        f"reload this page:</p><p><code>kg build seeds/ --out {esc(folder())}</code></p></div></div>"
    )


def unknown(error: UnknownNameError, asked: str, page: str) -> None:
    """Say that ``asked`` is not in the graph and offer the nearest names as links to the same page."""
    key = {"entity": "name", "paper": "id", "compare": "side"}.get(page, "entity")
    near = "".join(f'<li><a href="{esc(href(page, **{key: s}))}">{name(s)}</a></li>' for s in error.suggestions)
    offer = f"<p>Did you mean:</p><ul>{near}</ul>" if near else ""
    st.html(
        f'<div class="kg"><div class="kg-head"><h1>Not in this graph</h1>'
        f'<p class="lead">No {"paper has the id" if page == "paper" else "entity goes by the name"} '
        f"“{esc(asked[:200])}”.</p></div>"
        f'<div class="kg-note">{offer}<p>Search above, or start from the {link("", "overview")}.</p></div></div>'
    )


def failed(error: Exception) -> None:
    """Say what `kg` could not do, in its own one line."""
    st.html(
        '<div class="kg"><div class="kg-head"><h1>That did not work</h1></div>'
        f'<div class="kg-note"><p>{esc(error)}</p></div></div>'
    )

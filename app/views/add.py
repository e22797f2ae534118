"""Add: paste an abstract or upload a file, see what is found in it, then keep it."""

from __future__ import annotations

import json

import streamlit as st

from app import intake
from app.components import building, chips, messages, says
from app.markup import esc, href, short
from kg.errors import KGError
from kg.records import Extraction, Paper, Problem
from kg.schema import ROLES

Found = tuple[list[tuple[Paper, Extraction]], list[Problem]]

_SHOWN = 20


def page() -> None:
    """Draw the page: one of two ways in, what is found, and the button that keeps it."""
    st.set_page_config(page_title="Add papers · Paper graph")
    st.html(
        '<div class="kg"><div class="kg-head"><h1>Add papers</h1><p class="lead">See what is found first; nothing is '
        "kept until you say so.</p></div></div>"
    )
    if told := st.session_state.pop("kg-kept", None):
        st.html(
            f'<div class="kg kg-note" role="status"><p>Kept. The graph now holds {chips.count(told, "paper")}. '
            f'<a href="{esc(href(""))}">See the overview</a>.</p></div>'
        )
    paste, upload = st.tabs(["Paste one", "Upload a file"], key="kg-way", on_change=_drop)
    with paste, st.form("paste", border=False):
        title = st.text_input("Title")
        abstract = st.text_area("Abstract", height=190)
        date = st.text_input("Date (optional)", placeholder="2025-03-31", width=180)
        if st.form_submit_button("See what is found", type="primary"):
            _drop()
            if not title.strip():
                st.warning("A paper needs a title.")
            else:
                row = {"title": title.strip(), "abstract": abstract.strip()}
                if date.strip():
                    row["date"] = date.strip()
                line = json.dumps(row, ensure_ascii=False) + "\n"
                st.session_state["kg-intake"] = ("the pasted text", "pasted.jsonl", line.encode())
    with upload:
        file = st.file_uploader(
            "A saved listing page, JSON Lines or CSV, plain or gzipped",
            type=["txt", "jsonl", "json", "csv", "gz"],
            on_change=_drop,
        )
        if file is not None and st.button("See what is found in it", type="primary"):
            st.session_state["kg-intake"] = (file.name, file.name, file.getvalue())
    if "kg-intake" in st.session_state:
        _confirm(*st.session_state["kg-intake"])


def _drop() -> None:
    """Forget what was looked at, so that never another text is kept than the one that was chosen last."""
    st.session_state.pop("kg-intake", None)


def _confirm(source: str, name: str, content: bytes) -> None:
    """Draw what is found in an upload, and keep it if that is wanted; ``source`` is what the reader calls it."""
    try:
        with st.spinner("Reading…"):
            papers, problems = _look(name, content)
    except KGError as error:
        messages.failed(error)
        return
    entities = sum(len(found.entities) for _, found in papers)
    st.html(
        f'<div class="kg"><hr><h2><span>Found in <bdi>{esc(short(source))}</bdi></span> '
        f"<small>{chips.count(len(papers), 'paper')}, {chips.count(entities, 'entity', 'entities')}</small></h2></div>"
    )
    if problems:
        told = "".join(f"<li>{esc(problem)}</li>" for problem in problems[:50])
        st.html(
            f'<div class="kg kg-note"><p>{chips.count(len(problems), "thing")} could not be read and '
            f"would be left out:</p><ul>{told}</ul></div>"
        )
    keep, drop = st.columns([1, 5])
    if drop.button("Throw away"):
        _drop()
        st.rerun()
    if keep.button("Keep and build", type="primary"):
        _keep(name, content)
    st.html(f'<div class="kg">{"<hr>".join(_paper(paper, found) for paper, found in papers[:_SHOWN])}</div>')
    if len(papers) > _SHOWN:
        st.html(f'<div class="kg"><p class="quiet">and {chips.count(len(papers) - _SHOWN, "more paper")}</p></div>')


@st.cache_data(max_entries=8, show_spinner=False)
def _look(name: str, content: bytes) -> Found:
    return intake.look(name, content)


def _keep(name: str, content: bytes) -> None:
    counts = building.with_bar(lambda progress: intake.keep(name, content, progress))
    if counts is not None:
        _drop()
        st.session_state["kg-kept"] = counts["papers"]
        st.rerun()


def _paper(paper: Paper, found: Extraction) -> str:
    """Return one paper's text with what is found in it marked, and the roles."""
    mentions = [
        {
            "field": mention.span.field,
            "start": mention.span.start,
            "end": mention.span.end,
            "entity": entity.name,
            "label": entity.name,
            "type": entity.type,
        }
        for entity in found.entities
        for mention in entity.mentions
    ]
    rows = "".join(
        f"<li>{chips.role(role)} {', '.join(_named(e.type, e.name) for e in found.entities if e.role == role)}</li>"
        for role in ROLES
        if any(e.role == role for e in found.entities)
    )
    steps = "".join(
        f"<li><bdi>{esc(short(r.child))}</bdi> {chips.role(r.relation)} <bdi>{esc(short(r.parent))}</bdi></li>"
        for r in found.relations
    )
    title = says.marked(paper.title, mentions, "title", links=False)
    return (
        f'<h3 class="kg-text">{title}</h3><p class="kg-text" style="font-size:1rem">'
        f"{says.marked(paper.abstract, mentions, 'abstract', links=False)}</p><ul>{rows}{steps}</ul>"
    )


def _named(kind: str, name: str) -> str:
    return f'<span class="kg-k-{esc(kind)}" style="color:var(--k-ink)"><bdi>{esc(short(name))}</bdi></span>'

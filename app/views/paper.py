"""One paper: its text with every mention marked, its links with their sentences, papers like it; without an id, all."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import streamlit as st

from app import theme
from app.address import min_confidence
from app.components import chips, corrections, files, lists, messages, says
from app.data import Answer, ask, graph
from app.markup import esc, link, plain, short
from kg.errors import UnknownNameError
from kg.schema import ROLES


def page() -> None:
    """Draw the page of ``?id=``, or a list: of all papers, or of those linked to ``?entity=``."""
    wanted = plain(st.query_params.get("id", ""))
    if not wanted.strip():
        entity = plain(st.query_params.get("entity", "")).strip()
        if entity:
            _linked(entity)
        else:
            _browse()
        return
    try:
        found = ask("paper", wanted, min_confidence=min_confidence())
    except UnknownNameError as error:
        messages.unknown(error, wanted, "paper")
        return
    st.set_page_config(page_title=f"{short(found['title'])} · Paper graph")
    left, right = st.columns([5, 3], gap="large")
    with left:
        st.html(_text(found))
        st.html(_links(found))
        st.html(_relations(found))
    with right:
        st.html(_names(found))
        st.html(_similar(found))
        st.html(_source(found))
        _take_along(found)
        corrections.paper(found)


def _text(found: Answer) -> str:
    facts = [f'<span class="num">{esc(says.date(found) or "no date")}</span>']
    if found.get("authors"):
        facts.append(esc(short(", ".join(found["authors"]), 200)))
    elif found.get("author_count"):
        facts.append(chips.count(int(found["author_count"]), "author"))
    if found.get("organisation"):
        facts.append(esc(short(found["organisation"], 100)))
    facts += [f'<span class="kg-tag">{esc(c)}</span>' for c in found.get("categories") or []]
    title = says.marked(found["title"], found["mentions"], "title") if found["title"].strip() else "(no title)"
    body = says.marked(found["abstract"], found["mentions"], "abstract")
    return (
        f'<div class="kg"><div class="kg-head"><div class="over"><span class="kg-chip kg-k-paper">paper</span>'
        f'{"".join(f"<span>{fact}</span>" for fact in facts)}</div><h1 class="kg-text" dir="auto">{title}</h1></div>'
        f'<p class="kg-text" dir="auto" style="margin-top:.8rem">{body or "(no abstract)"}</p></div>'
    )


def _links(found: Answer) -> str:
    parts = []
    for role, here in says.by_role(found["links"]):
        items = "".join(
            f'<li><div class="meta">{chips.entity(row)}{chips.confidence(row.get("confidence"))}'
            f"{_origin(row)}</div>{_sentence(found, row)}</li>"
            for row in here
        )
        parts.append(
            f"<section><h2>{chips.role(role)} <small>{len(here)}</small></h2>"
            f'<ul class="kg-papers">{items}</ul></section>'
        )
    return f'<div class="kg"><hr>{"".join(parts)}</div>' if parts else "<span></span>"


def _sentence(found: Answer, row: Answer) -> str:
    """Return the sentence of a link, the mentions of its entity marked."""
    evidence = row["evidence"]
    places = [
        (m["start"], m["end"])
        for m in found["mentions"]
        if evidence
        and m["entity"] == row["entity"]
        and m["field"] == evidence["field"]
        and evidence["start"] <= m["start"] <= m["end"] <= evidence["end"]
    ]
    return says.sentence(evidence, [row["label"]], places=places, css=f"kg-r-{row['role']}")


def _origin(row: Answer) -> str:
    return '<span class="kg-tag">corrected</span>' if row.get("origin") == "curation" else ""


def _relations(found: Answer) -> str:
    rows = found.get("relations") or []
    return f'<div class="kg"><h2>Lineage stated here</h2>{says.steps(rows)}</div>' if rows else "<span></span>"


def _names(found: Answer) -> str:
    """Return the entities of the paper by role, as a short list to jump from."""
    parts = []
    for role, here in says.by_role(found["links"]):
        items = "".join(f"<li>{chips.entity(row, limit=44)}</li>" for row in here)
        parts.append(f'<div style="margin-bottom:.5rem">{chips.role(role)}<ul>{items}</ul></div>')
    if not parts:
        return '<div class="kg"><h2>In this paper</h2><p class="quiet">No named method, model or data found.</p></div>'
    return f'<div class="kg"><h2>In this paper</h2>{"".join(parts)}</div>'


def _similar(found: Answer) -> str:
    rows = (found.get("similar") or [])[:8]
    if not rows:
        return "<span></span>"
    items = "".join(
        f"<li><div>{link('paper', row['title'], id=row['id'], limit=120)}</div>"
        f'<div class="meta">shares {", ".join(esc(short(s, 40)) for s in row["shared"][:5])}'
        f"{' and ' + str(len(row['shared']) - 5) + ' more' if len(row['shared']) > 5 else ''}</div></li>"
        for row in rows
    )
    return f'<div class="kg"><h2>Papers like it</h2><ul class="kg-papers">{items}</ul></div>'


def _source(found: Answer) -> str:
    places = "".join(
        f"<li><code>{esc(s['file'])}</code> record {s['record']}, line {s['line']}</li>"
        for s in found.get("sources") or []
    )
    notes = "".join(f"<li>{esc(n)}</li>" for n in found.get("notes") or [])
    return (
        f'<div class="kg"><h2>Source</h2><ul class="quiet">{places}{notes}<li>id <code>{esc(found["id"])}</code></li>'
        f"</ul></div>"
    )


def _take_along(found: Answer) -> None:
    name = f"paper-{short(found['id'], 60).replace('/', '-')}.json"
    files.button("Download this page as JSON", name, lambda: files.json_of(found))


def _browse() -> None:
    """Draw the list of all papers, newest first."""
    st.set_page_config(page_title="Papers · Paper graph")
    st.html(
        '<div class="kg"><div class="kg-head"><h1>Papers</h1><p class="lead">All papers, newest first.</p></div></div>'
    )
    left, right = st.columns([5, 1], vertical_alignment="bottom")
    years = sorted({row["period"][:4] for row in ask("overview")["papers_by_month"]}, reverse=True)
    chosen = left.pills("Year", years, selection_mode="multi", key="year", **lists.FILTER) if years else []
    total = ask("newest", tuple(chosen), limit=1)["total"]
    found = ask("newest", tuple(chosen), limit=lists.PAGE, offset=lists.first_shown(right, total, "paper"))
    st.html(
        lists.table(
            (("Title", ""), ("Date", "n")),
            (
                (
                    link("paper", row["title"], id=row["id"], limit=200),
                    f'<span class="num">{esc(says.date(row))}</span>',
                )
                for row in found["papers"]
            ),
            label="Papers",
        )
    )
    files.button(f"All {total:,} as CSV", "papers.csv", partial(_csv, tuple(chosen), total))


def _csv(years: Sequence[str], total: int) -> str:
    """Return the papers of some years, or all; past the cache, which needs no list of everything."""
    return files.csv_of(graph().newest(years, limit=total)["papers"], ("id", "title", "date", "date_precision"))


def _linked(wanted: str) -> None:
    """Draw the papers linked to an entity, a page at a time; ``?role=`` and ``?family=false`` narrow them."""
    exact = st.query_params.get("family") == "false"
    try:
        entity = ask("about", wanted)
        rows = ask("papers", wanted, exact=exact, min_confidence=min_confidence())
    except UnknownNameError as error:
        messages.unknown(error, wanted, "entity")
        return
    st.set_page_config(page_title=f"Papers with {short(entity['label'])} · Paper graph")
    st.html(
        f'<div class="kg"><div class="kg-head"><div class="over">{chips.kind(entity["type"])}</div>'
        f"<h1>Papers with {link('entity', entity['label'], name=entity['id'])}</h1></div></div>"
    )
    left, right = st.columns([5, 1], vertical_alignment="bottom")
    roles = left.pills(
        "Role",
        ROLES,
        selection_mode="multi",
        key="role",
        format_func=theme.edge_label,
        **lists.FILTER,
    )
    rows = [row for row in rows if not roles or row["role"] in roles]
    first = lists.first_shown(right, len(rows), "paper")
    shown = rows[first : first + lists.PAGE]
    st.html(f'<div class="kg">{says.papers(shown, roles=True)}</div>')
    name = f"papers-with-{files.stem(entity['label'])}.csv"
    files.button(f"All {len(rows):,} as CSV", name, partial(_linked_csv, rows))


def _linked_csv(rows: list[Answer]) -> str:
    """Return papers with what each does with an entity, and the sentence that says so."""
    told = ({**row, "sentence": (row["evidence"] or {}).get("text")} for row in rows)
    return files.csv_of(told, ("id", "title", "date", "date_precision", "role", "entity", "confidence", "sentence"))

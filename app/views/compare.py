"""Compare: which of one type meet which of another, with the papers behind each cell; and entities side by side."""

from __future__ import annotations

from functools import partial

import streamlit as st

from app import theme
from app.address import min_confidence
from app.components import bars, chips, confidence, files, messages, says, search
from app.data import Answer, ask
from app.markup import esc, href, link, name, plain, short
from kg.errors import UnknownNameError
from kg.records import shown_date
from kg.schema import ENTITY_TYPES

_SIDES = 4
"""Entities that have room side by side."""

_SHOWN = 50
"""Papers of a pressed cell that stand beside the matrix."""


def page() -> None:
    """Draw the matrix of ``?rows=&columns=`` and the papers of ``?cell=``; with ``?side=``, entities side by side."""
    sides = [s for s in plain(st.query_params.get("side", "")).split("|") if s.strip()]
    if sides:
        _side_by_side(sides)
        return
    st.set_page_config(page_title="Compare · Paper graph")
    st.html(
        '<div class="kg"><div class="kg-head"><h1>Compare</h1><p class="lead">How many papers name both. Versions and '
        "sizes count on their own; where a cell is empty, no paper names both. Press a cell for its papers.</p>"
        "</div></div>"
    )
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        rows = _type("Rows", "rows", "method")
        columns = _type("Columns", "columns", "benchmark")
        limit = int(st.select_slider("Size", (10, 20, 30, 50), 20, key="size", bind="query-params", width=180))
    table = ask("matrix", rows, columns, limit=limit, min_confidence=min_confidence())
    cell = plain(st.query_params.get("cell", ""))
    left, right = st.columns([12, 5], gap="medium")
    with left:
        plural = {kind: theme.kinds()[kind]["plural"] for kind in (rows, columns)}  # as the widgets write them
        st.html(_matrix(table, {"rows": plural[rows], "columns": plural[columns], "size": limit}, cell))
        if table["cells"]:
            files.button("The cells as CSV", f"{plural[rows]}-by-{plural[columns]}.csv", lambda: _csv(table))
    with right:
        st.html(_behind(table, cell) if cell in table["cells"] else _hint(table))


def _type(label: str, key: str, default: str) -> str:
    chosen = st.selectbox(
        label,
        ENTITY_TYPES,
        index=ENTITY_TYPES.index(default),
        key=key,
        bind="query-params",
        width=158,
        format_func=lambda kind: theme.kinds()[kind]["plural"],
    )
    return str(chosen)


def _matrix(table: Answer, state: dict[str, str | int], chosen: str) -> str:
    if not table["rows"] or not table["columns"]:
        return f'<div class="kg kg-note"><p>{confidence.nothing("No entities of these types.")}</p></div>'
    most = max((len(papers) for papers in table["cells"].values()), default=1)
    head = "".join(
        f'<th scope="col">{link("entity", c["label"], name=c["id"], limit=28)}</th>' for c in table["columns"]
    )
    body = []
    for row in table["rows"]:
        cells = []
        for column in table["columns"]:
            key = f"{row['id']}|{column['id']}"
            papers = table["cells"].get(key)
            if not papers:
                cells.append("<td></td>")
                continue
            here = ' aria-current="true"' if key == chosen else ""
            label = f"{short(row['label'], 60)} with {short(column['label'], 60)}: {chips.count(len(papers), 'paper')}"
            weight = 14 + 56 * len(papers) / most
            cells.append(
                f'<td><a href="{esc(href("compare", **state, cell=key))}" style="--w:{weight:.0f}"{here}'
                f' title="{esc(label)}" aria-label="{esc(label)}">{len(papers)}</a></td>'
            )
        body.append(
            f'<tr><th scope="row">{link("entity", row["label"], name=row["id"], limit=40)}</th>{"".join(cells)}</tr>'
        )
    possible = len(table["rows"]) * len(table["columns"])
    filled = len(table["cells"])
    return (
        f'<div class="kg kg-matrix"><div class="kg-scroll" style="--max:640px" tabindex="0" role="region" '
        f'aria-label="Matrix"><table><thead><tr><th><span class="sr">Name</span></th>{head}</tr></thead>'
        f'<tbody>{"".join(body)}</tbody></table></div><p class="quiet">{filled:,} of {possible:,} cells have papers; '
        "rows and columns are the entities with most papers.</p></div>"
    )


def _csv(table: Answer) -> str:
    """Return every cell that has papers: its row, its column, how many papers, and their ids."""
    labels = {e["id"]: e["label"] for e in [*table["rows"], *table["columns"]]}
    cells = (
        {"row": labels[row], "column": labels[column], "papers": len(papers), "ids": " ".join(papers)}
        for (row, column), papers in ((key.split("|", 1), papers) for key, papers in table["cells"].items())
    )
    return files.csv_of(cells, ("row", "column", "papers", "ids"))


def _behind(table: Answer, cell: str) -> str:
    labels = {e["id"]: e["label"] for e in [*table["rows"], *table["columns"]]}
    papers = table["cells"][cell]
    sides = {
        e: {row["id"]: row for row in ask("papers", e, exact=True, min_confidence=min_confidence())}
        for e in cell.split("|", 1)
    }
    items = []
    for one in papers[:_SHOWN]:
        links = [(e, rows[one]) for e, rows in sides.items()]
        told = "".join(
            f'<div class="meta">{chips.role(row["role"])} {link("entity", labels[e], name=e)}</div>'
            f"{says.sentence(row['evidence'], (labels[e],), places=row['places'], css='kg-r-' + row['role'])}"
            for e, row in links
        )
        paper = links[0][1]
        items.append(
            f'<li><div class="title">{link("paper", paper["title"], id=one, limit=200)}</div>'
            f'<div class="meta num">{esc(says.date(paper))}</div>{told}</li>'
        )
    both = " with ".join(link("entity", labels[e], name=e) for e in sides)
    rest = len(papers) - len(items)
    told = f"And {chips.count(rest, 'more paper')}; “The cells as CSV” lists the ids of all."
    more = f'<p class="quiet">{told}</p>' if rest else ""
    return (
        f'<div class="kg kg-behind" data-cell="{esc(cell)}">'
        f"<h2>{both} <small>{chips.count(len(papers), 'paper')}</small></h2>"
        f'<ul class="kg-papers">{"".join(items)}</ul>{more}</div>'
    )


def _hint(table: Answer) -> str:
    """Return what stands beside the matrix before a cell is pressed: its fullest cells."""
    labels = {e["id"]: e["label"] for e in [*table["rows"], *table["columns"]]}
    ids = [e["id"] for e in table["rows"][:_SIDES]]
    fullest = sorted(table["cells"].items(), key=lambda item: (-len(item[1]), item[0]))[:8]
    items = "".join(
        f"<li>{' with '.join(link('entity', labels[one], name=one, limit=30) for one in key.split('|', 1))}"
        f' <span class="quiet num">{len(papers)}</span></li>'
        for key, papers in fullest
    )
    if not ids:
        return "<span></span>"
    beside = f'<p><a href="{esc(href("compare", side="|".join(ids)))}">The first {len(ids)} rows side by side</a></p>'
    return f'<div class="kg"><div class="kg-panel"><h2>Most often together</h2><ul>{items}</ul>{beside}</div></div>'


def _side_by_side(names: list[str]) -> None:
    """Draw up to four entities beside each other: figures, time, company, and what they have in common.

    Two spellings of one entity are one side; names that are unknown or beyond the fourth are told.
    """
    known, unknown = _resolved(names)
    ids = list(known)[:_SIDES]
    if not ids:
        first = next(iter(unknown))
        messages.unknown(unknown.pop(first), first, "compare")
        if unknown:
            st.html(f'<div class="kg">{_untold(ids, unknown)}</div>')
        return
    found = [ask("entity", one, min_confidence=min_confidence()) for one in ids]
    st.set_page_config(page_title="Compare · Paper graph")
    st.html(
        '<div class="kg"><div class="kg-head"><h1>Side by side</h1>'
        f'<p class="lead"><a href="{esc(href("compare"))}">Back to the matrix</a></p></div>'
        f"{_beyond(dict(list(known.items())[_SIDES:]))}{_untold(ids, unknown)}</div>"
    )
    if len(ids) < _SIDES:
        beside = partial(_beside, tuple(ids))
        with st.container(width=420):
            search.choose("Add another entity", key=f"kg-beside-{len(ids)}", address=beside)
    top = max(_most(one) for one in found)
    for place, one in zip(st.columns(len(found), gap="medium"), found, strict=True):
        with place:
            st.html(_column(one, ids, top))
    if len(found) > 1:
        st.html(_common(found))


def _resolved(names: list[str]) -> tuple[dict[str, str], dict[str, UnknownNameError]]:
    """Return the entities that the names stand for, each once, id to label, and why each other name stands for none."""
    known: dict[str, str] = {}
    unknown: dict[str, UnknownNameError] = {}
    for one in names:
        try:
            entity = ask("about", one)
        except UnknownNameError as error:
            unknown[one.strip()] = error
        else:
            known[entity["id"]] = entity["label"]
    return known, unknown


def _beyond(rest: dict[str, str]) -> str:
    """Return the words on entities that have no room."""
    if not rest:
        return ""
    named = ", ".join(link("entity", label, name=one) for one, label in rest.items())
    return f'<div class="kg-note" role="status"><p>No more than {_SIDES} side by side; left out: {named}.</p></div>'


def _untold(ids: list[str], unknown: dict[str, UnknownNameError]) -> str:
    """Return the words on names that no entity goes by, the nearest ones as links while there is room for one."""
    notes = []
    for one, error in unknown.items():
        near = ", ".join(f'<a href="{esc(_beside(tuple(ids), n))}">{name(n)}</a>' for n in error.suggestions)
        offer = f" Did you mean {near}?" if near and len(ids) < _SIDES else ""
        notes.append(f"<p>No entity goes by the name “{esc(short(one, 200))}”.{offer}</p>")
    return f'<div class="kg-note" role="status">{"".join(notes)}</div>' if notes else ""


def _beside(ids: tuple[str, ...], another: str) -> str:
    return href("compare", side="|".join(dict.fromkeys((*ids, another))))


def _most(one: Answer) -> int:
    return max((row["papers"] for row in one["used_with"]), default=1)


def _column(one: Answer, ids: list[str], top: int) -> str:
    others = "|".join(i for i in ids if i != one["id"])
    away = f'<a href="{esc(href("compare", side=others))}">take away</a>' if others else ""
    counts = one["counts"]
    first = shown_date(one["first_date"], one["first_date_precision"])[:7]
    return (
        f'<div class="kg"><div class="kg-head"><div class="over">{chips.kind(one["type"])}<span>{away}</span></div>'
        f'<h2 style="font-size:1.3rem">{link("entity", one["label"], name=one["id"])}</h2></div>'
        f'<dl class="kg-facts"><div><dt>papers</dt><dd>{counts["papers"]:,}</dd></div>'
        f"<div><dt>first seen</dt><dd>{esc(first) or '–'}</dd></div></dl>"
        f"<br>{bars.parts(counts['by_role'])}<h2>Over time</h2>"
        f"{bars.timeline(one['timeline'], counts['papers'], kind=one['type'], height=64)}"
        f"{bars.company(one, 8, top=top)}</div>"
    )


def _common(found: list[Answer]) -> str:
    """Return the papers that name all of them."""
    papers: dict[str, Answer] = {}
    sets = []
    for one in found:
        rows = [row for rows in one["papers"].values() for row in rows]
        papers |= {row["id"]: row for row in rows}
        sets.append({row["id"] for row in rows})
    shared = sorted(set.intersection(*sets), key=lambda p: papers[p].get("date") or "", reverse=True)
    items = "".join(
        f'<li><span class="title">{link("paper", papers[p]["title"], id=p, limit=200)}</span> '
        f'<span class="quiet num">{esc(says.date(papers[p]))}</span></li>'
        for p in shared[:40]
    )
    return (
        f'<div class="kg"><h2>Papers that name all of them <small>{len(shared)}</small></h2>'
        f'<ul class="kg-papers">{items}</ul></div>'
    )

"""Lineage: where an entity comes from and what came of it, from left to right, with the sentence behind each step."""

from __future__ import annotations

from typing import Any

import streamlit as st

from app import theme
from app.address import held, min_confidence
from app.components import bars, chips, confidence, files, messages, says
from app.components.graph import draw
from app.components.graph.layout import layered
from app.components.graph.network import LIMIT, drawing
from app.data import Answer, ask
from app.markup import esc, href, plain, short
from kg.errors import UnknownNameError
from kg.schema import ENTITY_TYPES, RELATIONS

_SHOWN = 15
"""Steps told beside the picture; a node that is clicked tells its own, and the file holds all."""


def page() -> None:
    """Draw the lineage of ``?entity=``; without one, entities to start from."""
    wanted = plain(st.query_params.get("entity", "")).strip()
    if not wanted:
        _start()
        return
    try:
        found = ask("lineage", wanted, min_confidence=min_confidence())
    except UnknownNameError as error:
        messages.unknown(error, wanted, "lineage")
        return
    centre = found["entity"]
    st.set_page_config(page_title=f"Lineage of {short(centre['label'])} · Paper graph")
    st.html(_head(centre, found))
    if not found["ancestors"] and not found["descendants"]:
        told = confidence.nothing("No paper here says what it was made from, or what was made from it.")
        st.html(f'<div class="kg kg-note"><p>{told}</p></div>')
        return
    _picture(found)


def _head(centre: Answer, found: Answer) -> str:
    up = len({s["parent"]["id"] for s in found["ancestors"]})
    down = len({s["child"]["id"] for s in found["descendants"]})
    return (
        f'<div class="kg"><div class="kg-head"><div class="over">{chips.kind(centre["type"])}'
        f'<span><a href="{esc(href("entity", name=centre["id"]))}">its page</a></span>'
        f'<span><a href="{esc(href("explore", entity=centre["id"]))}">its graph</a></span></div>'
        f"<h1>Lineage of <bdi>{esc(short(centre['label'], 120))}</bdi></h1>"
        f'<p class="lead">{chips.count(up, "ancestor")}, {chips.count(down, "descendant")}. '
        "What it was made from stands left, what was made from it right. Above stands the year of its own paper where "
        "that is known, else the year first seen here.</p></div></div>"
    )


@st.fragment
@held()
def _picture(found: Answer) -> None:
    """Draw the picture and the steps beside it; a fragment, so that a click redraws only them."""
    centre = found["entity"]["id"]
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        kinds = st.pills(
            "Relations",
            RELATIONS,
            selection_mode="multi",
            default=RELATIONS,
            key="relations",
            bind="query-params",
            format_func=theme.edge_label,
        )
        background = st.toggle("Known background, not from these papers", True, key="background", bind="query-params")
    steps = [
        s
        for s in [*found["ancestors"], *found["descendants"]]
        if s["relation"] in kinds and (background or s["origin"] != "background")
    ]
    if not steps:
        st.html('<div class="kg kg-note"><p>No step passes these filters.</p></div>')
        return
    nodes, left_out = _nodes(found["entity"], steps)
    inside = {node["id"] for node in nodes}
    drawn = [s for s in steps if s["child"]["id"] in inside and s["parent"]["id"] in inside]
    places, columns = layered(
        sorted(inside),
        [(s["child"]["id"], s["parent"]["id"]) for s in drawn],
        {node["id"]: node["year"] for node in nodes},
    )
    edges = [
        {"source": s["child"]["id"], "target": s["parent"]["id"], "key": s["relation"], "papers": 1} for s in drawn
    ]
    left, right = st.columns([11, 5], gap="medium")
    with left:
        data = drawing(nodes, edges, places, focus=centre, title="Lineage", opened=None, columns=columns)
        tall = 70 + 52 * max(5, *(_column_sizes(places).values()), 1)
        selected = draw(data, key=f"lineage-{centre}", height=min(tall, 680))
        rest = f"; {left_out} further away left out" if left_out else "; nothing left out"
        st.html(
            f'<div class="kg"><p class="quiet">{chips.count(len(nodes), "entity", "entities")} drawn{rest}.</p>'
            f"{_circles(found['cycles'])}</div>"
        )
    with right:
        chosen = [s for s in drawn if selected in (s["child"]["id"], s["parent"]["id"])] if selected else [*drawn]
        chosen.sort(key=lambda s: (not s["evidence"], s["depth"]))  # what these papers say comes first
        title = "Steps" if not selected or selected == centre else "Steps of the selected"
        shown = chosen[:_SHOWN]
        more = (
            f'<p class="quiet">and {len(chosen) - _SHOWN} more; click a node for its own</p>' if chosen[_SHOWN:] else ""
        )
        st.html(
            f'<div class="kg"><h2>{title} <small>{len(chosen)}</small></h2>'
            f'<div class="kg-scroll" style="--max:640px;padding:0 .8rem" tabindex="0" role="region" '
            f'aria-label="Steps with evidence">{says.steps(shown)}{more}</div></div>'
        )
        name = f"lineage-of-{files.stem(found['entity']['label'])}.csv"
        files.button("All steps as CSV", name, lambda: _csv(drawn))


def _csv(steps: list[Answer]) -> str:
    """Return the steps, each once for every sentence it rests on; one without a sentence says what it rests on."""
    rows = (
        {
            "child": step["child"]["label"],
            "relation": step["relation"],
            "parent": step["parent"]["label"],
            "confidence": step["confidence"],
            "origin": step["origin"],
            "paper": evidence.get("paper"),
            "date": evidence.get("date"),
            "sentence": evidence.get("text") or says.origin(step),
        }
        for step in steps
        for evidence in (step["evidence"] or [{}])
    )
    return files.csv_of(rows, ("child", "relation", "parent", "confidence", "origin", "paper", "date", "sentence"))


def _circles(cycles: list[Answer]) -> str:
    """Return the steps that were left out because they would lead round in a circle."""
    return "".join(
        f'<p class="quiet">Left out, the weakest step of a circle ({esc(" → ".join(map(short, cycle["way"])))}): '
        f"{esc(short(cycle['step']['child']['label']))} {esc(theme.edge_label(cycle['step']['relation']))} "
        f"{esc(short(cycle['step']['parent']['label']))}.</p>"
        for cycle in cycles
    )


def _nodes(centre: Answer, steps: list[Answer]) -> tuple[list[dict[str, Any]], int]:
    """Return the entities of the steps, nearest first, at most as many as can be drawn, and how many are left out."""
    known: dict[str, dict[str, Any]] = {centre["id"]: centre}
    for step in sorted(steps, key=lambda s: s["depth"]):
        for end in (step["child"], step["parent"]):
            known.setdefault(end["id"], end)
    nodes = [
        {
            **{key: e[key] for key in ("id", "label", "papers")},
            "kind": e["type"],
            "date": e["first_date"],
            "year": e["year"] or (int(e["first_date"][:4]) if e["first_date"] else None),
        }
        for e in list(known.values())[:LIMIT]
    ]
    return nodes, len(known) - len(nodes)


def _column_sizes(places: dict[str, tuple[float, float]]) -> dict[float, int]:
    sizes: dict[float, int] = {}
    for x, _ in places.values():
        sizes[x] = sizes.get(x, 0) + 1
    return sizes


def _start() -> None:
    st.set_page_config(page_title="Lineage · Paper graph")
    top = ask("overview", min_confidence=min_confidence())["top"]
    columns = "".join(
        f"<section><h2>{theme.kinds()[kind]['plural'].capitalize()}</h2>"
        f"{bars.ranking([{**row, 'type': kind} for row in top.get(kind, [])], page='lineage')}</section>"
        for kind in ENTITY_TYPES
    )
    st.html(
        '<div class="kg"><div class="kg-head"><h1>Lineage</h1><p class="lead">What was made from what. Search above '
        f"for an entity and press Lineage on its page, or start from one of these.</p></div><br>"
        f'<div class="kg-columns">{columns}</div></div>'
    )

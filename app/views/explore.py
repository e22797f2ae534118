"""Explore: the graph around one entity, or the busiest entities of a filtered corpus, with a table of the same."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from math import sqrt
from typing import Any

import streamlit as st

from app import theme
from app.address import held, min_confidence
from app.components import chips, files, lists, messages, says
from app.components.graph import draw, opened
from app.components.graph.groups import groups
from app.components.graph.layout import extend, spread
from app.components.graph.network import LIMIT, drawing
from app.data import Answer, ask, derive
from app.markup import esc, href, link, plain, short
from kg.errors import UnknownNameError
from kg.schema import ENTITY_TYPES, ROLES

Filters = dict[str, Any]

_AROUND = 90
"""Nodes drawn at first around one entity; more make a picture that nobody reads."""

_WHOLE = 160
"""Entities drawn of a whole corpus."""

_STRONGEST = 3
"""Of an entity's many "used with" edges, how many the whole graph draws."""

_GROW = 40
"""Nodes that expanding one adds at most."""


_NODE_COLUMNS = ("id", "kind", "label", "papers", "date", "date_precision")
_EDGE_COLUMNS = ("source", "target", "key", "papers", "confidence")


def page() -> None:
    """Draw the page; ``?entity=`` is its centre, ``?expand=`` what was opened in place, ``?node=`` what is selected."""
    wanted = plain(st.query_params.get("entity", "")).strip()
    centre = None
    if wanted:
        try:
            centre = ask("about", wanted)  # the panel asks more, while the browser draws the graph
        except UnknownNameError as error:
            messages.unknown(error, wanted, "explore")
            return
    label = centre["label"] if centre else ""
    st.set_page_config(page_title=f"{short(label)} in the graph · Paper graph" if centre else "Explore · Paper graph")
    st.html(_head(centre))
    filters = _filters(centre is not None)
    _body(centre["id"] if centre else None, label, filters)


def _head(centre: Answer | None) -> str:
    if centre is None:
        return (
            '<div class="kg"><div class="kg-head"><h1>Explore</h1><p class="lead">Entities joined where papers name '
            "both. Click one to see it, double-click to open its page.</p></div></div>"
        )
    page_of = f'<a href="{esc(href("entity", name=centre["id"]))}">its page</a>'
    whole = f'<a href="{esc(href("explore"))}">the whole graph</a>'
    return (
        f'<div class="kg"><div class="kg-head"><div class="over">{chips.kind(centre["type"])}<span>{page_of}</span>'
        f"<span>{whole}</span></div><h1>Around <bdi>{esc(short(centre['label'], 120))}</bdi></h1></div></div>"
    )


def _filters(around: bool) -> Filters:
    """Draw the filters and return them; every one stands in the address."""
    months = [row["period"] for row in ask("overview")["papers_by_month"]]
    years = [int(month[:4]) for month in months]
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium", key="kg-filters"):
        types = st.pills(
            "Types",
            ENTITY_TYPES,
            selection_mode="multi",
            key="types",
            bind="query-params",
            format_func=lambda t: theme.kinds()[t]["plural"],
        )
        roles = st.pills(
            "Roles", ROLES, selection_mode="multi", key="roles", bind="query-params", format_func=theme.edge_label
        )
        hops = 2
        if around:
            hops = int(
                st.segmented_control(
                    "Reach",
                    (1, 2),
                    default=2,
                    key="hops",
                    bind="query-params",
                    format_func=lambda n: "its papers" if n == 1 else "and theirs",
                )
                or 2
            )
        with st.popover("More filters", icon=":material/tune:"):
            least = int(st.number_input("Papers at least", 1, 10_000, 1, key="min", bind="query-params"))
            span = None
            if years and min(years) < max(years):
                whole = (min(years), max(years))
                span = st.slider("Years", *whole, whole, key="years", bind="query-params")
                span = None if span == whole else span
    return {
        "types": tuple(types),
        "roles": tuple(roles),
        "hops": hops,
        "years": span,
        "min_papers": least,
        "min_confidence": min_confidence(),
    }


@st.fragment
@held()
def _body(centre: str | None, label: str, filters: Filters) -> None:
    """Draw graph, panel and table; a fragment, so that a click redraws no filters."""
    key = f"graph-{centre}"
    open_nodes = opened(key)
    with st.spinner("Placing the nodes…"):
        view = derive(_view, centre, tuple(open_nodes), tuple(sorted(filters.items())))
    if not view["nodes"]:
        st.html('<div class="kg kg-note"><p>Nothing passes these filters. Take one away.</p></div>')
        return
    title = f"Around {label}" if label else "The whole graph"
    left, right = st.columns([11, 4], gap="medium")
    with left:
        shown = drawing(
            view["nodes"], view["edges"], view["positions"], focus=centre, title=title, opened=view["opened"]
        )
        selected = draw(shown, key=key, height=640)
        st.html(_left_out(view))
    if selected not in {node["id"] for node in view["nodes"]}:
        selected = centre
    with right, st.container(key="kg-panel"):
        if selected:
            _panel(selected, view)
        else:
            st.html(_hints(view))
    _table(view, title, centre, filters)


def _view(graph: Any, centre: str | None, wanted: Sequence[str], filters: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """Return nodes, edges, their places and what is left out: the filtered view and what was expanded in it."""
    chosen = dict(filters)
    hops = chosen.pop("hops")
    reach = {"limit": _WHOLE} if centre is None else {"hops": hops, "limit": _AROUND}
    base = graph.neighbourhood(centre, **reach, **chosen)
    nodes = {node["id"]: node for node in base["nodes"]}
    edges = {(e["source"], e["target"], e["key"]): e for e in _worth(base, centre)}
    worth = len(edges)
    places = spread(list(nodes), [(s, t) for s, t, _ in edges])
    reached = []
    for one in wanted:
        if one not in nodes:  # what had brought it into the picture was collapsed
            continue
        reached.append(one)
        more = graph.neighbourhood(one, hops=1, limit=_GROW + 1, **chosen)
        room = LIMIT - len(nodes)
        fresh = [node for node in more["nodes"] if node["id"] not in nodes][: max(room, 0)]
        nodes |= {node["id"]: node for node in fresh}
        edges |= {
            (e["source"], e["target"], e["key"]): e
            for e in more["edges"]
            if e["source"] in nodes and e["target"] in nodes
        }
        places = extend(places, list(nodes), one)
    return {
        "nodes": list(nodes.values()),
        "edges": list(edges.values()),
        "positions": places,
        "opened": reached,
        "groups": [] if centre else groups(nodes.values(), edges.values()),
        "left_out": {
            "nodes": base["left_out"]["nodes"],
            "edges": base["left_out"]["edges"] + len(base["edges"]) - worth,
        },
    }


def _worth(view: dict[str, Any], centre: str | None) -> list[dict[str, Any]]:
    """Return the edges to draw: of the "used with" ones, those that are among the strongest of one of their ends.

    Papers in common are weighed by how common the two are (cosine), or the busiest would hide all else.
    """
    if centre is not None:
        return list(view["edges"])
    papers = {node["id"]: max(int(node["papers"]), 1) for node in view["nodes"]}
    best: dict[str, list[tuple[float, int]]] = {}
    for number, edge in enumerate(view["edges"]):
        if edge["key"] == "used_with":
            strength = int(edge.get("papers") or 1) / sqrt(papers[edge["source"]] * papers[edge["target"]])
            for end in (edge["source"], edge["target"]):
                best.setdefault(end, []).append((-strength, number))
    kept = {number for ranked in best.values() for _, number in sorted(ranked)[:_STRONGEST]}
    return [e for number, e in enumerate(view["edges"]) if e["key"] != "used_with" or number in kept]


def _left_out(view: Answer) -> str:
    nodes, edges = view["left_out"]["nodes"], view["left_out"]["edges"]
    shown = f"{chips.count(len(view['nodes']), 'node')} and {chips.count(len(view['edges']), 'edge')} drawn"
    rest = "; nothing left out."
    if nodes or edges:
        rest = f"; left out: {chips.count(nodes, 'node')} with fewer papers or links, {chips.count(edges, 'edge')}."
        rest += " Filter, or expand a node, to see more."
    return f'<div class="kg"><p class="quiet" role="status">{shown}{rest}</p></div>'


def _hints(view: Answer) -> str:
    """Return the panel while nothing is selected: how to use the picture, and ways into it."""
    names = {node["id"]: node for node in view["nodes"]}
    items = "".join(
        f"<li>{', '.join(link('explore', names[one]['label'], entity=one, limit=30) for one in group[:4])}"
        f' <span class="quiet">{f"and {len(group) - 4} more" if len(group) > 4 else ""}</span></li>'
        for group in view["groups"][:9]
    )
    ways = f'<div><h3>Named together</h3><ul class="kg-lines">{items}</ul></div>' if items else ""
    return (
        '<div class="kg"><div class="kg-panel"><h2>Nothing selected</h2><p class="quiet">Click a node for its papers '
        "and sentences. Double-click opens its page. Hover lights its neighbours. The legend hides kinds and roles."
        f"</p>{ways}</div></div>"
    )


def _panel(selected: str, view: Answer) -> None:
    """Draw what is known of the selected node, and where to go from it."""
    node = next(n for n in view["nodes"] if n["id"] == selected)
    if node["kind"] == "paper":
        paper = ask("paper", selected, min_confidence=min_confidence())
        links = "".join(
            f'<li><div class="meta">{chips.entity(row, limit=34)}</div>{chips.role(row["role"])}</li>'
            for row in paper["links"][:8]
        )
        st.html(
            f'<div class="kg"><div class="kg-panel" aria-live="polite"><div class="over">{chips.kind("paper")} '
            f'<span class="quiet num">{esc(says.date(paper))}</span></div>'
            f"<h2>{link('paper', paper['title'], id=selected, limit=160)}</h2>"
            f'<nav class="kg-acts"><a href="{esc(href("paper", id=selected))}">Open its page</a></nav>'
            f'<ul class="kg-papers">{links}</ul></div></div>'
        )
        return
    entity = ask("entity", selected, min_confidence=min_confidence())
    rows = [row for rows in entity["papers"].values() for row in rows]
    more = f'<p class="quiet">{chips.count(len(rows) - 4, "more paper")} on its page</p>' if len(rows) > 4 else ""
    roles = "".join(f"<li>{chips.role(role, number)}</li>" for role, number in entity["counts"]["by_role"].items())
    st.html(
        f'<div class="kg"><div class="kg-panel" aria-live="polite"><div>{chips.kind(entity["type"])} '
        f'<span class="quiet">{chips.count(entity["counts"]["papers"], "paper")}</span></div>'
        f"<h2>{link('entity', entity['label'], name=selected, limit=120)}</h2>"
        f'<nav class="kg-acts"><a href="{esc(href("entity", name=selected))}">Open its page</a>'
        f'<a href="{esc(href("explore", entity=selected))}">Centre here</a></nav>'
        f'<ul class="kg-key">{roles}</ul>{says.papers(rows[:4], roles=True)}{more}</div></div>'
    )


def _table(view: Answer, title: str, centre: str | None, filters: Filters) -> None:
    """Draw the same selection as a table, and what can be taken along."""
    degree: dict[str, int] = {}
    for edge in view["edges"]:
        for end in (edge["source"], edge["target"]):
            degree[end] = degree.get(end, 0) + 1
    told = f"The same as a table: {len(view['nodes'])} rows, and files of it"
    folded = st.expander(told, icon=":material/table_rows:", key="table", bind="query-params")
    if not folded.open:  # made when it is wanted: a browser takes longer over hundreds of rows than over the picture
        return
    with folded:
        st.html(
            lists.table(
                (("Name", ""), ("Kind", ""), ("Papers", "n"), ("Edges here", "n"), ("Date", "n")),
                (
                    (
                        link("paper", node["label"], id=node["id"], limit=110)
                        if node["kind"] == "paper"
                        else link("entity", node["label"], name=node["id"], limit=80),
                        chips.kind(node["kind"]),
                        str(node["papers"]),
                        str(degree.get(node["id"], 0)),
                        esc(says.date(node)),
                    )
                    for node in sorted(view["nodes"], key=lambda n: (-degree.get(n["id"], 0), n["id"]))
                ),
                label=title,
                height=460,
            )
        )
        with st.container(horizontal=True):
            stem = files.stem(title)
            files.button("Nodes and edges drawn, JSON", f"{stem}.json", lambda: _json(view))
            files.button("Edges drawn, CSV", f"{stem}-edges.csv", lambda: files.csv_of(view["edges"], _EDGE_COLUMNS))
            files.button("Nodes drawn, CSV", f"{stem}-nodes.csv", lambda: files.csv_of(view["nodes"], _NODE_COLUMNS))
            if centre:
                reach = filters["hops"], filters["types"], filters["min_confidence"]
                whole = partial(files.exported, "graphml", centre, *reach)
                files.button("All within reach, GraphML", f"{stem}.graphml", whole)


def _json(view: Answer) -> str:
    return files.json_of({"nodes": view["nodes"], "edges": view["edges"]})

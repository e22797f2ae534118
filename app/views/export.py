"""Export: choose a format and how much, see what will be in it, take it along."""

from __future__ import annotations

from collections.abc import Sequence
from shlex import quote
from typing import Any

import streamlit as st

from app import theme
from app.address import min_confidence
from app.components import chips, files, messages, search
from app.data import OUTPUTS, Answer, ask, derive, folder
from app.markup import esc, href, link, plain
from kg.errors import UnknownNameError
from kg.export import FORMATS
from kg.schema import ENTITY_TYPES

_ABOUT = {
    "graphml": ("GraphML", ".graphml", "for Gephi, yEd, igraph, networkx"),
    "gexf": ("GEXF", ".gexf", "for Gephi, with dates"),
    "json": ("JSON", ".json", "node-link form, for scripts and D3"),
    "csv": ("CSV", ".zip", "nodes.csv and edges.csv, for spreadsheets and pandas"),
    "cypher": ("Cypher", ".cypher", "for Neo4j and Memgraph"),
    "html": ("HTML", ".html", "one file that opens in any browser, offline"),
}


def page() -> None:
    """Draw the page; format, entity, reach and types stand in the address."""
    st.set_page_config(page_title="Export · Paper graph")
    st.html(
        '<div class="kg"><div class="kg-head"><h1>Export</h1><p class="lead">The graph, or a part of it, as a file '
        "for another program.</p></div></div>"
    )
    wanted = plain(st.query_params.get("entity", "")).strip()
    centre = None
    if wanted:
        try:
            centre = ask("about", wanted)
        except UnknownNameError as error:
            messages.unknown(error, wanted, "export")
            return
    start = centre["id"] if centre else None
    left, right = st.columns([3, 2], gap="large")
    with left:
        chosen = st.radio(
            "Format",
            list(FORMATS),
            key="format",
            bind="query-params",
            format_func=lambda f: "{0} – {2}".format(*_ABOUT[f]) if f in _ABOUT else f,
        )
        st.html(_scope(centre))
        search.choose("Only around an entity" if centre is None else "Around another", key="kg-around", address=_around)
        hops = 1
        if centre:
            hops = int(st.segmented_control("Steps away", (1, 2, 3), default=1, key="hops", bind="query-params") or 1)
        types = st.pills(
            "Only these types",
            ENTITY_TYPES,
            selection_mode="multi",
            key="types",
            bind="query-params",
            format_func=lambda t: theme.kinds()[t]["plural"],
            help="Papers are always in it. None chosen means all types.",
        )
    with right:
        part: dict[str, Any] = {"hops": hops, "types": tuple(types), "min_confidence": min_confidence()}
        counts = derive(_preview, start, tuple(part.items()))
        st.html(_told(counts))
        name, ending, _ = _ABOUT.get(chosen, (chosen, f".{chosen}", ""))
        label = files.stem(centre["label"]) if centre else "paper-graph"
        st.download_button(
            f"Download {name}",
            data=lambda: files.exported(chosen, start, **part),
            file_name=f"{label}{ending}",
            type="primary",
            on_click="ignore",
            disabled=not counts["nodes"],
            icon=":material/download:",
        )
        around = f" --entity {quote(plain(centre['label']))} --hops {hops}" if centre else ""
        kept = "".join(f" --type {t}" for t in types)
        kept += f" --min-confidence {sure:g}" if (sure := min_confidence()) else ""
        kept += f" --dir {quote(str(folder()))}" if folder().resolve() != OUTPUTS.resolve() else ""
        st.html('<div class="kg"><p class="quiet">The same on the command line:</p></div>')
        target = quote(f"{label}{'' if chosen == 'csv' else ending}")
        st.code(f"kg export {chosen} {target}{around}{kept}", language=None, wrap_lines=True)


def _scope(centre: Answer | None) -> str:
    """Return in words how much is chosen."""
    if centre is None:
        return '<div class="kg"><h2>The whole graph</h2></div>'
    whole = f'<small><a href="{esc(href("export"))}">take the whole graph</a></small>'
    return f'<div class="kg"><h2>Around {link("entity", centre["label"], name=centre["id"])} {whole}</h2></div>'


def _around(entity: str) -> str:
    return href("export", entity=entity)


def _preview(graph: Any, start: str | None, part: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """Return how many nodes and edges of each kind an export would hold."""
    counts: dict[str, Any] = graph.rows(start, **dict(part)).counts()
    return counts


def _told(counts: dict[str, dict[str, int]]) -> str:
    nodes, edges = counts["nodes"], counts["edges"]
    kinds = "".join(
        f'<tr><td>{chips.kind(kind)}</td><td class="n">{nodes[kind]:,}</td></tr>'
        for kind in theme.kinds()
        if kind in nodes
    )
    roles = "".join(
        f'<tr><td>{chips.role(key)}</td><td class="n">{edges[key]:,}</td></tr>' for key in theme.edges() if key in edges
    )
    return (
        f'<div class="kg"><h2>What will be in it</h2><table><thead><tr><th>Nodes</th><th class="n">'
        f'{sum(nodes.values()):,}</th></tr></thead><tbody>{kinds}</tbody><thead><tr><th>Edges</th><th class="n">'
        f"{sum(edges.values()):,}</th></tr></thead><tbody>{roles}</tbody></table></div>"
    )

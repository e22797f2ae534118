"""Overview: search, what the graph holds, what is new, what rises and falls."""

from __future__ import annotations

import streamlit as st

from app import theme
from app.address import min_confidence
from app.components import bars, chips, says, search
from app.data import Answer, ask, built
from app.markup import esc, href, link, plain
from kg.schema import ENTITY_TYPES

_FEWEST = 4
"""Things whose share changed; fewer say nothing of a year."""


def page() -> None:
    """Draw the page; ``?q=`` shows all that is found for a text."""
    text = plain(st.query_params.get("q", "")).strip()
    st.set_page_config(page_title=f"{text[:60]} · Paper graph" if text else "Paper graph")
    sure = min_confidence()
    seen = ask("overview", min_confidence=sure)
    counts = seen["counts"]
    background = chips.count(counts["background"], "more stands in no paper", "more stand in no paper")
    known = f" {background}: known from the background or as a family of others." if counts["background"] else ""
    st.html(
        '<div class="kg"><div class="kg-head"><h1>What papers use, build on and measure</h1>'
        f'<p class="lead">{chips.count(counts["papers"], "paper")}, '
        f"{chips.count(counts['entities'], 'entity', 'entities')}, "
        f"{chips.count(counts['links'], 'link')}: methods, models, datasets and benchmarks read from titles and "
        f"abstracts, each with the sentence it rests on.{known}</p></div></div>"
    )
    with st.container(key="kg-find"):
        search.box(key="kg_search_large", large=True)
    if text:
        st.html(_found(text, sure))
    st.html(_facts(counts))
    left, right = st.columns([5, 3], gap="large")
    with left:
        st.html(_top(seen))
        st.html(_newest(sure))
    with right:
        st.html(_time(seen))
        st.html(_movement(ask("movement", min_confidence=sure)))
        st.html(_build(seen.get("build") or {}))


def _found(text: str, sure: float) -> str:
    found = ask("search", text, limit=40, min_confidence=sure)
    entities = "".join(
        f"<li>{chips.entity(row)} <span class='quiet num'>{chips.count(row['papers'], 'paper')}</span></li>"
        for row in found["entities"]
    )
    papers = "".join(
        f"<li>{link('paper', row['title'], id=row['id'], limit=160)}"
        f" <span class='quiet num'>{esc(row.get('date') or '')}</span></li>"
        for row in found["papers"]
    )
    nothing = "" if entities or papers else '<p class="quiet">Nothing. Try fewer or other letters.</p>'
    return (
        f'<div class="kg"><h2>Found for “{esc(text[:120])}”</h2>{nothing}'
        f'<div class="kg-columns"><ul>{entities}</ul><ul>{papers}</ul></div><hr></div>'
    )


def _facts(counts: Answer) -> str:
    """Return the counts as links to the lists that they count."""
    pairs = [("papers", counts["papers"], href("paper"))]
    pairs += [
        (
            theme.kinds()[kind]["plural"],
            counts["by_type"].get(kind, 0),
            href("entity", type=theme.kinds()[kind]["plural"]),
        )
        for kind in ENTITY_TYPES
    ]
    pairs += [("mentions", counts["mentions"], ""), ("lineage steps", counts["relations"], href("lineage"))]
    items = "".join(
        f"<div><dt>{f'<a href={chr(34)}{esc(to)}{chr(34)}>{esc(word)}</a>' if to else esc(word)}</dt>"
        f"<dd>{number:,}</dd></div>"
        for word, number, to in pairs
    )
    return f'<div class="kg"><dl class="kg-facts">{items}</dl></div>'


def _top(seen: Answer) -> str:
    columns = []
    for kind in ENTITY_TYPES:
        rows = [{**row, "type": kind} for row in seen["top"].get(kind, [])][:12]
        plural = theme.kinds()[kind]["plural"]
        more = f'<small><a href="{esc(href("entity", type=plural))}">all</a></small>'
        columns.append(f"<section><h2>{esc(plural.capitalize())} {more}</h2>{bars.ranking(rows)}</section>")
    return f'<div class="kg"><div class="kg-columns">{"".join(columns)}</div></div>'


def _time(seen: Answer) -> str:
    shown = bars.timeline(seen["papers_by_month"], seen["counts"]["papers"], height=110)
    return f'<div class="kg"><h2>Papers over time</h2>{shown}</div>'


def _newest(sure: float) -> str:
    """Return the newest papers, and the entities that are named for the first time last."""
    papers = "".join(
        f"<li>{link('paper', row['title'], id=row['id'], limit=110)} "
        f'<span class="quiet num">{esc(says.date(row))}</span></li>'
        for row in ask("newest", limit=7)["papers"]
    )
    names = "".join(
        f"<li>{chips.entity(row, limit=40)} "
        f'<span class="quiet num">{esc((row.get("first_date") or "")[:7])}</span></li>'
        for row in ask("entities", (), min_papers=2, limit=7, order="first_date", min_confidence=sure)
    )
    return (
        f'<div class="kg"><div class="kg-columns kg-two"><section><h2>Newest papers '
        f'<small><a href="{esc(href("paper"))}">all</a></small></h2><ul class="kg-lines">{papers}</ul></section>'
        f"<section><h2>Newest names <small>in two papers or more</small></h2>"
        f'<ul class="kg-lines">{names}</ul></section></div></div>'
    )


def _movement(seen: Answer) -> str:
    """Return what rose and what fell from the year before last to the last, by its share of the papers."""
    if len(seen["rises"] + seen["falls"]) < _FEWEST:
        return "<span></span>"

    def told(row: Answer) -> str:
        before, now = (100 * n / total for n, total in zip(row["counts"], seen["totals"], strict=True))
        return (
            f"<tr><td>{chips.entity(row, limit=28)}</td>"
            f'<td class="n" title="{row["counts"][0]} of {seen["totals"][0]} papers">{before:.1f} %</td>'
            f'<td class="n" title="{row["counts"][1]} of {seen["totals"][1]} papers">{now:.1f} %</td></tr>'
        )

    first, last = seen["years"]
    rise = "".join(told(row) for row in seen["rises"])
    fall = "".join(told(row) for row in seen["falls"][:4])
    head = f'<thead><tr><th>{{}}</th><th class="n">{first}</th><th class="n">{last}</th></tr></thead>'
    parts = [head.format(word) + f"<tbody>{body}</tbody>" for word, body in (("Rises", rise), ("Falls", fall)) if body]
    return f'<div class="kg"><h2>Share of the papers</h2><table>{"".join(parts)}</table></div>'


def _build(build: Answer) -> str:
    """Return what is known of the last build: when, from what, what it added and what it could not read."""
    inputs, problems = build.get("inputs") or [], build.get("problems") or []
    timings = build.get("timings") or {}
    rows = [f"<li>{esc(built())}</li>"]
    if added := timings.get("added"):
        papers = "".join(f"<li>{link('paper', p['title'], id=p['id'], limit=110)}</li>" for p in added["first"])
        told = f"{chips.count(added['papers'], 'paper')} added to the build before"
        rows.append(_fold(told, papers) if papers else f"<li>{told}</li>")
    elif isinstance(timings.get("extracted"), int):
        rows.append(f"<li>{chips.count(timings['extracted'], 'paper')} extracted</li>")
    if inputs:
        files = "".join(
            f"<li>{esc(str(i.get('file')))}: {chips.count(int(i.get('records') or 0), 'record')}</li>"
            for i in inputs[:50]
        )
        rows.append(_fold(f"from {chips.count(len(inputs), 'file')}", files))
    if problems:
        told = "".join(
            f"<li>{esc(p.get('file'))}:{esc(p.get('line') or '')} {esc(p.get('message'))}</li>" for p in problems[:50]
        )
        rows.append(_fold(f"{chips.count(len(problems), 'thing')} it could not read", told))
    return f'<div class="kg"><h2>Last build</h2><ul class="quiet">{"".join(rows)}</ul></div>'


def _fold(summary: str, items: str) -> str:
    return f"<li><details><summary>{summary}</summary><ul>{items}</ul></details></li>"

"""One entity: what it is, who uses it and how, where it comes from; without a name, all entities."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import partial
from typing import Any

import streamlit as st

from app import theme
from app.address import min_confidence
from app.components import bars, chips, confidence, corrections, files, lists, messages, says
from app.data import Answer, ask, graph
from app.markup import esc, href, link, plain, short
from kg.errors import UnknownNameError
from kg.records import shown_date
from kg.schema import ENTITY_TYPES, ROLES

_SHOWN = 12  # papers of one role before more are folded away
_FOLDED = 60  # from here on they stand on a list of their own
_ORDERS = {"papers": "most papers", "name": "name", "first_date": "newest"}


def page() -> None:
    """Draw the page of ``?name=``, or the list of all entities."""
    wanted = plain(st.query_params.get("name", ""))
    if not wanted.strip():
        _browse()
        return
    try:
        found = ask("entity", wanted, min_confidence=min_confidence())
    except UnknownNameError as error:
        messages.unknown(error, wanted, "entity")
        return
    st.set_page_config(page_title=f"{short(found['label'])} · Paper graph")
    st.html(_head(found))
    st.html(_facts(found))
    left, right = st.columns([5, 3], gap="large")
    with left:
        papers = _papers(found)
    with right:
        st.html(_time(found, papers))
        st.html(_lineage(found))
        st.html(_family(found))
        st.html(_company(found))
        st.html(_spellings(found))
        _take_along(found)
        corrections.entity(found)


def _head(found: Answer) -> str:
    family = found.get("family")
    over = chips.kind(found["type"])
    if family and family["id"] != found["id"]:
        over += f"<span>of the family {link('entity', family['label'], name=family['id'])}</span>"
    aliases = ", ".join(f"<bdi>{esc(short(a, 60))}</bdi>" for a in found["aliases"][:14])
    more = f" and {len(found['aliases']) - 14} more" if len(found["aliases"]) > 14 else ""
    also = f'<div class="aliases">also written {aliases}{more}</div>' if aliases else ""
    others = ", ".join(
        f"{link('entity', one['label'], name=one['id'])} ({chips.count(one['papers'], 'paper')})"
        for one in _namesakes(found)
    )
    also += f'<div class="aliases">of the same name {others}</div>' if others else ""
    return (
        f'<div class="kg"><div class="kg-head"><div class="over">{over}</div><h1>{_title(found)}</h1>{also}'
        f'<nav class="kg-acts" aria-label="More about it">'
        f'<a href="{esc(href("explore", entity=found["id"]))}">Explore its graph</a>'
        f'<a href="{esc(href("lineage", entity=found["id"]))}">Lineage</a>'
        f'<a href="{esc(href("compare", side=found["id"]))}">Compare</a></nav></div></div>'
    )


def _namesakes(found: Answer) -> list[Answer]:
    """Return the other entities that bear its name."""
    return [one for one in (ask("about", found["name"]), *ask("namesakes", found["name"])) if one["id"] != found["id"]]


def _title(found: Answer) -> str:
    return f"<bdi>{esc(short(found['label'], 300))}</bdi>"


def _facts(found: Answer) -> str:
    counts = found["counts"]
    whole = counts.get("papers_with_family", counts["papers"])
    with_family = f" <small>{whole:,} with its family</small>" if whole != counts["papers"] else ""
    first, last = (shown_date(found[f"{end}_date"], found[f"{end}_date_precision"])[:7] for end in ("first", "last"))
    when = first if first == last else f"{first} – {last}"
    year = f"<div><dt>its paper</dt><dd>{found['year']}</dd></div>" if found["year"] else ""
    roles = bars.parts({role: counts["by_role"].get(role, 0) for role in ROLES}) if counts["papers"] else ""
    return (
        f'<div class="kg"><dl class="kg-facts"><div><dt>papers</dt><dd>{counts["papers"]:,}{with_family}</dd></div>'
        f"<div><dt>mentions</dt><dd>{counts['mentions']:,}</dd></div>"
        f"<div><dt>seen here</dt><dd>{esc(when) or '–'}</dd></div>{year}"
        f'<div style="align-content:center;flex:1 1 300px"><dt class="sr">roles</dt>'
        f'<dd style="font-size:inherit;font-weight:400">{roles}</dd></div></dl></div>'
    )


def _papers(found: Answer) -> list[Answer]:
    """Draw the papers by role, with a switch that takes in those of versions and sizes, and return them."""
    members = found.get("members") or []
    rolled = False
    if members:
        rolled = st.toggle(
            f"With its {chips.count(len(members), 'version or size', 'versions and sizes')}",
            value=True,
            key="family",
            bind="query-params",
        )
    rows = [row for role in ROLES for row in found["papers"].get(role, ())]
    if rolled:
        rows = ask("papers", found["id"], min_confidence=min_confidence())
    if not rows:
        told = confidence.nothing("No paper here is linked to it. It is known from the lineage of others.")
        st.html(f'<div class="kg"><p class="quiet">{told}</p></div>')
    parts = []
    for role, here in says.by_role(_told(row, found) for row in rows):
        rest = here[_SHOWN:_FOLDED]
        more = (
            f"<details><summary>{chips.count(len(rest), 'more paper')}</summary>{says.papers(rest)}</details>"
            if rest
            else ""
        )
        if len(here) > _FOLDED:
            every = href("paper", entity=found["id"], role=role, family=None if rolled or not members else "false")
            more += f'<p><a href="{esc(every)}">All {len(here):,} of them, in pages</a></p>'
        parts.append(
            f'<section id="{role}"><h2>{chips.role(role)} <small>{chips.count(len(here), "paper")}</small></h2>'
            f"{says.papers(here[:_SHOWN])}{more}</section>"
        )
    if parts:
        st.html(f'<div class="kg">{"".join(parts)}</div>')
    return rows


def _told(row: Mapping[str, Any], found: Answer) -> dict[str, Any]:
    """Return a row that names the version it speaks of, where that is another than the page's own entity."""
    return {**row, "via": row["entity"] if row["entity"] != found["label"] else None}


def _time(found: Answer, papers: list[Answer]) -> str:
    """Return when the papers beside it appeared."""
    months = Counter(row["date"][:7] for row in papers if row["date"])
    rows = [{"period": month, "papers": number} for month, number in months.items()]
    shown = bars.timeline(rows, len(papers), kind=found["type"], height=72)
    return f'<div class="kg"><h2>Over time</h2>{shown}</div>'


def _lineage(found: Answer) -> str:
    up = [s for s in found["ancestors"] if s["child"]["id"] == found["id"]]
    down = [s for s in found["descendants"] if s["parent"]["id"] == found["id"] and s["relation"] != "variant_of"]
    if not up and not down:
        told = confidence.nothing("Nothing stated in these papers.")
        return f'<div class="kg"><h2>Lineage</h2><p class="quiet">{told}</p></div>'
    items = [f"<li>{chips.role(s['relation'])} {_relative(s['parent'])}</li>" for s in up[:6]]
    items += [f"<li>{_relative(s['child'])} {chips.role(s['relation'])} it</li>" for s in down[:10]]
    whole = f'<a href="{esc(href("lineage", entity=found["id"]))}">with evidence</a>'
    return (
        f'<div class="kg"><h2>Lineage <small>{whole}</small></h2><ul class="kg-strip">{"".join(items)}</ul>'
        + (f'<p class="quiet">and {len(down) - 10} more descendants</p>' if len(down) > 10 else "")
        + "</div>"
    )


def _relative(one: Answer) -> str:
    """Return an entity of the lineage as a link, with the year of its own paper where that is known."""
    year = f' <span class="quiet num">{one["year"]}</span>' if one["year"] else ""
    return link("entity", one["label"], name=one["id"]) + year


def _family(found: Answer) -> str:
    """Return the whole family as a tree, this entity marked in it."""
    whole = found.get("family")
    if not whole or not whole["members"]:
        return "<span></span>"
    members = whole["members"]
    children: dict[str, list[Mapping[str, Any]]] = {}
    for member in members:
        children.setdefault(member["parent"], []).append(member)

    def item(member: Mapping[str, Any]) -> str:
        here = ' class="here" aria-current="true"' if member["id"] == found["id"] else ""
        name = link("entity", member["label"], name=member["id"], limit=48)
        return f'<span{here}>{name}</span><span class="n">{member["papers"]}</span>'

    def branch(parent: str, depth: int) -> str:
        below = sorted(children.get(parent, ()), key=lambda m: (-m["papers"], m["label"])) if depth < 8 else []
        items = "".join(f"<li>{item(m)}{branch(m['id'], depth + 1)}</li>" for m in below)
        return f"<ul>{items}</ul>" if items else ""

    return (
        f'<div class="kg"><h2>Family <small>{chips.count(len(members), "version or size", "versions and sizes")}'
        f'</small></h2><div class="kg-tree">{item(whole)}{branch(whole["id"], 0)}</div></div>'
    )


def _company(found: Answer) -> str:
    company = bars.company(found, 10)
    return f'<div class="kg">{company}</div>' if company else "<span></span>"


def _spellings(found: Answer) -> str:
    rows = found.get("spellings") or []
    if len(rows) < 2:
        return "<span></span>"
    items = "".join(
        f"<tr><td><bdi>{esc(short(r['surface'], 60))}</bdi></td><td class='n'>{r['mentions']}</td>"
        f"<td>{esc(r.get('rule') or '')}</td></tr>"
        for r in rows[:40]
    )
    return (
        f'<div class="kg"><details><summary>{len(rows)} spellings, and the rules that joined them</summary>'
        f"<table><thead><tr><th>Spelling</th><th class='n'>Mentions</th><th>Rule</th></tr></thead>"
        f"<tbody>{items}</tbody></table></details></div>"
    )


def _take_along(found: Answer) -> None:
    name = f"{found['id'].replace('/', '-')}.json"
    files.button("Download this page as JSON", name, lambda: files.json_of(found))


def _browse() -> None:
    """Draw the list of all entities, by type and papers."""
    st.set_page_config(page_title="Entities · Paper graph")
    st.html(
        '<div class="kg"><div class="kg-head"><h1>Entities</h1>'
        '<p class="lead">Everything the papers name, most used first. Press a heading to sort what is shown.</p>'
        "</div></div>"
    )
    left, middle, last, right = st.columns([5, 2, 2, 2], vertical_alignment="bottom")
    kinds = left.pills(
        "Type",
        ENTITY_TYPES,
        selection_mode="multi",
        key="type",
        format_func=lambda k: theme.kinds()[k]["plural"],
        **lists.FILTER,
    )
    least = middle.number_input("Papers at least", min_value=0, value=1, step=1, key="min", **lists.FILTER)
    order = last.selectbox("Order", list(_ORDERS), key="order", format_func=_ORDERS.__getitem__, **lists.FILTER)
    sure = min_confidence()
    total = ask("count_entities", tuple(kinds), min_papers=int(least), min_confidence=sure)
    part = {"order": str(order), "limit": lists.PAGE, "offset": lists.first_shown(right, total, "entity", "entities")}
    shown = ask("entities", tuple(kinds), min_papers=int(least), min_confidence=sure, **part)
    st.html(lists.entities(shown))
    files.button(f"All {total:,} as CSV", "entities.csv", partial(_csv, tuple(kinds), int(least), str(order), sure))


def _csv(types: tuple[str, ...], least: int, order: str, sure: float) -> str:
    """Return the whole list that the page shows a part of; past the cache, which needs no list of everything."""
    rows = graph().entities(types, min_papers=least, order=order, min_confidence=sure)
    return files.csv_of(rows, ("id", "label", "type", "papers", "first_date", "last_date", "family"))

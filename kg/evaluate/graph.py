"""A built graph in the gold form: what resolution and corrections make of what was extracted, ready to be measured."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kg.ask import KnowledgeGraph
from kg.errors import GoldError
from kg.records import fold

Row = dict[str, Any]


def read_graph(folder: str | Path, rows: Mapping[str, Row], min_confidence: float = 0.0) -> tuple[Row, Row]:
    """Return the gold papers that a graph holds, and what it says of them, both in the gold form, by gold id.

    A paper is found by its id or, as listing pages give none, by its title. An entity has the type that the whole
    corpus gives it, and the spellings that this paper has for it.

    Args:
        folder: the outputs folder of a build.
        rows: papers as `kg.evaluate.read_gold` gives them.
        min_confidence: mentions, links and relations below it are left out.

    Raises:
        GoldError: the graph holds none of the papers.
    """
    graph = KnowledgeGraph(folder)
    by_title = {fold(paper["title"]): paper["id"] for paper in graph.newest(limit=10**9)["papers"]}
    ids = set(by_title.values())
    held = {id: id if id in ids else by_title.get(fold(row["title"])) for id, row in rows.items()}
    said = {
        id: _gold_form(id, graph.paper(paper, min_confidence=min_confidence)) for id, paper in held.items() if paper
    }
    if not said:
        raise GoldError(f"{folder}: the graph holds none of the {len(rows)} gold papers; build it from them")
    return {id: rows[id] for id in said}, said


def _gold_form(id: str, paper: Row) -> Row:
    """Return the answer of `KnowledgeGraph.paper` in the gold form."""
    surfaces: dict[str, dict[str, None]] = {}
    types = {mention["entity"]: mention["type"] for mention in paper["mentions"]}
    for mention in paper["mentions"]:
        surfaces.setdefault(mention["entity"], {})[mention["surface"]] = None
    names = {entity: next(iter(spellings)) for entity, spellings in surfaces.items()}
    return {
        "id": id,
        "title": paper["title"],
        "abstract": paper["abstract"],
        "entities": [
            {
                "name": names[link["entity"]],
                "type": types[link["entity"]],
                "role": link["role"],
                "surfaces": list(surfaces[link["entity"]]),
            }
            for link in paper["links"]
            if link["entity"] in names
        ],
        "lineage": [
            {"child": names[r["child"]["id"]], "parent": names[r["parent"]["id"]], "relation": r["relation"]}
            for r in paper["relations"]
            if r["child"]["id"] in names and r["parent"]["id"] in names
        ],
    }

"""What a filter leaves out, it leaves out of every answer; parts of a list add up to the whole."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from itertools import combinations

import networkx as nx
import pytest

import kg
from kg.ask import KnowledgeGraph
from kg.errors import KGError
from kg.schema import ENTITY_TYPES, ROLES

SURE = 0.5


def test_what_is_unsure_stands_in_no_answer(unsure_graph: KnowledgeGraph) -> None:
    whole, sure = unsure_graph.entity("LoRA"), unsure_graph.entity("LoRA", min_confidence=SURE)
    assert 0 < sure["counts"]["papers"] < whole["counts"]["papers"]
    assert 0 < sure["counts"]["mentions"] < whole["counts"]["mentions"]
    assert sum(month["papers"] for month in sure["timeline"]) == sure["counts"]["papers"]
    for row in unsure_graph.papers()[::15]:
        paper = unsure_graph.paper(row["id"], min_confidence=SURE)
        stated = [*paper["links"], *paper["mentions"], *paper["relations"]]
        assert all(one["confidence"] >= SURE for one in stated)
    steps = unsure_graph.lineage("Llama", min_confidence=SURE)
    assert all(s["confidence"] >= SURE for s in [*steps["ancestors"], *steps["descendants"]])
    links = {(paper, entity) for paper, entity, _, link in unsure_graph.rows().edges() if link["weight"] >= SURE}
    matrix = unsure_graph.matrix(limit=15, min_confidence=SURE)
    named = {end: {paper for paper, entity in links if entity == end} for _, end in links}
    sides = [[entity["id"] for entity in matrix[side]] for side in ("rows", "columns")]
    both = {f"{row}|{column}": sorted(named[row] & named[column]) for row in sides[0] for column in sides[1]}
    assert matrix["cells"] == {cell: papers for cell, papers in both.items() if papers} != {}


def test_counts_under_a_filter_are_those_of_what_passes(unsure_graph: KnowledgeGraph) -> None:
    edges = unsure_graph.rows().edges()
    links = [(entity, role) for _, entity, role, data in edges if data["kind"] == "link" and data["weight"] >= SURE]
    counts = unsure_graph.overview(min_confidence=SURE)["counts"]
    assert counts["links"] == len(links) < unsure_graph.overview()["counts"]["links"]
    assert counts["entities"] == len({entity for entity, _ in links})
    assert counts["by_role"] == {role: sum(found == role for _, found in links) for role in ROLES}
    best = unsure_graph.entities(limit=5, min_confidence=SURE)
    assert [row["papers"] for row in best] == [
        len(unsure_graph.papers(r["id"], exact=True, min_confidence=SURE)) for r in best
    ]
    family = unsure_graph.entity("Llama", min_confidence=SURE)["family"]
    for member in family["members"]:
        assert member["papers"] == len(unsure_graph.papers(member["id"], exact=True, min_confidence=SURE))
    found = unsure_graph.search("llama", min_confidence=SURE)["entities"]
    drawn = [n for n in unsure_graph.neighbourhood("LoRA", min_confidence=SURE)["nodes"] if n["kind"] != "paper"]
    for row in [*found[:8], *drawn]:
        assert row["papers"] == len(unsure_graph.papers(row["id"], exact=True, min_confidence=SURE))
    assert sum(row["papers"] for row in found) < sum(row["papers"] for row in unsure_graph.search("llama")["entities"])


@pytest.mark.parametrize("min_confidence", [0.0, SURE])
def test_an_overview_shows_the_best_of_each_type_and_counts_papers_by_month(
    unsure_graph: KnowledgeGraph, min_confidence: float
) -> None:
    seen = unsure_graph.overview(min_confidence=min_confidence)
    for type_ in ENTITY_TYPES:
        best = unsure_graph.entities([type_], limit=10, min_confidence=min_confidence)
        assert [(row["id"], row["papers"]) for row in seen["top"][type_]] == [
            (row["id"], row["papers"]) for row in best
        ]
        counted = unsure_graph.count_entities([type_], min_confidence=min_confidence)
        assert seen["counts"]["by_type"][type_] == counted >= len(best) > 0
    months = Counter(row["date"][:7] for row in unsure_graph.papers())
    assert [(row["period"], row["papers"]) for row in seen["papers_by_month"]] == sorted(months.items())
    relations = [data for *_, data in unsure_graph.rows().edges() if data["kind"] == "relation"]
    assert seen["counts"]["relations"] == sum(data["weight"] >= min_confidence for data in relations) > 0
    assert seen["build"] == unsure_graph.build


@pytest.mark.parametrize("min_confidence", [0.0, SURE])
@pytest.mark.parametrize("years", [None, (2021, 2022)])
@pytest.mark.parametrize("types", [(), ("paper", "model", "benchmark")])
def test_a_view_of_a_filtered_corpus_joins_what_the_papers_that_pass_name_together(
    unsure_graph: KnowledgeGraph, types: tuple[str, ...], years: tuple[int, int] | None, min_confidence: float
) -> None:
    kinds = dict(unsure_graph.graph.nodes(data="kind"))
    year = {row["id"]: int(row["date"][:4]) for row in unsure_graph.papers()}
    total = {row["id"]: row["papers"] for row in unsure_graph.entities()}
    named: dict[str, set[str]] = {}
    for paper, entity, _, data in unsure_graph.rows().edges():
        passes = data["kind"] == "link" and data["weight"] >= min_confidence and total[entity] >= 2
        if passes and (not types or kinds[entity] in types) and (not years or years[0] <= year[paper] <= years[1]):
            named.setdefault(paper, set()).add(entity)
    papers = Counter(entity for entities in named.values() for entity in entities)
    best = sorted((e for e in papers if papers[e] >= 2), key=lambda e: (-papers[e], e))
    view = unsure_graph.neighbourhood(types=types, years=years, min_papers=2, limit=15, min_confidence=min_confidence)
    assert [(node["id"], node["papers"]) for node in view["nodes"]] == [(e, papers[e]) for e in best[:15]]
    assert view["left_out"]["nodes"] == len(best) - 15 > 0
    pairs = Counter(pair for entities in named.values() for pair in combinations(sorted(entities & {*best[:15]}), 2))
    edges = [edge for edge in view["edges"] if edge["key"] == "used_with"]
    assert {(e["source"], e["target"]): e["papers"] for e in edges} == pairs
    assert [e["papers"] for e in edges] == sorted(pairs.values(), reverse=True) != []
    drawn = {
        (child, parent, key)
        for child, parent, key, data in unsure_graph.rows().edges()
        if data["kind"] == "relation" and data["weight"] >= min_confidence and {child, parent} <= {*best[:15]}
    }
    assert {(e["source"], e["target"], e["key"]) for e in view["edges"] if e not in edges} == drawn


@pytest.mark.parametrize("min_confidence", [0.0, SURE])
@pytest.mark.parametrize("start", ["LoRA", "DPO"])
def test_a_view_around_an_entity_draws_what_is_within_reach_of_what_passes(
    unsure_graph: KnowledgeGraph, start: str, min_confidence: float
) -> None:
    centre, years = unsure_graph.find(start), (2021, 2022)
    year = {row["id"]: int(row["date"][:4]) for row in unsure_graph.papers()}
    whole = [edge for edge in unsure_graph.rows().edges() if edge[3]["weight"] >= min_confidence]
    reach = nx.Graph([(source, target) for source, target, _, _ in whole])
    for hops in (1, 2):
        within = nx.single_source_shortest_path_length(reach, centre, cutoff=hops).keys()
        passing = {
            (source, target, key, data["weight"])
            for source, target, key, data in whole
            if {source, target} <= within and (data["kind"] == "relation" or years[0] <= year[source] <= years[1])
        }
        view = unsure_graph.neighbourhood(start, hops=hops, years=years, limit=10_000, min_confidence=min_confidence)
        assert {(e["source"], e["target"], e["key"], e["confidence"]) for e in view["edges"]} == passing != set()
        assert {n["id"] for n in view["nodes"]} == {centre} | {end for edge in passing for end in edge[:2]}
        assert all(node["date"] for node in view["nodes"] if node["kind"] == "paper")
    degree = Counter(end for e in view["edges"] for end in (e["source"], e["target"]))
    near = {end for e in view["edges"] if centre in (e["source"], e["target"]) for end in (e["source"], e["target"])}
    ranks = [(node["id"] not in near, -degree[node["id"]]) for node in view["nodes"][1:]]
    assert ranks == sorted(ranks), "the nearest and busiest first"


def test_a_confidence_that_leaves_nothing_out_changes_no_count(unsure_graph: KnowledgeGraph) -> None:
    counts = unsure_graph.overview()["counts"]
    assert counts == unsure_graph.overview(min_confidence=0.01)["counts"]
    assert counts["entities"] == unsure_graph.count_entities()
    assert counts["background"] == unsure_graph.count_entities(min_papers=0) - unsure_graph.count_entities()


@pytest.mark.parametrize("min_papers", [1, 4])
@pytest.mark.parametrize("min_confidence", [0.0, SURE])
def test_what_rises_and_falls_is_counted_over_all_entities_of_both_years(
    unsure_graph: KnowledgeGraph, min_papers: int, min_confidence: float
) -> None:
    year = {row["id"]: int(row["date"][:4]) for row in unsure_graph.papers()}
    totals = [list(year.values()).count(y) for y in (2023, 2024)]
    counts: dict[str, list[int]] = {}
    for paper, entity, _, data in unsure_graph.rows().edges():
        if data["kind"] == "link" and data["weight"] >= min_confidence and year[paper] >= 2023:
            counts.setdefault(entity, [0, 0])[year[paper] - 2023] += 1
    change = {
        entity: Fraction(now, totals[1]) - Fraction(before, totals[0])
        for entity, (before, now) in counts.items()
        if before + now >= min_papers
    }
    seen = unsure_graph.movement(limit=10_000, min_papers=min_papers, min_confidence=min_confidence)
    assert (seen["years"], seen["totals"]) == ([2023, 2024], totals)
    assert all(row["counts"] == counts[row["id"]] for row in seen["rises"] + seen["falls"])
    best = sorted((-by, entity) for entity, by in change.items())
    assert [row["id"] for row in seen["rises"]] == [entity for by, entity in best if by < 0] != []
    assert [row["id"] for row in seen["falls"]] == [entity for by, entity in reversed(best) if by > 0] != []
    few = unsure_graph.movement(limit=3, min_papers=min_papers, min_confidence=min_confidence)
    assert few == seen | {way: seen[way][:3] for way in ("rises", "falls")}


def test_a_graph_of_less_than_two_years_tells_of_no_movement(gold_graph: KnowledgeGraph) -> None:
    assert gold_graph.movement() == {"years": [], "totals": [], "rises": [], "falls": []}


@pytest.mark.parametrize("min_confidence", [0.0, SURE])
@pytest.mark.parametrize("types", [(), ("benchmark",)])
@pytest.mark.parametrize("start", [None, "LoRA"])
def test_a_selection_counts_what_it_holds_and_every_edge_has_both_its_ends(
    unsure_graph: KnowledgeGraph, start: str | None, types: tuple[str, ...], min_confidence: float
) -> None:
    part = unsure_graph.rows(start, hops=2, types=types, min_confidence=min_confidence)
    nodes, edges = dict(part.nodes()), list(part.edges())
    assert len(part) == len(nodes) > 0
    assert sum(part.counts()["nodes"].values()) == len(nodes)
    assert sum(part.counts()["edges"].values()) == len(edges)
    whole = unsure_graph.rows()
    kinds = {id: data["kind"] for id, data in whole.nodes()}
    sure = [edge for edge in whole.edges() if edge[3]["weight"] >= min_confidence]
    wanted = set(kinds)
    if start:
        reach = nx.Graph(edge[:2] for edge in sure)
        wanted = set(nx.single_source_shortest_path_length(reach, unsure_graph.find(start), cutoff=2))
    elif min_confidence:
        ends = {end for edge in sure for end in edge[:2]}
        wanted = {id for id, kind in kinds.items() if kind == "paper" or id in ends}
    if types:
        typed = {id for id, kind in kinds.items() if kind in types}
        wanted &= typed | {source for source, target, _, data in sure if data["kind"] == "link" and target in typed}
    assert nodes.keys() == wanted
    assert edges == [edge for edge in sure if {*edge[:2]} <= wanted]


@pytest.mark.parametrize("types", [("benchmark",), ("benchmark", "model")])
def test_the_centre_keeps_its_links_when_its_own_type_is_filtered_out(
    gold_graph: KnowledgeGraph, types: tuple[str, ...]
) -> None:
    view = gold_graph.neighbourhood("LoRA", hops=2, types=types, min_papers=2, limit=1000)
    assert {n["kind"] for n in view["nodes"] if n["id"] != "method/lora"} == {"paper", *types}
    papers = {row["id"] for row in gold_graph.papers("LoRA", exact=True)}
    assert {e["source"] for e in view["edges"] if e["target"] == "method/lora" and e["key"] in ROLES} == papers


def test_a_filter_that_names_no_type_or_role_is_refused(gold_graph: KnowledgeGraph) -> None:
    for asked in (gold_graph.neighbourhood, gold_graph.rows, gold_graph.entities):
        with pytest.raises(KGError, match="no such type"):
            asked(types=["metod"])
    with pytest.raises(KGError, match="no such order; choose from papers, name"):
        gold_graph.entities(order="size")
    for ask in (gold_graph.neighbourhood, gold_graph.papers):
        with pytest.raises(KGError, match="use: no such role; choose from introduces, "):
            ask("LoRA", roles=["use"])


@pytest.mark.parametrize("order", ["papers", "name", "first_date"])
@pytest.mark.parametrize("min_confidence", [0.0, SURE])
def test_parts_of_a_list_of_entities_add_up(unsure_graph: KnowledgeGraph, order: str, min_confidence: float) -> None:
    asked = {"order": order, "min_confidence": min_confidence}
    whole = unsure_graph.entities(ENTITY_TYPES[:2], **asked)
    total = unsure_graph.count_entities(ENTITY_TYPES[:2], min_confidence=min_confidence)
    assert len(whole) == total
    parts = [unsure_graph.entities(ENTITY_TYPES[:2], limit=70, offset=at, **asked) for at in range(0, total, 70)]
    assert [row for part in parts for row in part] == whole
    ordered = sorted(whole, key=lambda row: row["id"])
    if order == "name":
        ordered.sort(key=lambda row: row["label"].lower())
    elif order == "papers":
        ordered.sort(key=lambda row: -row["papers"])
    else:
        ordered.sort(key=lambda row: row["first_date"], reverse=True)
    assert whole == ordered
    undated = [row["first_date"] is None for row in unsure_graph.entities(min_papers=0, order="first_date")]
    assert undated == sorted(undated) and any(undated), "what no paper dates comes last"
    many = unsure_graph.entities(ENTITY_TYPES[:2], min_papers=3, **asked)
    assert many == [row for row in whole if row["papers"] >= 3] != []
    assert unsure_graph.count_entities(ENTITY_TYPES[:2], min_papers=3, min_confidence=min_confidence) == len(many)
    for row in many[:5]:
        dates = [p["date"] for p in unsure_graph.papers(row["id"], exact=True, min_confidence=min_confidence)]
        assert (row["first_date"], row["last_date"]) == (min(dates), max(dates))


def test_parts_of_the_list_of_papers_add_up(unsure_graph: KnowledgeGraph) -> None:
    whole = unsure_graph.papers()
    parts = [unsure_graph.newest(limit=50, offset=at)["papers"] for at in range(0, len(whole), 50)]
    assert [p["id"] for part in parts for p in part] == [p["id"] for p in whole]
    some = unsure_graph.newest(["2021", "2023"], limit=1000)
    assert some["total"] == len(some["papers"]) == sum(p["date"][:4] in ("2021", "2023") for p in whole)


def test_a_lineage_knows_the_year_of_what_is_well_known(gold_graph: kg.KnowledgeGraph) -> None:
    found = gold_graph.lineage("PPO")
    ends = [step[end] for step in found["ancestors"] + found["descendants"] for end in ("child", "parent")]
    years = {e["label"]: e["year"] for e in [found["entity"], *ends]}
    assert (years["REINFORCE"], years["TRPO"], years["PPO"], years["GRPO"]) == (1992, 2015, 2017, 2024)
    assert gold_graph.entity("PPO")["year"] == 2017

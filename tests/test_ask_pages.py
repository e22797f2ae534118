"""The pages of an entity and of a paper hold what follows from the links and relations, and hold it in order."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from pathlib import Path

import networkx as nx
import pyarrow.parquet as pq
import pytest

from kg.ask import KnowledgeGraph
from kg.errors import UnknownNameError
from kg.pipeline import build_from_extractions
from kg.records import Extraction, Mention, Paper, PaperEntity, PaperRelation, Span
from kg.schema import ROLES

SURE = 0.5
DATA = ("dataset", "benchmark")


def links_of(graph: KnowledgeGraph, sure: float = 0.0) -> dict[str, dict[str, tuple[str, float]]]:
    """Return what each paper is linked to: entity -> role and confidence."""
    links: dict[str, dict[str, tuple[str, float]]] = defaultdict(dict)
    for paper, entity, role, data in graph.rows().edges():
        if data["kind"] == "link" and data["weight"] >= sure:
            links[paper][entity] = (role, data["weight"])
    return links


def variants_of(graph: KnowledgeGraph) -> nx.DiGraph:
    return nx.DiGraph([(child, parent) for child, parent, key in graph.graph.edges(keys=True) if key == "variant_of"])


@pytest.mark.parametrize("sure", [0.0, SURE])
def test_papers_come_by_their_strongest_link_the_strongest_role_first_then_the_newest(
    unsure_graph: KnowledgeGraph, sure: float
) -> None:
    root = unsure_graph.find("Llama")
    family = {root, *nx.ancestors(variants_of(unsure_graph), root)}
    best = {
        paper: min((ROLES.index(role), -weight, entity) for entity, (role, weight) in named.items() if entity in family)
        for paper, named in links_of(unsure_graph, sure).items()
        if family & named.keys()
    }
    rows = unsure_graph.papers("Llama", min_confidence=sure)
    told = {r["id"]: (ROLES.index(r["role"]), -r["confidence"], unsure_graph.find(r["entity"])) for r in rows}
    assert told == best
    newest = sorted(sorted(rows, key=lambda r: r["id"]), key=lambda r: r["date"], reverse=True)
    assert rows == sorted(newest, key=lambda r: ROLES.index(r["role"]))
    assert len({r["role"] for r in rows}) > 1 and len({r["date"] for r in rows}) > 1


@pytest.mark.parametrize("sure", [0.0, SURE])
@pytest.mark.parametrize("name", ["Llama", "LLaMA-2-7B", "GSM8K", "LoRA"])
def test_what_an_entity_is_used_with_and_measured_on_shares_most_papers_with_it(
    unsure_graph: KnowledgeGraph, name: str, sure: float
) -> None:
    page = unsure_graph.entity(name, min_confidence=sure)
    own = {page["id"], *(member["id"] for member in page["members"])}
    kinds = dict(unsure_graph.graph.nodes(data="kind"))
    shared: Counter[str] = Counter()
    measured: Counter[str] = Counter()
    for named in links_of(unsure_graph, sure).values():
        if page["id"] in named:
            others = named.keys() - own
            shared.update(others)
            if page["type"] not in DATA or named[page["id"]][0] == "evaluates_on":
                measured.update(e for e in others if kinds[e] in DATA and named[e][0] == "evaluates_on")

    def best(counted: Counter[str]) -> list[tuple[str, int]]:
        return sorted(counted.items(), key=lambda row: (-row[1], row[0]))[:15]

    assert [(e["id"], e["papers"]) for e in page["used_with"]] == best(shared) != []
    among = "measured_together_with" if page["type"] in DATA else "measured_on"
    assert [(e["id"], e["papers"]) for e in page[among]] == best(measured) != []


@pytest.mark.parametrize("sure", [0.0, SURE])
@pytest.mark.parametrize("name", ["Llama", "Llama 2", "RLHF"])
def test_an_entity_page_counts_what_its_lists_hold(unsure_graph: KnowledgeGraph, name: str, sure: float) -> None:
    page = unsure_graph.entity(name, min_confidence=sure)
    papers = unsure_graph.papers(name, exact=True, min_confidence=sure)
    assert [p for rows in page["papers"].values() for p in rows] == papers
    assert page["counts"]["papers_with_family"] == len(unsure_graph.papers(name, min_confidence=sure))
    dates = sorted(p["date"] for p in papers)
    assert (page["first_date"], page["last_date"]) == (dates[0], dates[-1])
    months = Counter(date[:7] for date in dates)
    assert page["timeline"] == [{"period": month, "papers": months[month]} for month in sorted(months)]
    lineage = unsure_graph.lineage(name, min_confidence=sure)
    assert (page["ancestors"], page["descendants"]) == (lineage["ancestors"], lineage["descendants"])
    assert page["spellings"] == unsure_graph.explain(name)["spellings"] != []


@pytest.mark.parametrize("sure", [0.0, SURE])
def test_a_version_shows_the_whole_family_and_what_is_below_itself(unsure_graph: KnowledgeGraph, sure: float) -> None:
    variants = variants_of(unsure_graph)
    root, version = unsure_graph.find("Llama"), unsure_graph.find("Llama 2")

    def below(id: str) -> list[tuple[str, str, int]]:
        counts = {
            member: len(unsure_graph.papers(member, exact=True, min_confidence=sure))
            for member in nx.ancestors(variants, id)
        }
        best = sorted(counts, key=lambda member: (-counts[member], member))
        return [(member, next(variants.successors(member)), counts[member]) for member in best]

    page = unsure_graph.entity(version, min_confidence=sure)
    family = page["family"]
    assert (family["id"], family["papers"]) == (
        root,
        len(unsure_graph.papers(root, exact=True, min_confidence=sure)),
    )
    assert [(m["id"], m["parent"], m["papers"]) for m in family["members"]] == below(root)
    assert [(m["id"], m["parent"], m["papers"]) for m in page["members"]] == below(version) != []
    assert unsure_graph.entity(root, min_confidence=sure)["members"] == family["members"]


def test_an_explanation_names_the_steps_of_the_family_and_what_is_spelled_the_same(gold_graph: KnowledgeGraph) -> None:
    variants = variants_of(gold_graph)
    version = gold_graph.find("Llama 2")
    told = gold_graph.explain(version)
    assert [e["id"] for e in told["variant_of"]] == list(variants.successors(version)) != []
    assert [e["id"] for e in told["variants"]] == sorted(variants.predecessors(version)) != []
    assert all(e["reason"] and e["origin"] for e in told["variant_of"] + told["variants"])
    same = gold_graph.explain("Alpaca")["same_spelling"]
    assert same == sorted(gold_graph.namesakes("Alpaca"), key=lambda e: e["id"]) != []


@pytest.mark.parametrize("background", [True, False])
@pytest.mark.parametrize("sure", [0.0, SURE])
def test_a_lineage_holds_every_step_that_can_be_taken_the_nearest_first(
    unsure_graph: KnowledgeGraph, sure: float, background: bool
) -> None:
    steps = nx.DiGraph()
    for child, parent, _, data in unsure_graph.rows().edges():
        if data["kind"] == "relation" and data["weight"] >= sure and (background or data["origin"] != "background"):
            steps.add_edge(child, parent)
    dates = {row["id"]: row["first_date"] for row in unsure_graph.entities(min_papers=0)}
    for name, up in (("DPO", True), ("PPO", False), ("Llama", False)):
        found = unsure_graph.lineage(name, min_confidence=sure, background=background)
        assert found["cycles"] == []
        rows = found["ancestors" if up else "descendants"]
        start = unsure_graph.find(name)
        steps.add_node(start)
        away = nx.single_source_shortest_path_length(steps if up else steps.reverse(), start)
        near, far = ("child", "parent") if up else ("parent", "child")
        assert {row[far]["id"] for row in rows} == away.keys() - {start}
        assert rows or not background
        assert all(row["depth"] == away[row[near]["id"]] + 1 for row in rows)
        assert [row["depth"] for row in rows] == sorted(row["depth"] for row in rows)
        assert len({(row["child"]["id"], row["parent"]["id"], row["relation"]) for row in rows}) == len(rows)
        assert all(row[end]["first_date"] == dates[row[end]["id"]] for row in rows for end in ("child", "parent"))
    assert rows, "versions descend by their names, which need no background"


def test_a_step_rests_on_all_who_state_it_and_the_step_that_leads_back_is_left_out(tmp_path: Path) -> None:
    title = "Onelike against Twolike"
    spans = {name: Span("title", title.index(name), title.index(name) + 7) for name in ("Onelike", "Twolike")}
    entities = tuple(
        PaperEntity(name, "method", "uses", (name,), (Mention(span, name),), evidence=span)
        for name, span in spans.items()
    )
    stated = [("Onelike", "Twolike", 0.5), ("Onelike", "Twolike", 0.8), ("Twolike", "Onelike", 0.3)]
    found = [
        Extraction(f"p{i}", entities, (PaperRelation(child, parent, "extends", sure, Span("title", 0, len(title))),))
        for i, (child, parent, sure) in enumerate(stated)
    ]
    graph = build_from_extractions(
        [Paper(f"p{i}", title, "") for i in range(3)], found, tmp_path, with_background=False
    )
    lineage = graph.lineage("Onelike")
    [step] = lineage["ancestors"]
    assert lineage["descendants"] == []
    assert step["confidence"] == pytest.approx(1 - 0.5 * 0.2), "wrong only if both papers are"
    assert [(e["paper"], e["confidence"], e["text"]) for e in step["evidence"]] == [
        ("p1", 0.8, title),
        ("p0", 0.5, title),
    ]
    assert [e["paper"] for e in graph.paper("p0")["relations"][0]["evidence"]] == ["p0"]
    [cycle] = lineage["cycles"]
    assert (cycle["step"]["child"]["label"], cycle["way"]) == ("Twolike", ["Onelike", "Twolike"])


@pytest.mark.parametrize("sure", [0.0, SURE])
def test_a_paper_page_reads_in_order_and_states_what_the_paper_states(
    unsure_graph: KnowledgeGraph, sure: float
) -> None:
    relations = [
        row
        for row in pq.read_table(unsure_graph.folder / "relations.parquet").to_pylist()
        if row["origin"] == "text" and row["confidence"] >= sure
    ]
    stating = sorted({place["paper"] for row in relations for place in row["evidence"]})
    assert stating
    for id in stating[::5]:
        page = unsure_graph.paper(id, min_confidence=sure)
        places = [(m["field"] != "title", m["start"]) for m in page["mentions"]]
        assert places == sorted(places) != []
        links = [(ROLES.index(one["role"]), -one["confidence"], one["entity"]) for one in page["links"]]
        assert links == sorted(links) != []
        assert [(r["child"]["id"], r["parent"]["id"], r["relation"]) for r in page["relations"]] == [
            (r["child"], r["parent"], r["relation"]) for r in relations if id in {e["paper"] for e in r["evidence"]}
        ]
        told = [one["evidence"] for one in page["links"]] + [e for r in page["relations"] for e in r["evidence"]]
        assert all(e["text"] == page[e["field"]][e["start"] : e["end"]] != "" for e in told)
        assert all(e["paper"] == id for r in page["relations"] for e in r["evidence"])


@pytest.mark.parametrize("sure", [0.0, SURE])
def test_papers_are_alike_by_the_rare_things_they_share(unsure_graph: KnowledgeGraph, sure: float) -> None:
    links = links_of(unsure_graph, sure)
    papers = [row["id"] for row in unsure_graph.papers()]
    named_by = {e["id"]: e["papers"] for e in unsure_graph.entities()}
    weight = {e: round(1e6 * math.log(1 + len(papers) / n)) for e, n in named_by.items()}
    for id in papers[::40]:
        scores = {p: sum(weight[e] for e in named.keys() & links[id].keys()) for p, named in list(links.items())}
        best = sorted((p for p in scores if p != id and scores[p]), key=lambda p: (-scores[p], p))[:8]
        similar = unsure_graph.paper(id, min_confidence=sure)["similar"]
        assert [row["id"] for row in similar] == best
        assert [row["score"] for row in similar] == pytest.approx([scores[p] / 1e6 for p in best], abs=1e-3)
        assert all(row["shared"] for row in similar)
    assert similar


def test_an_unknown_paper_suggests_the_nearest_ids(gold_graph: KnowledgeGraph) -> None:
    id = gold_graph.papers()[0]["id"]
    with pytest.raises(UnknownNameError, match="no paper of this id") as caught:
        gold_graph.paper(id[:-1])
    assert id in caught.value.suggestions

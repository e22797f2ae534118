"""The questions of the README, asked of the annotated seeds: answers are those of the annotators."""

from __future__ import annotations

import shutil
from itertools import pairwise
from pathlib import Path

import networkx as nx
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

import kg
from conftest import gold_rows
from kg.ask import KnowledgeGraph
from kg.ask.lineage import cycles, tree
from kg.errors import KGError, UnknownNameError
from kg.pipeline import build_from_extractions
from kg.records import Extraction, Mention, Paper, PaperEntity, Span, fold
from kg.schema import ROLES

STATED = ("extends", "derived_from")


def annotated(*surfaces: str) -> set[str]:
    wanted = set(map(fold, surfaces))
    return {r["id"] for r in gold_rows() for e in r["entities"] if wanted & set(map(fold, e["surfaces"]))}


def test_which_papers_use_grpo_and_how(gold_graph: KnowledgeGraph) -> None:
    rows = gold_graph.papers("GRPO")
    assert {r["id"] for r in rows} >= annotated("GRPO")
    ranks = [ROLES.index(r["role"]) for r in rows]
    assert ranks == sorted(ranks)
    assert all(r["evidence"]["text"] for r in rows)
    assert gold_graph.papers("group relative policy optimization") == rows
    llama = gold_graph.papers("Llama")
    only = gold_graph.papers("llama", roles=["evaluates_on", "compares_with"])
    assert {r["role"] for r in only} == {"compares_with"} < {r["role"] for r in llama}


def test_a_family_takes_its_versions_and_sizes_in(gold_graph: KnowledgeGraph) -> None:
    family = {r["id"] for r in gold_graph.papers("Llama")}
    assert family >= annotated("Llama", "LLaMA", "Llama 2", "Llama 3", "LLaMA-7B", "Llama-2-7B")
    exact = {r["id"] for r in gold_graph.papers("llama", exact=True)}
    assert exact < family
    assert len(family) == len(gold_graph.papers("Llama")), "each paper stands once"


def test_names_that_hold_a_name_are_not_of_its_family(gold_graph: KnowledgeGraph) -> None:
    members = {m["label"] for m in gold_graph.entity("Llama")["members"]}
    assert members, "the seeds name versions of Llama"
    assert not any(fold(m).startswith(("codellama", "tinyllama", "llama3physician")) for m in members)


def test_an_entity_page_holds_what_the_papers_say(gold_graph: KnowledgeGraph) -> None:
    page = gold_graph.entity("GRPO")
    assert page["type"] == "method"
    assert "Group Relative Policy Optimization" in page["aliases"]
    assert sum(page["counts"]["by_role"].values()) == page["counts"]["papers"] == sum(map(len, page["papers"].values()))
    assert page["used_with"] and page["used_with"][0]["papers"] > 0


@pytest.mark.parametrize("name", ["GSM8K", "MATH", "MMLU", "FineWeb-Edu"])
def test_a_benchmark_is_measured_on_nothing_but_together_with_others(gold_graph: KnowledgeGraph, name: str) -> None:
    page = gold_graph.entity(name)
    assert page["type"] in ("benchmark", "dataset")
    assert page["measured_on"] == []
    on_it = {r["id"] for r in page["papers"].get("evaluates_on", ())}
    for other in page["measured_together_with"]:
        on_other = {r["id"] for r in gold_graph.papers(other["id"], roles=["evaluates_on"], exact=True)}
        assert other["papers"] == len(on_it & on_other) > 0
    assert name != "GSM8K" or "MATH" in {e["label"] for e in page["measured_together_with"]}


def test_a_method_is_measured_on_what_its_papers_measure_on(gold_graph: KnowledgeGraph) -> None:
    page = gold_graph.entity("CoT")
    assert page["measured_together_with"] == []
    assert {e["type"] for e in page["measured_on"]} <= {"benchmark", "dataset"}
    assert "GSM8K" in {e["label"] for e in page["measured_on"]}


def test_lineage_goes_up_and_down_with_evidence(gold_graph: KnowledgeGraph) -> None:
    down = gold_graph.lineage("RLHF")["descendants"]
    assert down
    assert all(s["parent"]["label"] == "RLHF" for s in down if s["depth"] == 1)
    stated = [s for s in down if s["origin"] == "text"]
    assert stated and all(e["text"] and e["paper"] for s in stated for e in s["evidence"])


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("the GSM8K benchmark", "GSM8K"),
        ("gsm8k dataset", "GSM8K"),
        ("Group Relative Policy Optimization (GRPO)", "GRPO"),
        ("acme/GRPO", "GRPO"),
        ("GRPO's", "GRPO"),
        ("An Optimization That Nobody Names So (GRPO)", "GRPO"),
    ],
)
def test_names_are_found_as_people_say_them(gold_graph: KnowledgeGraph, said: str, meant: str) -> None:
    assert gold_graph.find(said) == gold_graph.find(meant)


def test_a_name_that_several_bear_tells_the_others_and_each_answers_to_its_id(gold_graph: KnowledgeGraph) -> None:
    assert {"model", "dataset"} <= {e["type"] for e in gold_graph.namesakes("Alpaca")} | {
        gold_graph.entity("Alpaca")["type"]
    }
    for row in gold_graph.entities(min_papers=0):
        assert gold_graph.namesakes(row["id"]) == [], "an id is one entity's own"
    for row in gold_graph.entities():
        found, others = gold_graph.find(row["label"]), gold_graph.namesakes(row["label"])
        assert found == row["id"], "a label is one entity's own"
        assert found not in {e["id"] for e in others}
        for other in others:
            page = gold_graph.entity(other["id"])
            assert page["id"] == other["id"]
            assert fold(row["label"]) in map(fold, (page["name"], page["label"], *page["aliases"]))
            assert found in {e["id"] for e in gold_graph.namesakes(page["name"])} | {gold_graph.find(page["name"])}


def test_a_plus_sign_is_no_slip_of_the_pen(gold_graph: KnowledgeGraph) -> None:
    assert gold_graph.entity("humaneval+")["label"] == "HumanEval+"
    assert gold_graph.entity("humaneval")["label"] == "HumanEval"
    assert gold_graph.namesakes("HumanEval") == gold_graph.namesakes("HumanEval+") == []


def graph_of(folder: Path, *named: tuple[str, ...]) -> KnowledgeGraph:
    """Build the graph of papers that each name one thing: its type, its spellings."""
    papers, found = [], []
    for number, (type_, *surfaces) in enumerate(named):
        title = ", ".join(surfaces)
        spans = [Span("title", at, at + len(s)) for s in surfaces for at in (title.index(s),)]
        mentions = tuple(map(Mention, spans, surfaces))
        entity = PaperEntity(surfaces[0], type_, "uses", tuple(surfaces), mentions, evidence=spans[0])
        papers.append(Paper(f"p{number}", title, "What it is used for."))
        found.append(Extraction(f"p{number}", (entity,)))
    return build_from_extractions(papers, found, folder, with_background=False)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> KnowledgeGraph:
    names = (
        "Claude 3.5 Sonnet",
        "Claude 3.5 Haiku",
        "Llama-3-8B-Instruct",
        "Llama-3-70B",
        "GPT-4o",
        "GPT-4",
        "ViT-L/14",
    )
    return graph_of(tmp_path_factory.mktemp("models"), *(("model", name) for name in names))


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("Claude Sonnet 3.5", "Claude 3.5 Sonnet"),
        ("the Claude Sonnet 3.5 model", "Claude 3.5 Sonnet"),
        ("anthropic/claude-3-5-sonnet", "Claude 3.5 Sonnet"),
        ("Llama 3 Instruct 8B", "Llama-3-8B-Instruct"),
        ("8B Llama-3 (Instruct)", "Llama-3-8B-Instruct"),
        ("meta-llama/Llama-3-8B-it", "Llama-3-8B-Instruct"),
        ("GPT 4 o", "GPT-4o"),
        ("OpenAI GPT-4o", "GPT-4o"),
        ("ViT-Large/14", "ViT-L/14"),
    ],
)
def test_a_question_takes_for_one_name_what_a_build_joins(models: KnowledgeGraph, said: str, meant: str) -> None:
    assert models.find(said) == models.find(meant)


@pytest.mark.parametrize("said", ["Claude 3.5 Opus", "Claude Sonnet 3.7", "Llama-3-70B-Instruct", "GPT o", "-", "8B"])
def test_another_version_or_size_is_another_name(models: KnowledgeGraph, said: str) -> None:
    with pytest.raises(UnknownNameError):
        models.find(said)


def test_an_acronym_beside_its_full_form_is_what_bears_both(tmp_path: Path) -> None:
    odd, long = "Retrieval Augmented Generation RAG", "Retrieval-Augmented Generation"
    graph = graph_of(tmp_path, ("method", odd), *[("method", "RAG", long)] * 3)
    assert graph.find(f"{long} (RAG)") == graph.find(f"rag ({long})") == graph.find("RAG")
    assert graph.find(odd) != graph.find("RAG")


def test_of_two_names_the_one_that_is_written_so_is_meant_however_it_is_said(tmp_path: Path) -> None:
    graph = graph_of(tmp_path, ("model", "Orca"), *[("dataset", "ORCA")] * 3)
    for said in ("{}", "the {} model", "{}s", "acme/{}"):
        assert graph.find(said.format("Orca")) == "model/orca"
        assert graph.find(said.format("ORCA")) == "dataset/orca"
        assert graph.find(said.format("oRCA")) == "dataset/orca", "written as neither, the one of more papers is meant"


def test_roles_in_one_text_are_refused_with_the_list_that_is_wanted(gold_graph: KnowledgeGraph) -> None:
    with pytest.raises(KGError, match=r'such as \["uses"\]'):
        gold_graph.papers("GRPO", roles="uses")


def test_unknown_names_suggest_the_nearest(gold_graph: KnowledgeGraph) -> None:
    with pytest.raises(UnknownNameError, match="GRPO") as caught:
        gold_graph.papers("GRPOO")
    assert "GRPO" in caught.value.suggestions
    with pytest.raises(KGError, match="no such role"):
        gold_graph.papers("GRPO", roles=["loves"])
    for empty in ("", "  ", "!!"):
        with pytest.raises(UnknownNameError):
            gold_graph.entity(empty)


@pytest.mark.parametrize(
    "text", ["grpo", "GRP0", "group relative policy optimisation", "Group relative policy optimizatoin"]
)
def test_search_forgives_case_and_spelling(gold_graph: KnowledgeGraph, text: str) -> None:
    assert gold_graph.search(text)["entities"][0]["label"] == "GRPO"


def test_search_finds_papers_by_the_words_of_title_and_abstract(gold_graph: KnowledgeGraph) -> None:
    title = gold_rows()[0]["title"]
    assert gold_graph.search(title)["papers"][0]["title"] == title
    assert gold_graph.search(title.upper())["papers"] == gold_graph.search(title)["papers"]
    plain, odd = (gold_graph.search(text, limit=3)["papers"] for text in ("1 1", "%_' OR 1=1 --"))
    assert [row["id"] for row in odd] == [row["id"] for row in plain] != []
    for nothing in ("", "?!", "the", "%"):
        assert gold_graph.search(nothing)["papers"] == []


def test_a_phrase_in_the_title_is_best_then_words_of_the_title_then_of_the_abstract_then_the_newest(
    tmp_path: Path,
) -> None:
    rows = [
        ("abstract", "On models", "Sparse attention.", "2025-01-01"),
        ("newer", "Attention revisited", "It is sparse.", "2023-01-01"),
        ("newest", "Attention again", "It is sparse.", "2024-01-01"),
        ("phrase", "Sparse attention at scale", "Sparse attention.", "2020-01-01"),
        ("title", "Attention that is sparse", "It is small.", "2021-01-01"),
        ("none", "Ragged arrays", "They are small.", "2025-01-01"),
    ]
    graph = build_from_extractions(
        [Paper(id, title, abstract, date=date) for id, title, abstract, date in rows], [], tmp_path
    )
    found = graph.search("sparse \n attention")["papers"]
    assert [row["id"] for row in found] == ["phrase", "title", "newest", "newer", "abstract"]
    assert found[0]["score"] == 100.0
    assert graph.search("sparse attention", limit=2)["papers"] == found[:2]
    misspelled = graph.search("sparze attention")["papers"]
    assert {row["id"] for row in misspelled} == {row["id"] for row in found}
    scores, worse = ({row["id"]: row["score"] for row in rows} for rows in (found, misspelled))
    assert worse["title"] < scores["title"]
    assert graph.search("rag")["papers"] == [], "a short word is no part of a longer one"
    assert [row["id"] for row in graph.search("ragg")["papers"]] == ["none"]


def test_names_are_found_by_a_part_of_them_those_that_begin_so_first(tmp_path: Path) -> None:
    names = ["Zorba", "Zorba-Aquila", "Fine-Zorba-Tuna", *["Zorba-Tuxedo"] * 3, "Zorba-Very-Long-Name"]
    graph = graph_of(tmp_path, *(("model", name) for name in names))
    found = graph.search("zorba")["entities"]
    best = ["Zorba", "Zorba-Tuxedo", "Zorba-Aquila", "Zorba-Very-Long-Name", "Fine-Zorba-Tuna"]
    assert [e["label"] for e in found] == best
    assert graph.search("zorba", limit=2)["entities"] == found[:2]


def test_a_paper_page_marks_its_mentions(gold_graph: KnowledgeGraph) -> None:
    for row in gold_rows()[:50]:
        page = gold_graph.paper(row["id"])
        assert page["mentions"] or not row["entities"]
        assert all(page[m["field"]][m["start"] : m["end"]] == m["surface"] for m in page["mentions"])
        assert {link["entity"] for link in page["links"]} == {m["entity"] for m in page["mentions"]}
        assert all(s["shared"] for s in page["similar"])
    with pytest.raises(UnknownNameError, match="no paper"):
        gold_graph.paper("nothing")


def test_a_view_draws_at_most_its_limit_and_says_what_it_left_out(gold_graph: KnowledgeGraph) -> None:
    for name in (None, "Llama"):
        small = gold_graph.neighbourhood(name, hops=2, limit=20)
        large = gold_graph.neighbourhood(name, hops=2, limit=10_000)
        assert len(small["nodes"]) == 20
        assert small["left_out"]["nodes"] == len(large["nodes"]) - 20
        ids = {n["id"] for n in small["nodes"]}
        assert all({e["source"], e["target"]} <= ids for e in small["edges"])
    models = gold_graph.neighbourhood("Llama", types=["model"], roles=["uses"])
    assert {n["kind"] for n in models["nodes"]} == {"model", "paper"}
    assert {"uses", "variant_of"} <= {e["key"] for e in models["edges"]} <= {*("uses", "variant_of"), *STATED}


@pytest.mark.parametrize("limit", [0, 1, 2])
def test_the_smallest_views_hold_the_centre_and_as_much_as_fits(gold_graph: KnowledgeGraph, limit: int) -> None:
    view = gold_graph.neighbourhood("LoRA", hops=2, limit=limit)
    whole = gold_graph.neighbourhood("LoRA", hops=2, limit=100_000)
    assert view["nodes"][0]["id"] == "method/lora"
    assert len(view["nodes"]) == max(limit, 1)
    for what in ("nodes", "edges"):
        assert view["left_out"][what] + len(view[what]) == len(whole[what])


@pytest.mark.parametrize("limit", [12, 20, 40])
def test_papers_leave_room_for_what_they_name_where_they_alone_would_fill_a_view(
    gold_graph: KnowledgeGraph, limit: int
) -> None:
    busiest = gold_graph.entities(limit=1)[0]
    assert busiest["papers"] > limit
    view = gold_graph.neighbourhood(busiest["id"], hops=2, limit=limit)
    others = [n for n in view["nodes"] if n["kind"] != "paper"]
    assert len(view["nodes"]) == limit
    assert limit / 3 <= len(others) <= limit * 2 / 3
    joined = {end for e in view["edges"] for end in (e["source"], e["target"])}
    assert joined == {n["id"] for n in view["nodes"]}
    whole = gold_graph.neighbourhood(busiest["id"], hops=2, limit=100_000)
    assert view["left_out"]["edges"] + len(view["edges"]) == len(whole["edges"])
    near = gold_graph.neighbourhood(busiest["id"], hops=1, limit=limit)
    assert len(near["nodes"]) == limit
    ends = [{e["source"], e["target"]} for e in near["edges"]]
    assert all({busiest["id"], n["id"]} in ends for n in near["nodes"][1:])


def test_a_paper_is_surrounded_by_what_it_names(gold_graph: KnowledgeGraph) -> None:
    paper = gold_graph.papers("LoRA")[0]["id"]
    view = gold_graph.neighbourhood(paper)
    assert view["nodes"][0]["id"] == paper
    named = {link["entity"] for link in gold_graph.paper(paper)["links"]}
    assert named == {n["id"] for n in view["nodes"][1:]}
    assert named == {e["target"] for e in view["edges"] if e["source"] == paper}


def test_a_matrix_holds_the_papers_behind_each_cell(gold_graph: KnowledgeGraph) -> None:
    matrix = gold_graph.matrix("method", "benchmark", limit=15)
    assert len(matrix["rows"]) == len(matrix["columns"]) == 15
    assert matrix["cells"]
    for cell, papers in matrix["cells"].items():
        row, column = cell.split("|")
        assert papers == sorted(p for p in gold_graph.graph.predecessors(row) if column in gold_graph.graph[p])
    square = gold_graph.matrix("benchmark", "benchmark", limit=15)["cells"]
    assert square and not any(row == column for row, column in (cell.split("|") for cell in square))


def test_the_graph_is_a_multigraph_with_roles_and_relations_as_keys(gold_graph: KnowledgeGraph) -> None:
    graph = gold_graph.graph
    assert isinstance(graph, nx.MultiDiGraph)
    assert {d["kind"] for _, d in graph.nodes(data=True)} == {"paper", "method", "model", "dataset", "benchmark"}
    assert {k for *_, k in graph.edges(keys=True)} == {*ROLES, "variant_of", *STATED}
    paper = gold_rows()[0]["id"]
    assert graph.nodes[paper]["label"] == gold_rows()[0]["title"]


def test_the_public_surface_is_what_is_listed(gold_graph: KnowledgeGraph) -> None:
    assert all(hasattr(kg, name) for name in kg.__all__) and "load" in kg.__all__
    assert kg.load(gold_graph.folder).papers("GRPO") == gold_graph.papers("GRPO")


def test_confidence_filters_links(gold_graph: KnowledgeGraph, tmp_path: Path) -> None:
    assert gold_graph.papers("GRPO", min_confidence=1.0) == gold_graph.papers("GRPO") != []
    assert gold_graph.entity("GRPO", min_confidence=1.0)["counts"]["papers"] > 0


EDGES = st.lists(st.tuples(st.sampled_from("abcdef"), st.sampled_from("abcdef"), st.just("extends")), unique=True)


@given(EDGES.map(lambda edges: [e for e in edges if e[0] != e[1]]))
def test_lineages_have_no_cycles_and_lose_only_what_closes_one(edges: list[tuple[str, str, str]]) -> None:
    left_out = cycles(edges)
    kept = [e for e in edges if e not in left_out]
    assert nx.is_directed_acyclic_graph(nx.DiGraph([e[:2] for e in kept]))
    for (child, parent, _), way in left_out.items():
        assert (way[0], way[-1]) == (parent, child)
        surer = edges[: edges.index((child, parent, "extends"))]
        assert all((a, b, "extends") in surer for a, b in pairwise(way)), "the edge left out is the weakest"


@given(EDGES, st.booleans())
def test_a_tree_shows_each_step_once_below_the_one_that_leads_to_it(
    edges: list[tuple[str, str, str]], up: bool
) -> None:
    steps = [{"child": {"id": child}, "parent": {"id": parent}} for child, parent, _ in edges]
    near, far = ("child", "parent") if up else ("parent", "child")
    above, shown, told = ["a"], {"a"}, []
    for depth, step, again in tree(steps, "a", up):
        assert 1 <= depth <= len(above)
        del above[depth:]
        assert step[near]["id"] == above[-1]
        assert again == (step[far]["id"] in shown), "what is shown before is marked"
        above.append("" if again else step[far]["id"])  # nothing hangs below what is not repeated
        shown.add(step[far]["id"])
        told.append((step["child"]["id"], step["parent"]["id"]))
    reached = nx.DiGraph([(step[near]["id"], step[far]["id"]) for step in steps])
    reached.add_node("a")
    within = {"a"} | nx.descendants(reached, "a")
    assert sorted(told) == sorted(e[:2] for e in edges if e[0 if up else 1] in within)


def test_outputs_of_a_version_that_knew_no_years_answer_as_before(gold_graph: KnowledgeGraph, tmp_path: Path) -> None:
    old = shutil.copytree(gold_graph.folder, tmp_path / "old")
    table = pq.read_table(old / "entities.parquet")
    pq.write_table(table.drop_columns("year"), old / "entities.parquet")
    graph = KnowledgeGraph(old)
    assert graph.entity("PPO")["year"] is None
    assert graph.about("PPO") == gold_graph.about("PPO") | {"year": None}
    assert graph.graph.number_of_nodes() == gold_graph.graph.number_of_nodes()

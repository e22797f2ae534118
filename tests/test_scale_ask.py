"""Questions to a graph that many ask at once, that holds words of any script, and whose files stay unread on disk."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow.parquet as pq
import pytest

import kg
from conftest import gold_rows
from kg.ask import KnowledgeGraph
from kg.pipeline import build_from_extractions
from kg.records import Extraction, Mention, Paper, PaperEntity, Span
from kg.schema import SORT_KEYS, TABLES


def named(paper: str, title: str, name: str) -> tuple[Paper, Extraction]:
    """Return a paper whose title begins with the name of a model, and its extraction."""
    span = Span("title", 0, len(name))
    entity = PaperEntity(name, "model", "introduces", (name,), (Mention(span, name),), evidence=span)
    return Paper(paper, title, f"We present {name}."), Extraction(paper, (entity,))


def test_threads_that_open_a_graph_at_once_get_the_answers_of_one(gold_graph: KnowledgeGraph) -> None:
    fresh = kg.load(gold_graph.folder)
    questions = [
        lambda g: g.papers("GRPO"),
        lambda g: g.entity("Llama"),
        lambda g: g.search("preference optimisation"),
        lambda g: g.overview(),
        lambda g: g.neighbourhood(limit=50),
        lambda g: g.paper(gold_rows()[0]["id"]),
        lambda g: g.matrix(limit=10),
    ]
    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(question, fresh) for question in questions * 4]
        answers = [future.result() for future in asked]
    assert answers == [question(gold_graph) for question in questions] * 4


@pytest.mark.parametrize("name", ["Ü-Net", "Straße-GPT", "模型", "Βeta-VAE", "ŁLaMA ∞"])
@pytest.mark.parametrize("change", [str, str.upper, str.lower, lambda s: s.replace("-", " ")])
def test_names_of_any_script_are_found_in_any_case(tmp_path: Path, name: str, change) -> None:  # type: ignore[no-untyped-def]
    papers, found = zip(named("p1", f"{name}: a model", name), named("p2", "Plain-1: another", "Plain-1"), strict=True)
    graph = build_from_extractions(papers, found, tmp_path, with_background=False)
    assert [r["id"] for r in graph.papers(change(name))] == ["p1"]
    assert [r["id"] for r in graph.papers("plain 1")] == ["p2"]


def test_a_word_is_found_in_longer_ones_and_misspelled(gold_graph: KnowledgeGraph) -> None:
    whole = {r["id"] for r in gold_graph.search("transformer", limit=500)["papers"]}
    assert whole == {r["id"] for r in gold_rows() if "transformer" in f"{r['title']} {r['abstract']}".lower()}
    right = [r["id"] for r in gold_graph.search("reinforcement learning", limit=10)["papers"]]
    wrong = [r["id"] for r in gold_graph.search("reinforcemnt learnign", limit=10)["papers"]]
    assert len(set(right) & set(wrong)) >= 8


@pytest.mark.parametrize("table", TABLES)
def test_rows_lie_in_the_order_in_which_they_are_asked_for(gold_graph: KnowledgeGraph, table: str) -> None:
    rows = pq.read_table(gold_graph.folder / f"{table}.parquet", columns=list(SORT_KEYS[table])).to_pylist()
    keys = [tuple(row.values()) for row in rows]
    assert keys == sorted(keys)
    assert keys

"""`kg evaluate --graph` measures what a build makes of the papers: an annotator's own graph is perfect."""

from __future__ import annotations

from pathlib import Path

import pytest

import kg
from kg.errors import GoldError
from kg.evaluate import read_gold, read_graph, score

GOLD = Path(__file__).parent / "data" / "gold"


def test_the_annotators_graph_reads_as_they_do(gold_graph: kg.KnowledgeGraph):
    gold = read_gold(GOLD / "dev-seeds.jsonl")
    rows, said = read_graph(gold_graph.folder, {**gold, "x": {"id": "x", "title": "Held by none", "abstract": ""}})
    assert rows.keys() == said.keys() == gold.keys()
    figures = score(rows, said)
    assert figures["edge"][2] == 1
    assert figures["span"][2] > 0.99


def test_papers_of_listing_pages_are_found_by_their_titles(seeds_graph: kg.KnowledgeGraph):
    gold = read_gold(GOLD / "dev-seeds.jsonl")
    rows, said = read_graph(seeds_graph.folder, gold)
    assert rows.keys() == gold.keys()
    assert score(rows, said)["edge"][2] > 0.82  # resolution loses nothing that extraction found


def test_a_graph_without_any_of_the_papers_is_said(gold_graph: kg.KnowledgeGraph):
    with pytest.raises(GoldError, match="none of the 1 gold papers"):
        read_graph(gold_graph.folder, {"x": {"id": "x", "title": "Held by none", "abstract": ""}})

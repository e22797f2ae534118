"""A graph that is held open while a build replaces its files answers from one build, never from two."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

import kg
from kg.ask import KnowledgeGraph
from kg.graph.store import replacing
from kg.pipeline import build_from_extractions
from kg.records import Extraction, Mention, Paper, PaperEntity, Span

NAMES = {"old": "Oldnet", "new": "Newnet"}


def rebuilt(out: Path, which: str, papers: int = 12) -> None:
    """Build a corpus of papers that all speak of one model."""
    name = NAMES[which]
    rows = [Paper(f"{which}{i:02}", f"{name} in use, part {i}", f"We train {name}.") for i in range(papers)]
    span = Span("title", 0, len(name))
    entity = PaperEntity(name, "model", "uses", (name,), (Mention(span, name),), evidence=span)
    build_from_extractions(rows, [Extraction(p.id, (entity,)) for p in rows], out, with_background=False)


def answers(graph: KnowledgeGraph) -> tuple:
    """Return what a graph says, out of every one of its tables."""
    [entity] = graph.entities()
    papers = graph.papers(entity["id"])
    found = graph.search("train", limit=3)["papers"]
    return entity["label"], papers, graph.paper(papers[0]["id"]), found, graph.graph.number_of_edges()


@pytest.mark.parametrize("asked", [True, False])
def test_an_open_graph_stays_what_it_was(tmp_path: Path, asked: bool) -> None:
    rebuilt(tmp_path, "old")
    graph, before = kg.load(tmp_path), answers(kg.load(tmp_path))
    if asked:
        graph.papers("Oldnet")  # some of the tables are in memory, others are not
    rebuilt(tmp_path, "new", papers=9)
    assert answers(graph) == before
    assert answers(kg.load(tmp_path))[0] == "Newnet"


def test_whoever_opens_during_builds_gets_one_of_them(tmp_path: Path) -> None:
    both = {}
    for which in NAMES:
        rebuilt(tmp_path / which, which)
        both[which] = answers(kg.load(tmp_path / which))
    stop, out = threading.Event(), tmp_path / "out"
    rebuilt(out, "old")

    def replace_again_and_again() -> None:
        while not stop.is_set():
            for which in ("new", "old"):
                with replacing(out) as staging:
                    for file in (tmp_path / which).iterdir():
                        if not file.name.startswith("."):
                            (staging / file.name).write_bytes(file.read_bytes())

    builder = threading.Thread(target=replace_again_and_again)
    builder.start()
    try:
        seen: list[str] = []
        while len(seen) < 8 or set(seen) != {"old", "new"}:
            assert len(seen) < 200, f"only {seen[0]} builds were seen"
            graph = kg.load(out)
            [entity] = graph.entities()
            which = entity["label"].removesuffix("net").lower()
            assert {r["id"] for r in graph.papers()} == {r["id"] for r in both[which][1]}
            assert graph.papers(entity["id"]) == both[which][1]
            assert graph.build["files"] == kg.load(tmp_path / which).build["files"]
            seen.append(which)
    finally:
        stop.set()
        builder.join()

"""What many tests stand on: the annotated seeds as a graph, and the graph that a build of the seeds gives."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import settings

from kg.ask import KnowledgeGraph
from kg.evaluate.scorer import mention_spans
from kg.pipeline import build, build_from_extractions
from kg.records import Extraction, Mention, Paper, PaperEntity, PaperRelation, Span

settings.register_profile("kg", deadline=None)  # a busy machine is no fault of the code
settings.load_profile("kg")

ROOT = Path(__file__).parent.parent
SEEDS = ROOT / "seeds"
GOLD = Path(__file__).parent / "data" / "gold"


def gold_rows() -> list[dict]:
    """Return the annotated papers of the seed pages."""
    return [json.loads(line) for file in sorted(GOLD.glob("*-seeds.jsonl")) for line in file.open(encoding="utf-8")]


def gold_extraction(row: dict) -> Extraction:
    """Return an annotation as the extraction that a perfect extractor would give."""
    entities = []
    for e in row["entities"]:
        places = sorted(
            Span(f, a, b) for f, a, b, _ in mention_spans(row, row["entities"]) if row[f][a:b] in e["surfaces"]
        )
        mentions = tuple(Mention(s, row[s.field][s.start : s.end]) for s in places)
        evidence = Span(places[0].field, 0, len(row[places[0].field])) if places else None
        entities.append(PaperEntity(e["name"], e["type"], e["role"], tuple(e["surfaces"]), mentions, evidence=evidence))
    relations = tuple(
        PaperRelation(r["child"], r["parent"], r["relation"], evidence=Span("abstract", 0, len(row["abstract"])))
        for r in row["lineage"]
    )
    return Extraction(row["id"], tuple(entities), relations)


@pytest.fixture(scope="session")
def gold_graph(tmp_path_factory: pytest.TempPathFactory) -> KnowledgeGraph:
    """The graph of the 383 annotated papers of the seeds."""
    rows = gold_rows()
    papers = [Paper(r["id"], r["title"], r["abstract"]) for r in rows]
    out = tmp_path_factory.mktemp("gold")
    return build_from_extractions(papers, map(gold_extraction, rows), out)


@pytest.fixture(scope="session")
def unsure_graph(tmp_path_factory: pytest.TempPathFactory) -> KnowledgeGraph:
    """The annotated seeds as an extractor would give them that is unsure of every third entity and relation."""

    def graded(found: Extraction) -> Extraction:
        entities = tuple(
            replace(e, confidence=c, mentions=tuple(replace(m, confidence=c) for m in e.mentions))
            for i, e in enumerate(found.entities)
            for c in ((0.3,) if i % 3 == 2 else (0.9,))
        )
        relations = tuple(replace(r, confidence=0.2 if i % 3 == 0 else 0.8) for i, r in enumerate(found.relations))
        return replace(found, entities=entities, relations=relations)

    rows = gold_rows()
    papers = [Paper(r["id"], r["title"], r["abstract"], date=f"20{20 + i % 5}-03-01") for i, r in enumerate(rows)]
    out = tmp_path_factory.mktemp("unsure")
    return build_from_extractions(papers, (graded(gold_extraction(r)) for r in rows), out)


@pytest.fixture(scope="session")
def seeds_graph(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KnowledgeGraph]:
    """The graph that ``kg build seeds/`` gives."""
    yield build(SEEDS, tmp_path_factory.mktemp("seeds"))

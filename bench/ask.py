"""Questions to a large graph: ours, from Parquet by DuckDB, beside a way with NetworkX alone.

    python bench/ask.py [SOURCE | --dir OUTPUTS] [--papers 75000] [--alone] [--json]

The NetworkX way holds the whole graph in memory (titles too, abstracts where it searches) and answers by walking it.
The first answer of each question is left out of the figures but for the column "first".
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import corpus
import networkx as nx
import psutil
from report import Report, memory

import kg
from kg.ask import KnowledgeGraph
from kg.graph.tables import iter_papers
from kg.pipeline import build
from kg.records import fold
from kg.schema import ROLES

ROUNDS = 7
WORDS = "retrieval augmented generation"
TYPO = "reinforcment lerning diffusoin"


class Walker:
    """The NetworkX way: an index of names, then walks."""

    def __init__(self, graph: KnowledgeGraph) -> None:
        self.graph = graph.graph
        self.abstracts = {p.id: p.abstract.lower() for p in iter_papers(graph.folder, texts_only=True)}
        self.names: dict[str, str] = {}
        for node, data in self.graph.nodes(data=True):
            if data["kind"] != "paper":
                for name in (data["label"], *data.get("aliases", "").split(" | ")):
                    self.names.setdefault(fold(name), node)
        self.lineages = nx.DiGraph((s, t) for s, t, d in self.graph.edges(data=True) if d["kind"] == "relation")

    def find(self, name: str) -> str:
        return self.names[fold(name)]

    def papers(self, id: str) -> list[tuple[Any, ...]]:
        nodes = self.graph.nodes
        rows = [
            (ROLES.index(role), nodes[p].get("date", ""), p, nodes[p]["title"], d.get("evidence"))
            for p, _, role, d in self.graph.in_edges(id, keys=True, data=True)
            if d["kind"] == "link"
        ]
        rows.sort(key=lambda r: r[1], reverse=True)
        return sorted(rows, key=lambda r: r[0])

    def entity(self, id: str) -> tuple[Any, ...]:
        papers = self.papers(id)
        together = Counter(e for row in papers for e in self.graph.successors(row[2]) if e != id)
        return papers, together.most_common(15), self.lineage(id)

    def lineage(self, id: str) -> tuple[set[str], set[str]]:
        if id not in self.lineages:
            return set(), set()
        return nx.descendants(self.lineages, id), nx.ancestors(self.lineages, id)

    def search(self, text: str) -> list[tuple[int, str]]:
        words = text.lower().split()
        scores = []
        for id, abstract in self.abstracts.items():
            title = self.graph.nodes[id]["title"].lower()
            if score := sum(3 * (w in title) + (w in abstract) for w in words):
                scores.append((score, id))
        return sorted(scores, reverse=True)[:20]

    def paper(self, id: str) -> tuple[Any, ...]:
        own = list(self.graph.successors(id))
        alike = Counter(p for e in own for p in self.graph.predecessors(e) if p != id)
        return self.graph.nodes[id], own, alike.most_common(8)

    def overview(self) -> tuple[Any, ...]:
        nodes = self.graph.nodes(data=True)
        months = Counter(d["date"][:7] for _, d in nodes if d["kind"] == "paper" and "date" in d)
        busiest = sorted((d["papers"] for _, d in nodes if d["kind"] != "paper"), reverse=True)[:10]
        return Counter(d["kind"] for _, d in nodes), months, busiest

    def around(self, id: str) -> nx.MultiDiGraph:
        return nx.ego_graph(self.graph, id, undirected=True)


def milliseconds(question: Callable[[], Any]) -> tuple[float, float, float]:
    """Return (first, median of the others by the clock, least processor time) of asking again and again."""
    clock, cpu = [], []
    for _ in range(ROUNDS):
        start, own = time.perf_counter(), time.process_time()
        question()
        clock.append(1000 * (time.perf_counter() - start))
        cpu.append(1000 * (time.process_time() - own))
    return clock[0], statistics.median(clock[1:]), min(cpu[1:])


def compare(folder: Path, alone: bool = False) -> Report:
    """Ask both ways the same questions; ``alone``: ours only."""
    before = memory(psutil.Process())
    start = time.perf_counter()
    g = kg.load(folder)
    loaded = time.perf_counter() - start
    ranked = g.entities()
    busy, rare = ranked[0]["id"], ranked[-1]["id"]
    family = max((e for e in ranked if e["family"] == e["id"]), key=lambda e: e["papers"])["id"]
    label = g.entity(family)["label"]
    paper = g.papers(busy)[-1]["id"]
    ours: list[tuple[str, Callable[[], Any], str]] = [
        ("find a name", lambda: g.find(label), "find"),
        (f"papers of the commonest entity ({len(g.papers(busy)):,})", lambda: g.papers(busy), "papers"),
        (f"papers of a family ({len(g.papers(family)):,})", lambda: g.papers(family), ""),
        ("papers of a rare entity", lambda: g.papers(rare), ""),
        ("entity, the commonest", lambda: g.entity(busy), "entity"),
        ("entity, a rare one", lambda: g.entity(rare), ""),
        ("lineage", lambda: g.lineage(family), "lineage"),
        ("search, three words", lambda: g.search(WORDS), "search"),
        ("search, three words misspelled", lambda: g.search(TYPO), ""),
        ("paper", lambda: g.paper(paper), "paper"),
        ("overview", g.overview, "overview"),
        ("neighbourhood of the commonest", lambda: g.neighbourhood(busy), "around"),
        ("view of the whole corpus, 300 nodes", g.neighbourhood, ""),
        ("matrix of methods and benchmarks", g.matrix, ""),
        ("subgraph of a rare entity (NetworkX)", lambda: g.subgraph(rare), ""),
    ]
    figures = [(name, *milliseconds(question), other) for name, question, other in ours]
    held = memory(psutil.Process()) - before
    counts = g.build["counts"]
    title = f"Questions to {counts['papers']:,} papers, {counts['entities']:,} entities, {counts['links']:,} links"
    columns = ["question", "first, ms", "warm, ms", "CPU ms"]
    opening = f"Opening: ours {1000 * loaded:.0f} ms and {held} MiB after all questions"
    if alone:
        return Report(title, columns, [row[:4] for row in figures], [f"{opening}."])
    start = time.perf_counter()
    walker = Walker(g)
    walked = time.perf_counter() - start
    others: dict[str, Callable[[], Any]] = {
        "find": lambda: walker.find(label),
        "papers": lambda: walker.papers(busy),
        "entity": lambda: walker.entity(busy),
        "lineage": lambda: walker.lineage(family),
        "search": lambda: walker.search(WORDS),
        "paper": lambda: walker.paper(paper),
        "overview": walker.overview,
        "around": lambda: walker.around(busy),
    }
    report = Report(title, [*columns, "NetworkX warm, ms", "NetworkX / ours"])
    for name, first, warm, cpu, other in figures:
        theirs = milliseconds(others[other])[1] if other else None
        ratio = "" if theirs is None else f"{theirs / warm:.2f} ×"
        report.rows.append((name, first, warm, cpu, "" if theirs is None else theirs, ratio))
    others_memory = memory(psutil.Process()) - before - held
    report.notes.append(f"{opening}; the NetworkX way {walked:.1f} s and {others_memory} MiB.")
    return report


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", nargs="?", type=Path, default=Path(__file__).parent.parent / "seeds")
    parser.add_argument("--dir", type=Path, help="the outputs of a build, in place of a made corpus")
    parser.add_argument("--papers", type=int, default=75_000)
    parser.add_argument("--base", type=int, default=2_500, help="papers of SOURCE that are copied, at most")
    parser.add_argument("--alone", action="store_true", help="leave out the NetworkX way, which takes minutes to open")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if options.dir:
        compare(options.dir, options.alone).print(options.json)
        return
    with TemporaryDirectory(prefix="kg-bench-") as folder:
        papers = corpus.read(options.source, options.base)
        rows, size, source = corpus.extracted(papers), options.papers, Path(folder, "papers.jsonl")
        corpus.fill_cache(papers, rows, size, size, source, Path(folder, "out"))
        build(source, Path(folder, "out"))
        compare(Path(folder, "out"), options.alone).print(options.json)


if __name__ == "__main__":
    main()

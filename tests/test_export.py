"""What is exported opens in other programs, whatever stands in the papers."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from pathlib import Path

import igraph
import networkx as nx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app import theme
from kg.ask import KnowledgeGraph
from kg.errors import ExportError, UnknownNameError
from kg.export import FORMATS, export
from kg.graph.network import Node
from kg.graph.store import FILES
from kg.schema import ENTITY_TYPES


def edges_of(graph: nx.Graph) -> Counter:
    return Counter((s, t, d["label"]) for s, t, d in graph.edges(data=True))


def test_graphml_opens_in_networkx_and_igraph_with_labels_and_weights(
    gold_graph: KnowledgeGraph, tmp_path: Path
) -> None:
    path = gold_graph.export("graphml", tmp_path / "g.graphml")
    read = nx.read_graphml(path)
    assert set(read) == set(gold_graph.graph)
    assert edges_of(read) == edges_of(gold_graph.graph)
    assert dict(read.nodes(data=True)) == dict(gold_graph.graph.nodes(data=True))
    assert all(data["label"] and data["kind"] for _, data in read.nodes(data=True))

    def told(graph: nx.Graph) -> list:
        ends = graph.edges(data=True)
        return sorted((s, t, sorted((k, v) for k, v in data.items() if k != "id")) for s, t, data in ends)

    assert told(read) == told(gold_graph.graph)
    other = igraph.Graph.Read_GraphML(str(path))
    assert (other.vcount(), other.ecount()) == (len(read), read.number_of_edges())
    assert set(other.vs["label"]) == {data["label"] for _, data in read.nodes(data=True)}


def test_the_graph_file_of_a_build_is_its_export(gold_graph: KnowledgeGraph, tmp_path: Path) -> None:
    path = gold_graph.export("graphml", tmp_path / "g.graphml")
    assert path.read_bytes() == (gold_graph.folder / "graph.graphml").read_bytes()


def test_gexf_and_json_are_read_back_by_networkx(gold_graph: KnowledgeGraph, tmp_path: Path) -> None:
    graph = gold_graph.graph
    gexf = nx.read_gexf(gold_graph.export("gexf", tmp_path / "g.gexf"))
    assert (set(gexf), gexf.number_of_edges()) == (set(graph), graph.number_of_edges())
    data = json.loads(gold_graph.export("json", tmp_path / "g.json").read_text(encoding="utf-8"))
    again = nx.node_link_graph(data, edges="edges")
    assert nx.utils.graphs_equal(again, graph)


def test_csv_is_a_folder_of_nodes_and_edges(gold_graph: KnowledgeGraph, tmp_path: Path) -> None:
    for _ in range(2):  # the second time over its own files
        folder = gold_graph.export("csv", tmp_path / "tables")
    nodes, edges = (list(csv.DictReader((folder / f"{n}.csv").open(encoding="utf-8"))) for n in ("nodes", "edges"))
    labels = {id: data["label"] for id, data in gold_graph.graph.nodes(data=True)}
    assert {n["id"]: n["label"].removeprefix("'") for n in nodes} == labels
    written = Counter((e["source"], e["target"], e["key"], float(e["weight"])) for e in edges)
    assert written == Counter((s, t, k, d["weight"]) for s, t, k, d in gold_graph.graph.edges(keys=True, data=True))


def test_cypher_creates_each_node_and_each_edge_once(gold_graph: KnowledgeGraph, tmp_path: Path) -> None:
    text = gold_graph.export("cypher", tmp_path / "g.cypher").read_text(encoding="utf-8")
    index, *lines = text.removesuffix("\n").split("\n")
    assert index.startswith("CREATE INDEX") and all(line.endswith(");") for line in lines)
    nodes = [re.match(r'CREATE \(:Node:(\w+) \{id: ("[^"]*")', line) for line in lines]
    assert {json.loads(m[2]): m[1].lower() for m in nodes if m} == dict(gold_graph.graph.nodes(data="kind"))
    ends = re.compile(
        r'MATCH \(a:Node \{id: (".*?")\}\), \(b:Node \{id: (".*?")\}\) CREATE \(a\)-\[:(\w+) .*\]->\(b\);'
    )
    edges = [ends.fullmatch(line) for line, node in zip(lines, nodes, strict=True) if not node]
    written = Counter((json.loads(m[1]), json.loads(m[2]), m[3].lower()) for m in edges if m)
    assert len(edges) == written.total()
    assert written == Counter(list(gold_graph.graph.edges(keys=True)))


def test_a_part_of_the_graph_holds_what_stands_around_an_entity(gold_graph: KnowledgeGraph, tmp_path: Path) -> None:
    part = nx.read_graphml(gold_graph.export("graphml", tmp_path / "g.graphml", entity="GRPO", hops=1))
    grpo = gold_graph.find("grpo")
    whole = gold_graph.graph
    assert set(part) == {grpo, *whole.predecessors(grpo), *whole.successors(grpo)}
    models = gold_graph.subgraph("GRPO", hops=2, types=["model"])
    assert {d["kind"] for _, d in models.nodes(data=True)} == {"paper", "model"}
    path = gold_graph.export("graphml", tmp_path / "models.graphml", entity="GRPO", hops=2, types=["model"])
    assert set(nx.read_graphml(path)) == set(models)


def test_a_part_that_is_sure_holds_what_is_sure(unsure_graph: KnowledgeGraph, tmp_path: Path) -> None:
    sure = nx.read_graphml(unsure_graph.export("graphml", tmp_path / "g.graphml", entity="LoRA", min_confidence=0.5))
    assert set(sure) == set(unsure_graph.subgraph("LoRA", min_confidence=0.5)) < set(unsure_graph.subgraph("LoRA"))
    assert all(data["weight"] >= 0.5 for *_, data in sure.edges(data=True))


def test_the_page_works_offline_and_shows_text_as_text(gold_graph: KnowledgeGraph, tmp_path: Path) -> None:
    page = gold_graph.export("html", tmp_path / "g.html").read_text(encoding="utf-8")
    assert "left out:" in page
    assert 'src="' not in page and "<link" not in page
    assert page.count("</script>") == 2


def test_a_page_draws_the_nodes_of_most_edges_and_counts_the_others(gold_graph: KnowledgeGraph, tmp_path: Path) -> None:
    page = gold_graph.export("html", tmp_path / "g.html").read_text(encoding="utf-8")
    nodes, _ = json.JSONDecoder().raw_decode(page, page.index(", nodes = ") + len(", nodes = "))
    drawn = {node["id"] for node in nodes}
    degree = dict(gold_graph.graph.degree())
    assert len(drawn) == len(nodes) == 300
    assert min(degree[id] for id in drawn) >= max(n for id, n in degree.items() if id not in drawn)
    edges = gold_graph.graph.subgraph(drawn).number_of_edges()
    assert f"300 nodes and {edges} edges; left out: {len(degree) - 300} nodes with fewer edges" in page


def test_a_page_of_the_graph_looks_like_the_app(gold_graph: KnowledgeGraph, tmp_path: Path) -> None:
    page = gold_graph.export("html", tmp_path / "g.html").read_text(encoding="utf-8")
    read = json.JSONDecoder().raw_decode
    looks, end = read(page, page.index("const kinds = ") + len("const kinds = "))
    nodes, _ = read(page, end + len(", nodes = "))
    assert looks.keys() == {"paper", *ENTITY_TYPES}
    assert all(node["shape"] == looks[node["kind"]]["shape"] for node in nodes)
    for kind, look in looks.items():
        assert look == theme.kinds()[kind]
        assert f"--kg-{kind}: light-dark({', '.join(look['fill'])});" in theme.stylesheet()


class Hostile:
    """Rows of text that no format likes."""

    def __init__(self, text: str) -> None:
        self.text = text

    def nodes(self):
        yield Node.__args__[0](f"p{self.text}"), {"kind": "paper", "label": self.text or "p", "title": self.text}
        yield "method/m", {"kind": "method", "label": self.text or "m", "papers": 1, "background": False}

    def edges(self):
        data = {"kind": "link", "label": "uses", "weight": 0.5, "evidence": self.text}
        for key in ("uses", "mentions"):
            yield f"p{self.text}", "method/m", key, dict(data)


@pytest.mark.parametrize("format", list(FORMATS))
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(st.characters(exclude_categories=["Cs"]), max_size=30))
def test_any_text_can_be_exported(tmp_path: Path, format: str, text: str) -> None:
    path = tmp_path / "any"
    if path.is_dir():
        for file in path.iterdir():
            file.unlink()
        path.rmdir()
    export(format, path, Hostile(text))
    if format == "graphml":
        assert nx.read_graphml(path).number_of_edges() == 2
        assert igraph.Graph.Read_GraphML(str(path)).ecount() == 2
    if format == "gexf":
        assert nx.read_gexf(path).number_of_edges() == 2
    if format == "json":
        assert nx.node_link_graph(json.loads(path.read_text(encoding="utf-8")), edges="edges").number_of_edges() == 2
    if format == "cypher":
        assert path.read_text(encoding="utf-8").count("\n") == 5, "one statement a line"
    if format == "html":
        assert path.read_text(encoding="utf-8").count("</script>") == 2
    if format == "csv":
        for name, rows in (("nodes.csv", 2), ("edges.csv", 2)):
            with (path / name).open(encoding="utf-8", newline="") as lines:
                told = list(csv.DictReader(lines))
            assert len(told) == rows
            assert not any(value.lstrip().startswith(("=", "@")) for row in told for value in row.values() if value)
    path.unlink(missing_ok=True) if path.is_file() else None


def test_an_export_that_fails_leaves_nothing_behind(gold_graph: KnowledgeGraph, tmp_path: Path) -> None:
    (tmp_path / "keep").mkdir()
    (tmp_path / "keep" / "mine.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(ExportError, match="in the way"):
        gold_graph.export("csv", tmp_path / "keep")
    with pytest.raises(ExportError, match="is a folder"):
        gold_graph.export("graphml", tmp_path / "keep")
    with pytest.raises(ExportError, match="no such format"):
        gold_graph.export("xlsx", tmp_path / "g.xlsx")
    with pytest.raises(UnknownNameError):
        gold_graph.export("graphml", tmp_path / "g.graphml", entity="no such thing at all")
    assert [p.name for p in tmp_path.iterdir()] == ["keep"]


@pytest.mark.parametrize("name", FILES)
def test_an_export_never_replaces_a_file_of_the_build(gold_graph: KnowledgeGraph, tmp_path: Path, name: str) -> None:
    own = gold_graph.folder / name
    before = own.read_bytes()
    (tmp_path / "link").symlink_to(own)
    for path in (own, gold_graph.folder / ".." / gold_graph.folder.name / name, tmp_path / "link"):
        with pytest.raises(ExportError, match="name another file"):
            gold_graph.export("graphml", path, entity="GRPO")
    assert own.read_bytes() == before


def test_an_export_may_stand_beside_the_files_of_the_build(gold_graph: KnowledgeGraph) -> None:
    path = gold_graph.export("graphml", gold_graph.folder / "grpo.graphml", entity="GRPO")
    assert gold_graph.find("GRPO") in nx.read_graphml(path)
    path.unlink()

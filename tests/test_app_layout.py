"""The picture of a graph stands still: the same nodes and edges give the same places, whatever their order."""

from __future__ import annotations

import random
import time

import networkx as nx
from hypothesis import given, settings
from hypothesis import strategies as st

from app.components.graph.groups import groups
from app.components.graph.layout import extend, layered, spread
from app.components.graph.network import drawing

NAMES = [f"n{i}" for i in range(12)]
PAIRS = st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)), max_size=25)


@settings(max_examples=60)
@given(PAIRS, st.randoms(use_true_random=False))
def test_places_do_not_depend_on_the_order_of_the_input(pairs: list[tuple[str, str]], chance: random.Random) -> None:
    nodes, edges = list(NAMES), list(pairs)
    first = spread(nodes, edges)
    chance.shuffle(nodes)
    chance.shuffle(edges)
    assert spread(nodes, edges) == first


@settings(max_examples=60)
@given(PAIRS)
def test_no_two_nodes_stand_on_each_other(pairs: list[tuple[str, str]]) -> None:
    places = list(spread(NAMES, pairs).values())
    for i, (ax, ay) in enumerate(places):
        for bx, by in places[i + 1 :]:
            assert (ax - bx) ** 2 + (ay - by) ** 2 > 12**2


def test_neighbours_stand_nearer_than_strangers() -> None:
    two_rings = [(f"a{i}", f"a{(i + 1) % 8}") for i in range(8)] + [(f"b{i}", f"b{(i + 1) % 8}") for i in range(8)]
    places = spread([n for pair in two_rings for n in pair], [*two_rings, ("a0", "b0")])

    def apart(one: str, other: str) -> float:
        (ax, ay), (bx, by) = places[one], places[other]
        return ((ax - bx) ** 2 + (ay - by) ** 2) ** 0.5

    assert apart("a0", "a1") < apart("a0", "a4") < apart("a4", "b4")


def test_expanding_a_node_moves_none_that_was_there() -> None:
    before = spread(NAMES, [("n0", other) for other in NAMES[1:]])
    after = extend(before, [*NAMES, "new1", "new2"], "n3")
    assert {node: after[node] for node in NAMES} == before
    assert {"new1", "new2"} <= set(after)


@settings(max_examples=100)
@given(PAIRS, st.dictionaries(st.sampled_from(NAMES), st.integers(2020, 2025) | st.none()))
def test_ancestors_stand_left_of_descendants_even_where_the_lineage_runs_in_a_circle(
    steps: list[tuple[str, str]], years: dict[str, int | None]
) -> None:
    places, columns = layered(NAMES, steps, years)
    assert set(places) == set(NAMES)
    graph = nx.DiGraph([(parent, child) for child, parent in steps if child != parent])
    if nx.is_directed_acyclic_graph(graph):
        assert all(places[parent][0] < places[child][0] for parent, child in graph.edges)
    assert [x for x, _ in columns] == sorted({x for x, _ in places.values()})


def test_the_years_run_from_left_to_right() -> None:
    years = {"REINFORCE": 1992, "TRPO": 2015, "PPO": 2017, "GRPO": 2024, "DPO": 2023, "RLHF": 2017, "mine": None}
    steps = [("TRPO", "REINFORCE"), ("PPO", "TRPO"), ("GRPO", "PPO"), ("DPO", "RLHF"), ("mine", "PPO")]
    places, columns = layered(list(years), steps, years)
    dated = sorted((x, year) for node, (x, _) in places.items() if (year := years[node]))
    assert [year for _, year in dated] == sorted(year for _, year in dated)
    assert [text for _, text in columns] == ["1992", "2015", "2017", "", "2023", "2024"]


def test_a_picture_of_300_nodes_is_laid_out_within_seconds() -> None:
    graph = nx.barabasi_albert_graph(300, 3, seed=1)
    start = time.process_time()
    spread([str(n) for n in graph], [(str(a), str(b)) for a, b in graph.edges])
    assert time.process_time() - start < 5


def test_the_drawing_holds_hostile_names_as_plain_data() -> None:
    name = '<img src=x onerror="alert(1)">' + "y" * 400
    nodes = [
        {"id": "method/x", "kind": "method", "label": name, "papers": 9, "date": None},
        {"id": "p1", "kind": "paper", "label": "", "papers": 1, "date": "2024-05-01"},
    ]
    edges = [{"source": "p1", "target": "method/x", "key": "uses", "confidence": 1.0}]
    data = drawing(nodes, edges, {"method/x": (0.0, 0.0), "p1": (50.0, 1.0)}, focus="method/x")
    method, paper = data["nodes"]
    assert len(method["text"]) <= 26
    assert method["full"].startswith("<img")
    assert "title" not in method  # vis-network would show a title of its own
    assert (method["href"], paper["href"]) == ("./entity?name=method%2Fx", "./paper?id=p1")
    assert paper["text"] == "(no name)"
    assert method["size"] > paper["size"]
    assert data["edges"][0]["label_text"] == "uses"


@given(st.lists(st.integers(0, 100_000), min_size=2, max_size=40, unique=True))
def test_the_busier_a_node_the_larger_in_a_corpus_of_any_size(papers: list[int]) -> None:
    nodes = [{"id": f"n{p}", "kind": "method", "label": "n", "papers": p, "date": None} for p in sorted(papers)]
    pairs = [{"source": "n", "target": "n", "key": "used_with", "papers": p + 1, "confidence": 1.0} for p in papers]
    data = drawing(nodes, [], {node["id"]: (0.0, 0.0) for node in nodes})
    sizes = [node["size"] for node in data["nodes"]]
    assert sizes == sorted(sizes)
    assert 6 <= sizes[0] < sizes[-1] <= 28
    several = drawing([{**nodes[0], "id": "n"}], pairs, {"n": (0.0, 0.0)})
    assert all(0.6 <= edge["width"] <= 6 for edge in several["edges"])


def test_two_circles_joined_by_one_edge_are_two_groups_whatever_the_order() -> None:
    names = [f"{side}{i}" for side in "ab" for i in range(5)]
    edges = [(f"{s}{i}", f"{s}{j}") for s in "ab" for i in range(5) for j in range(i)] + [("a0", "b0")]
    nodes = [{"id": name, "papers": int(name[1]) + 1} for name in names]
    rows = [{"source": s, "target": t, "papers": 2} for s, t in edges]
    found = groups(nodes, rows)
    assert found == [["a4", "a3", "a2", "a1", "a0"], ["b4", "b3", "b2", "b1", "b0"]]
    assert groups(nodes[::-1], rows[::-1]) == found

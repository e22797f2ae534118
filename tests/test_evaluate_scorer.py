"""`kg evaluate` says what the annotators' own scorer says, and names the fault of a broken gold file."""

import json
from pathlib import Path

import pytest

import kg.evaluate
from kg.errors import GoldError

DATA = Path(__file__).parent / "data"


def rows(name):
    return {row["id"]: row for row in map(json.loads, (DATA / name).read_text(encoding="utf-8").splitlines())}


def test_figures_equal_those_of_the_annotators_scorer_to_the_digit():
    wanted = json.loads((DATA / "evaluate_figures.json").read_text())  # written by score.py --json
    figures = kg.evaluate.score(rows("evaluate_gold.jsonl"), rows("evaluate_pred.jsonl"))
    assert {name: list(values) for name, values in figures.items()} == wanted
    assert list(figures) == list(wanted)


def test_gold_against_itself_is_perfect():
    gold = kg.evaluate.read_gold(DATA / "evaluate_gold.jsonl")
    assert all(value == 1.0 for values in kg.evaluate.score(gold, gold).values() for value in values)


def test_a_paper_without_prediction_counts_as_empty():
    gold = kg.evaluate.read_gold(DATA / "evaluate_gold.jsonl")
    assert kg.evaluate.score(gold, {})["edge"] == (0.0, 0.0, 0.0)


def test_figures_print_as_the_annotators_scorer_prints_them():
    text = kg.evaluate.format_figures({"edge": (0.5, 1.0, 2 / 3), "role": (0.8125,)})
    assert text == "edge             P 0.500  R 1.000  F1 0.667\nrole             acc 0.812"


PAPER = {
    "id": "p",
    "title": "SimPO: Simple Preference Optimization",
    "abstract": "DPO is popular. We propose SimPO, which extends DPO. SimPO beats ORPO on AlpacaEval 2.",
    "entities": [
        {"name": "SimPO", "type": "method", "role": "introduces", "surfaces": ["SimPO"]},
        {"name": "DPO", "type": "method", "role": "uses", "surfaces": ["DPO"]},
        {"name": "ORPO", "type": "method", "role": "compares_with", "surfaces": ["ORPO"]},
        {"name": "AlpacaEval 2", "type": "benchmark", "role": "evaluates_on", "surfaces": ["AlpacaEval 2"]},
    ],
    "lineage": [{"child": "SimPO", "parent": "DPO", "relation": "extends"}],
}
READ = {
    "id": "p",
    "entities": [
        {"name": "SimPO", "type": "method", "role": "introduces", "surfaces": ["SimPO"]},
        {"name": "DPO", "type": "method", "role": "compares_with", "surfaces": ["DPO"]},
        {"name": "AlpacaEval 2", "type": "dataset", "role": "evaluates_on", "surfaces": ["AlpacaEval 2"]},
        {"name": "Simple", "type": "method", "role": "uses", "surfaces": ["Simple"]},
    ],
    "lineage": [{"child": "SimPO", "parent": "AlpacaEval 2", "relation": "extends"}],
}


def test_errors_of_each_kind_come_with_the_sentence_they_stand_in():
    found = kg.evaluate.errors({"p": PAPER}, {"p": READ})
    assert {kind: [e["what"] for e in entries] for kind, entries in found.items()} == {
        "missed": ["method: ORPO"],
        "extra": ["method: Simple"],
        "type": ["benchmark > dataset: AlpacaEval 2"],
        "role": ["uses > compares_with"],
        "lineage missed": ["SimPO > DPO"],
        "lineage extra": ["SimPO > AlpacaEval 2"],
    }
    assert found["missed"][0]["sentences"] == [{"paper": "p", "text": "SimPO beats ORPO on AlpacaEval 2."}]
    assert found["lineage missed"][0]["sentences"][0]["text"] == "We propose SimPO, which extends DPO."
    text = kg.evaluate.format_errors(found)
    assert "  1 x  benchmark > dataset: AlpacaEval 2\n        p: SimPO beats ORPO on AlpacaEval 2." in text


def test_a_gold_paper_with_no_entities_has_no_errors_where_nothing_is_predicted():
    empty = {"p": {**PAPER, "entities": [], "lineage": []}}
    assert not any(kg.evaluate.errors(empty, {}).values())


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("{not json", "gold.jsonl:2: no JSON"),
        ("[1]", "gold.jsonl:2: a JSON object is wanted"),
        (json.dumps({**PAPER, "id": 3}), "gold.jsonl:2: 'id' must be a string"),
        (json.dumps({**PAPER, "entities": None}), "gold.jsonl:2: 'entities' must be a list"),
        (json.dumps({**PAPER, "entities": [{"name": "X", "type": "tool"}]}), "gold.jsonl:2: 'X' has the unknown type"),
        (
            json.dumps({**PAPER, "entities": [{"name": "X", "type": "model", "role": "eats"}]}),
            "gold.jsonl:2: 'X' has the unknown role 'eats'",
        ),
        (
            json.dumps({**PAPER, "entities": [{"name": "X", "type": "model", "role": "uses", "surfaces": []}]}),
            "gold.jsonl:2: 'X' needs a list of surfaces",
        ),
        (json.dumps({**PAPER, "lineage": [{"child": "X"}]}), "gold.jsonl:2: each entry of 'lineage'"),
        (
            json.dumps({**PAPER, "lineage": [{"child": "X", "parent": "Y", "relation": "eats"}]}),
            "gold.jsonl:2: unknown relation 'eats'",
        ),
        (json.dumps({**PAPER, "id": "first"}), "gold.jsonl:2: a second paper with the id 'first'"),
    ],
)
def test_a_broken_gold_file_is_named_with_its_line(tmp_path, line, fault):
    path = tmp_path / "gold.jsonl"
    path.write_text(json.dumps({**PAPER, "id": "first"}) + "\n" + line + "\n", encoding="utf-8")
    with pytest.raises(GoldError) as caught:
        kg.evaluate.read_gold(path)
    assert fault in str(caught.value)
    assert "\n" not in str(caught.value)


def test_missing_empty_and_binary_gold_files_are_named(tmp_path):
    (tmp_path / "empty.jsonl").write_text("\n")
    (tmp_path / "binary.jsonl").write_bytes(b"\xff\xfe\x00")
    for name in ("none.jsonl", "empty.jsonl", "binary.jsonl"):
        with pytest.raises(GoldError, match=name):
            kg.evaluate.read_gold(tmp_path / name)

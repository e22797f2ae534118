"""Each entity of a paper gets the role that the paper gives it, and the sentence that says so."""

import json
from pathlib import Path

import numpy as np
import pytest

from kg.extract.context import context_of, read_context, stem
from kg.extract.linear import HashedLinear, keys_of, mix, probabilities
from kg.extract.role_features import entity_leanings, gather, mention_leanings
from kg.extract.roles import RoleModel, Roles
from kg.extract.tagger import CHILD, N_LEANINGS
from kg.train.linear import fit
from kg.train.roles import gold_doc, reader, train_roles

DATA = Path(__file__).parent / "data"
GOLD = [json.loads(line) for line in (DATA / "evaluate_gold.jsonl").read_text(encoding="utf-8").splitlines()]


def entity(name, kind, *more):
    return {"name": name, "type": kind, "role": "mentions", "surfaces": [name, *more]}


PAPER = {
    "id": "made up for this test",
    "title": "SlimTune: Preference Optimization for Small Language Models",
    "abstract": (
        "Reinforcement learning from human feedback (RLHF) is costly. We propose SlimTune, a method that tunes small "
        "models from pairs of answers. We fine-tune Llama 2 and Mistral-7B with SlimTune. Experiments on MT-Bench, "
        "AlpacaEval 2 and GSM8K show that SlimTune outperforms DPO by 3.1 points."
    ),
    "entities": [
        entity("SlimTune", "method"),
        entity("RLHF", "method", "Reinforcement learning from human feedback"),
        entity("Llama 2", "model"),
        entity("Mistral-7B", "model"),
        entity("MT-Bench", "benchmark"),
        entity("AlpacaEval 2", "benchmark"),
        entity("GSM8K", "benchmark"),
        entity("DPO", "method"),
    ],
    "lineage": [],
}


@pytest.fixture(scope="module")
def roles():
    return Roles(RoleModel.load())


@pytest.fixture(scope="module")
def nlp():
    nlp = reader()
    nlp.add_pipe("name_tagger")
    return nlp


@pytest.fixture(scope="module")
def read(roles, nlp):
    doc = roles(gold_doc(nlp, PAPER))
    return doc, {e.name: e for e in doc._.entities}


def test_each_entity_gets_the_role_that_a_reader_would_give(read):
    _, found = read
    assert {name: e.role for name, e in found.items()} == {
        "SlimTune": "introduces",
        "RLHF": "mentions",
        "Llama 2": "uses",
        "Mistral-7B": "uses",
        "MT-Bench": "evaluates_on",
        "AlpacaEval 2": "evaluates_on",
        "GSM8K": "evaluates_on",
        "DPO": "compares_with",
    }


def test_the_evidence_is_a_sentence_that_names_the_entity_and_speaks_for_the_role(read):
    _, found = read
    texts = {"title": PAPER["title"], "abstract": PAPER["abstract"]}
    said = {name: texts[e.evidence.field][e.evidence.start : e.evidence.end] for name, e in found.items()}
    assert all(any(s in said[name] for s in e.surfaces) for name, e in found.items())
    assert said["DPO"].startswith("Experiments on MT-Bench")
    assert said["SlimTune"].startswith(("We propose SlimTune", "SlimTune: "))
    assert said["Llama 2"] == "We fine-tune Llama 2 and Mistral-7B with SlimTune."


def test_confidence_is_a_probability_and_what_is_plain_is_held_surer_than_what_is_not(read):
    _, found = read
    assert all(0.2 <= e.role_confidence <= 1 for e in found.values())
    assert found["SlimTune"].role_confidence > 0.9


def test_a_paper_without_entities_is_left_alone(roles, nlp):
    empty = gold_doc(nlp, {"title": "", "abstract": "", "entities": []})
    full = gold_doc(nlp, PAPER)
    assert [len(doc._.entities) for doc in roles.pipe([empty, full, empty])] == [0, 8, 0]


def test_roles_of_gold_papers_are_mostly_right_and_less_often_where_no_tagger_has_read_them(roles, nlp):
    """Gold of the seeds that training has seen: what is wrong here is no matter of learning but of the code."""

    def right(nlp):
        pairs = [
            (a.role, b["role"])
            for row in GOLD
            for a, b in zip(roles(gold_doc(nlp, row))._.entities, row["entities"], strict=True)
        ]
        return sum(a == b for a, b in pairs) / len(pairs)

    assert right(nlp) > 0.9
    assert 0.75 < right(reader()) < right(nlp)


def test_a_batch_reads_as_its_papers_do(roles, nlp):
    alone = [roles(gold_doc(nlp, row))._.entities for row in GOLD]
    together = [doc._.entities for doc in roles.pipe([gold_doc(nlp, row) for row in GOLD], batch_size=7)]
    assert alone == together


def test_a_tiny_model_learns_its_papers_and_training_is_deterministic(tmp_path):
    rows = GOLD[:12]
    model = train_roles(rows)
    model.save(tmp_path / "a.npz")
    train_roles(rows).save(tmp_path / "b.npz")
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    nlp, component = reader(), Roles(RoleModel.load(tmp_path / "a.npz"))  # trained without a tagger, read without
    pairs = [
        (a.role, b["role"])
        for row in rows
        for a, b in zip(component(gold_doc(nlp, row))._.entities, row["entities"], strict=True)
    ]
    assert sum(a == b for a, b in pairs) / len(pairs) > 0.9


def test_a_mention_is_one_item_whatever_its_words():
    doc = gold_doc(reader(), PAPER)
    context = read_context(doc, doc._.entities)
    assert (context.entity >= 0).sum() == sum(len(e.mentions) for e in doc._.entities)
    assert len(context.items) == len(context.sentence) == len(context.entity)
    assert np.isnan(context.leanings).all(), "no tagger has run"
    assert [doc.text[a:b] for a, b in context.bounds][:2] == [
        PAPER["title"],
        "Reinforcement learning from human feedback (RLHF) is costly.",
    ]


def test_a_paper_is_laid_out_once_for_roles_and_lineage_and_anew_for_other_entities(roles):
    doc = gold_doc(reader(), PAPER)
    first = context_of(doc)
    roles(doc)
    again = context_of(doc)
    assert again.items is first.items
    assert [e.role for e in again.entities] == [e.role for e in doc._.entities]
    doc._.entities = doc._.entities[1:]
    assert (context_of(doc).entity >= 0).sum() == sum(len(e.mentions) for e in doc._.entities)


def test_a_mention_leans_as_its_words_do_and_an_entity_as_its_mentions_do(nlp):
    doc = gold_doc(nlp, PAPER)
    context = context_of(doc)
    owners = context.entity[context.entity >= 0]
    assert context.leanings.shape == (len(owners), N_LEANINGS)
    dpo = next(token.i for token in doc if token.text == "DPO")
    [mention] = np.flatnonzero(owners == 7)
    assert np.allclose(context.leanings[mention], doc._.leanings[dpo])
    batch = gather([context, context_of(gold_doc(reader(), PAPER))])
    leanings = entity_leanings(batch)
    assert leanings.shape == (16, N_LEANINGS)
    assert np.allclose(np.exp(leanings[:8, :CHILD]).sum(axis=1), 1), "chances of the roles"
    assert np.allclose(leanings[7], mention_leanings(batch)[mention])
    assert np.isnan(leanings[8:]).all()


def test_words_with_the_same_stem_are_one():
    assert len({stem(w) for w in ("outperform", "outperforms", "Outperformed", "outperforming")}) == 1
    assert stem("GPT-4") == stem("2024") == "0"


def test_the_linear_model_learns_from_numbers_and_takes_one_that_is_not_known_for_the_mean(tmp_path):
    rng = np.random.default_rng(0)
    numbers = rng.normal(5, 1, size=(400, 2))
    numbers[::7, 1] = np.nan
    target = (numbers[:, 0] > 5).astype(np.int64)
    rows = np.arange(400)
    model = fit(keys_of(rows, mix(1, rows % 3), 400), target, 2, numbers=numbers)
    model.save(tmp_path / "m.npz")
    with np.load(tmp_path / "m.npz") as arrays:
        model = HashedLinear.from_arrays(arrays)
    matrix = model.matrix(rows, mix(1, rows % 3), 400)
    assert (model.scores(matrix, numbers).argmax(axis=1) == target).mean() > 0.95
    assert np.array_equal(model.scores(matrix), model.scores(matrix, np.full((400, 2), np.nan)))
    assert np.allclose(model.scores(matrix), model.scores(matrix, np.tile(model.centre, (400, 1))))


def test_the_linear_model_learns_which_feature_tells_the_class(tmp_path):
    target = np.array([0, 1] * 20)
    features = mix(1, target)
    model = fit(keys_of(np.arange(40), features, 40), target, 2)
    model.save(tmp_path / "m.npz")
    with np.load(tmp_path / "m.npz") as arrays:
        again = HashedLinear.from_arrays(arrays)
    never_seen = mix(2, np.array([7]))
    chances = probabilities(again.scores(again.matrix(np.array([0, 1, 2]), np.append(features[:2], never_seen), 3)))
    assert chances[0, 0] > 0.6 > 0.4 > chances[1, 0]
    assert abs(chances[2, 0] - 0.5) < 0.1, "a feature never seen weighs nothing"

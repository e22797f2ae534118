"""Who descends from whom is read out of the sentences that say so."""

import json
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import kg.extract
from kg.evaluate import read_gold
from kg.extract.context import context_of
from kg.extract.lineage import N_LOUDEST, N_SEEN, SILENT, WEIGHTS, Lineage, LineageModel, relation_of
from kg.extract.lineage_features import N_KINDS, candidates, evidence_of
from kg.extract.linear import keys_of, probabilities
from kg.extract.rivals import LOWEST, N_NUMBERS, Rivals, standing
from kg.extract.role_features import gather
from kg.extract.roles import RoleModel, Roles
from kg.train.lineage import gold_pairs, train_lineage
from kg.train.linear import fit
from kg.train.regressions import fit_rivals
from kg.train.roles import gold_doc, reader

DATA = Path(__file__).parent / "data"
GOLD = [json.loads(line) for line in (DATA / "evaluate_gold.jsonl").read_text(encoding="utf-8").splitlines()]
CONTRASTS = DATA / "gold" / "contrasts.jsonl"
NO_FACTS = np.zeros((0, N_SEEN))  # where there are no trees, none is asked


@pytest.fixture(scope="module")
def components():
    nlp = reader()
    nlp.add_pipe("name_tagger")
    return nlp, Roles(RoleModel.load()), Lineage(LineageModel.load())


def read(components, title, abstract, **names):
    nlp, roles, lineage = components
    entities = [
        {"name": n, "type": kind, "role": "mentions", "surfaces": [n]} for kind, ns in names.items() for n in ns
    ]
    row = {"id": "x", "title": title, "abstract": abstract, "entities": entities}
    return lineage(roles(gold_doc(nlp, row)))._.relations


@pytest.mark.parametrize(
    ("title", "abstract", "names", "wanted"),
    [
        (
            "SlimTune: Preference Optimization for Small Models",
            "We propose SlimTune, which extends DPO with a margin. It outperforms PPO.",
            {"method": ["SlimTune", "DPO", "PPO"]},
            ("SlimTune", "extends", "DPO"),
        ),
        (
            "CardioLM: A Language Model for Cardiology",
            "We introduce CardioLM, a medical language model fine-tuned from Llama-2-7B. It outperforms GPT-4.",
            {"model": ["CardioLM", "Llama-2-7B", "GPT-4"]},
            ("CardioLM", "derived_from", "Llama-2-7B"),
        ),
        (
            "GraphFormer-Net: Segmentation with Less",
            "We present GraphFormer-Net, a Mamba-based framework. It joins Mamba and U-Net. We test it on CIFAR-10.",
            {"method": ["GraphFormer-Net", "Mamba", "U-Net"], "benchmark": ["CIFAR-10"]},
            ("GraphFormer-Net", "extends", "Mamba"),
        ),
    ],
)
def test_a_pair_that_the_text_states_is_told_and_its_rivals_are_not(components, title, abstract, names, wanted):
    told = read(components, title, abstract, **names)
    assert wanted in [(r.child, r.relation, r.parent) for r in told]
    assert not {r.parent for r in told} & {"PPO", "GPT-4", "CIFAR-10"}


def test_the_evidence_names_both(components):
    title = "SlimTune: Preference Optimization for Small Models"
    abstract = "DPO is widely used. We propose SlimTune, which extends DPO with a margin. SlimTune is fast."
    [told] = read(components, title, abstract, method=["SlimTune", "DPO"])
    assert told.evidence.field == "abstract"
    assert abstract[told.evidence.start : told.evidence.end] == "We propose SlimTune, which extends DPO with a margin."
    assert 0 < told.confidence <= 1


def test_no_pair_is_told_in_both_directions_and_none_of_a_thing_with_itself(components):
    nlp, roles, lineage = components
    total = 0
    for row in GOLD:
        told = [(r.child, r.parent) for r in lineage(roles(gold_doc(nlp, row)))._.relations]
        assert len(set(told)) == len(told)
        assert not {(b, a) for a, b in told} & set(told)
        assert all(a != b for a, b in told)
        total += len(told)
    assert total >= len(GOLD), "there are pairs to look at"


def test_a_paper_without_pairs_is_left_alone(components):
    assert read(components, "", "") == []
    assert read(components, "On DPO", "DPO is studied.", method=["DPO"]) == []


def test_a_batch_reads_as_its_papers_do(components):
    nlp, roles, lineage = components
    docs = [roles(gold_doc(nlp, row)) for row in GOLD]
    alone = [lineage(doc)._.relations for doc in docs]
    assert [doc._.relations for doc in lineage.pipe(docs, batch_size=5)] == alone
    assert any(alone)


def test_a_sentence_of_a_thousand_names_is_read_in_a_moment(components):
    names = [f"Name{i}" for i in range(60)]
    begin = time.process_time()
    assert read(components, "Name0: all", "We propose " + ", ".join(names * 15), method=names) == []
    assert time.process_time() - begin < 5, "which is half a second where nothing else runs"


@pytest.mark.parametrize(
    ("child", "parent", "relation"),
    [
        ("method", "method", "extends"),
        ("model", "method", "extends"),
        ("method", "model", "extends"),
        ("model", "model", "derived_from"),
        ("dataset", "dataset", "derived_from"),
        ("benchmark", "dataset", "derived_from"),
    ],
)
def test_the_types_of_a_pair_give_its_relation(child, parent, relation):
    assert relation_of(child, parent) == relation


def test_gold_pairs_are_found_by_any_of_their_surfaces(components):
    nlp = components[0]
    row = {
        "id": "x",
        "title": "T",
        "abstract": "GRPO, Group Relative Policy Optimization, extends PPO.",
        "entities": [
            {
                "name": "GRPO",
                "type": "method",
                "role": "introduces",
                "surfaces": ["Group Relative Policy Optimization"],
            },
            {"name": "PPO", "type": "method", "role": "uses", "surfaces": ["PPO"]},
        ],
        "lineage": [{"child": "GRPO", "parent": "PPO", "relation": "extends"}],
    }
    assert gold_pairs(row, gold_doc(nlp, row)._.entities) == {(0, 1)}


def test_a_gold_pair_is_right_by_the_acronym_and_by_the_full_form_where_these_were_found_apart(components):
    row = {
        "id": "x",
        "title": "RANGER",
        "abstract": "We propose RANGER, a sparsely-gated Mixture-of-Experts (MoE) framework.",
        "entities": [
            {"name": "RANGER", "type": "method", "role": "introduces", "surfaces": ["RANGER"]},
            {"name": "MoE", "type": "method", "role": "uses", "surfaces": ["Mixture-of-Experts", "MoE"]},
        ],
        "lineage": [{"child": "RANGER", "parent": "MoE", "relation": "extends"}],
    }
    apart = [
        {"name": n, "type": "method", "role": "uses", "surfaces": [n]} for n in ("RANGER", "Mixture-of-Experts", "MoE")
    ]
    entities = gold_doc(components[0], {**row, "entities": apart})._.entities
    assert gold_pairs(row, entities) == {(0, 1), (0, 2)}


def test_a_label_that_is_half_believed_moves_a_classifier_less_far():
    target = np.repeat([0, 1], 50)
    keys = keys_of(np.arange(100), 7 + target, 100)
    sure, doubting = (
        probabilities(model.scores(model.matrix(np.array([0]), np.array([8]), 1)))[0, 1]
        for model in (fit(keys, target, 2, spread=10, trust=trust) for trust in (None, (0.98, 0.85)))
    )
    assert sure > 0.95
    assert 0.8 < doubting < 0.87


def test_labels_that_are_fully_believed_are_labels():
    target = np.arange(60) % 3
    keys = keys_of(np.arange(60), target + np.arange(60) % 2, 60)
    plain = fit(keys, target, 3)
    assert np.array_equal(fit(keys, target, 3, trust=(1.0, 1.0, 1.0)).weights, plain.weights)


def test_what_bears_the_name_of_another_is_tried_whatever_the_paper_does_with_it():
    row = {
        "id": "x",
        "title": "Step-by-step distillation in practice",
        "abstract": "We analyse GenDR-Pix, GenDR and SDXL-Turbo.",
        "entities": [
            {"name": n, "type": "model", "role": "uses", "surfaces": [n]} for n in ("GenDR-Pix", "GenDR", "SDXL-Turbo")
        ],
    }
    pairs = candidates([context_of(gold_doc(reader(), row))])
    assert (0, 1) in set(zip(pairs.child.tolist(), pairs.parent.tolist(), strict=True))
    assert (1, 0) not in set(zip(pairs.child.tolist(), pairs.parent.tolist(), strict=True))


def test_rivals_are_the_other_pairs_of_the_paper_and_no_others():
    odds = np.array([1.0, -2.0, 0.5, 3.0])
    paper, child, parent = np.array([0, 0, 0, 1]), np.array([0, 0, 1, 3]), np.array([1, 2, 0, 4])
    numbers = standing(odds, paper, child, parent)
    assert numbers[:, 0].tolist() == odds.tolist()
    assert numbers[:, 1].tolist() == [0.5, LOWEST, 1.0, LOWEST], "the pair turned round"
    assert numbers[:, 2].tolist() == [0.5, 1.0, 1.0, LOWEST], "the best other pair of the paper"
    assert numbers[:, 6].tolist() == [-2.0, 1.0, LOWEST, LOWEST], "the best other pair of the child"
    assert np.allclose(standing(odds[3:], paper[3:], child[3:], parent[3:]), numbers[3:])


def test_a_pair_beside_a_surer_one_is_held_less_likely_where_training_says_so():
    rng = np.random.default_rng(1)
    odds = rng.normal(size=400)
    paper = np.repeat(np.arange(200), 2)
    child, parent = 3 * paper, 3 * paper + 1 + np.tile([0, 1], 200)
    best = (odds.reshape(-1, 2) == odds.reshape(-1, 2).max(axis=1, keepdims=True)).ravel()
    numbers = standing(odds, paper, child, parent)
    chances = Rivals(fit_rivals(numbers, best.astype(np.int64)))(numbers, NO_FACTS)
    assert ((chances > 0.5) == best).mean() > 0.95
    assert ((Rivals.none()(numbers, NO_FACTS) > 0.5) == best).mean() < 0.85


def test_the_shipped_model_has_trees_and_is_the_same_when_written_and_read_back(tmp_path):
    shipped = LineageModel.load()
    assert shipped.rivals.trees is not None and shipped.rivals.trees.features == N_NUMBERS + N_SEEN
    shipped.save(tmp_path / "again.npz")
    assert (tmp_path / "again.npz").read_bytes() == WEIGHTS.read_bytes()
    rng = np.random.default_rng(0)
    numbers, facts = rng.normal(size=(50, N_NUMBERS)), rng.normal(size=(50, N_SEEN))
    chances = LineageModel.load(tmp_path / "again.npz").chances(numbers, facts)
    assert np.array_equal(chances, shipped.chances(numbers, facts))
    assert not np.array_equal(chances, replace(shipped.rivals, trees=None)(numbers, facts)), "the trees have a say"


def weigh(model: LineageModel, contexts):
    """Return what speaks for the pairs of some papers, and what the model makes of it."""
    pairs = candidates(contexts)
    evidence = evidence_of(gather(contexts), contexts, pairs)
    matrix = model.linear.matrix(*evidence.all(), len(pairs.child))
    return evidence, model.weigh(matrix, evidence.spoken, evidence.known)


def test_the_score_of_a_pair_is_the_sum_of_what_each_kind_of_evidence_says():
    nlp, model = reader(), LineageModel.load()
    evidence, weighed = weigh(model, [context_of(gold_doc(nlp, row)) for row in GOLD[:20]])
    said = weighed.facts[:, -N_KINDS - N_LOUDEST : -N_LOUDEST]
    scores = model.linear.scores(model.linear.matrix(*evidence.all(), len(said)))
    bias = model.linear.weights[-1]
    assert np.allclose(said.sum(axis=1) + bias[1] - bias[0], scores[:, 1] - scores[:, 0])
    assert (said != 0).any(axis=0).all(), "each kind has something to say"


def test_the_loudest_place_of_a_pair_is_told_and_where_it_stands():
    nlp, model = reader(), LineageModel.load()
    evidence, weighed = weigh(model, [context_of(gold_doc(nlp, row)) for row in GOLD[:20]])
    spoken, loudest = evidence.spoken, weighed.facts[:, -N_LOUDEST:]
    for row in range(len(loudest)):
        here = spoken.row == row
        votes, together, title = weighed.votes[here], spoken.together[here], spoken.title[here]
        of = [votes, votes[together], votes[~together], votes[title], np.sort(votes)[:-1]]
        assert loudest[row].tolist() == [values.max(initial=SILENT) for values in of]


def test_contrasts_name_what_their_text_holds_and_none_was_written_after_a_paper_of_dev():
    rows = read_gold(CONTRASTS, roles=False)
    assert len(rows) > 7000
    assert not {row["source"] for row in rows.values()} & set(read_gold(DATA / "gold" / "dev-seeds.jsonl"))
    for row in rows.values():
        text = f"{row['title']}\n\n{row['abstract']}"
        names = {entity["name"] for entity in row["entities"]}
        assert all(surface in text for entity in row["entities"] for surface in entity["surfaces"]), row["id"]
        assert all(link["child"] in names and link["parent"] in names for link in row["lineage"]), row["id"]


def test_a_contrast_teaches_what_is_lineage_and_shares_the_fold_of_its_source():
    text = {"title": "Zork: a study", "source": GOLD[0]["id"], "abstract": "We present Zork, which is {} Blorf."}
    entities = [{"name": name, "type": "model", "surfaces": [name]} for name in ("Zork", "Blorf")]
    link = [{"child": "Zork", "parent": "Blorf", "relation": "derived_from"}]

    def contrast(number: int, words: str, lineage: list) -> dict:
        return {**text, "id": str(number), "abstract": text["abstract"].format(words), "entities": entities} | {
            "lineage": lineage
        }

    told, not_told = "quorbled out of", "frobbled against"  # words that stand in no gold paper
    lessons = [contrast(i, told if i % 2 else not_told, link if i % 2 else []) for i in range(30)]
    weight = [1.0] * len(GOLD[:30]) + [0.3] * len(lessons)
    lineage = Lineage(train_lineage([*GOLD[:30], *lessons], weight=weight))
    nlp, roles = reader(), kg.extract.load().get_pipe("roles")
    docs = [gold_doc(nlp, contrast(99, words, [])) for words in (told, not_told)]
    evidence, weighed = weigh(lineage.model, [context_of(roles(doc)) for doc in docs])
    paper, child = evidence.known.paper, evidence.known.child % 2
    yes, no = (weighed.numbers[(paper == which) & (child == 0), 0] for which in (0, 1))
    assert yes > no + 1


@given(
    st.lists(
        st.tuples(st.floats(-1e6, 1e6), st.integers(0, 3), st.integers(0, 3)),
        max_size=12,
        unique_by=lambda pair: pair[1:],
    )
)
def test_scores_however_far_out_give_chances_and_overflow_nothing(pairs):
    odds = np.array([o for o, _, _ in pairs])
    child, parent = (np.array([pair[i] for pair in pairs], dtype=np.int64) for i in (1, 2))
    with np.errstate(all="raise", under="ignore"):
        chances = replace(Rivals.none(), slope=90.0, offset=-3.0)(
            standing(odds, np.zeros_like(child), child, parent), NO_FACTS
        )
    assert ((chances >= 0) & (chances <= 1)).all()


def test_training_is_deterministic(tmp_path):
    rows = GOLD[:8]
    for name in ("a", "b"):
        train_lineage(rows).save(tmp_path / f"{name}.npz")
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    assert 0 < LineageModel.load(tmp_path / "a.npz").threshold <= 1

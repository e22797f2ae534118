"""Names are found as a careful reader finds them: the right stretches, one entity for all its spellings, one type."""

import gzip
import json
from pathlib import Path

import numpy as np
import pytest
import spacy
from hypothesis import example, given
from hypothesis import strategies as st
from scipy.special import expit
from spacy.vocab import Vocab

import kg.extract
from kg.errors import GoldError
from kg.evaluate import predict, read_gold, score
from kg.extract import network
from kg.extract.calibration import Curve
from kg.extract.candidates import Lexicon, known_stretches, tagged_stretches
from kg.extract.entities import JudgedName, claim_places, make_entities, occurrences
from kg.extract.extensions import Fields
from kg.extract.floret import vectors_of
from kg.extract.tagger import CHILD, N_LABELS, PARENT, Tagger, best_labels, shipped, spans_of
from kg.extract.tokenizer import PaperTokenizer, split_words
from kg.extract.words import WordFeatures, WordTable, looks_of, name_like, norm
from kg.records import Paper
from kg.schema import ENTITY_TYPES, ROLES
from kg.train.regressions import fit_curve
from kg.train.steps import Lessons, train
from kg.train.tagger import Settings, leaning_error, make_example, new_tagger

GOLD = Path(__file__).parent / "data" / "gold"
CONTRASTS = GOLD / "contrasts.jsonl"
WEIGHTS = Path(kg.extract.__file__).parent / "weights"

PAPER = Paper(
    "made up for this test",
    "SlimTune: Preference Optimization for Small Language Models",
    "Reinforcement learning from human feedback (RLHF) is costly. We propose SlimTune, a method that tunes small "
    "models from pairs of answers. We fine-tune Llama 2 and Mistral-7B with SlimTune, starting from checkpoints "
    "trained by RLHF. "
    "Experiments on MT-Bench and GSM8K show that SlimTune outperforms DPO by 3.1 points on the GSM8K benchmark. "
    "Code: https://github.com/slimtune/slimtune.",
)


@pytest.fixture(scope="module")
def found():
    [extraction] = kg.extract.extract([PAPER])
    return {surface: entity for entity in extraction.entities for surface in entity.surfaces}


def test_known_and_unknown_names_are_found_with_their_types(found):
    assert {name: found[name].type for name in ("SlimTune", "Llama 2", "Mistral-7B", "DPO", "GSM8K", "MT-Bench")} == {
        "SlimTune": "method",
        "Llama 2": "model",
        "Mistral-7B": "model",
        "DPO": "method",
        "GSM8K": "benchmark",
        "MT-Bench": "benchmark",
    }


def test_an_acronym_and_its_full_form_are_one_entity(found):
    assert found["RLHF"] is found["Reinforcement learning from human feedback"]


def test_every_place_of_a_name_is_a_mention(found):
    assert len(found["SlimTune"].mentions) == 4
    assert len(found["GSM8K"].mentions) == 2


def test_addresses_sizes_and_generic_nouns_are_no_names(found):
    assert not {"github", "slimtune", "https", "3.1", "benchmark", "method", "Small Language Models"} & set(found)


@pytest.mark.parametrize(
    "address", ["https://github.com/x/slimtune", "www.slimtune.org/slimtune", "slimtune.github.io/a"]
)
def test_a_spelling_that_stands_in_an_address_alone_is_none(address):
    text = f"On SlimTune\n\nSlimTune tunes. See {address} for SlimTune."
    names = [
        JudgedName(("SlimTune", "slimtune"), (), (1.0, 0.0, 0.0, 0.0), 0.9),
        JudgedName(("slimtune",), (), (1.0, 0.0, 0.0, 0.0), 0.9),
    ]
    [entity] = make_entities(text, Fields.of(text, 11), names, (), 0.4)
    assert entity.surfaces == ("SlimTune",)
    assert len(entity.mentions) == 3


def test_mentions_stand_where_they_say(found):
    for entity in found.values():
        for mention in entity.mentions:
            assert PAPER.text(mention.span.field)[mention.span.start : mention.span.end] == mention.surface
            assert 0 < mention.confidence <= 1


def test_a_paper_reads_the_same_in_any_company():
    rows = [json.loads(line) for line in (GOLD / "train-seeds.jsonl").open(encoding="utf-8")][:12]
    others = [Paper(row["id"], row["title"], row["abstract"]) for row in rows]
    [alone] = kg.extract.extract([PAPER], kg.extract.load())
    assert list(kg.extract.extract([*others, PAPER, *others]))[len(others)] == alone


@pytest.mark.parametrize(
    "text", ["", " ", "\n\n", "(", "GPT-4", "x" * 3000, "()" * 500, "Ünïcödé 模型 🤖 BERT", "a-" * 900]
)
def test_nothing_breaks_on_odd_texts(text):
    for title, abstract in ((text, ""), ("", text), (text, text)):
        [extraction] = kg.extract.extract([Paper("odd", title, abstract)])
        assert extraction.paper == "odd"


TOKENIZER = PaperTokenizer(Vocab())


@given(st.text(max_size=200))
def test_the_text_can_be_had_back_from_its_tokens(text):
    assert TOKENIZER(text).text == text


def test_names_begin_and_end_at_tokens():
    words, _ = split_words("LLaMA-based, GPT-4-generated and Qwen2.5-Math-7B")
    assert {"LLaMA", "GPT", "4", "Qwen2.5", "Math", "7B"} <= set(words)


@given(st.integers(1, 12), st.integers(0, 2**31))
def test_the_best_labels_are_always_whole_spans(length, seed):
    scores = np.random.default_rng(seed).dirichlet(np.ones(N_LABELS), length).astype(np.float32)
    labels = best_labels(scores)
    covered = {i for start, end, _ in spans_of(labels) for i in range(start, end)}
    assert covered == {i for i, label in enumerate(labels) if label}


def test_likely_stretches_are_proposed_with_their_weakest_token():
    scores = np.full((3, N_LABELS), 0.0, dtype=np.float32)
    scores[:, 0] = (0.2, 0.4, 1.0)
    scores[0, 1], scores[1, 3] = 0.8, 0.6  # a method begins, and ends
    assert tagged_stretches(scores) == {(0, 2): pytest.approx(0.6)}


def test_known_names_are_found_in_any_spelling():
    lexicon = Lexicon({"instructiontuning"}, {"instruction", "instructiontuning"})
    assert known_stretches(looks_of(["with", "Instruction", "-", "Tuning", "."]), lexicon) == [(1, 4)]


def test_a_paper_keeps_the_table_that_its_words_are_rows_of(monkeypatch):
    monkeypatch.setattr(WordTable, "LIMIT", 1)
    papers = [["GSM8K", "is", "hard"], ["vLLM", "is", "fast"]]
    looks = [looks_of(words) for words in papers]
    assert looks[0].table is not looks[1].table
    assert [look.column(norm, object).tolist() for look in looks] == [["gsm0k", "is", "hard"], ["vllm", "is", "fast"]]


def test_what_is_written_like_a_name():
    assert [w for w in ("GSM8K", "vLLM", "T5", "Attention", "8B", "we") if name_like(w)] == ["GSM8K", "vLLM", "T5"]


def test_occurrences_keep_to_word_boundaries():
    assert occurrences("BERT, RoBERTa, BERT-large", "BERT") == [(0, 4), (15, 19)]


def test_a_name_inside_a_longer_name_is_no_place_of_it():
    names = [JudgedName(("Llama-3",), (), ()), JudgedName(("Llama-3-Physician",), (), ())]
    text = "Llama-3-Physician beats Llama-3"
    assert claim_places(text, names, 0) == [[(24, 31)], [(0, 17)]]


def test_only_confident_names_become_entities():
    names = [
        JudgedName(("BERT",), (), (0.1, 0.8, 0.0, 0.0), 0.8),
        JudgedName(("mask",), (), (0.3, 0.0, 0.0, 0.0), 0.3),
        JudgedName(("7B",), (), (0.0, 0.9, 0.0, 0.0), 0.9),
    ]
    [entity] = make_entities("BERT uses a mask, 7B", Fields(0, 0), names, (), 0.4)
    assert (entity.name, entity.type, entity.confidence) == ("BERT", "model", 0.8)


def test_the_curve_learns_that_certainty_was_overstated():
    rng = np.random.default_rng(0)
    chances = np.zeros((4000, 5))
    chances[:, 0] = 0.9
    chances[:, 4] = 0.1
    kinds = np.where(rng.random(4000) < 0.7, 0, 4)
    assert fit_curve(chances, kinds)(0.9, 0) == pytest.approx(0.7, abs=0.03)
    assert Curve()(0.9, 0) == pytest.approx(0.9)


def test_gradients_of_the_network_are_those_of_its_loss():
    narrow = Settings(widths={"norm": 4, "prefix": 3, "suffix": 3, "shape": 2}, width=8, reaches=(1, 2), pool_at=1)
    tagger = new_tagger(["the", "model"], None, narrow, seed=0)
    bert = {"name": "BERT", "type": "model", "role": "uses", "surfaces": ["BERT"]}
    link = {"child": "the", "parent": "BERT", "relation": "derived_from"}
    example = make_example({"title": "BERT", "abstract": "The BERT model", "entities": [bert], "lineage": [link]})
    rows = tagger.features.look_up(example.words)
    tagger.params = {name: value.astype(np.float64) for name, value in tagger.params.items()}

    def loss(grads):
        batch = network.make_batch([rows], [example.flags], tagger.features.rows, tagger.features.table)
        logits, leanings, backprop = tagger.logits(batch, grads)
        chances = network.softmax(logits)
        place = batch.places[0]
        picked = chances[np.arange(place.start, place.stop), example.labels]
        wanted = np.zeros_like(chances)
        wanted[np.arange(place.start, place.stop), example.labels] = 1
        leaning = np.full((len(logits), 3), -1)
        leaning[place] = example.leanings
        backprop((chances - wanted) * batch.real, leaning_error(leanings, leaning, 2.0))
        named = leanings[leaning[:, 0] >= 0]
        assert len(named) == 2
        roles = np.log(network.softmax(named[:, :CHILD])[:, ROLES.index("uses")]).sum()
        descent = np.log(expit(-named[:, CHILD])).sum() + np.log(expit(named[:, PARENT])).sum()
        return -np.log(picked).sum() - roles - 2 * descent

    grads: dict[str, np.ndarray] = {}
    loss(grads)
    for name, grad in grads.items():
        at = np.unravel_index(np.abs(grad).argmax(), grad.shape)
        kept = tagger.params[name][at]
        tagger.params[name][at] = kept + 1e-4
        above = loss({})
        tagger.params[name][at] = kept - 1e-4
        below = loss({})
        tagger.params[name][at] = kept
        assert (above - below) / 2e-4 == pytest.approx(grad[at], rel=0.02, abs=1e-3), name


def test_reading_alone_gives_what_reading_in_a_batch_gives():
    tagger = Tagger.from_disk(WEIGHTS)
    example = make_example({"title": PAPER.title, "abstract": PAPER.abstract})
    rows = tagger.features.look_up(example.words)
    batch = network.make_batch([rows], [example.flags], tagger.features.rows, tagger.features.table)
    labels, leanings, _ = tagger.logits(batch, {})
    alone = tagger(example.words, example.flags)
    assert np.allclose(alone.labels, network.softmax(labels)[batch.places[0]], atol=1e-4)
    assert np.allclose(alone.leanings, leanings[batch.places[0]], atol=1e-3)


@given(st.lists(st.text(min_size=1, max_size=40), max_size=5, unique=True))
@example(["transformer", "a", "x" * 14, "x" * 15, "x" * 30, "x" * 31, "naïve", "模型", "a\0", "\0"])
def test_vectors_of_words_are_those_of_spacy_to_the_last_bit(words):
    vectors = shipped().features.vectors
    together = vectors_of(words, vectors)
    assert together.shape == (len(words), vectors.shape[1])
    assert together.tobytes() == b"".join(vectors.get_batch([word]).tobytes() for word in words)


def test_the_table_of_words_starts_anew_when_it_is_full():
    features = WordFeatures(["the"], None, limit=5)
    features.look_up(["the", "model", "the"])
    features.prepare(3)
    assert len(features.rows) == 2
    assert features.look_up(["BERT"]).tolist() == [2]


SMALL = Settings(width=32, reaches=(1, 1), pool_at=1, epochs=4, warm_up=5, batch=4, masked_epochs=1)


def seed_lines(start: int, stop: int) -> str:
    """Return some of the annotated papers of the seeds, a line each."""
    return "".join((GOLD / "train-seeds.jsonl").open(encoding="utf-8").readlines()[start:stop])


def edge_f1(weights: Path, gold: Path) -> float:
    """Return what a pipeline with these weights reaches on a gold file."""
    nlp = spacy.blank("en", config={"nlp": {"tokenizer": {"@tokenizers": "kg.PaperTokenizer.v1"}}})
    for component in ("paper_sentences", "abbreviations"):
        nlp.add_pipe(component)
    for component in ("name_tagger", "name_judge"):
        nlp.add_pipe(component, config={"weights": str(weights)})
    nlp.add_pipe("paper_entities")
    rows = read_gold(gold)
    return score(rows, predict(rows, nlp=nlp))["edge"][2]


def label_lines(start: int, stop: int, *keys: str) -> str:
    """Return what annotators said of some of these papers, without the texts."""
    rows = map(json.loads, seed_lines(start, stop).splitlines())
    return "".join(json.dumps({key: row[key] for key in ("id", *keys)}) + "\n" for row in rows)


@pytest.mark.parametrize("with_unlabelled", [False, True])
def test_training_learns_and_is_deterministic(tmp_path, with_unlabelled):
    gold, unlabelled, labels = (tmp_path / n for n in ("gold.jsonl", "abstracts.jsonl.gz", "labels.jsonl"))
    gold.write_text(seed_lines(0, 40), encoding="utf-8")
    unlabelled.write_bytes(gzip.compress(seed_lines(40, 100).encode()))
    labels.write_text(label_lines(40, 60, "entities", "lineage"), encoding="utf-8")
    contrasts = tmp_path / "contrasts.jsonl"
    contrasts.write_text(
        "".join(CONTRASTS.read_text(encoding="utf-8").splitlines(keepends=True)[:20]), encoding="utf-8"
    )
    more = {"unlabelled": unlabelled, "labels": labels, "contrasts": contrasts} if with_unlabelled else {}
    for folder in ("one", "two"):
        train([gold], weights=tmp_path / folder, settings=SMALL, folds=2, rounds=20, **more)
    names = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert names == ["judge.npz", "lineage.npz", "roles.npz", "tagger.npz"]
    assert all((tmp_path / "one" / n).read_bytes() == (tmp_path / "two" / n).read_bytes() for n in names)
    assert (Tagger.from_disk(tmp_path / "one").features.vectors is not None) == with_unlabelled
    assert edge_f1(tmp_path / "one", gold) > 0.3


def test_labels_of_unlabelled_abstracts_are_lessons_like_gold(tmp_path):
    gold, labels = tmp_path / "gold.jsonl", tmp_path / "labels.jsonl"
    gold.write_text(seed_lines(0, 40), encoding="utf-8")
    labels.write_text(label_lines(40, 60, "entities", "lineage"), encoding="utf-8")
    texts = [json.loads(line) for line in seed_lines(40, 100).splitlines()]
    lessons = Lessons.read([gold], 2, labels, texts)
    assert (lessons.n_gold, len(lessons.rows)) == (40, 60)
    rows = {row["id"]: row for row in map(json.loads, seed_lines(40, 60).splitlines())}
    for row, lesson in zip(lessons.rows[40:], lessons.examples[40:], strict=True):
        assert row == rows[row["id"]]
        assert np.array_equal(lesson.labels, make_example(rows[row["id"]]).labels)


def test_labels_of_an_abstract_that_is_not_there_are_refused(tmp_path):
    gold, labels = tmp_path / "gold.jsonl", tmp_path / "labels.jsonl"
    gold.write_text(seed_lines(0, 40), encoding="utf-8")
    labels.write_text(label_lines(40, 42, "entities", "lineage"), encoding="utf-8")
    texts = [json.loads(line) for line in seed_lines(40, 41).splitlines()]
    with pytest.raises(GoldError, match=r"labels.jsonl:2: no text of '\w+' among the unlabelled abstracts"):
        Lessons.read([gold], 2, labels, texts)


def test_a_single_gold_paper_is_said_to_be_too_little(tmp_path):
    gold = tmp_path / "gold.jsonl"
    gold.write_text(seed_lines(0, 1), encoding="utf-8")
    with pytest.raises(GoldError, match="1 gold papers are too few"):
        train([gold], weights=tmp_path, settings=SMALL)


def test_weights_are_small():
    assert sum(path.stat().st_size for path in WEIGHTS.iterdir()) < 15_000_000


def test_the_figures_on_the_seeds_hold():
    rows = {row["id"]: row for row in map(json.loads, (GOLD / "dev-seeds.jsonl").open(encoding="utf-8"))}
    figures = score(rows, predict(rows))
    assert figures["edge"][2] >= 0.83
    assert figures["span"][2] >= 0.84
    assert figures["role"][0] >= 0.89
    assert figures["lineage"][2] >= 0.43
    least = dict(zip(ENTITY_TYPES, (0.83, 0.87, 0.60, 0.84), strict=True))
    assert {kind: figures[f"edge {kind}"][2] >= f1 for kind, f1 in least.items()} == dict.fromkeys(ENTITY_TYPES, True)


def _named(*spellings, confidence=0.9):
    return [JudgedName(s, (), (1.0, 0.0, 0.0, 0.0), confidence) for s in spellings]


def _surfaces(text, names, definitions=()):
    return [e.surfaces for e in make_entities(text, Fields(0, 0), names, definitions, 0.4)]


def test_a_full_form_and_its_acronym_are_one_thing_though_no_sentence_ties_them():
    text = "Retrieval-Augmented Generation. Our RAG outperforms Multi-Task RL, or multi-task reinforcement learning."
    names = _named(
        ("Retrieval-Augmented Generation",), ("RAG",), ("Multi-Task RL",), ("multi-task reinforcement learning",)
    )
    found = _surfaces(text, names, [("RL", "reinforcement learning")])
    assert found == [
        ("Retrieval-Augmented Generation", "RAG"),
        ("Multi-Task RL", "multi-task reinforcement learning"),
    ]


def test_an_acronym_that_the_text_defines_otherwise_is_tied_to_nothing_else():
    text = "Contrastive Pretraining, and conformal prediction (CP)."
    names = _named(("Contrastive Pretraining",), ("CP",))
    assert len(_surfaces(text, names, [("CP", "conformal prediction")])) == 2


def test_a_full_form_is_the_same_thing_with_and_without_its_noun():
    text = "Template-Aware Dynamic Convolution. A Template-Aware Dynamic Convolution Module. Segment Model, Segment."
    names = _named(
        ("Template-Aware Dynamic Convolution",),
        ("Template-Aware Dynamic Convolution Module",),
        ("Segment",),
        ("Segment Model",),
    )
    assert len(_surfaces(text, names)) == 3


def test_a_spelling_is_without_what_is_layout():
    text = r"We propose $\texttt{SPECS}$ and Gemini - beside CLIP's encoder."
    assert _surfaces(text, _named((r"$\texttt{SPECS}$",), ("Gemini -",), ("CLIP's",))) == [
        ("SPECS",),
        ("Gemini",),
        ("CLIP",),
    ]


def test_a_name_with_a_plus_is_another_thing():
    paper = Paper(
        "x",
        "POMO+: Leveraging starting nodes in POMO for solving Capacitated Vehicle Routing Problem",
        "We propose POMO+, which improves POMO on routing problems. POMO+ beats POMO on CVRPLIB.",
    )
    [found] = kg.extract.extract([paper])
    assert {"POMO", "POMO+"} <= {e.name for e in found.entities}

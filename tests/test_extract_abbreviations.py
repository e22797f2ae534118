"""Short forms are tied to the long forms that the text gives them (Schwartz & Hearst 2003, and beyond)."""

import pytest
import spacy
from hypothesis import example, given
from hypothesis import strategies as st

import kg.extract
from kg.extract.abbreviations import _COLON, _before_colons, definitions

ONLY = ("abbreviations",)


def pairs(text):
    return [(text[slice(*short)], text[slice(*long)]) for short, long in definitions(text)]


@pytest.mark.parametrize(
    ("text", "short", "long"),
    [
        ("We train with Group Relative Policy Optimization (GRPO).", "GRPO", "Group Relative Policy Optimization"),
        ("We train with GRPO (Group Relative Policy Optimization).", "GRPO", "Group Relative Policy Optimization"),
        ("Low-Rank Adaptation (LoRA) freezes the weights.", "LoRA", "Low-Rank Adaptation"),
        ("with Chain-of-Thought (CoT) prompts", "CoT", "Chain-of-Thought"),
        ("renders 3D Gaussian Splatting (3DGS) scenes", "3DGS", "3D Gaussian Splatting"),
        ("all large language models (LLMs) fail", "LLMs", "large language models"),
        ("then supervised fine-tuning (SFT; Ouyang et al., 2022) is", "SFT", "supervised fine-tuning"),
        ("by Direct Preference Optimization [DPO]", "DPO", "Direct Preference Optimization"),
        ("the Vision Transformer (ViT (Base)) is", "ViT", "Vision Transformer"),
        ("a k-nearest neighbours (kNN) search", "kNN", "k-nearest neighbours"),
        ("the REalistic Medical Evaluation (ReMedE)", "ReMedE", "REalistic Medical Evaluation"),
        ('so-called "Supervised Fine Tuning" ("SFT")', "SFT", "Supervised Fine Tuning"),
        ("reinforcement learning from human feedback (RLHF)", "RLHF", "reinforcement learning from human feedback"),
        ("with Group Relative Policy Optimization, or GRPO, we", "GRPO", "Group Relative Policy Optimization"),
        (
            "EAPO: Evidence-Augmented Policy Optimization for Reasoning",
            "EAPO",
            "Evidence-Augmented Policy Optimization",
        ),
        (
            "a Pyramid-Aware Spatial-Channel Attention module (PASCA)",
            "PASCA",
            "Pyramid-Aware Spatial-Channel Attention",
        ),
        ("by Text-to-Unlearnable Example (T2UE)", "T2UE", "Text-to-Unlearnable Example"),
        (
            "Findable, Accessible, Interoperable and Reusable (FAIR)",
            "FAIR",
            "Findable, Accessible, Interoperable and Reusable",
        ),
    ],
)
def test_a_definition_is_found(text, short, long):
    assert pairs(text) == [(short, long)]


@pytest.mark.parametrize(
    "text",
    [
        "We see it clearly (see Fig. 3) and (Ours) is best.",
        "BERT (Devlin et al., 2019) is strong.",
        "It costs 3 dollars (USD).",
        "We show how their structures differ using a map (t-SNE).",
        "Accuracy: high.",
        "It is trained on data (2024).",
    ],
)
def test_what_only_looks_like_a_definition_is_none(text):
    assert pairs(text) == []


def test_a_list_of_definitions():
    text = "We compare Proximal Policy Optimization (PPO), Direct Preference Optimization (DPO) and best-of-N (BoN)."
    assert pairs(text) == [
        ("PPO", "Proximal Policy Optimization"),
        ("DPO", "Direct Preference Optimization"),
        ("BoN", "best-of-N"),
    ]


def test_the_component_gives_spans_field_by_field():
    nlp = kg.extract.load(exclude=[n for n in kg.extract.load().pipe_names if n not in ONLY])
    title, abstract = "SimPO: Simple Preference Optimization", "We use Direct Preference Optimization (DPO)."
    found = nlp(kg.extract.make_doc(nlp, title, abstract))._.abbreviations
    texts = {"title": title, "abstract": abstract}
    assert [tuple(texts[s.field][s.start : s.end] for s in pair) for pair in found] == [
        ("SimPO", "Simple Preference Optimization"),
        ("DPO", "Direct Preference Optimization"),
    ]
    assert [short.field for short, _ in found] == ["title", "abstract"]


def test_a_definition_never_reaches_from_the_abstract_into_the_title():
    nlp = kg.extract.load(exclude=[n for n in kg.extract.load().pipe_names if n not in ONLY])
    assert nlp(kg.extract.make_doc(nlp, "Direct Preference Optimization", "(DPO) is studied."))._.abbreviations == []


def test_the_component_works_in_anyones_pipeline():
    nlp = spacy.blank("en")
    nlp.add_pipe("abbreviations")
    [(short, long)] = nlp("We use low-rank adaptation (LoRA).")._.abbreviations
    assert (short.field, short.start, short.end) == ("abstract", 28, 32)
    assert (long.start, long.end) == (7, 26)


PIECES = "Low Rank low-rank Adaptation of (LoRA) (GRPO) group the [DPO] ( ) ; LLMs (LLMs) X: 3D (3DGS) e.g. \n é"
WORD = st.sampled_from(PIECES.split(" "))


@given(st.one_of(st.lists(WORD).map(" ".join), st.text()))
@example("(" * 3000)
@example("a-" * 2000 + "(AA)")
def test_spans_lie_in_the_text_and_the_long_form_holds_the_letters_in_order(text):
    for (a, b), (c, d) in definitions(text):
        assert 0 <= a < b <= len(text)
        assert 0 <= c < d <= len(text)
        assert b <= c or d <= a, "short and long form do not overlap"
        sounds = {"2": "t", "3": "t", "4": "f", "x": "ce"}
        rest = iter(text[c:d].lower())
        letters = [x for x in text[a:b].lower() if x.isalnum()]
        if letters[-1] == "s":
            letters.pop()
        assert all(any(y == x or y in sounds.get(x, "") for y in rest) for x in letters)


@given(st.text(alphabet="aB1é/-.+_: \n("))
@example("SimPO: Simple, a/B-1.x:\n.b: -c: _d: e")
def test_looking_back_from_colons_finds_what_looking_at_every_word_finds(text):
    assert [m.span() for m in _before_colons(text)] == [m.span() for m in _COLON.finditer(text)]

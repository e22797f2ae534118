"""Sentences of titles and abstracts end where a reader would say."""

from itertools import pairwise

import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st

import kg.extract
from kg.extract.sentences import sentence_starts

TEXT = st.text(alphabet=st.one_of(st.sampled_from(list(" .!?\n)\"AaB1'e.g")), st.characters(exclude_categories=["Cs"])))


def sentences(text, title_end=0):
    starts = [*sentence_starts(text, title_end), len(text)]
    return [text[a:b].strip() for a, b in pairwise(starts)]


@pytest.mark.parametrize(
    "parts",
    [
        ["We follow Shao et al. (2024), e.g. in Fig. 2.", "It gains 3.5 points vs. GPT-4."],
        [
            "Mistral-7B-Instruct-v0.2 is tuned.",
            "We use Qwen2.5 (cf. Sec. 3).",
            "Code: https://github.com/a/b.c.",
            "It is free.",
        ],
        ["Is it robust?", "No!", "We show why."],
        ["It beats the work of Lu et al.", "We release the code."],
        ["They tune LoRA, DoRA, etc.", "Our method needs neither."],
        ["It was shown by J. Smith and A. B. Lee.", "We extend it."],
        ["It reads Yahoo! Answers and Node.js docs, i.e. text.", "nnU-Net is next."],
        ['It says "stop."', "(This is rare.)", "Results hold at p < 0.05."],
        ["The U.S. Census, approx. 3 M rows, w.r.t. No. 5 is used.", "In the U.S.", "We test it."],
        ["It improves accuracy.", "we then analyse it."],
    ],
)
def test_sentences_of_an_abstract(parts):
    assert sentences(" ".join(parts)) == parts


def test_an_empty_line_ends_a_sentence_and_a_wrapped_line_does_not():
    assert sentences("We propose\nSimPO\n\nIt is simple") == ["We propose\nSimPO", "It is simple"]


def test_the_title_is_one_sentence():
    title = "Really? Attention! Is all. You need"
    text = f"{title}\n\nWe say so. Yes."
    assert sentences(text, len(title)) == [title, "We say so.", "Yes."]


def test_the_component_marks_the_tokens():
    nlp = kg.extract.load(exclude=[n for n in kg.extract.load().pipe_names if n != "paper_sentences"])
    doc = nlp(kg.extract.make_doc(nlp, "A title. With a stop", "We use GPT-4. It is e.g. large."))
    assert [s.text.strip() for s in doc.sents] == ["A title. With a stop", "We use GPT-4.", "It is e.g. large."]


def test_the_component_works_in_anyones_pipeline():
    nlp = spacy.blank("en")
    nlp.add_pipe("paper_sentences")
    assert [s.text for s in nlp("We test Fig. 3. It holds.").sents] == ["We test Fig. 3.", "It holds."]
    assert list(nlp("").sents) == []


@given(TEXT, TEXT)
def test_boundaries_rise_lie_in_the_text_and_keep_to_the_seam(title, abstract):
    text = f"{title}\n\n{abstract}"
    starts = sentence_starts(text, len(title))
    assert starts[0] == 0
    assert starts == sorted(set(starts))
    assert all(0 <= s < len(text) or s == 0 for s in starts)
    assert not any(0 < s < len(title) for s in starts)
    if title and abstract.strip():
        assert any(len(title) < s for s in starts), "the abstract begins a sentence of its own"

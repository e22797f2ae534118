"""`kg.extract.extract`: one extraction for each paper, whatever the paper, whatever stands beside it."""

import json
import subprocess
import sys
from functools import lru_cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kg.extract
from kg.extract.pipeline import extraction_of
from kg.records import Paper

GOLD = Path(__file__).parent / "data" / "evaluate_gold.jsonl"


@pytest.fixture(scope="module")
def nlp():
    return kg.extract.load()


@pytest.fixture(scope="module")
def papers():
    rows = map(json.loads, GOLD.read_text(encoding="utf-8").splitlines())
    return [Paper(row["id"], row["title"], row["abstract"]) for row in rows]


HOSTILE = [
    Paper("empty", "", ""),
    Paper("no abstract", "SimPO: Simple Preference Optimization", ""),
    Paper("no title", "", "We use Direct Preference Optimization (DPO)."),
    Paper("blank", " \n ", "\t\n\n "),
    Paper("control", "A\x00B\x1b[31m", "GPT-4\x0b and\x85 BERT\u2028x\ufeff"),
    Paper("half a pair", "\ud800 LoRA", "We use \udfff LoRA."),
    Paper("emoji", "🤖" * 50, "We 🤗 BERT."),
    Paper("one word", "x" * 40_000, "y" * 40_000),
    Paper("a megabyte", "On BERT", "We evaluate BERT on GLUE. " * 40_000),
    Paper("brackets", "(" * 500, "[(" * 2_000 + ")]" * 2_000),
]


def test_every_paper_gives_one_extraction_in_order(nlp):
    assert [e.paper for e in kg.extract.extract(HOSTILE, nlp)] == [p.id for p in HOSTILE]


def test_mentions_and_evidence_stand_where_they_say(nlp, papers):
    for paper, found in zip([*papers, *HOSTILE], kg.extract.extract([*papers, *HOSTILE], nlp), strict=True):
        for entity in found.entities:
            assert entity.mentions
            for mention in entity.mentions:
                text = paper.text(mention.span.field)
                assert text[mention.span.start : mention.span.end] == mention.surface
                assert mention.surface in entity.surfaces
            assert entity.name in entity.surfaces
            assert any(
                entity.evidence.field == m.span.field
                and entity.evidence.start <= m.span.start
                and m.span.end <= entity.evidence.end
                for m in entity.mentions
            ), "a mention stands in the evidence"
        names = {e.name for e in found.entities}
        for relation in found.relations:
            assert {relation.child, relation.parent} <= names
            assert 0 <= relation.evidence.start < relation.evidence.end <= len(paper.text(relation.evidence.field))


def test_a_paper_reads_the_same_in_any_company(nlp, papers):
    together = list(kg.extract.extract(papers, nlp, batch_size=64))
    alone = [next(kg.extract.extract([paper], nlp)) for paper in papers]
    backwards = list(kg.extract.extract(reversed(papers), nlp, batch_size=5))[::-1]
    assert together == alone == backwards


def test_scores_are_the_same_to_the_last_bit_in_whatever_order_words_are_met(nlp, papers):
    tagger = nlp.get_pipe("name_tagger").tagger

    def scores(some):
        docs = [kg.extract.make_doc(nlp, paper.title, paper.abstract) for paper in some]
        with nlp.select_pipes(enable=["paper_sentences", "abbreviations", "name_tagger"]):
            return [doc._.label_scores.tobytes() for doc in nlp.pipe(docs)]

    forwards = scores(papers)
    tagger.features.clear()  # the words are met again, the last papers' first
    assert scores(papers[::-1])[::-1] == forwards


def test_extraction_survives_json(nlp, papers):
    for paper, found in zip(papers, kg.extract.extract(papers, nlp), strict=True):
        row = json.loads(json.dumps(found.to_dict()))
        assert type(found).from_dict(row, {"title": paper.title, "abstract": paper.abstract}).to_dict() == row


def test_papers_are_read_as_a_stream(nlp, papers):
    drawn = []

    def endless():
        while True:
            for paper in papers:
                drawn.append(paper.id)
                yield paper

    stream = kg.extract.extract(endless(), nlp, batch_size=4)
    for _ in range(3):
        next(stream)
    assert len(drawn) < 64


@lru_cache
def bare():
    """The pipeline without its components: what `make_doc` and `span_of` need."""
    return kg.extract.load(exclude=kg.extract.load().pipe_names)


@settings(max_examples=100)
@given(st.text(max_size=200), st.text(max_size=400))
def test_any_text_is_read_and_the_seam_holds(title, abstract):
    nlp = bare()
    doc = kg.extract.make_doc(nlp, title, abstract)
    assert doc.text == f"{title}\n\n{abstract}"
    span = kg.extract.span_of(doc, len(title) + 2, len(doc.text))
    assert (span.field, span.start, span.end) == ("abstract", 0, len(abstract))


def test_a_text_that_is_no_paper_is_all_abstract():
    text = "We train with Group Relative Policy Optimization (GRPO) on GSM8K. GRPO needs no critic."
    doc = kg.extract.load()(text)
    mentions = [m for entity in doc._.entities for m in entity.mentions]
    assert {m.surface for m in mentions} >= {"Group Relative Policy Optimization", "GRPO", "GSM8K"}
    assert all(m.span.field == "abstract" and text[m.span.start : m.span.end] == m.surface for m in mentions)
    assert {span.text for span in doc.spans["mentions"]} == {m.surface for m in mentions}
    found = extraction_of(doc, "x")
    assert found.definitions == (("GRPO", "Group Relative Policy Optimization"),)


def test_the_version_is_named_without_waiting_for_spacy():
    heavy = "{'spacy', 'thinc', 'lightgbm', 'IPython'} & set(sys.modules)"
    program = f"import sys, kg.pipeline, kg.extract; print(kg.extract.version(), sorted({heavy}))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split(maxsplit=1) == [kg.extract.version(), "[]\n"]


def test_spacy_finds_the_components_without_an_import_of_ours():
    code = """
import spacy
nlp = spacy.blank("en", config={"nlp": {"tokenizer": {"@tokenizers": "kg.PaperTokenizer.v1"}}})
for name in "paper_sentences abbreviations name_tagger name_judge paper_entities roles lineage".split():
    nlp.add_pipe(name)
doc = nlp("SimPO: Simple Preference Optimization\\n\\nSimPO outperforms DPO on AlpacaEval 2.")
print([entity.name for entity in doc._.entities])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "SimPO" in done.stdout
    assert "DPO" in done.stdout

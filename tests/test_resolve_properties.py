"""What resolution promises for any corpus: order does not matter, names find themselves, guards hold."""

from __future__ import annotations

from collections import Counter
from itertools import combinations

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from kg.records import Extraction, Mention, PaperEntity, Span
from kg.resolve import Curation, resolve
from kg.resolve.typography import clean, loose
from kg.schema import ENTITY_TYPES

NAMES = [
    "Llama", "LLaMA-2", "Llama 2", "Llama-2-7B-chat", "70B Llama 2-Chat", "Code Llama", "TinyLlama-1.1B", "Llama Guard",
    "Llama-3-Physician", "T5", "Flan-T5", "Flan-T5-XXL", "Qwen2.5", "Qwen2.5-Math-7B", "GPT-4", "GPT-4o", "GPT-4o-mini",
    "SiT", "Scalable Interpolant Transformers", "Self-supervised vIsion Transformers", "RAG",
    "Retrieval-Augmented Generation", "retrieval augmented generation", "RL", "reinforcement learning", "CIFAR-10",
    "CIFAR-100", "AIME", "AIME24", "AIME 2024", "AIME 2025", "MATH", "MATH-500", "HumanEval", "HumanEval+", "Alpaca",
    "SAM", "SAM 2", "SAM2", "Segment Anything Model", "Tülu 2", 'T\\"ulu 2', "$\\tau$-bench", "x", "Foo-3-8B-Instruct",
]  # fmt: skip
NEVER_ONE = [
    {"Llama", "Llama 2", "Code Llama", "TinyLlama-1.1B", "Llama Guard", "Llama-3-Physician", "Llama-2-7B-chat"},
    {"T5", "Flan-T5", "Flan-T5-XXL"},
    {"Qwen2.5", "Qwen2.5-Math-7B"},
    {"GPT-4", "GPT-4o", "GPT-4o-mini"},
    {"CIFAR-10", "CIFAR-100"},
    {"AIME", "AIME 2024", "AIME 2025"},
    {"MATH", "MATH-500"},
    {"HumanEval", "HumanEval+"},
    {"SAM", "SAM 2"},
]

surface = st.sampled_from(NAMES) | st.text(min_size=1, max_size=12).filter(str.strip)


@st.composite
def entities(draw: st.DrawFn, surfaces: st.SearchStrategy[str] = surface) -> PaperEntity:
    names = tuple(draw(st.lists(surfaces, min_size=1, max_size=3, unique=True)))
    mentions = tuple(Mention(Span(draw(st.sampled_from(["title", "abstract"])), 0, len(s)), s) for s in names)
    return PaperEntity(
        names[0], draw(st.sampled_from(ENTITY_TYPES)), draw(st.sampled_from(["uses", "introduces"])), names, mentions
    )


@st.composite
def corpora(draw: st.DrawFn) -> list[Extraction]:
    papers = draw(st.lists(st.lists(entities(), max_size=4), max_size=8))
    defined = draw(st.lists(st.tuples(surface, surface), max_size=2))
    return [Extraction(f"p{n}", tuple(found), (), tuple(defined)) for n, found in enumerate(papers)]


@settings(max_examples=40)
@given(corpora(), st.randoms(use_true_random=False))
def test_the_order_of_papers_changes_nothing(corpus: list[Extraction], rng) -> None:  # type: ignore[no-untyped-def]
    shuffled = list(corpus)
    rng.shuffle(shuffled)
    assert resolve(corpus) == resolve(shuffled)


@settings(max_examples=40)
@given(corpora())
def test_every_entity_of_every_paper_is_resolved_and_ids_and_labels_are_unique(corpus: list[Extraction]) -> None:
    found = resolve(corpus)
    assert set(found.entity_of) == {(x.paper, i) for x in corpus for i in range(len(x.entities))}
    ids, labels = [e.id for e in found.entities], [e.label.casefold() for e in found.entities]
    assert ids == sorted(set(ids)) and len(set(labels)) == len(labels)
    assert set(found.entity_of.values()) <= set(ids)
    for e in found.entities:
        assert e.id.startswith(f"{e.type}/") and e.name == clean(e.name) and e.name.strip()
        assert e.family is None or e.family in ids
    for v in found.variants:
        assert v.child in ids and v.parent in ids and v.child != v.parent


@settings(max_examples=40)
@given(corpora())
def test_variants_form_trees_whose_root_is_the_family(corpus: list[Extraction]) -> None:
    found = resolve(corpus)
    parent = {v.child: v.parent for v in found.variants}
    assert len(parent) == len(found.variants)
    for e in found.entities:
        seen, at = set(), e.id
        while at in parent:
            assert at not in seen
            seen.add(at)
            at = parent[at]
        assert e.family == (at if e.id in parent or e.id in parent.values() else None)


@settings(max_examples=40)
@given(st.lists(st.sampled_from(NAMES), min_size=1, max_size=12))
def test_resolving_an_entitys_name_gives_itself(names: list[str]) -> None:
    first = resolve(Extraction(f"p{n}", (PaperEntity(name, "model", "uses", (name,)),)) for n, name in enumerate(names))
    again = resolve(
        Extraction(f"p{n}", (PaperEntity(e.name, "model", "uses", (e.name,)),)) for n, e in enumerate(first.entities)
    )
    assert {loose(e.name) for e in again.entities} == {loose(e.name) for e in first.entities}
    for e in first.entities:
        assert [f.id for f in first.find(e.name)] == [e.id]


@settings(max_examples=40)
@given(corpora())
def test_names_that_are_different_things_are_never_joined(corpus: list[Extraction]) -> None:
    alone = [
        Extraction(f"q{n}", (PaperEntity(name, "model", "uses", (name,)),))
        for n, name in enumerate(sorted({n for group in NEVER_ONE for n in group}))
    ]
    plain = [x for x in corpus if all(len(e.surfaces) == 1 for e in x.entities)]
    found = resolve([*alone, *plain])
    at = {e.surfaces[0]: found.entity_of[x.paper, 0] for x in alone for e in x.entities}
    for group in NEVER_ONE:
        for one, two in combinations(sorted(group), 2):
            assert at[one] != at[two], f"{one} and {two} were joined"


@settings(max_examples=30)
@given(corpora(), st.data())
def test_whatever_a_page_shows_can_be_corrected_under_its_label_and_its_id(
    corpus: list[Extraction], data: st.DataObject
) -> None:
    entries: list[dict[str, str]] = []
    for new in data.draw(st.lists(st.sampled_from(["Renamed", "Named anew"]), max_size=2, unique=True)):
        shown = resolve(corpus, curation_of(entries)).entities
        names = Counter(loose(e.name) for e in shown)
        alone = [e for e in shown if names[loose(e.name)] == 1]  # two things of one name and type share their ids
        if not alone:
            return
        one = data.draw(st.sampled_from(alone))
        entry = {"name": data.draw(st.sampled_from([one.label, one.id])), "type": one.type, "reason": "r"}
        retyped = {"action": "retype", "to": data.draw(st.sampled_from([t for t in ENTITY_TYPES if t != one.type]))}
        entries.append(entry | data.draw(st.sampled_from([{"action": "rename", "to": new}, retyped])))
    found = resolve(corpus, curation_of(entries))
    for one in found.entities:
        for name in (one.label, one.id):
            entry = {"action": "hide", "name": name, "type": one.type, "reason": "r"}
            without = resolve(corpus, curation_of([*entries, entry]))
            assert not without.problems
            assert len(without.entities) == len(found.entities) - 1
            assert {key for key, id in found.entity_of.items() if id == one.id}.isdisjoint(without.entity_of)


def curation_of(entries: list[dict[str, str]]) -> Curation:
    curation = Curation.parse(yaml.safe_dump(entries, allow_unicode=True))
    assert len(curation.entries) == len(entries)
    return curation

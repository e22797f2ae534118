"""The background is readable, sourced and sound, and gives a small corpus its lineage."""

from __future__ import annotations

import pytest

from kg.errors import KGError
from kg.records import Extraction, PaperEntity
from kg.resolve import resolve
from kg.resolve.background import background, join_background, parse
from kg.resolve.curation import Curation


def corpus(*entities: tuple[str, ...]) -> list[Extraction]:
    return [Extraction(f"p{n}", (PaperEntity(e[1], e[0], "uses", e[1:]),)) for n, e in enumerate(entities)]


def test_every_relation_has_a_source_with_authors_year_and_title_and_parents_come_first() -> None:
    things, relations = background()
    years = {t.name: t.year for t in things if t.year}
    assert len(things) >= 150
    for r in relations:
        assert "(" in r.source and '"' in r.source
        if r.child in years and r.parent in years:
            assert years[r.parent] <= years[r.child], f"{r.child} is older than {r.parent}"


def test_no_thing_descends_from_itself() -> None:
    _, relations = background()
    parents: dict[str, set[str]] = {}
    for r in relations:
        parents.setdefault(r.child, set()).add(r.parent)

    def ancestors(name: str, seen: frozenset[str] = frozenset()) -> None:
        assert name not in seen, f"{name} is in a circle"
        for parent in parents.get(name, ()):
            ancestors(parent, seen | {name})

    for name in parents:
        ancestors(name)


@pytest.mark.parametrize(
    ("named", "step"),
    [
        (("method", "PPO"), ("method/ppo", "method/trpo", "extends")),
        (
            ("method", "Direct Preference Optimization"),
            ("method/direct-preference-optimization", "method/rlhf", "extends"),
        ),
        (("method", "LoRA"), ("method/qlora", "method/lora", "extends")),
        (("model", "BERT"), ("model/roberta", "model/bert", "extends")),
        (("model", "LLaMA"), ("model/code-llama", "model/llama-2", "derived_from")),
    ],
)
def test_the_lineage_of_well_known_things_is_not_empty_in_a_small_corpus(
    named: tuple[str, str], step: tuple[str, str, str]
) -> None:
    found = resolve(corpus(named, ("model", "Code Llama"), ("model", "RoBERTa")))
    rows = join_background(found)
    assert step in [row[:3] for row in rows]
    ids = [e.id for e in found.entities]
    assert ids == sorted(set(ids))
    assert all(child in ids and parent in ids for child, parent, *_ in rows)


def test_an_acronym_with_another_full_form_is_not_the_well_known_thing() -> None:
    found = resolve(corpus(("method", "RAG", "Region Adjacency Graph")))
    assert not [row for row in join_background(found) if row[0] == "method/rag"]


def test_a_corpus_without_well_known_things_gets_nothing() -> None:
    found = resolve(corpus(("method", "Zarquon"), ("dataset", "Vogon-7K")))
    before = list(found.entities)
    assert join_background(found) == [] and found.entities == before


@pytest.mark.parametrize(
    "hide",
    ["DPO (method)", "DPO, type: method", "Direct preference optimization", "method/dpo"],
)
def test_what_a_correction_hid_does_not_come_back_as_background_and_the_rest_stays(hide: str) -> None:
    named = corpus(
        ("method", "DPO", "Direct Preference Optimization"), ("dataset", "DPO"), ("method", "RLHF"), ("method", "SimPO")
    )
    shown, found = resolve(named), resolve(named, Curation.parse(f"- {{action: hide, name: {hide}, reason: r}}"))
    before, after = join_background(shown), join_background(found)
    assert not found.problems
    assert {"method/simpo", "method/rlhf"} <= {e.id for e in found.entities}
    assert ("method/simpo", "method/dpo", "extends") in [row[:3] for row in before]
    assert after == [row for row in before if "method/dpo" not in row]
    assert not [e.id for e in found.entities if e.name == "DPO" and e.type == "method"]


def test_hiding_a_dataset_leaves_the_well_known_method_of_its_name() -> None:
    named = corpus(("dataset", "DPO"), ("method", "SimPO"))
    found = resolve(named, Curation.parse("- {action: hide, name: DPO, reason: no dataset}"))
    assert ("method/simpo", "method/dpo", "extends") in [row[:3] for row in join_background(found)]


@pytest.mark.parametrize("row", [{"name": "X"}, {"name": "X", "type": "method", "paper": "no year"}])
def test_an_entry_out_of_form_is_named(row: dict[str, str]) -> None:
    with pytest.raises(KGError, match="X"):
        parse([row])


def test_a_well_known_thing_carries_the_year_of_its_paper_and_any_other_none() -> None:
    found = resolve(corpus(("method", "PPO"), ("method", "Zorbing")))
    join_background(found)
    years = {e.id: e.year for e in found.entities}
    assert (years["method/ppo"], years["method/trpo"], years["method/zorbing"]) == (2017, 2015, None)

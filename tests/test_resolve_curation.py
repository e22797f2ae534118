"""Corrections are data: they are replayed on every build, in order, and none is lost in silence."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg.errors import CurationError
from kg.records import Extraction, Mention, PaperEntity, Span
from kg.resolve import Curation, Resolution, resolve
from kg.resolve.curation import add_entry, settle_links, settle_relations


def paper(name: str, *entities: tuple[str, ...]) -> Extraction:
    """A paper whose entities are given as (type, surface, ...)."""
    return Extraction(
        name,
        tuple(
            PaperEntity(e[1], e[0], "uses", e[1:], tuple(Mention(Span("abstract", 0, len(s)), s) for s in e[1:]))
            for e in entities
        ),
    )


CORPUS = [
    paper("p1", ("model", "Llama 2"), ("dataset", "FineWeb-Edu")),
    paper("p2", ("model", "Llama-2-7B"), ("dataset", "FineWeb Educational")),
    paper("p3", ("method", "SiT", "Scalable Interpolant Transformers")),
    paper("p4", ("method", "SiT"), ("method", "noise")),
]


def corrected(text: str) -> Resolution:
    curation = Curation.parse(text)
    assert not curation.problems
    return resolve(CORPUS, curation)


def test_merge_joins_papers_and_says_why() -> None:
    found = corrected("- {action: merge, names: [FineWeb Educational], into: FineWeb-Edu, reason: one corpus}")
    assert found.entity_of["p1", 1] == found.entity_of["p2", 1] == "dataset/fineweb-edu"
    (told,) = found.explain("FineWeb Educational")
    assert {s["rule"] for s in told["spellings"]} == {"the name", "correction: one corpus"}
    assert found.moved["dataset/fineweb-educational"] == "dataset/fineweb-edu"


def test_split_by_paper_makes_a_thing_of_its_own() -> None:
    found = corrected(
        "- {action: split, name: SiT, papers: [p4], new: Self-supervised vIsion Transformer, reason: another SiT}"
    )
    assert found.entity_of["p3", 0] == "method/sit"
    assert found.entity_of["p4", 0] == "method/self-supervised-vision-transformer"


@pytest.mark.parametrize("as_written", ["id", "label"])
def test_what_a_correction_named_can_be_corrected_again_under_the_id_or_label_it_has_now(as_written: str) -> None:
    before = """
- {action: rename, name: noise, to: Gaussian noise, reason: r}
- {action: split, name: SiT, papers: [p4], new: SiT, new_type: model, reason: another SiT}
- {action: retype, name: FineWeb-Edu, to: benchmark, reason: r}
"""
    shown = corrected(before).entities
    for entity in (e for e in shown if e.name in ("Gaussian noise", "SiT", "FineWeb-Edu")):
        name = getattr(entity, as_written)
        found = corrected(before + f"- {{action: rename, name: {name}, to: Found, type: {entity.type}, reason: r}}\n")
        assert not found.problems
        assert [e.name for e in found.entities if e.id not in {e.id for e in shown}] == ["Found"]


def test_what_was_merged_is_still_found_by_what_it_was_called_even_where_the_merge_applied_in_part() -> None:
    found = corrected("""
- {action: rename, name: noise, to: Gaussian noise, reason: r}
- {action: merge, names: [nothing, method/gaussian-noise], into: SiT, reason: r}
- {action: rename, name: method/gaussian-noise, to: Both, reason: r}
""")
    assert [problem.line for problem in found.problems] == [3]
    assert found.entity_of["p3", 0] == found.entity_of["p4", 1] == "method/both"


def test_rename_retype_hide_and_set_family() -> None:
    found = corrected(
        """
- {action: rename, name: SiT, to: Scalable Interpolants, reason: r}
- {action: retype, name: Scalable Interpolants, to: model, reason: r}
- {action: hide, name: noise, reason: no entity}
- {action: set_family, name: Llama-2-7B, family: null, reason: r}
- {action: set_family, name: FineWeb Educational, family: FineWeb, reason: r}
"""
    )
    ids = {e.id: e for e in found.entities}
    assert ids["model/scalable-interpolants"].name == "Scalable Interpolants"
    assert ("p4", 1) not in found.entity_of
    assert ids["model/llama-2-7b"].family is None
    assert ids["dataset/fineweb-educational"].family == "dataset/fineweb"
    assert not found.problems


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("{action: merge, names: [Nothing], into: SiT, reason: r}", "no entity 'Nothing'"),
        ("{action: merge, names: [LLaMA-2], into: Llama 2, reason: r}", "are one already"),
        ("{action: split, name: SiT, papers: [p9], new: X, reason: r}", "none of these"),
        ("{action: set_family, name: Llama, family: Llama 2, reason: r}", "is below 'Llama' itself"),
        ("{action: rename, name: SiT, to: SiT, reason: r}", "is its name already"),
    ],
)
def test_an_entry_that_does_not_apply_is_reported_with_its_line_and_the_others_are_replayed(
    entry: str, said: str
) -> None:
    found = corrected(f"# a comment\n- {entry}\n- {{action: hide, name: noise, reason: r}}\n")
    (problem,) = found.problems
    assert problem.line == 2 and said in problem.message
    assert "method/noise" not in {e.id for e in found.entities}


def test_links_of_an_entity_corrected_since_are_found_by_the_label_and_id_they_were_written_with() -> None:
    corpus = [*CORPUS, paper("p5", ("method", "SiT", "Selective iterative Tuning"))]
    label = "SiT (Selective iterative Tuning)"
    assert {e.label: e.id for e in resolve(corpus).entities}[label] == "method/sit-selective-iterative-tuning"
    curation = Curation.parse(f"""
- {{action: remove_link, paper: p5, name: {label}, reason: r}}
- {{action: remove_link, paper: p5, name: method/sit-selective-iterative-tuning, reason: r}}
- {{action: retype, name: {label}, to: model, reason: r}}
- {{action: rename, name: {label}, to: Tuned, reason: r}}
""")
    resolution = resolve(corpus, curation)
    edits, problems = settle_links(curation, resolution, {"p5"})
    assert [edit.entity for edit in edits] == ["model/tuned"] * 2
    assert not problems
    assert not resolution.problems


def test_a_link_is_found_by_what_its_entity_was_called_between_two_corrections() -> None:
    curation = Curation.parse("""
- {action: rename, name: noise, to: Gaussian noise, reason: r}
- {action: remove_link, paper: p4, name: method/gaussian-noise, reason: r}
- {action: remove_link, paper: p4, name: Gaussian noise, reason: r}
- {action: retype, name: method/gaussian-noise, to: model, reason: r}
- {action: rename, name: method/gaussian-noise, to: White noise, reason: written before the other}
""")
    resolution = resolve(CORPUS, curation)
    edits, problems = settle_links(curation, resolution, {"p4"})
    assert not resolution.problems
    assert not problems
    assert [edit.entity for edit in edits] == ["model/white-noise"] * 2


def test_links_and_relations_are_settled_to_ids() -> None:
    curation = Curation.parse(
        """
- {action: add_link, paper: p1, name: SiT, role: uses, reason: r}
- {action: remove_link, paper: p9, name: SiT, reason: r}
- {action: add_relation, child: SiT, parent: LLaMA 2, relation: extends, reason: r}
- {action: remove_relation, child: SiT, parent: nobody, relation: extends, reason: r}
"""
    )
    found = resolve(CORPUS, curation)
    links, wrong = settle_links(curation, found, {"p1", "p2", "p3", "p4"})
    assert [(e.add, e.paper, e.entity, e.role) for e in links] == [(True, "p1", "method/sit", "uses")]
    assert [p.line for p in wrong] == [3]
    relations, wrong = settle_relations(curation, found)
    assert [(e.child, e.parent, e.relation) for e in relations] == [("method/sit", "model/llama-2", "extends")]
    assert [p.line for p in wrong] == [5]


BAD = """\
- action: hide
  name: noise
  reason: fine
- action: fuse
  reason: no such action
- action: rename
  name: SiT
  reason: to is missing
- action: hide
  name: "never closed
  reason: r
- action: hide
  name: SiT
  reason: fine
"""


def test_bad_entries_are_one_line_each_and_the_good_ones_stand() -> None:
    curation = Curation.parse(BAD, "curation.yaml")
    assert [e.get("name") for e in curation.entries] == ["noise", "SiT"]
    assert [p.line for p in curation.problems][:2] == [4, 6]
    assert len(curation.problems) == 3
    assert all(str(p).startswith("curation.yaml:") and "\n" not in str(p) for p in curation.problems)


@pytest.mark.parametrize(
    "text", ["", "# nothing yet\n", "[]\n", "a: b\n", "just words\n", "\x00", "- - - x\n", "- 1\n"]
)
def test_no_file_however_odd_stops_the_build(text: str) -> None:
    curation = Curation.parse(text)
    assert not curation.entries
    assert all("\n" not in str(p) for p in curation.problems)


def test_an_entry_is_added_without_touching_what_is_there(tmp_path: Path) -> None:
    file = tmp_path / "curation.yaml"
    file.write_text("# ours\n- action: hide   # noise\n  name: noise\n  reason: r", encoding="utf-8")
    before = file.read_text(encoding="utf-8")
    added = add_entry(file, {"action": "merge", "names": ["no", "3.10"], "into": "Tülu: the 2nd", "reason": "yes: #1"})
    assert file.read_text(encoding="utf-8").startswith(before)
    assert added.many("names") == ("no", "3.10") and added.get("into") == "Tülu: the 2nd"
    assert len(Curation.load(file).entries) == 2
    assert [p.name for p in tmp_path.iterdir()] == ["curation.yaml"]


def test_a_file_is_made_and_a_bad_entry_changes_nothing(tmp_path: Path) -> None:
    file = tmp_path / "sub" / "curation.yaml"
    with pytest.raises(CurationError, match="reason"):
        add_entry(file, {"action": "hide", "name": "x"})
    assert not file.exists()
    with pytest.raises(CurationError, match="is a folder"):
        add_entry(".", {"action": "hide", "name": "x", "reason": "r"})
    add_entry(file, {"action": "hide", "name": "x", "reason": "r"})
    file.write_text("not: a list\n", encoding="utf-8")
    with pytest.raises(CurationError, match="not a list"):
        add_entry(file, {"action": "hide", "name": "x", "reason": "r"})
    assert file.read_text(encoding="utf-8") == "not: a list\n"


@settings(max_examples=50)
@given(st.text(min_size=1).filter(str.strip), st.text(min_size=1).filter(str.strip))
def test_whatever_is_written_is_read_back(name: str, reason: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "curation.yaml"
        for _ in range(2):
            add_entry(file, {"action": "merge", "names": [name], "into": name, "reason": reason})
        curation = Curation.load(file)
    assert not curation.problems and len(curation.entries) == 2
    for entry in curation.entries:
        assert entry.many("names") == (name.strip(),)
        assert entry.fields["into"] == name.strip()

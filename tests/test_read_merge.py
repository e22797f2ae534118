"""One paper for all the records of it, whatever their order."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg.read import Record, merge
from kg.read.merge import id_key
from kg.records import Paper, Report, Source, paper_id

LORA = (
    "An important paradigm of natural language processing consists of large-scale pre-training on general domain data "
    "and adaptation to particular tasks. We propose Low-Rank Adaptation, which freezes the pre-trained weights."
)
LORA_V2 = f"{LORA} We also provide an empirical investigation into rank-deficiency."
OTHER = (
    "This issue collects twelve contributions about bridges, tunnels and the people who build them in the mountains."
)


def record(title: str, abstract: str = LORA, file: str = "a.jsonl", number: int = 1, **more: object) -> Record:
    return Record(title=title, abstract=abstract, source=Source(file, number, number), **more)  # type: ignore[arg-type]


def papers(*records: Record) -> list[Paper]:
    """The merged papers; the same whatever the order of the records."""
    merged = list(merge(records))
    assert list(merge(reversed(records))) == merged
    return merged


def test_titles_are_compared_without_case_and_punctuation() -> None:
    (paper,) = papers(record("LoRA: Low-Rank Adaptation"), record("LORA - low rank adaptation.", file="b.txt"))
    assert paper.id == paper_id("LoRA: Low-Rank Adaptation")
    assert [source.file for source in paper.sources] == ["a.jsonl", "b.txt"]
    assert paper.notes == ()


def test_the_longer_abstract_is_kept_and_the_note_says_where_both_stand() -> None:
    (paper,) = papers(record("LoRA", number=3), record("LoRA", LORA_V2, "b.txt", 7))
    assert paper.abstract == LORA_V2
    assert paper.notes == (
        f"abstracts differ: kept the one of {len(LORA_V2)} characters (b.txt:7), not that of {len(LORA)} (a.jsonl:3)",
    )


def test_even_abstracts_that_share_nothing_are_one_paper_under_a_title_of_its_own() -> None:
    assert len(papers(record("LoRA: Low-Rank Adaptation"), record("LoRA: Low-Rank Adaptation", OTHER, "b.txt"))) == 1


def test_generic_titles_need_abstracts_that_are_alike() -> None:
    one, two = papers(record("Editorial", OTHER), record("Editorial", LORA, "b.txt"))
    assert one.id != two.id
    assert {one.abstract, two.abstract} == {OTHER, LORA}
    assert len(papers(record("Editorial", LORA), record("Editorial", LORA_V2, "b.txt"))) == 1


def test_an_explicit_id_wins_over_a_made_one() -> None:
    listing = record("LoRA", file="page.txt", comments=3, organisation="Microsoft")
    arxiv = record("LoRA", id="2106.09685", authors=("Edward Hu", "Yelong Shen"), author_count=2, categories=("cs.CL",))
    (paper,) = papers(listing, arxiv)
    assert paper.id == "2106.09685"
    assert (paper.comments, paper.organisation, paper.author_count) == (3, "Microsoft", 2)
    assert (paper.authors, paper.categories) == (("Edward Hu", "Yelong Shen"), ("cs.CL",))


def test_versions_and_addresses_of_an_arxiv_id_are_one_paper() -> None:
    (paper,) = papers(
        record("LoRA", id="2106.09685v1"),
        record("LoRA", LORA_V2, "b.txt", id="https://arxiv.org/abs/2106.09685v2"),
        record("LoRA", LORA_V2, "c.txt", id="2106.09685"),
    )
    assert paper.id == "2106.09685"
    assert len(paper.sources) == 3
    assert id_key("arXiv:cs.CL/0601001v3") == "cs.cl/0601001"


def test_a_retitled_paper_is_one_and_both_titles_are_told() -> None:
    (paper,) = papers(
        record("Low-Rank Adaptation", id="2106.09685"),
        record("LoRA for Language Models", LORA_V2, "b", 2, id="2106.09685v2"),
    )
    assert paper.title == "LoRA for Language Models"
    assert any("Low-Rank Adaptation" in note and "a.jsonl:1" in note for note in paper.notes)


def test_an_id_given_to_two_papers_stays_with_the_first_file() -> None:
    report = Report()
    records = [record("LoRA", id="1"), record("On Bridges", OTHER, "b.csv", 4, id="1")]
    first, second = papers(*records)
    assert (first.id, first.title) == ("1", "LoRA")
    assert (second.id, second.title) == (paper_id("On Bridges"), "On Bridges")
    assert "a.jsonl:1" in second.notes[0]
    list(merge(records, report))
    assert [(problem.file, problem.line) for problem in report.problems] == [("b.csv", 4)]


def test_different_ids_under_one_title_are_two_papers_unless_their_texts_are_alike() -> None:
    assert len(papers(record("A Survey", id="2106.00001"), record("A Survey", OTHER, "b", id="2107.00002"))) == 2
    (paper,) = papers(record("A Survey", id="doi:10/abc"), record("A Survey", LORA_V2, "b", id="2106.00001v3"))
    assert paper.id == "2106.00001v3"
    assert any("doi:10/abc" in note for note in paper.notes)


@pytest.mark.parametrize(
    ("dates", "kept"),
    [
        ([("2024-01-01", "year"), ("2024-05-01", "month")], ("2024-05-01", "month")),
        ([("2025-06-03", "day, year inferred"), ("2024-06-03", "day")], ("2024-06-03", "day")),
        ([("2024-06-03", "day"), ("2024-05-02", "day")], ("2024-05-02", "day")),
        ([(None, None), ("2024-05-01", "month")], ("2024-05-01", "month")),
        ([(None, None), (None, None)], (None, None)),
    ],
)
def test_the_more_precise_date_is_kept_and_of_two_the_earlier(dates: list, kept: tuple) -> None:
    records = [record("LoRA", file=f"{n}", date=day, date_precision=how) for n, (day, how) in enumerate(dates)]
    (paper,) = papers(*records)
    assert (paper.date, paper.date_precision) == kept


def test_titles_of_punctuation_alone_are_not_all_one() -> None:
    assert len(papers(record("???", OTHER), record("!!!", LORA, "b"))) == 2


RECORDS = st.lists(
    st.builds(
        lambda title, abstract, identifier, day, number: record(
            title, abstract, f"{number % 3}.txt", number, id=identifier, date=day, date_precision=day and "day"
        ),
        st.sampled_from(["LoRA", "lora!", "Editorial", "On Bridges", "?"]),
        st.sampled_from([LORA, LORA_V2, OTHER, "Short."]),
        st.sampled_from([None, None, "1", "2106.09685", "2106.09685v2"]),
        st.sampled_from([None, "2024-05-02", "2023-01-01"]),
        st.integers(1, 9),
    ),
    max_size=9,
    unique_by=lambda r: r.source,
)


@given(RECORDS, st.randoms())
@settings(max_examples=200)
def test_any_order_gives_the_same_papers_and_no_record_is_lost(records: list[Record], random: object) -> None:
    merged = list(merge(records))
    shuffled = sorted(records, key=lambda _: random.random())  # type: ignore[attr-defined]
    assert list(merge(shuffled)) == merged
    assert sorted(s for p in merged for s in map(str, p.sources)) == sorted(str(r.source) for r in records)
    ids = [paper.id for paper in merged]
    assert ids == sorted(set(ids))


def test_abstracts_are_not_held_in_memory() -> None:
    tracemalloc.start()
    count = sum(1 for _ in merge(record(f"Paper {n}", LORA * 20, number=n, id=str(n)) for n in range(3000)))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 3000
    assert peak < 1000 * 3000  # bytes; the abstracts alone are four times that


def test_a_paper_read_once_is_its_record() -> None:
    only = record("LoRA", id="2106.09685", date="2021-06-17", date_precision="day", author_count=8)
    assert papers(only) == [only.paper()]
    assert papers(replace(only, id=None)) == [replace(only, id=None).paper()]

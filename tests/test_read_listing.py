"""Listing pages: the five saved ones, record by record, and the ways in which others differ."""

from __future__ import annotations

import textwrap
import time
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kg.errors import SourceError
from kg.read import Record, read, read_records
from kg.records import Report, fold

SEEDS = Path(__file__).parent.parent / "seeds"
PAGES = {path.name[:3]: path for path in sorted(SEEDS.glob("*.txt"))}

LONG = (
    "Large language models answer many questions well, yet they fail on others. We study why, with three models and "
    "twelve benchmarks. Our results show that the way a question is asked matters more than the size of the model."
)


@pytest.fixture(scope="module")
def seeds() -> dict[str, list[Record]]:
    """The records of each seed page, by the page's number."""
    report = Report()
    pages = {name: list(read_records([path], report)) for name, path in PAGES.items()}
    assert report.problems == []
    return pages


def read_page(folder: Path, text: str) -> tuple[list[Record], Report]:
    path = folder / "page.txt"
    path.write_text(text, encoding="utf-8", newline="")
    report = Report()
    return list(read_records([path], report)), report


# The seed pages


@pytest.mark.parametrize(("page", "count"), [("000", 40), ("001", 80), ("002", 215), ("003", 91), ("004", 79)])
def test_each_seed_page_gives_all_its_records(seeds: dict[str, list[Record]], page: str, count: int) -> None:
    assert len(seeds[page]) == count


def test_the_seed_pages_hold_453_papers_46_of_them_on_several_pages() -> None:
    papers, report = read([SEEDS])
    assert len(papers) == 453
    assert len({fold(paper.title) for paper in papers}) == 453
    assert sum(len({source.file for source in paper.sources}) > 1 for paper in papers) == 46
    assert sum(len(paper.sources) for paper in papers) == 505
    assert report.problems == []
    assert sum(report.records.values()) == 505


def test_the_paper_with_two_abstracts_keeps_the_longer_and_says_where_both_stand() -> None:
    papers, _ = read([SEEDS])
    (paper,) = [paper for paper in papers if paper.notes]
    assert paper.title.startswith("The Construction of Instruction-tuned LLMs for Finance without Instruction Data")
    assert paper.abstract.endswith("https://huggingface.co/pfnet/nekomata-14b-pfn-qfin-inst-merge.")
    (note,) = paper.notes
    assert "002_00fc2aeb054fd09f.txt:377" in note
    assert "003_506f4b60ec26a16d.txt:245" in note


# (page, line, title, first words of the abstract, last words, date, precision, authors, organisation, comments):
# read off the pages by eye.
BY_HAND = [
    ("000", 13, "Jatmo: Prompt Injection Defense by Task-Specific Finetuning", "Large Language Models (LLMs) are",
     None, "2023-12-29", "day", 8, None, None),
    ("000", 29, "Skill-Targeted Adaptive Training", "Language models often show little", "princeton-pli/STAT.",
     None, None, None, None, None),
    ("000", 105, "Foundational Automatic Evaluators: Scaling Multi-Task Generative Evaluator Training for "
     "Reasoning-Centric Domains", "Finetuning specialized generative evaluators", "on evaluating test-case quality.",
     "2025-10-20", "day, year inferred", None, "Salesforce", 2),
    ("000", 153, "Value of the Teaching Career and Factors in Its Path in Peru", "The teaching career shares",
     "ongoing professional development", "2025-08-01", "day, year inferred", 5, None, None),
    ("000", 313, "Mixing It Up: The Cocktail Effect of Multi-Task Fine-Tuning on LLM Performance -- A Case Study in "
     "Finance", "The application of large language models", None, "2024-10-01", "day", 6, None, None),
    ("001", 13, "A Survey on Post-training of Large Language Models", "The emergence of Large Language Models",
     "across scientific and societal applications.", None, None, None, None, None),
    ("001", 49, "UniRL: Self-Improving Unified Multimodal Models via Supervised and Reinforcement Learning",
     "Unified multimodal large language models", "https://github.com/showlab/UniRL.", "2025-05-29",
     "day, year inferred", 3, None, 2),
    ("001", 73, "TÜLU 3: Pushing Frontiers in Open Language Model Post-Training", "Language model post-training",
     r'further adapting the T\"ULU 3 approach to more domains.', "2024-11-22", "day", 23, None, 2),
    ("001", 633, "Free Process Rewards without Process Labels", "Different from its counterpart",
     "making training PRMs more accessible.", "2024-12-02", "day", 9, None, 2),
    ("002", 3, "Evaluating the Zero-shot Robustness of Instruction-tuned Language Models",
     "Instruction fine-tuning has recently emerged", "robustness of instruction-tuned models.", None, None, None, None,
     None),
    ("002", 13, "Revisiting Instruction Fine-tuned Model Evaluation to Guide Industrial Applications",
     "Instruction Fine-Tuning (IFT) is a powerful paradigm", "real-world IFT model deployment.", None, None, None, None,
     None),
    ("002", 59, "#InsTag: Instruction Tagging for Analyzing Supervised Fine-tuning of Large Language Models",
     "Foundation language models obtain", "https://github.com/OFA-Sys/InsTag.", None, None, None, None, None),
    ("002", 431, "Vision-Flan: Scaling Human-Labeled Tasks in Visual Instruction Tuning",
     "Despite vision-language models' (VLMs) remarkable capabilities", "to understand visual features.", None, None,
     None, None, None),
    ("003", 13, "Unleashing the Reasoning Potential of Pre-trained LLMs by Critique Fine-Tuning on One Problem",
     "We have witnessed that strong LLMs", "capabilities of modern LLMs.", "2025-06-03", "day, year inferred", 5, None,
     2),
    ("003", 213, "FineWeb2: One Pipeline to Scale Them All -- Adapting Pre-Training Data Processing to Every Language",
     "Pre-training state-of-the-art", "training, and evaluation codebases.", "2025-06-25", "day, year inferred", None,
     "HuggingFaceFW FineData", 1),
    ("003", 237, "Think Beyond Size: Adaptive Prompting for More Effective Reasoning", "Pretrained large language",
     "iterative reasoning methods.", "2024-10-10", "day", 1, None, None),
    ("003", 733, "AI-Assisted Generation of Difficult Math Questions", "Current LLM training positions", None,
     "2024-07-30", "day", 9, None, None),
    ("004", 11, "On Memorization of Large Language Models in Logical Reasoning", "Large language models (LLMs) achieve",
     None, None, None, None, None, None),
    ("004", 315, "I'm Afraid I Can't Do That: Predicting Prompt Refusal in Black-Box Generative Language Models",
     "Since the release of OpenAI's ChatGPT", "maxwellreuter/chatgpt-refusals.", None, None, None, None, None),
    ("004", 323, "Get more for less: Principled Data Selection for Warming Up Fine-Tuning in LLMs",
     "This work focuses on leveraging", "making its benefits more accessible.", None, None, None, None, None),
]  # fmt: skip


@pytest.mark.parametrize("expected", BY_HAND, ids=lambda row: f"{row[0]}:{row[1]}")
def test_records_read_by_hand(seeds: dict[str, list[Record]], expected: tuple) -> None:
    page, line, title, first, last, date, precision, authors, organisation, comments = expected
    (record,) = [record for record in seeds[page] if record.source.line == line]
    assert record.title == title
    assert record.abstract.startswith(first)
    assert record.abstract.endswith(last or "")
    assert (record.date, record.date_precision) == (date, precision)
    assert (record.author_count, record.organisation, record.comments) == (authors, organisation, comments)


def test_first_and_last_record_number_the_records_of_a_page(seeds: dict[str, list[Record]]) -> None:
    for records in seeds.values():
        assert [record.source.record for record in records] == list(range(1, len(records) + 1))


# Other pages of the same kind


def test_no_year_on_the_page_no_guess(tmp_path: Path) -> None:
    facts = "  • 3 authors\n·\nMar 2\n"
    page = f"Daily Papers\nMar 14\nOn Questions\n{LONG}\n{facts}On Answers\n{LONG}\n{facts}"
    records, report = read_page(tmp_path, page)
    assert [(record.date, record.author_count) for record in records] == [(None, 3), (None, 3)]
    (problem,) = report.problems
    assert (problem.line, "2 dates" in problem.message, "year" in problem.message) == (7, True, True)


def test_the_year_of_the_header_is_taken_at_its_word(tmp_path: Path) -> None:
    page = f"Daily Papers\nDec 16, 2025\nOn Questions\n{LONG}\n·\nJun 3 2\nOn Answers\n{LONG}\n·\n3 days ago\n"
    first, second = read_page(tmp_path, page)[0]
    assert (first.date, first.date_precision, first.comments) == ("2025-06-03", "day, year inferred", 2)
    assert (second.date, second.date_precision) == ("2025-12-13", "day, year inferred")


def test_a_leap_day_without_year_lies_in_a_leap_year(tmp_path: Path) -> None:
    page = f"On Questions\n{LONG}\n• 3 authors\n·\nFeb 29\nOn Answers\n{LONG}\n• 1 author\n·\nMay 5, 2022\n"
    first, second = read_page(tmp_path, page)[0]
    assert (first.date, second.date) == ("2024-02-29", "2022-05-05")
    assert (first.author_count, second.author_count) == (3, 1)


def test_facts_on_one_line(tmp_path: Path) -> None:
    page = (
        f"On Questions\n\n{LONG}\n\n12 authors · Published on December 29, 2023 · 14 comments\n\nOn Answers\n\n{LONG}\n"
    )
    first, second = read_page(tmp_path, page)[0]
    assert (first.author_count, first.date, first.comments) == (12, "2023-12-29", 14)
    assert (second.title, second.author_count) == ("On Answers", None)


def test_a_title_without_abstract_is_reported_with_its_line(tmp_path: Path) -> None:
    page = f"On Questions\n{LONG}\n\nA Title Left Alone: Nothing Follows\n\nOn Answers\n{LONG}\n\nOne More at the End\n"
    records, report = read_page(tmp_path, page)
    assert [record.title for record in records] == ["On Questions", "On Answers"]
    assert [problem.line for problem in report.problems] == [4, 9]
    assert "A Title Left Alone: Nothing Follows" in report.problems[0].message


def test_a_title_without_abstract_is_kept_on_demand(tmp_path: Path) -> None:
    path = tmp_path / "page.txt"
    path.write_text(f"On Questions\n{LONG}\n\nA Title Left Alone: Nothing Follows\n\nOn Answers\n{LONG}\n")
    records = list(read_records([path], Report(), complete=False))
    assert [bool(record.abstract) for record in records] == [True, False, True]


def test_an_unknown_line_above_the_first_title_is_reported(tmp_path: Path) -> None:
    records, report = read_page(tmp_path, f"Reading room of Thursday\n\nSubscribe\n\nOn Questions\n\n{LONG}\n")
    assert [record.title for record in records] == ["On Questions"]
    assert [problem.line for problem in report.problems] == [1]


def test_an_abstract_keeps_the_words_of_its_author(tmp_path: Path) -> None:
    page = f"On Questions\n\nAbstract: {LONG}\n\nOn Answers\n\n{LONG}\n\n(c) We publish the code. See there.\n"
    first, second = read_page(tmp_path, page)[0]
    assert first.abstract == f"Abstract: {LONG}"
    assert second.abstract == f"{LONG} (c) We publish the code. See there."


def test_labels_of_title_authors_and_abstract_are_no_text(tmp_path: Path) -> None:
    page = f"Title: On Questions\nAuthors: A. Bee, C. Dee and E. Eff\nAbstract: {LONG}\n"
    (record,) = read_page(tmp_path, page)[0]
    assert (record.title, record.abstract) == ("On Questions", LONG)
    assert record.authors == ("A. Bee", "C. Dee", "E. Eff")


def test_semicolons_part_authors_whose_names_have_commas(tmp_path: Path) -> None:
    page = f"Title: On Questions\nAuthors: Doe, Jane; Roe, John; and Li, Wei\nAbstract: {LONG}\n"
    (record,) = read_page(tmp_path, page)[0]
    assert (record.authors, record.author_count) == (("Doe, Jane", "Roe, John", "Li, Wei"), 3)


def test_a_time_that_no_calendar_goes_back_to_is_no_date(tmp_path: Path) -> None:
    page = f"Daily Papers\nDec 16, 2024\nOn Questions\n{LONG}\n·\n{{}} ago\n\nOn Answers\n{LONG}\n"
    for time_back, day in (("3000 years", None), ("9" * 200 + " days", None), ("2 years", "2022-01-01")):
        first, second = read_page(tmp_path, page.format(time_back))[0]
        assert (first.date, second.title) == (day, "On Answers")


@pytest.mark.parametrize("fact", ["authors", "comments"])
def test_a_number_too_long_for_a_count_is_none(tmp_path: Path, fact: str) -> None:
    page = f"On Questions\n{LONG}\n\n• {'9' * 20} {fact}\n\nOn Answers\n{LONG}\n\n3 authors\n"
    first, second = read_page(tmp_path, page)[0]
    assert (first.author_count, first.comments, second.author_count) == (None, None, 3)


@pytest.mark.parametrize(
    "text",
    ["some lower-case words\n" * 30_000, "http://" * 100_000 + " so", "Subscribe" * 100_000, "Word " * 100_000 + "\n·"],
    ids=["words", "addresses", "glued", "one line"],
)
def test_the_time_to_read_grows_with_the_page_and_not_faster(tmp_path: Path, text: str) -> None:
    began = time.process_time()
    with suppress(SourceError):  # such text is no listing page, or hardly one
        read_page(tmp_path, text)
    assert time.process_time() - began < 30


@pytest.mark.parametrize(
    "title",
    [
        "Search for Efficient Large Language Models",
        "Copyright Violations and Large Language Models",
        "By the People: Open Data",
        "Subscribe to Me: Recurrent Revenue Models",
        "5 Things that Matter in Pre-training",
        "May 2024 Was Different: Drift in Web Corpora",
        "Comments Matter",
        "New Benchmarks for Old Tasks",
        "Sort by Structure: Language Model Ranking",
        "Filters: What They Keep",
        "2 3 5 Primes",
    ],
)
def test_titles_that_look_like_words_of_the_page_stay(tmp_path: Path, title: str) -> None:
    page = f"Daily Papers\n\nOn Questions\n\n{LONG}\n\n{title}\n\n{LONG}\n"
    assert [record.title for record in read_page(tmp_path, page)[0]] == ["On Questions", title]


@pytest.mark.parametrize("glued", ["Subscribe", "Get trending papers in your email inbox!Subscribe"])
@pytest.mark.parametrize(
    "title", ["Subscriber Churn in Streams", "#InsTag: Tags", "GPT-4 at School", "iCaRL Revisited"]
)
def test_words_glued_to_the_first_title_go_and_no_others(tmp_path: Path, glued: str, title: str) -> None:
    assert read_page(tmp_path, f"{glued}{title}\n{LONG}\n")[0][0].title == title


def test_a_title_that_begins_like_a_glued_word_stays(tmp_path: Path) -> None:
    assert read_page(tmp_path, f"Subscriber Churn in Streams\n{LONG}\n")[0][0].title == "Subscriber Churn in Streams"


def test_arxiv_ids_above_or_below_the_titles(tmp_path: Path) -> None:
    above = f"arXiv:2510.00001\nOn Questions\n{LONG}\narXiv:2510.00002\nOn Answers\n{LONG}\n"
    below = f"On Questions\n{LONG}\nhttps://arxiv.org/abs/2510.00001\nOn Answers\n{LONG}\narXiv 2510.00002v3\n"
    for page, page_end in ((above, "2510.00002"), (below, "2510.00002v3")):
        assert [record.id for record in read_page(tmp_path, page)[0]] == ["2510.00001", page_end]


def test_who_submitted_and_votes_are_no_titles(tmp_path: Path) -> None:
    page = (
        f"Submitted by\n\nakhaliq\n\n45\n\nOn Questions\n\n{LONG}\n\n9 authors\n\n"
        f"Submitted by someone\n\nUpvote 12\n\nOn Answers\n\n{LONG}\n\n1 author\n"
    )
    records, report = read_page(tmp_path, page)
    assert [(record.title, record.author_count) for record in records] == [("On Questions", 9), ("On Answers", 1)]
    assert report.problems == []


@pytest.mark.parametrize(
    ("line", "organisation"),
    [
        ("Salesforce Salesforce", "Salesforce"),
        ("ByteDance-Seed ByteDance Seed", "ByteDance Seed"),
        ("NVIDIA", "NVIDIA"),
        ("Massachusetts Institute of Technology Massachusetts Institute of Technology",
         "Massachusetts Institute of Technology"),
    ],
)  # fmt: skip
def test_an_organisation_stands_in_place_of_the_authors(tmp_path: Path, line: str, organisation: str) -> None:
    for facts in (f"{line}\n·\nMay 5, 2024", f"{line} · May 5, 2024"):
        page = f"On Questions\n\n{LONG}\n\n{facts}\n\nOn Answers\n\n{LONG}\n"
        first, second = read_page(tmp_path, page)[0]
        assert (first.organisation, first.date) == (organisation, "2024-05-05")
        assert (first.abstract, second.title) == (LONG, "On Answers")


@pytest.mark.parametrize("title", ["LoRA Learns Less and Forgets Less", "Problem-Solving Data, Synthesis, and Stages"])
def test_a_title_like_names_below_an_organisation_is_a_title(tmp_path: Path, title: str) -> None:
    page = "".join(f"{t}\n\n{LONG}\n\nNVIDIA\n·\nMay 5, 2024\n\n" for t in ("On Questions", title, "On Answers"))
    records = read_page(tmp_path, page)[0]
    assert [record.title for record in records] == ["On Questions", title, "On Answers"]
    assert {(record.organisation, record.authors, record.date) for record in records} == {("NVIDIA", (), "2024-05-05")}


# Pages of arXiv and of proceedings


def test_the_new_submissions_of_arxiv(tmp_path: Path) -> None:
    page = (
        "New submissions, cross-lists and replacements\nShowing new listings for Thursday, 5 December 2024\n"
        "Total of 3 entries\nShowing up to 2000 entries per page: fewer | more | all\n"
        "New submissions (showing 2 of 2 entries)\n"
        "[1] arXiv:2412.00355 [pdf, html, other]\nTitle: On Questions\nAda Bee, Cy Dee\nComments: 12 pages, 4 figures\n"
        f"Subjects: Machine Learning (cs.LG); Artificial Intelligence (cs.AI)\n{LONG}\n\n"
        "[2] arXiv:2412.01355 [pdf, other]\nTitle: On Answers\nEve Eff\nSubjects: Machine Learning (cs.LG)\n\n"
        f"{LONG}\n\nCross submissions (showing 1 of 1 entries)\n"
        "[3] arXiv:2412.02355 (cross-list from cs.CL) [pdf, html, other]\nTitle: On Both\n"
        "Ada Bee, Ludwig van Dee, Eve Eff, et al. (3 additional authors not shown)\n"
        f"Journal-ref: Nature 1 (2024)\n{LONG}\n"
    )
    records, report = read_page(tmp_path, page)
    assert [(r.id, r.title, r.abstract, r.date) for r in records] == [
        ("2412.00355", "On Questions", LONG, None),
        ("2412.01355", "On Answers", LONG, None),
        ("2412.02355", "On Both", LONG, None),
    ]
    names = [("Ada Bee", "Cy Dee"), ("Eve Eff",), ("Ada Bee", "Ludwig van Dee", "Eve Eff")]
    assert [r.authors for r in records] == names
    assert [r.author_count for r in records] == [2, 1, None], "three more are not shown"
    assert report.problems == []


@pytest.mark.parametrize("pager", ["1\n2", "1 2 3 4 5 …", "« 1 2 3 »", "1 2 ... 40 >"])
@pytest.mark.parametrize(
    "order", ["Sort results by\nAnnouncement date (newest first)\nGo", "Sort by: relevance", "Filters"]
)
def test_a_search_of_arxiv(tmp_path: Path, order: str, pager: str) -> None:
    entry = (
        "arXiv:2412.0{0}355 [pdf, other]  cs.LG cs.AI\n{1}\nAuthors: Ada Bee, Cy Dee\nAbstract: {2} △ Less\n"
        "Submitted {3}; originally announced December 2024.\nComments: 12 pages\n"
    )
    page = (
        "Showing 1–50 of 1,234 results for all: questions\nSearch v0.5.6 released 2020-02-24\n50\n results per page.\n"
        f"{order}\n{pager}\n"
        + entry.format(1, "On Questions", LONG, "4 December, 2024")
        + entry.format(2, "On Answers", LONG, "6 December, 2024; v1 submitted 5 December, 2024")
    )
    records, report = read_page(tmp_path, page)
    assert [(r.id, r.title, r.abstract, r.date) for r in records] == [
        ("2412.01355", "On Questions", LONG, "2024-12-04"),
        ("2412.02355", "On Answers", LONG, "2024-12-05"),
    ]
    assert all(r.authors == ("Ada Bee", "Cy Dee") for r in records)
    assert report.problems == []


def test_replacements_on_a_page_of_arxiv_have_no_abstract(tmp_path: Path) -> None:
    replaced = "".join(
        f"[{n}] arXiv:2411.0000{n} (replaced) [pdf, html, other]\nTitle: Case {n}\n{names}\nSubjects: (cs.LO)\n"
        for n, names in enumerate(["Eve Eff", "OpenAI: Ada Bee", "Ada Bee, Cy Dee", "Eff"])
    )
    page = f"[1] arXiv:2412.00355 [pdf]\nTitle: On Questions\nEve Eff\nSubjects: Logic (cs.LO)\n{LONG}\n\n{replaced}"
    records, report = read_page(tmp_path, page)
    assert [(record.title, record.abstract) for record in records] == [("On Questions", LONG)]
    assert [problem.message[:23] for problem in report.problems] == ["title without abstract "] * 4


@pytest.mark.parametrize("labels", [("Title:", "Authors:", "Abstract:"), ("", "", ""), ("", "", "Abstract:")])
@pytest.mark.parametrize(
    "history",
    [
        "",
        "Submission history\nFrom: Ada Bee [view email]\n"
        "[v1] Wed, 4 Dec 2024 17:00:00 UTC (1,234 KB)\n[v2] Fri, 6 Dec 2024 10:00:00 UTC (1,240 KB)\n",
    ],
)
def test_the_page_of_an_arxiv_abstract(tmp_path: Path, labels: tuple[str, str, str], history: str) -> None:
    title, authors, abstract = labels
    page = (
        "Computer Science > Machine Learning\n"
        "[Submitted on 4 Dec 2024 (v1), last revised 6 Dec 2024 (this version, v2)]\n"
        f"{title}On Questions\n{authors}Ada Bee, Cy Dee\nView PDF HTML (experimental)\n{abstract}{LONG}\n"
        "Comments:\t12 pages\nSubjects:\tMachine Learning (cs.LG)\nCite as:\tarXiv:2412.03355 [cs.LG]\n"
        f" \t(or arXiv:2412.03355v2 [cs.LG] for this version)\n\n{history}"
    )
    (record,), report = read_page(tmp_path, page)
    assert (record.id, record.title, record.abstract) == ("2412.03355", "On Questions", LONG)
    assert (record.date, record.authors) == ("2024-12-04", ("Ada Bee", "Cy Dee"))
    assert report.problems == []


@pytest.mark.parametrize("names", ["Ada Bee | Cy Dee | Eve Eff", "Ada Bee, Cy Dee and Eve Eff"])
def test_names_between_title_and_abstract_are_the_authors(tmp_path: Path, names: str) -> None:
    titles = ["On Questions", "On Answers", "On Both"]
    page = "".join(f"pdf bib abs\n{title}\n{names}\nIn {n} ways. {LONG}\n" for n, title in enumerate(titles))
    records, report = read_page(tmp_path, page)
    assert [record.title for record in records] == titles
    assert all(record.authors == ("Ada Bee", "Cy Dee", "Eve Eff") for record in records)
    assert report.problems == []


AFFILIATIONS = [
    "Stanford University",
    "Department of Computer Science, Delft",
    "DeepMind",
    "Acme Labs",
    "MIT",
    "NVIDIA",
]


@pytest.mark.parametrize("names", ["", "Ada Bee, Cy van Dee and Eve Eff\n"])
def test_a_line_between_each_title_and_its_abstract_is_the_affiliation(tmp_path: Path, names: str) -> None:
    titles = [f"{n} Long Questions and the Ways in Which They Are Answered" for n in range(len(AFFILIATIONS))]
    page = "".join(
        f"{title}\n{names}{line}\nIn {n} ways. {LONG}\n\n"
        for n, (title, line) in enumerate(zip(titles, AFFILIATIONS, strict=True))
    )
    records, report = read_page(tmp_path, page)
    assert [(r.title, r.organisation) for r in records] == list(zip(titles, AFFILIATIONS, strict=True))
    assert report.problems == []


def test_a_line_above_each_title_is_no_title(tmp_path: Path) -> None:
    title = "A Long Question and the Many Ways in Which It Can Be Answered by"
    page = "".join(f"{line}\n{title} {line}\nIn {n} ways. {LONG}\n\n" for n, line in enumerate(AFFILIATIONS))
    assert [r.title for r in read_page(tmp_path, page)[0]] == [f"{title} {line}" for line in AFFILIATIONS]


def test_a_line_of_the_page_that_would_be_the_title_of_many_papers_is_refused(tmp_path: Path) -> None:
    page = "".join(f"A Question {n}\n\nStanford University\n\nIn {n} ways. {LONG}\n\n" for n in range(3))
    with pytest.raises(SourceError, match=r'line 3: .*"Stanford University" stands over unlike abstracts'):
        read_page(tmp_path, page)


def test_papers_that_share_a_common_title_or_come_again_are_read(tmp_path: Path) -> None:
    page = "".join(f"Editorial\n\nIn {n} ways. {LONG}\n\nOn Questions\n\n{LONG}\n\n" for n in range(3))
    assert len(read_page(tmp_path, page)[0]) == 6


def variants(record: Record, number: int) -> dict[str, str]:
    """The record as differently made pages would have it."""
    title, abstract = record.title, record.abstract
    facts = f"  • {number % 30 + 1} author{'s' if number % 30 else ''}\n·\nJul {number % 28 + 1}, 2024\n"
    sentences = abstract.split(". ")
    half = len(sentences) // 2
    paragraphs = [". ".join(sentences[:half]) + ".", ". ".join(sentences[half:])] if half else [abstract]
    return {
        "close": f"{title}\n{abstract}\n",
        "spaced": f"{title}\n\n{abstract}\n\n",
        "facts": f"{title}\n\n{abstract}\n\n{facts}\n",
        "facts now and then": f"{title}\n\n{abstract}\n\n" + (f"{facts}\n" if number % 3 else ""),
        "organisation": f"{title}\n\n{abstract}\n\nNVIDIA\n·\nJul {number % 28 + 1}, 2024\n\n",
        "facts, close": f"{title}\n{abstract}\n{facts}",
        "facts under the title": f"{title}\n{facts}\n{abstract}\n\n",
        "Windows": f"{title}\r\n\r\n{abstract}\r\n\r\n",
        "paragraphs": f"{title}\n\n" + "\n\n".join(paragraphs) + f"\n\n{facts}\n",
        "paragraphs without facts": f"{title}\n" + "\n".join(paragraphs) + "\n",
        "wrapped": "\n".join(textwrap.wrap(title, 100))
        + "\n\n"
        + "\n".join(textwrap.wrap(abstract, 100))
        + f"\n\n{facts}\n",
    }


@pytest.mark.parametrize("variant", list(variants(Record(title="T", abstract="a. b. c", source=None), 0)))  # type: ignore[arg-type]
def test_seed_records_come_back_from_pages_made_otherwise(
    tmp_path: Path, seeds: dict[str, list[Record]], variant: str
) -> None:
    originals = {fold(r.title): r for page in ("000", "001", "003") for r in seeds[page]}
    page = "Daily Papers\n\n" + "".join(variants(r, i)[variant] for i, r in enumerate(originals.values()))
    found = {fold(record.title): record for record in read_page(tmp_path, page)[0]}
    assert found.keys() == originals.keys()
    same = sum(fold(found[key].abstract) == fold(originals[key].abstract) for key in found)
    assert same == len(originals)


@pytest.mark.parametrize(
    "text",
    [
        "import os\n\ndef f(x):\n    return x\n\nclass A:\n    pass\n",
        f"{LONG}\n\n{LONG}\n\n{LONG}\n",
        "A Title Here\nAnother Title There\nThird Title\n",
        f"# Notes\n\n{LONG}\n",
        "<!DOCTYPE html>\n<html><body>On Questions</body></html>\n",
    ],
    ids=["code", "prose", "titles alone", "Markdown", "HTML"],
)
def test_other_text_is_no_listing_page(tmp_path: Path, text: str) -> None:
    with pytest.raises(SourceError, match=r"page\.txt"):
        read_page(tmp_path, text)


BODY = f"<h3>On Questions</h3>\n<p>{LONG}</p>\n" * 5


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (f"<!-- saved from url=(0029)https://huggingface.co/papers -->\n{BODY}", "HTML"),
        (f"<article><div>\n{BODY}", "HTML"),
        (f'<feed xmlns="http://www.w3.org/2005/Atom">\n{BODY}', "XML"),
        (f"1\t<!doctype html>\n2\t<html>\n{BODY}", "HTML"),
        (f"Daily Papers\n\n{BODY}", "HTML"),
        (f"From: <Saved by Blink>\nSubject: Daily Papers\n\n{BODY}", "MHTML"),
        (f"MIME-Version: 1.0\n\n{BODY}", "MHTML"),
        (f"@article{{a0,\n  title={{On Questions}},\n  abstract={{{LONG}}}\n}}\n", "BibTeX"),
        (f"% Encoding: UTF-8\n\n@Misc {{a0,\n  title={{On Questions}},\n  abstract={{{LONG}}}\n}}\n", "BibTeX"),
        (f"TY  - JOUR\nTI  - On Questions\nAB  - {LONG}\nER  - \n", "RIS"),
        (f"PMID- 1234\nTI  - On Questions\nAB  - {LONG}\n", "PubMed"),
        (f"%0 Journal Article\n%T On Questions\n%X {LONG}\n", "EndNote"),
        (f"{{\\rtf1\\ansi\\pard\nOn Questions\\\n\\\n{LONG}\\\n}}\n", "RTF"),
    ],
)
def test_a_known_format_that_is_not_read_is_named_with_what_to_do(tmp_path: Path, text: str, kind: str) -> None:
    with pytest.raises(SourceError, match=rf"page\.txt: no papers could be read: .*\b{kind}\b.*; (save|export)"):
        read_page(tmp_path, text)


def test_titles_in_angle_brackets_stay(tmp_path: Path) -> None:
    titles = ["<SOG_k>: One Token for Graphs", "<think> So Hard </think>: When Models Stop", "On Questions"]
    page = "\n\n".join(f"{title}\n\n{LONG}\n\nDec 29, 2023" for title in (titles[0], titles[2]))
    assert [record.title for record in read_page(tmp_path, page)[0]] == [titles[0], titles[2]]
    page = "\n\n".join(f"{title}\n\n{LONG}\n\nDec 29, 2023" for title in [titles[2]] * 9 + [titles[1]])
    assert [record.title for record in read_page(tmp_path, page)[0]] == [titles[2]] * 9 + [titles[1]]


LINES = st.sampled_from(
    ["", "", "TITLE", "TITLE", "ABSTRACT", "ABSTRACT", "SENTENCE", "  • 8 authors", "·", "Jun 3 2", "Dec 29, 2023",
     "Salesforce Salesforce", "Upvote 12", "Submitted by x", "arXiv:2510.00001", "Subscribe", "https://example.org"]
)  # fmt: skip


@given(st.lists(LINES, max_size=20))
@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_line_of_text_is_in_a_record_or_reported(tmp_path: Path, kinds: list[str]) -> None:
    made = {
        "TITLE": "On Questions of the Kind {}: A Study",
        "ABSTRACT": f"Marker {{}} begins. {LONG}",
        "SENTENCE": "We also release the marker {} in full.",
    }
    page = ["A First Title: It Stands Above", LONG, *(made.get(kind, kind).format(n) for n, kind in enumerate(kinds))]
    try:
        records, report = read_page(tmp_path, "\n".join(page))
    except SourceError:
        return  # so little of it looked like a listing that all of it is refused
    read = " ".join(f"{record.title} {record.abstract} {record.organisation}" for record in records)
    reported = {problem.line for problem in report.problems}
    for number, kind in enumerate(kinds):
        if kind in made:
            assert page[number + 2] in read or number + 3 in reported

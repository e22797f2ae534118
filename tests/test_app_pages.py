"""Every page of the explorer, run as Streamlit runs it, on the annotated seeds and on hostile papers."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest
import streamlit as st
from click.testing import CliRunner
from streamlit.testing.v1 import AppTest
from test_app_markup import Reader

import kg
from app.components import files
from app.markup import PAGES, href, plain
from conftest import gold_extraction
from kg.cli import main
from kg.pipeline import build_from_extractions
from kg.records import Extraction, Mention, Paper, PaperEntity, Span

ROOT = Path(__file__).parent.parent

HOSTILE = [
    '<script>alert("name")</script>',
    '<img src=x onerror="alert(1)">',
    "javascript:alert(1)",
    "Z" * 700,
    "\u202eתירבע",
    "=cmd|' /C calc'!A0",
    "[link](javascript:alert(1)) **bold** $x^2$ :red[no]",
    "' OR 1=1 --",
]


def hostile_folder(out: Path) -> Path:
    """Build a graph whose every name and text is an attack or an oddity."""
    rows = []
    for number, text in enumerate(HOSTILE):
        other = HOSTILE[(number + 1) % len(HOSTILE)]
        rows.append(
            {
                "id": f"h{number}",
                "title": f"{text} meets everything",
                "abstract": f"We use {text} with {other}. </p><script>alert(2)</script>",
                "entities": [
                    {"name": text, "type": "method", "role": "uses", "surfaces": [text]},
                    {"name": other, "type": "benchmark", "role": "evaluates_on", "surfaces": [other]},
                ],
                "lineage": [],
            }
        )
    papers = [
        Paper(r["id"], r["title"], r["abstract"], date=f"2024-0{1 + i % 9}-01", organisation="<b>Evil & Sons</b>")
        for i, r in enumerate(rows)
    ]
    papers.append(Paper("empty", "", ""))
    build_from_extractions(papers, map(gold_extraction, rows), out)
    return out


def crowded_folder(out: Path) -> Path:
    """Build a graph of two years in which all papers name Zither and Anvil, the first four 250 other things too."""
    others = ["".join(letters) + "ol" for letters in product("BCDFGHJKLMNPQRSTVW", "aeiou", "kmr")][:250]
    papers, extractions = [], []
    for number in range(60):
        names = ["Anvil", "Zither", *(others if number < 4 else ())]
        text = " ".join(names)
        found = []
        for name in names:
            span = Span("abstract", text.index(name), text.index(name) + len(name))
            kind, role = ("benchmark", "evaluates_on") if name == "Anvil" else ("method", "uses")
            whole = Span("abstract", 0, len(text))
            found.append(PaperEntity(name, kind, role, (name,), (Mention(span, name),), evidence=whole))
        papers.append(Paper(f"p{number:02d}", "A paper", text, date=f"{2023 if number < 4 else 2024}-05-01"))
        extractions.append(Extraction(papers[-1].id, tuple(found)))
    build_from_extractions(papers, extractions, out)
    return out


@pytest.fixture(scope="session")
def crowded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return crowded_folder(tmp_path_factory.mktemp("crowded"))


@pytest.fixture(scope="session")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return hostile_folder(tmp_path_factory.mktemp("hostile"))


@pytest.fixture
def show(gold_graph: kg.KnowledgeGraph, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., AppTest]]:
    """Run one page with an address's parameters; it must not raise."""

    def run(page: str, *, folder: Path | None = None, **params: str) -> AppTest:
        monkeypatch.setenv("KG_DIR", str(folder or gold_graph.folder))
        test = AppTest.from_function(_script, kwargs={"page": page}, default_timeout=60)
        for key, value in params.items():
            test.query_params[key] = value
        test.run()
        assert not test.exception, test.exception
        return test

    yield run
    st.cache_data.clear()
    st.cache_resource.clear()


def _script(page: str) -> None:
    import importlib

    importlib.import_module(f"app.views.{page}").page()


def html_of(test: AppTest) -> str:
    return "\n".join(element.proto.body for element in test.get("html"))


def text_of(test: AppTest) -> str:
    return Reader(html_of(test)).text


def busiest(graph: kg.KnowledgeGraph) -> dict[str, Any]:
    rows: list[dict[str, Any]] = graph.entities(limit=1)
    return rows[0]


def test_the_app_itself_runs_and_opens_on_the_overview(gold_graph: kg.KnowledgeGraph, monkeypatch: Any) -> None:
    monkeypatch.setenv("KG_DIR", str(gold_graph.folder))
    test = AppTest.from_file(str(ROOT / "app" / "main.py"), default_timeout=60).run()
    assert not test.exception
    assert f"{len(gold_graph.papers())} papers" in text_of(test)


def test_without_a_graph_the_app_says_how_to_build_one(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setenv("KG_DIR", str(tmp_path))
    test = AppTest.from_file(str(ROOT / "app" / "main.py"), default_timeout=60).run()
    assert not test.exception
    assert "kg build" in text_of(test)


def test_the_overview_counts_what_the_graph_holds(show: Callable[..., AppTest], gold_graph: kg.KnowledgeGraph) -> None:
    page = show("overview")
    text = text_of(page)
    assert 'href="./entity?type=datasets"' in html_of(page)  # as the filter of that page writes it
    for number in gold_graph.overview()["counts"]["by_type"].values():
        assert f"{number:,}" in text
    assert busiest(gold_graph)["label"] in text
    named, every = gold_graph.count_entities(), gold_graph.count_entities(min_papers=0)
    assert named < every
    assert f"{named:,} entities" in text
    assert f"{every - named:,} more stand in no paper: known from the background or as a family of others" in text


@pytest.fixture(scope="session")
def dated(tmp_path_factory: pytest.TempPathFactory) -> kg.KnowledgeGraph:
    """Build a graph of papers dated to the year, to the month, to the day with an inferred year, and not at all."""
    known = [("2024-01-01", "year"), ("2025-03-01", "month"), ("2025-04-09", "day, year inferred"), (None, None)]
    found = (PaperEntity("LoRA", "method", "uses", ("LoRA",), (Mention(Span("title", 0, 4), "LoRA"),)),)
    papers = [Paper(f"p{n}", f"LoRA {n}", "", date=d, date_precision=p) for n, (d, p) in enumerate(known)]
    extractions = [Extraction(paper.id, found) for paper in papers]
    return build_from_extractions(papers, extractions, tmp_path_factory.mktemp("dated"), with_background=False)


@pytest.mark.parametrize(
    ("page", "address"), [("overview", {}), ("entity", {"name": "LoRA"}), ("compare", {"side": "LoRA"})]
)
def test_papers_without_a_date_are_told_beside_the_bars(
    show: Callable[..., AppTest], dated: kg.KnowledgeGraph, crowded: Path, page: str, address: dict[str, str]
) -> None:
    assert "3 of 4 have a date" in text_of(show(page, folder=dated.folder, **address))
    assert "have a date" not in text_of(show(page, folder=crowded, **dict.fromkeys(address, "Anvil")))


@pytest.mark.parametrize(
    ("page", "address"),
    [
        *(("paper", {"id": f"p{n}"}) for n in range(3)),
        ("paper", {}),
        ("paper", {"entity": "LoRA"}),
        ("entity", {"name": "LoRA"}),
        ("overview", {}),
        ("overview", {"q": "LoRA"}),
        ("compare", {"side": "LoRA"}),
        ("explore", {"entity": "LoRA", "table": "true"}),
    ],
)
def test_no_page_invents_a_month_or_a_day(
    show: Callable[..., AppTest], dated: kg.KnowledgeGraph, page: str, address: dict[str, str]
) -> None:
    text = text_of(show(page, folder=dated.folder, **address))
    days = re.findall(r"\b20\d\d-\d\d-\d\d\b[^<]{0,16}", text.partition("Last build")[0])
    assert all(day.startswith("2025-04-09 (year inferred)") for day in days)
    assert "2024" in text or "2025" in text
    if page in ("paper", "entity") and "id" not in address:
        assert "2025-03" in text and "2025-04-09 (year inferred)" in text
    if page == "entity":
        assert "2024 – 2025-04" in text


def test_the_overview_shows_what_is_found_for_a_text(show: Callable[..., AppTest]) -> None:
    assert 'href="./entity?name=method%2Flora"' in html_of(show("overview", q="lora"))


def test_what_rises_is_counted_even_where_a_year_names_hundreds_of_things_more_often(
    show: Callable[..., AppTest], crowded: Path
) -> None:
    text = text_of(show("overview", folder=crowded))
    falls = text.split("Share of the papers")[1].split("Last build")[0]
    assert "Rises" not in falls  # Zither and Anvil stand in all papers of both years
    assert "Falls" in falls
    assert "Anvil" not in falls
    assert "Zither" not in falls


@pytest.mark.parametrize("spelling", ["LoRA", "lora", "method/lora", "Low-Rank Adaptation"])
def test_an_entity_opens_by_any_spelling(show: Callable[..., AppTest], spelling: str) -> None:
    page = show("entity", name=spelling)
    assert "<h1><bdi>LoRA</bdi></h1>" in html_of(page)


def test_things_of_one_name_lead_to_one_another(show: Callable[..., AppTest], gold_graph: kg.KnowledgeGraph) -> None:
    alpacas = {gold_graph.find("Alpaca"), *(e["id"] for e in gold_graph.namesakes("Alpaca"))}
    assert {id.partition("/")[0] for id in alpacas} >= {"dataset", "model"}
    for id in alpacas:
        (told,) = (part for part in html_of(show("entity", name=id)).split("<div") if "of the same name" in part)
        assert {other for other in alpacas if f'href="{href("entity", name=other)}"' in told} == alpacas - {id}
    assert "of the same name" not in html_of(show("entity", name="LoRA"))


def test_an_entity_shows_its_papers_by_role_with_the_name_marked(
    show: Callable[..., AppTest], gold_graph: kg.KnowledgeGraph
) -> None:
    html = html_of(show("entity", name="LoRA"))
    for row in gold_graph.papers("LoRA", exact=True):
        assert f"./paper?id={row['id']}" in html
    assert "<mark>LoRA</mark>" in html


@pytest.mark.parametrize(
    ("page", "address"),
    [
        ("entity", {"name": "Llama"}),
        ("paper", {"entity": "Llama"}),
        ("paper", {"id": "llamas"}),
        ("compare", {"rows": "models", "columns": "models", "cell": "model/llama2|model/code-llama"}),
    ],
)
def test_a_sentence_is_marked_where_it_names_what_the_paper_is_listed_for(
    show: Callable[..., AppTest], llamas: Path, page: str, address: dict[str, str]
) -> None:
    said = re.findall("<blockquote.*?</blockquote>", html_of(show(page, folder=llamas, **address)))
    marks = [re.findall("<mark>(.*?)</mark>", one) for one in said]
    if "entity" in address or page == "entity":
        assert marks == [["LLaMA2"]]  # neither the Llama of Code Llama nor nothing
    else:
        assert sorted(marks) == [["Code Llama"], ["LLaMA2"]]


@pytest.fixture(scope="session")
def llamas(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build a graph of a paper that names Code Llama and, as its own paper writes it nowhere, Llama 2."""
    text = "Code Llama and LLaMA2 are tuned."
    spans = {
        name: Span("abstract", text.index(name), text.index(name) + len(name)) for name in ("Code Llama", "LLaMA2")
    }
    found = [
        PaperEntity(
            name, "model", "uses", (surface,), (Mention(spans[surface], surface),), evidence=Span("abstract", 0, 32)
        )
        for name, surface in (("Code Llama", "Code Llama"), ("Llama-2", "LLaMA2"))
    ]
    out = tmp_path_factory.mktemp("llamas")
    build_from_extractions([Paper("llamas", "Tuned", text)], [Extraction("llamas", tuple(found))], out)
    return out


def test_data_are_measured_together_with_others_and_methods_on_data(show: Callable[..., AppTest]) -> None:
    assert "Measured together with" in (text := text_of(show("entity", name="GSM8K")))
    assert "Measured on" not in text
    assert "Measured on" in (text := text_of(show("compare", side="CoT|GSM8K")))
    assert text.count("Measured on") == text.count("Measured together with") == 1


def test_a_family_can_be_rolled_up_and_unrolled(show: Callable[..., AppTest], gold_graph: kg.KnowledgeGraph) -> None:
    whole, own = (len(gold_graph.papers("Llama", exact=exact)) for exact in (False, True))
    assert whole > own
    page = show("entity", name="Llama")
    assert html_of(page).count('class="title"') == whole
    page.toggle(key="family").set_value(False).run()
    assert html_of(page).count('class="title"') == own


def test_what_counts_without_versions_and_sizes_says_so(show: Callable[..., AppTest]) -> None:
    assert "Versions and sizes count on their own" in text_of(show("compare"))
    for params in ({"page": "entity", "name": "Llama"}, {"page": "compare", "side": "Llama"}):
        assert "Measured on papers in common, its versions and sizes left out" in text_of(show(**params))
    alone = text_of(show("entity", name="LLM2LLM"))
    assert "papers in common" in alone
    assert "left out" not in alone


def test_the_timeline_shows_the_papers_beside_it(show: Callable[..., AppTest], unsure_graph: kg.KnowledgeGraph) -> None:
    page = show("entity", folder=unsure_graph.folder, name="Llama")

    def bars() -> int:
        return sum(int(str(a["data-v"])) for _, a in Reader(html_of(page)).tags if "data-v" in a)

    assert bars() == len(unsure_graph.papers("Llama"))
    page.toggle(key="family").set_value(False).run()
    assert bars() == len(unsure_graph.papers("Llama", exact=True)) < len(unsure_graph.papers("Llama"))


def test_the_list_of_entities_filters_by_type(show: Callable[..., AppTest], gold_graph: kg.KnowledgeGraph) -> None:
    wanted = len(gold_graph.entities(["dataset"]))
    assert f"{wanted} entities" in text_of(show("entity", type="datasets"))


@pytest.mark.parametrize(
    ("page", "key"),
    [("entity", "name"), ("explore", "entity"), ("lineage", "entity"), ("export", "entity"), ("compare", "side")],
)
def test_an_unknown_name_gets_suggestions_that_are_links(show: Callable[..., AppTest], page: str, key: str) -> None:
    html = html_of(show(page, **{key: "Lorra"}))
    assert "Not in this graph" in html
    assert f'href="./{page}?{key}=LoRA"' in html


@pytest.mark.parametrize("page", ["entity", "explore", "lineage", "export", "paper"])
@pytest.mark.parametrize("value", ["<script>", "\u202e", "%00", "x" * 3000, "💥", "../../etc/passwd"])
def test_nonsense_in_an_address_is_answered_in_words(show: Callable[..., AppTest], page: str, value: str) -> None:
    key = {"entity": "name", "paper": "id"}.get(page, "entity")
    assert "<h1>" in html_of(show(page, **{key: value}))


def test_a_paper_shows_its_text_with_every_mention_marked(
    show: Callable[..., AppTest], gold_graph: kg.KnowledgeGraph
) -> None:
    paper = max((gold_graph.paper(row["id"]) for row in gold_graph.papers("LoRA")), key=lambda p: len(p["mentions"]))
    page = show("paper", id=paper["id"])
    html, text = html_of(page), text_of(page)
    for mention in paper["mentions"]:
        assert mention["surface"] in text
    assert html.count("kg-named") == len(paper["mentions"])
    assert all(link["label"] in text for link in paper["links"])
    assert all(f"./paper?id={other['id']}" in html for other in paper["similar"][:8])


def test_the_papers_of_an_entity_are_listed_by_role(
    show: Callable[..., AppTest], gold_graph: kg.KnowledgeGraph
) -> None:
    rows = gold_graph.papers("LoRA", roles=["uses"])
    html = html_of(show("paper", entity="LoRA", role="uses"))
    assert "Papers with" in html
    assert html.count('class="title"') == len(rows) > 0
    assert all(f"./paper?id={row['id']}" in html for row in rows)


@pytest.mark.parametrize("page", ["entity", "explore", "lineage", "paper", "compare", "overview"])
def test_a_confidence_in_the_address_holds_on_the_page_and_in_its_links(
    show: Callable[..., AppTest], unsure_graph: kg.KnowledgeGraph, page: str
) -> None:
    paper = unsure_graph.papers("LoRA")[0]["id"]
    key, value = {"entity": ("name", "LoRA"), "paper": ("id", paper), "compare": ("side", "LoRA")}.get(
        page, ("entity", "LoRA")
    )
    params = {} if page == "overview" else {key: value}
    whole = show(page, folder=unsure_graph.folder, **params)
    sure = show(page, folder=unsure_graph.folder, min_confidence="0.5", **params)
    assert html_of(sure).replace("?min_confidence=0.5", "").replace("&amp;min_confidence=0.5", "") != html_of(whole)
    links = [str(a["href"]) for tag, a in Reader(html_of(sure)).tags if tag == "a"]
    assert links
    assert all("min_confidence=0.5" in link for link in links)


@pytest.mark.parametrize(
    ("page", "denied"),
    [
        ("entity", ("No paper here is linked to it", "Nothing stated in these papers")),
        ("lineage", ("No paper here says",)),
        ("compare", ("No entities of these types", "rows side by side")),
    ],
)
def test_what_is_left_out_for_not_being_sure_is_not_denied(
    show: Callable[..., AppTest], unsure_graph: kg.KnowledgeGraph, page: str, denied: tuple[str, ...]
) -> None:
    def stated(id: str, sure: float) -> bool:
        return any(unsure_graph.lineage(id, min_confidence=sure)[way] for way in ("ancestors", "descendants"))

    one = next(e["id"] for e in unsure_graph.entities() if stated(e["id"], 0) and not stated(e["id"], 1))
    params = {"entity": {"name": one}, "lineage": {"entity": one}}.get(page, {})
    none = show(page, folder=unsure_graph.folder, min_confidence="1", **params)
    assert "Nothing at least 100% sure." in text_of(none)
    assert [words for words in denied if words in text_of(none)] == []
    (way,) = {a["href"] for tag, a in Reader(html_of(none)).tags if tag == "a" and str(a["href"]).startswith("?")}
    assert way == f"?{urlencode(params, quote_via=quote)}"
    assert "Nothing at least" not in text_of(show(page, folder=unsure_graph.folder, **params))


def test_suggestions_count_the_papers_that_are_sure_enough(
    unsure_graph: kg.KnowledgeGraph, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.components import search

    monkeypatch.setenv("KG_DIR", str(unsure_graph.folder))
    for sure in (0.0, 0.5):
        monkeypatch.setattr(search, "min_confidence", lambda sure=sure: sure)
        best = search.suggestions("LoRA")[0]
        papers = unsure_graph.papers("LoRA", exact=True, min_confidence=sure)
        assert best["note"] == f"{len(papers)} papers"


def test_the_table_of_a_graph_is_made_when_it_is_opened(show: Callable[..., AppTest]) -> None:
    assert "<table>" not in html_of(show("explore", entity="GRPO"))
    html = html_of(show("explore", entity="GRPO", table="true"))
    assert "<table>" in html
    assert 'href="./entity?name=method%2Fppo"' in html


@pytest.mark.parametrize("nonsense", ["banana", "nan", "-1", "", "inf"])
def test_a_confidence_that_is_none_filters_nothing(show: Callable[..., AppTest], nonsense: str) -> None:
    assert html_of(show("entity", name="LoRA", min_confidence=nonsense)) == html_of(show("entity", name="LoRA"))


def test_an_unknown_paper_gets_words(show: Callable[..., AppTest]) -> None:
    assert "No paper has the id" in text_of(show("paper", id="nothing"))


def test_lineage_shows_each_step_with_its_relation(show: Callable[..., AppTest], gold_graph: kg.KnowledgeGraph) -> None:
    steps = gold_graph.lineage("Llama")["descendants"]
    text = text_of(show("lineage", entity="Llama"))
    assert f"{len({s['child']['id'] for s in steps})} descendants" in text
    told = sorted(steps, key=lambda s: (not s["evidence"], s["depth"]))[:15]
    assert [s["child"]["label"] for s in told if s["child"]["label"] not in text] == []
    assert "variant of" in text


def test_explore_says_what_it_left_out(show: Callable[..., AppTest]) -> None:
    text = text_of(show("explore"))
    assert "160 nodes" in text
    assert "left out" in text


def test_explore_draws_papers_and_entities_round_a_name(show: Callable[..., AppTest]) -> None:
    page = show("explore", entity="GRPO")
    component = next(e for e in page.get("bidi_component") if e.proto.component_name == "kg_graph")
    data = json.loads(component.proto.json)
    assert data["focus"] == "method/grpo"
    assert {"paper", "method"} <= {node["kind"] for node in data["nodes"]}
    assert len(data["nodes"]) <= 300
    ids = {node["id"] for node in data["nodes"]}
    assert all(edge["from"] in ids and edge["to"] in ids for edge in data["edges"])


def test_explore_keeps_the_name_when_its_own_type_is_filtered_out(show: Callable[..., AppTest]) -> None:
    page = show("explore", entity="LoRA", types="benchmarks")
    component = next(e for e in page.get("bidi_component") if e.proto.component_name == "kg_graph")
    data = json.loads(component.proto.json)
    assert {n["kind"] for n in data["nodes"] if n["id"] != "method/lora"} == {"paper", "benchmark"}
    assert any("method/lora" in (e["from"], e["to"]) for e in data["edges"])


def test_a_cell_of_the_matrix_shows_its_papers(show: Callable[..., AppTest], gold_graph: kg.KnowledgeGraph) -> None:
    table = gold_graph.matrix("method", "benchmark", limit=20)
    cell, papers = max(table["cells"].items(), key=lambda item: len(item[1]))
    html = html_of(show("compare", cell=cell))
    assert html.count("<td></td>") == len(table["rows"]) * len(table["columns"]) - len(table["cells"])
    assert all(f"./paper?id={one}" in html for one in papers)


def test_a_full_cell_shows_its_first_papers_and_says_how_many_more_there_are(
    show: Callable[..., AppTest], crowded: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(kg.KnowledgeGraph, "paper")  # a page of each paper would take seconds
    test = show("compare", folder=crowded, cell="method/zither|benchmark/anvil")
    html = html_of(test)
    assert [f"./paper?id=p{number:02d}" in html for number in range(60)] == [True] * 50 + [False] * 10
    assert html.count("<blockquote") == 100
    assert "60 papers" in text_of(test)
    assert "And 10 more papers" in text_of(test)


def test_what_a_cell_shows_is_what_its_papers_say(
    show: Callable[..., AppTest], unsure_graph: kg.KnowledgeGraph
) -> None:
    sure = 0.5
    cells = unsure_graph.matrix("method", "model", limit=20, min_confidence=sure)["cells"]
    cell, papers = max(cells.items(), key=lambda item: len(item[1]))
    address = {"rows": "methods", "columns": "models", "cell": cell, "min_confidence": str(sure)}
    behind = html_of(show("compare", folder=unsure_graph.folder, **address)).split('<ul class="kg-papers">')[1]
    items = behind.split('<div class="title">')[1:]
    assert len(items) == len(papers)
    for one, item in zip(papers, items, strict=True):
        paper = unsure_graph.paper(one, min_confidence=sure)
        text = Reader(item).text
        assert paper["date"] in text
        for link in paper["links"]:
            if link["entity"] in cell.split("|"):
                assert f"kg-r-{link['role']}" in item
                assert plain(link["evidence"]["text"]) in text


def test_entities_stand_side_by_side(show: Callable[..., AppTest]) -> None:
    text = text_of(show("compare", side="LoRA|SFT"))
    assert "LoRA" in text
    assert "SFT" in text
    assert "Papers that name all of them" in text


def test_spellings_of_one_entity_are_one_side(show: Callable[..., AppTest]) -> None:
    page = show("compare", side="LoRA|low-rank adaptation|LoRA|SFT")
    assert len(page.columns) == 2
    assert "left out" not in text_of(page)


def test_entities_that_have_no_room_side_by_side_are_named(
    show: Callable[..., AppTest], gold_graph: kg.KnowledgeGraph
) -> None:
    first = [row["label"] for row in gold_graph.entities(limit=6)]
    page = show("compare", side="|".join([first[0], *first]))
    assert len(page.columns) == 4
    assert f"left out: {first[4]}, {first[5]}." in text_of(page)


def test_an_unknown_name_among_sides_is_told_beside_the_others(show: Callable[..., AppTest]) -> None:
    page = show("compare", side="SFT|Lorra|<b>Nonesuch</b>|DPO")
    assert len(page.columns) == 2
    assert "goes by the name “Lorra”" in text_of(page)
    assert "goes by the name “<b>Nonesuch</b>”" in text_of(page)
    assert 'href="./compare?side=method%2Fsft%7Cmethod%2Fdpo%7CLoRA"' in html_of(page)
    none = text_of(show("compare", side="Lorra|Nonesuch"))
    assert "“Lorra”" in none
    assert "“Nonesuch”" in none


def test_the_preview_of_an_export_counts_what_the_file_holds(
    show: Callable[..., AppTest], gold_graph: kg.KnowledgeGraph
) -> None:
    part = gold_graph.subgraph("LoRA", hops=1)
    text = text_of(show("export", entity="LoRA"))
    assert f"Nodes{part.number_of_nodes()}" in text
    assert f"Edges{part.number_of_edges()}" in text


def test_the_command_that_the_export_page_tells_gives_the_same_file(
    show: Callable[..., AppTest], tmp_path: Path, monkeypatch: Any
) -> None:
    name = "Ma\"d $HOME's `x`"
    found = PaperEntity(name, "model", "uses", (name,), (Mention(Span("title", 0, len(name)), name),))
    folder = tmp_path / "my outputs"
    graph = build_from_extractions([Paper("p", name, "")], [Extraction("p", (found,))], folder)
    (command,) = (code.value for code in show("export", folder=folder, entity=name).code)
    program, *arguments = shlex.split(command)
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(main, arguments)
    assert (program, result.exit_code) == ("kg", 0), result.output
    monkeypatch.setenv("KG_DIR", str(folder))
    assert Path(arguments[2]).read_bytes() == files.exported(arguments[1], graph.find(name), 1)


def test_the_command_names_no_folder_where_it_is_the_usual_one(
    gold_graph: kg.KnowledgeGraph, tmp_path: Path, monkeypatch: Any
) -> None:
    (tmp_path / "outputs").symlink_to(gold_graph.folder)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KG_DIR", str(tmp_path / "outputs"))  # as `kg app` says it
    test = AppTest.from_function(_script, kwargs={"page": "export"}, default_timeout=60).run()
    assert "--dir" not in test.code[0].value


def test_every_format_can_be_downloaded(gold_graph: kg.KnowledgeGraph, monkeypatch: Any) -> None:
    from kg.export import FORMATS

    monkeypatch.setenv("KG_DIR", str(gold_graph.folder))
    for format in FORMATS:
        assert len(files.exported(format, "LoRA", 1)) > 500, format


@pytest.mark.parametrize(
    ("page", "params"),
    [
        ("overview", {}),
        ("overview", {"q": HOSTILE[0]}),
        ("explore", {}),
        ("entity", {}),
        ("paper", {}),
        ("lineage", {}),
        ("compare", {}),
        ("compare", {"side": "|".join(HOSTILE[:2])}),
        ("export", {}),
        *[("entity", {"name": name}) for name in HOSTILE],
        *[("explore", {"entity": name}) for name in HOSTILE[:3]],
        *[("paper", {"id": f"h{number}"}) for number in range(len(HOSTILE))],
        ("paper", {"id": "empty"}),
    ],
)
def test_hostile_papers_are_shown_as_text(
    show: Callable[..., AppTest], hostile: Path, page: str, params: dict[str, str]
) -> None:
    test = show(page, folder=hostile, **params)
    allowed_links = tuple(f"./{path}" for path in PAGES)
    for tag, attributes in Reader(html_of(test)).tags:
        assert tag not in {"script", "img", "iframe", "b", "object", "form", "style"}
        assert not [key for key in attributes if key.startswith("on")]
        assert str(attributes.get("href") or "./").startswith(allowed_links)
    for element in test.markdown:
        assert "javascript:" not in element.value


def test_a_pasted_abstract_is_shown_before_it_is_kept_and_kept_by_a_build(
    gold_graph: kg.KnowledgeGraph, tmp_path: Path, show: Callable[..., AppTest]
) -> None:
    source = tmp_path / "list.jsonl"
    source.write_text(json.dumps({"id": "a", "title": "LoRA for all", "abstract": "We use LoRA on GSM8K."}) + "\n")
    folder = tmp_path / "outputs"
    kg.build(source, folder)
    page = show("add", folder=folder)
    page.text_input[0].set_value("GRPO at home")
    page.text_area[0].set_value("We train with Group Relative Policy Optimization (GRPO) and evaluate on GSM8K.")
    page.button[0].click().run()
    assert not page.exception
    assert "GRPO" in text_of(page)
    assert len(kg.load(folder).papers()) == 1, "a look keeps nothing"
    next(b for b in page.button if b.label == "Keep and build").click().run()
    assert not page.exception
    assert {p["title"] for p in kg.load(folder).papers()} == {"LoRA for all", "GRPO at home"}


def test_what_was_looked_at_is_dropped_when_another_file_is_chosen(
    show: Callable[..., AppTest], tmp_path: Path
) -> None:
    page = show("add", folder=tmp_path)
    page.text_input[0].set_value("GRPO at home")
    page.text_area[0].set_value("We train with GRPO.")
    page.button[0].click().run()
    assert "Found in the pasted text 1 paper" in text_of(page)
    page.file_uploader[0].set_value(("none.txt", b"nothing to read", "text/plain")).run()
    assert "Found in" not in text_of(page)
    assert not [b for b in page.button if b.label == "Keep and build"]
    next(b for b in page.button if b.label == "See what is found in it").click().run()
    assert "none.txt" in text_of(page)
    row = json.dumps({"title": "PPO again", "abstract": "We use PPO."}).encode()
    page.file_uploader[0].set_value(("one.jsonl", row, "application/json")).run()
    assert "none.txt" not in text_of(page)
    next(b for b in page.button if b.label == "See what is found in it").click().run()
    assert "Found in one.jsonl 1 paper" in text_of(page)
    page.text_input[0].set_value("")
    page.button[0].click().run()
    assert "Found in" not in text_of(page), "a paper without a title stands above another's preview"


def test_a_correction_on_the_page_is_written_and_a_build_replays_it(
    tmp_path: Path, show: Callable[..., AppTest]
) -> None:
    source = tmp_path / "list.jsonl"
    source.write_text(json.dumps({"id": "a", "title": "LoRA for all", "abstract": "We use LoRA on GSM8K."}) + "\n")
    folder = tmp_path / "outputs"
    kg.build(source, folder)
    page = show("entity", folder=folder, name="LoRA")
    choice = next(group for group in page.get("button_group") if group.label == "What is wrong?")
    choice.set_value("rename").run()
    next(field for field in page.text_input if field.label == "The name to show").set_value("Low-rank adaptation")
    next(field for field in page.text_input if field.label == "Why?").set_value("The full name reads better")
    next(b for b in page.button if b.label == "Write the correction").click().run()
    assert "full name reads better" in (tmp_path / "curation.yaml").read_text()
    assert "curation.yaml:1" in text_of(page)
    next(b for b in page.button if b.label == "Build now").click().run()
    assert not page.exception
    assert kg.load(folder).entity("Low-rank adaptation")["name"] == "Low-rank adaptation"


def test_a_correction_on_the_page_that_no_build_can_apply_says_so(tmp_path: Path, show: Callable[..., AppTest]) -> None:
    source = tmp_path / "list.jsonl"
    source.write_text(json.dumps({"id": "a", "title": "LoRA for all", "abstract": "We use LoRA on GSM8K."}) + "\n")
    kg.build(source, tmp_path / "outputs")
    assert not kg.load(tmp_path / "outputs").papers("QLoRA"), "known from the background alone"
    page = show("entity", folder=tmp_path / "outputs", name="LoRA")
    next(group for group in page.get("button_group") if group.label == "What is wrong?").set_value("merge").run()
    next(box for box in page.selectbox if box.label == "It is the same as").set_value("QLoRA").run()
    next(field for field in page.text_input if field.label == "Why?").set_value("one thing")
    next(b for b in page.button if b.label == "Write the correction").click().run()
    assert "'QLoRA' is known from the background alone" in text_of(page)


def test_a_build_in_the_app_takes_a_folder_as_it_was_named(tmp_path: Path, monkeypatch: Any) -> None:
    from app import intake

    papers = tmp_path / os.fsdecode(b"caf\xe9")
    papers.mkdir()
    for name in (b"a.jsonl", b"\xff.jsonl"):
        row = {"title": f"LoRA for {name!r}", "abstract": "We use LoRA on GSM8K."}
        (papers / os.fsdecode(name)).write_text(json.dumps(row) + "\n")
    folder = tmp_path / "outputs"
    monkeypatch.setenv("KG_DIR", str(folder))
    named = kg.build(papers, folder).build["sources"]
    assert intake.sources() == [papers]
    (papers / "later.jsonl").write_text(json.dumps({"title": "GRPO at home", "abstract": "We use GRPO."}) + "\n")
    assert intake.rebuild()["papers"] == 3
    assert kg.load(folder).build["sources"] == named
    assert kg.load(folder).curation_file == papers / "curation.yaml"
    intake.keep("one.jsonl", (json.dumps({"title": "PPO again", "abstract": "We use PPO."}) + "\n").encode())
    assert intake.sources() == [papers, *intake.added().glob("*.jsonl")]
    shutil.rmtree(papers)
    with pytest.raises(kg.OutputsError, match="is gone from here"):
        intake.rebuild()


def test_a_build_that_fails_keeps_nothing_of_an_upload(tmp_path: Path, monkeypatch: Any) -> None:
    from app import intake

    source = tmp_path / "list.jsonl"
    source.write_text(json.dumps({"id": "a", "title": "LoRA for all", "abstract": "We use LoRA."}) + "\n")
    folder = tmp_path / "outputs"
    kg.build(source, folder)
    before = (folder / "build.json").read_bytes()
    monkeypatch.setenv("KG_DIR", str(folder))
    with pytest.raises(kg.KGError):
        intake.keep("broken.jsonl", b"\x00\x01\x02 nothing here")
    assert list(intake.added().glob("*")) == []
    assert (folder / "build.json").read_bytes() == before
    shutil.rmtree(folder)


def test_an_upload_does_not_take_the_place_of_a_graph_that_cannot_be_read(tmp_path: Path, monkeypatch: Any) -> None:
    from app import intake

    source, folder = tmp_path / "list.jsonl", tmp_path / "outputs"
    source.write_text(json.dumps({"id": "a", "title": "LoRA for all", "abstract": "We use LoRA."}) + "\n")
    kg.build(source, folder)
    (folder / "links.parquet").write_bytes(b"torn")
    before = (folder / "papers.parquet").read_bytes()
    monkeypatch.setenv("KG_DIR", str(folder))
    with pytest.raises(kg.OutputsError, match=r"links\.parquet: cannot be read"):
        intake.keep("one.jsonl", (json.dumps({"title": "PPO again", "abstract": "We use PPO."}) + "\n").encode())
    assert not intake.added().exists()
    assert (folder / "papers.parquet").read_bytes() == before

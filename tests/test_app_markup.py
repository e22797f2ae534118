"""Text from papers is text on the page: never markup, never a script, never a broken address."""

from __future__ import annotations

import csv
import io
from html.parser import HTMLParser
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.components import says
from app.components.files import csv_of
from app.markup import esc, href, link, name, plain, short

ANY = st.text(max_size=200) | st.sampled_from(
    [
        "<script>alert(1)</script>",
        "javascript:alert(1)",
        '" onclick="a()',
        "x" * 5000,
        "\u202eevil\u202c",
        "",
        "&lt;",
        "a\x00b",
    ]
)


class Reader(HTMLParser):
    """Reads HTML back: the tags, the attributes and the text."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


@given(ANY)
def test_escaped_text_reads_back_as_the_same_text_and_no_tags(text: str) -> None:
    read = Reader(f"<p>{esc(text)}</p>")
    assert [tag for tag, _ in read.tags] == ["p"]
    assert read.text == plain(text)


@given(ANY)
def test_escaped_text_stays_inside_an_attribute(text: str) -> None:
    ((tag, attributes),) = Reader(f'<i title="{esc(text)}">').tags
    assert (tag, list(attributes)) == ("i", ["title"])


@given(ANY)
def test_every_name_shows_something_of_bearable_length(text: str) -> None:
    assert 1 <= len(short(text, 60)) <= 60
    assert [tag for tag, _ in Reader(name(text)).tags] == ["bdi"]


@given(ANY)
def test_an_address_carries_any_name_and_leads_nowhere_else(text: str) -> None:
    address = href("entity", name=text)
    parts = urlsplit(address)
    assert (parts.scheme, parts.netloc, parts.path) == ("", "", "./entity")
    assert parse_qs(parts.query, keep_blank_values=True, encoding="utf-8").get("name", [""]) == [plain(text)]


@given(ANY)
def test_a_link_is_one_link_inside_the_app(text: str) -> None:
    tags = Reader(link("paper", text, id=text)).tags
    assert [tag for tag, _ in tags] == ["a", "bdi"]
    assert str(tags[0][1]["href"]).startswith("./paper")


def test_an_address_of_no_page_is_a_mistake_of_ours() -> None:
    with pytest.raises(ValueError, match="no such page"):
        href("admin")


@given(st.text(max_size=120), st.lists(st.tuples(st.integers(0, 130), st.integers(0, 130)), max_size=8))
def test_a_marked_text_keeps_every_letter_whatever_the_mentions(text: str, spans: list[tuple[int, int]]) -> None:
    mentions = [
        {"field": "title", "start": a, "end": b, "entity": "method/x", "label": "<x>", "type": "method"}
        for a, b in spans
    ]
    read = Reader(f"<p>{says.marked(text, mentions, 'title')}</p>")
    labels = sum(tag == "small" for tag, _ in read.tags)
    assert read.text.replace("method", "") == plain(text).replace("method", "")
    assert {tag for tag, _ in read.tags} <= {"p", "a", "bdi", "small"}
    assert labels <= len(spans)


def test_a_mention_is_marked_by_colour_and_by_a_word_and_leads_to_its_entity() -> None:
    mention = {"field": "abstract", "start": 7, "end": 11, "entity": "method/lora", "label": "LoRA", "type": "method"}
    html = says.marked("We use LoRA here", [mention], "abstract")
    assert 'class="kg-named kg-k-method"' in html
    assert "<bdi>LoRA</bdi><small>method</small>" in html
    assert 'href="./entity?name=method%2Flora"' in html


def test_the_name_is_marked_in_its_sentence_at_word_boundaries() -> None:
    html = says.sentence({"text": "LoRA beats QLoRA and <b>LoRA</b>"}, ["LoRA"])
    assert html.count("<mark>LoRA</mark>") == 2
    assert "QLoRA" in html
    assert "&lt;b&gt;" in html


@given(ANY, st.lists(st.tuples(st.integers(0, 50), st.integers(1, 9)), max_size=6))
def test_a_sentence_keeps_every_letter_whatever_is_marked(text: str, spans: list[tuple[int, int]]) -> None:
    places = [(7 + start, 7 + start + length) for start, length in spans if start + length <= len(text)]
    html = says.sentence({"text": text, "start": 7}, places=places)
    assert Reader(html).text == Reader(says.sentence({"text": text, "start": 7})).text
    assert ("<mark>" in html) == bool(places)


@given(st.lists(ANY, min_size=1, max_size=5))
@example(["\n=1+1"])
def test_no_cell_of_a_csv_file_is_a_formula(cells: list[str]) -> None:
    text = csv_of([{"a": cell, "b": "end"} for cell in cells], ("a", "b"))
    rows = list(csv.reader(io.StringIO(text, newline="")))[1:]
    assert [end for _, end in rows] == ["end"] * len(cells)
    for cell, _ in rows:
        begins = cell.lstrip().startswith(("=", "@", "+"))
        assert not begins or cell.strip().lstrip("+-").replace(".", "").isdigit()

"""JSON Lines, JSON arrays, CSV, gzip, folders: what comes back, and what broken and hostile files lead to."""

from __future__ import annotations

import csv
import errno
import gzip
import io
import json
import os
import time
import tracemalloc
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import kg.read
from kg.errors import SourceError
from kg.read import Record, clean, file_name, list_files, path_of, read, read_records
from kg.read.dates import parse_date
from kg.read.text import clean_all
from kg.records import Report

GRPO = {
    "id": "2402.03300",
    "title": "DeepSeekMath: Pushing the Limits of Mathematical Reasoning in Open Language Models",
    "abstract": "Mathematical reasoning poses a significant challenge. We introduce DeepSeekMath 7B and GRPO.",
    "date": "2024-02-05",
    "authors": ["Zhihong Shao", "Peiyi Wang"],
    "categories": ["cs.CL", "cs.AI"],
    "doi": {"unknown": ["keys", "are", "left", "alone"]},
}
SIT = {
    "title": "SiT: Self-supervised vIsion Transformer",
    "abstract": "Self-supervised learning methods gain traction.",
}


def lines(*rows: object) -> str:
    return "".join(f"{json.dumps(row)}\n" for row in rows)


def read_bytes(folder: Path, name: str, data: bytes | str) -> tuple[list[Record], Report]:
    path = folder / name
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    report = Report()
    return list(read_records([path], report)), report


def places(report: Report) -> list[int | None]:
    return [problem.line for problem in report.problems]


def test_the_public_names_are_listed() -> None:
    assert sorted(kg.read.__all__) == kg.read.__all__
    assert all(getattr(kg.read, name).__doc__ for name in kg.read.__all__)


# Formats


def test_json_lines(tmp_path: Path) -> None:
    (paper, other), report = read_bytes(tmp_path, "papers.jsonl", lines(GRPO, SIT))
    assert (paper.id, paper.title, paper.abstract) == (GRPO["id"], GRPO["title"], GRPO["abstract"])
    assert (paper.date, paper.date_precision, paper.author_count) == ("2024-02-05", "day", 2)
    assert (paper.authors, paper.categories) == (("Zhihong Shao", "Peiyi Wang"), ("cs.CL", "cs.AI"))
    assert (other.id, other.source.record, other.source.line) == (None, 2, 2)
    assert report.problems == []


def test_a_paper_without_id_gets_one_from_its_title(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(lines(SIT))
    (tmp_path / "b.jsonl").write_text(lines({**SIT, "title": "SIT: self-supervised vision transformer!"}))
    (paper,), _ = read([tmp_path])
    assert paper.id.startswith("s")
    assert len(paper.sources) == 2


@pytest.mark.parametrize("indent", [None, 2])
def test_a_json_array_or_objects_over_several_lines(tmp_path: Path, indent: int | None) -> None:
    records, _ = read_bytes(tmp_path, "array.json", json.dumps([GRPO, SIT], indent=indent))
    assert [record.title for record in records] == [GRPO["title"], SIT["title"]]
    pretty = "\n".join(json.dumps(row, indent=2) for row in (GRPO, SIT))
    again, _ = read_bytes(tmp_path, "pretty.json", pretty)
    assert [record.abstract for record in again] == [GRPO["abstract"], SIT["abstract"]]


@pytest.mark.parametrize(("delimiter", "mark"), [(",", ";"), ("\t", "|"), (";", "|")])
def test_csv_and_tsv_with_columns_in_any_case_and_order(tmp_path: Path, delimiter: str, mark: str) -> None:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter)
    writer.writerow(["Abstract", "TITLE", "Authors", "Categories", "shelf"])
    writer.writerow([GRPO["abstract"] + "\nSecond line.", GRPO["title"], f"A. Bee{mark} C. Dee", "cs.CL cs.AI", "3"])
    writer.writerow([SIT["abstract"], SIT["title"], "", "", ""])
    (paper, other), report = read_bytes(tmp_path, "papers.csv", text.getvalue())
    assert paper.abstract == GRPO["abstract"] + " Second line."
    assert (paper.authors, paper.categories) == (("A. Bee", "C. Dee"), ("cs.CL", "cs.AI"))
    assert (paper.source.line, other.source.line, other.source.record) == (2, 4, 2)
    assert report.problems == []


def test_the_format_is_told_by_content_not_by_name(tmp_path: Path) -> None:
    assert len(read_bytes(tmp_path, "a.txt", lines(GRPO, SIT))[0]) == 2
    assert len(read_bytes(tmp_path, "b.csv", gzip.compress(lines(GRPO, SIT).encode()))[0]) == 2
    assert len(read_bytes(tmp_path, "c", "title,abstract\nA,b\n")[0]) == 1
    assert (
        len(
            read_bytes(
                tmp_path, "d.jsonl", (Path(__file__).parent.parent / "seeds").glob("000*").__next__().read_bytes()
            )[0]
        )
        == 40
    )


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_encodings_and_line_ends(tmp_path: Path, encoding: str, end: str) -> None:
    rows = [{"title": f"Tülu {i}", "abstract": "naïve “quotes” 中文 🦙"} for i in range(3)]
    text = end.join(json.dumps(row, ensure_ascii=False) for row in rows) + end
    records, report = read_bytes(tmp_path, "papers.jsonl", text.encode(encoding))
    assert [record.title for record in records] == ["Tülu 0", "Tülu 1", "Tülu 2"]
    assert {record.abstract for record in records} == {"naïve “quotes” 中文 🦙"}
    assert (report.problems, [record.source.line for record in records]) == ([], [1, 2, 3])


def test_bytes_that_are_not_utf8_are_read_as_windows_1252_and_reported(tmp_path: Path) -> None:
    good = json.dumps({"title": "Tülu", "abstract": "b"}, ensure_ascii=False).encode()
    bad = b'{"title": "Caf\xe9 \x93x\x94", "abstract": "b"}'
    records, report = read_bytes(tmp_path, "papers.jsonl", good + b"\n" + bad + b"\n")
    assert [record.title for record in records] == ["Tülu", "Café “x”"]
    assert places(report) == [2]


# Bad lines in good files


BAD_LINES = {
    "not JSON": "{'title': 'A'}",
    "cut off": '{"title": "A", "abstract": "b',
    "a list": "[1, 2]",
    "a text": '"title"',
    "no title": '{"abstract": "b"}',
    "null title": '{"title": null, "abstract": "b"}',
    "blank title": '{"title": " \\u0000 ", "abstract": "b"}',
    "no abstract": '{"title": "A"}',
    "not a number": '{"title": "A", "abstract": NaN}',
    "nested": '{"title": {"main": "A"}, "abstract": "b"}',
    "too deep": "[" * 100_000,
}


@pytest.mark.parametrize("bad", list(BAD_LINES.values()), ids=list(BAD_LINES))
def test_a_bad_line_is_a_problem_and_reading_goes_on(tmp_path: Path, bad: str) -> None:
    records, report = read_bytes(tmp_path, "papers.jsonl", lines(GRPO) + bad + "\n" + lines(SIT))
    assert [record.source.line for record in records] == [1, 3]
    assert set(places(report)) == {2}


def test_a_bad_element_of_an_array_is_a_problem_and_reading_goes_on(tmp_path: Path) -> None:
    text = f"[\n  {json.dumps(GRPO)},\n  {{'title': 1}},\n  {json.dumps(SIT)}\n]\n"
    records, report = read_bytes(tmp_path, "papers.json", text)
    assert [record.source.line for record in records] == [2, 4]
    assert places(report) == [3]


@pytest.mark.parametrize("bad", ["{'title': 1}", '{"title": "\\q", "abstract": "x"}', "undefined"])
def test_a_bad_element_on_the_only_line_of_an_array_costs_itself(tmp_path: Path, bad: str) -> None:
    good = [json.dumps({**GRPO, "id": str(i)}) for i in range(500)]  # more than is read at a time
    records, report = read_bytes(tmp_path, "papers.json", f"[{good[0]}, {bad}, {', '.join(good[1:])}]")
    assert [record.id for record in records] == [str(i) for i in range(500)]
    assert [problem.message.split(": ")[-1] for problem in report.problems] == ["skipped to the next object"]


def test_what_is_skipped_after_a_bad_last_element_is_told(tmp_path: Path) -> None:
    text = f"[{json.dumps(GRPO)}, {{'title': {'x' * 100_000}"
    records, report = read_bytes(tmp_path, "papers.json", text)
    assert len(records) == 1
    assert [problem.message.split(": ")[-1] for problem in report.problems] == ["the rest of the file is skipped"]


def test_a_bad_first_element_does_not_slow_the_reading_of_the_others(tmp_path: Path) -> None:
    def seconds(bad: str) -> float:
        begin = time.process_time()
        records, _ = read_bytes(tmp_path, "papers.json", f"[\n{bad}" + ",\n".join(rows) + "\n]")
        assert len(records) == len(rows)
        return time.process_time() - begin

    rows = [json.dumps(SIT)] * 30_000
    assert seconds("{'title': 1},\n") < 4 * seconds("")


def test_a_quote_that_is_never_closed_costs_its_own_line(tmp_path: Path) -> None:
    text = 'title,abstract\nA,b\n"B,c\n' + "".join(f"T{i},d\n" for i in range(500))
    records, report = read_bytes(tmp_path, "papers.csv", text)
    assert len(records) == 501
    assert places(report) == [3]


def test_spaces_may_stand_before_quotes(tmp_path: Path) -> None:
    text = 'id, title, abstract\n1, "On A, B", "x ""y"" z"\n2, "Why Me?": On Trust, plain words\n'
    records, report = read_bytes(tmp_path, "papers.csv", text)
    assert [(record.title, record.abstract) for record in records] == [
        ("On A, B", 'x "y" z'),
        ('"Why Me?": On Trust', "plain words"),
    ]
    assert report.problems == []


def test_a_header_in_the_middle_is_no_paper(tmp_path: Path) -> None:
    records, report = read_bytes(tmp_path, "papers.csv", "ID,Title,Abstract\n1,A,b\nid,title,abstract\n2,title,b\n")
    assert [(record.title, record.source.record, record.source.line) for record in records] == [
        ("A", 1, 2),
        ("title", 2, 4),
    ]
    assert report.problems == []


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_line_that_tells_excel_the_separator_is_no_header(tmp_path: Path, delimiter: str) -> None:
    text = f"sep={delimiter}\r\n" + "title,abstract\r\nA,b\r\n".replace(",", delimiter)
    (record,), report = read_bytes(tmp_path, "papers.txt", text)
    assert (record.title, record.source.line, report.problems) == ("A", 3, [])


@pytest.mark.parametrize("title", ['"Why Should I Trust You?": Explaining Predictions', '"Open to the End'])
def test_a_quote_may_begin_a_text_between_tabs(tmp_path: Path, title: str) -> None:
    text = f'title\tabstract\n{title}\tb\nB\t"Quoted" words begin this.\n"C\tc"\t"d\ne"\n'
    records, report = read_bytes(tmp_path, "papers.tsv", text)
    assert [(record.title, record.abstract) for record in records] == [
        (title, "b"),
        ("B", '"Quoted" words begin this.'),
        ("C c", "d e"),
    ]
    assert report.problems == []


def test_rows_of_another_length_are_problems(tmp_path: Path) -> None:
    text = "id,title,abstract,date\n1,A,b\n2,B\n3,C,d,2024,e\n\n4,D,e,2024,,\n"
    records, report = read_bytes(tmp_path, "papers.csv", text)
    assert [(record.id, record.date) for record in records] == [("1", None), ("4", "2024-01-01")]
    assert places(report) == [3, 4]


def test_numbers_stay_as_they_are_written(tmp_path: Path) -> None:
    (paper,), report = read_bytes(
        tmp_path, "p.jsonl", '{"id": 2305.10, "title": 1984, "abstract": "x", "date": 2023}\n'
    )
    assert (paper.id, paper.title, paper.date, paper.date_precision) == ("2305.10", "1984", "2023-01-01", "year")
    assert report.problems == []


def test_a_bad_date_or_list_costs_only_itself(tmp_path: Path) -> None:
    row = {**SIT, "date": "2024-02-30", "authors": {"first": "A"}, "categories": [1, None]}
    (paper,), report = read_bytes(tmp_path, "p.jsonl", lines(row))
    assert (paper.date, paper.authors) == (None, ())
    assert places(report) == [1] * len(report.problems)
    assert sorted(problem.message.split()[0] for problem in report.problems) == ["authors", "categories", "date"]


def test_of_one_field_in_two_spellings_the_first_that_is_not_empty_counts(tmp_path: Path) -> None:
    text = '{"title": "X", "Title": null, "ABSTRACT": "", "abstract": "y", "Abstract": "z"}\n'
    (paper,), report = read_bytes(tmp_path, "p.jsonl", text)
    assert (paper.title, paper.abstract, report.problems) == ("X", "y", [])


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("C. Balázs, E. L. Berger, P. M. Nadolsky", 3),
        ("Jane Doe, John Roe, and Li Wei", 3),
        ("Jane Doe & John Roe", 2),
        ("Doe, Jane and Roe, John", 2),
        ("Doe, Jane; Roe, John;", 2),
        ("Doe, Jane; and Roe, John", 2),
        ("Jane Doe · John Roe", 2),
        ("Jane Doe | John Roe", 2),
        ("Doe, Jane;", 1),
        ("Jane Doe", 1),
        ("DeepSeek-AI", 1),
        ("Doe, Jane", None),
        ("Doe, J., Roe, K. and Li, W.", None),
        ("Jane Doe, Plato", None),
        ("Jane Doe, Plato and John Roe", None),
        ("Jane Doe et al.", None),
        ("Jane Doe (MIT, Boston), John Roe (ETH, Zurich)", None),
    ],
)
def test_authors_in_one_text_are_counted_where_they_can_be_told_apart(
    tmp_path: Path, text: str, count: int | None
) -> None:
    (paper,), report = read_bytes(tmp_path, "p.jsonl", lines({**SIT, "authors": text}))
    assert (paper.author_count, report.problems) == (count, [])
    assert len(paper.authors) == (count or 1)


@pytest.mark.parametrize("authors", [None, "", [], "Doe, J., Roe, K.", "Jane Doe (MIT), John Roe (ETH)"])
def test_authors_in_parts_stand_in_for_those_that_are_missing_or_not_told_apart(tmp_path: Path, authors: Any) -> None:
    parts = [["Doe", "Jane", ""], ["Roe", "John", "Jr.", "ETH"], ["DeepSeek-AI"]]
    (paper,), report = read_bytes(tmp_path, "p.jsonl", lines({**SIT, "authors": authors, "authors_parsed": parts}))
    assert (paper.authors, paper.author_count) == (("Jane Doe", "John Roe Jr.", "DeepSeek-AI"), 3)
    assert report.problems == []


def test_authors_that_are_told_apart_stand_as_they_are_written(tmp_path: Path) -> None:
    row = {**SIT, "authors": "J. Doe and J. Roe", "authors_parsed": [["Doe", "Jane", ""]]}
    (paper,), _ = read_bytes(tmp_path, "p.jsonl", lines(row))
    assert paper.authors == ("J. Doe", "J. Roe")


@pytest.mark.parametrize("parts", ["Doe, Jane", {"last": "Doe"}, ["Doe"], [["Doe", None]], [[]]])
def test_authors_in_parts_that_are_no_names_cost_only_themselves(tmp_path: Path, parts: Any) -> None:
    (paper,), report = read_bytes(tmp_path, "p.jsonl", lines({**SIT, "authors_parsed": parts}))
    assert (paper.title, paper.authors) == (SIT["title"], ())
    assert [str(p.message).split()[0] for p in report.problems] == ["authors_parsed"]


def test_authors_that_cannot_be_told_apart_are_not_counted_after_merging_either(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(lines(SIT, {**SIT, "authors": "Doe, J., Roe, K."}))
    (paper,), _ = read([tmp_path])
    assert (paper.authors, paper.author_count) == (("Doe, J., Roe, K.",), None)


@pytest.mark.parametrize(
    ("dates", "expected"),
    [
        ({"update_date": "2008-11-26"}, "2008-11-26"),
        ({"update_date": "2008-11-26", "date": "2007-04-02"}, "2007-04-02"),
        ({"update_date": "2008-11-26", "date": None}, "2008-11-26"),
    ],
)
def test_the_day_of_the_update_stands_in_for_a_date(tmp_path: Path, dates: dict, expected: str) -> None:
    (paper,), report = read_bytes(tmp_path, "p.jsonl", lines({**SIT, **dates}))
    assert (paper.date, report.problems) == (expected, [])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-05-17", ("2024-05-17", "day")),
        ("2024-05-17T23:59:59Z", ("2024-05-17", "day")),
        ("Mon, 2 Apr 2007 19:18:42 GMT", ("2007-04-02", "day")),
        ("Sept 3, 2024", ("2024-09-03", "day")),
        ("3rd of May", None),
        ("2024-05", ("2024-05-01", "month")),
        ("May 2024", ("2024-05-01", "month")),
        ("2024", ("2024-01-01", "year")),
        ("2024-13-01", None),
        ("2024-00-01", None),
        ("0000-01-01", None),
        ("", None),
    ],
)
def test_dates(text: str, expected: tuple[str, str] | None) -> None:
    assert parse_date(text) == expected


def test_incomplete_records_are_kept_on_demand_and_reported(tmp_path: Path) -> None:
    path = tmp_path / "p.jsonl"
    path.write_text(lines(GRPO, {"id": "x", "title": "Alone"}, {"id": "y", "abstract": "Alone"}, {"id": "z"}))
    report = Report()
    assert [record.id for record in read_records([path], report, complete=False)] == [GRPO["id"], "x", "y"]
    assert places(report) == [2, 3, 4]


# Hostile files


def test_texts_are_free_of_what_xml_cannot_hold(tmp_path: Path) -> None:
    row = '{"title": "A\\u0000B\\u001bC \\ud800 \\u202eD", "abstract": "x\\u0007\\ufffe\\u00ad y\\r\\n\\tz"}\n'
    (paper,), _ = read_bytes(tmp_path, "p.jsonl", row)
    assert (paper.title, paper.abstract) == ("ABC \ufffd D", "x y z")


def test_a_gzip_cut_off_in_the_middle_gives_what_came_before(tmp_path: Path) -> None:
    rows = [{"title": f"T{i}", "abstract": f"{i * 7919 % 10007} is a number"} for i in range(5000)]
    packed = gzip.compress(lines(*rows).encode())
    records, report = read_bytes(tmp_path, "p.jsonl.gz", packed[: len(packed) // 2])
    assert 1000 < len(records) < 4000
    assert [record.title for record in records] == [f"T{i}" for i in range(len(records))]
    assert places(report) == [len(records) + 1]


DAMAGES = {"cut off": lambda packed: packed[:-9], "trailing garbage": lambda packed: packed + b"garbage"}


@pytest.mark.parametrize("damage", list(DAMAGES.values()), ids=list(DAMAGES))
@pytest.mark.parametrize("form", ["lines", "array", "csv", "page"])
def test_a_small_gzip_that_is_damaged_at_its_end_gives_what_came_before(
    tmp_path: Path, form: str, damage: Callable[[bytes], bytes]
) -> None:
    title, abstract = GRPO["title"], f"{GRPO['abstract']} " * 3
    data = {
        "lines": lines(GRPO, SIT, SIT),
        "array": json.dumps([GRPO, SIT, SIT], indent=1),
        "csv": f'title,abstract\n"{title}","{abstract}"\nB,c\nD,e\n',
        "page": f"{title}\n\n{abstract}\n\nDec 29, 2023\n\n",
    }[form]
    records, report = read_bytes(tmp_path, "p.gz", damage(gzip.compress(data.encode())))
    assert records[0].title == title
    assert "damaged or cut off" in str(report.problems[-1])


def test_papers_under_many_blank_lines_are_found(tmp_path: Path) -> None:
    for encoding in ("utf-8", "utf-8-sig", "utf-16"):
        text = "\n" * 70_001 + lines(GRPO)
        for data in (text.encode(encoding), gzip.compress(text.encode(encoding))):
            (record,), report = read_bytes(tmp_path, "p", data)
            assert (record.source.line, report.problems) == (70_002, [])


def test_a_line_of_megabytes_is_skipped_in_bounded_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kg.read.text.MAX_LINE", 1 << 20)
    long = json.dumps({"title": "A", "abstract": "x" * (20 << 20)})
    (tmp_path / "p.jsonl").write_text(lines(GRPO) + long + "\n" + lines(SIT))
    del long
    report = Report()
    tracemalloc.start()
    records = list(read_records([tmp_path / "p.jsonl"], report))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [record.source.line for record in records] == [1, 3]
    assert places(report) == [2]
    assert peak < 16 << 20


def test_a_large_file_is_never_held_whole(tmp_path: Path) -> None:
    row = json.dumps({"title": "A", "abstract": "x" * 2000})
    for name, start, end in (("p.jsonl", "", "\n"), ("p.json", "[", ",")):
        with (tmp_path / name).open("w") as file:
            file.write(start)
            for _ in range(3_000):
                file.write(row + end)
        tracemalloc.start()
        count = sum(1 for _ in read_records([tmp_path / name], Report()))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert count == 3_000
        assert peak < 2 << 20, name


UNREADABLE = {
    "empty": b"",
    "blank": b" \n\n \t\n",
    "binary": bytes(range(256)) * 20,
    "NULs": b"\0" * 1000,
    "PDF": b"%PDF-1.7\nsome text that goes on",
    "picture": b"\x89PNG\r\n\x1a\n" + b"x" * 50,
    "zip": b"PK\x03\x04" + b"x" * 50,
    "empty gzip": gzip.compress(b""),
    "broken gzip": b"\x1f\x8b\x08\x00broken broken broken",
    "unknown encoding": "Внимание — это всё, что вам нужно".encode("cp1251") * 9,
    "a table without header": b"1,A,b\n2,C,d\n",
    "only bad lines": b'{"title": 1\n{"title": 2\n',
    "prose": b"Just one line of text, and no more.\n",
}


@pytest.mark.parametrize("data", list(UNREADABLE.values()), ids=list(UNREADABLE))
def test_a_source_without_any_paper_is_an_error_of_one_line(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "source.jsonl"
    path.write_bytes(data)
    with pytest.raises(SourceError) as caught:
        list(read_records([path], Report()))
    message = str(caught.value)
    assert message.startswith(str(path))
    assert "\n" not in message
    assert "what can be read is" in message


def test_missing_paths_are_told_before_anything_is_read(tmp_path: Path) -> None:
    (tmp_path / "good.jsonl").write_text(lines(GRPO))
    report = Report()
    with pytest.raises(SourceError, match="no such file or folder"):
        next(read_records([tmp_path / "good.jsonl", tmp_path / "missing"], report))
    assert report.records == {}


@pytest.mark.parametrize("name", ["\0", "x" * 5000])
def test_impossible_paths_are_errors_too(name: str) -> None:
    with pytest.raises(SourceError):
        list(read_records([name], Report()))


def test_a_file_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    unreadable = Path("/proc/self/mem")  # any attempt to read its start fails, for root too
    if not unreadable.exists():
        pytest.skip("needs Linux")
    with pytest.raises(SourceError, match="/proc/self/mem"):
        list(read_records([unreadable], Report()))


# Folders


def test_a_folder_is_read_in_order_without_hidden_files(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / ".git").mkdir()
    (tmp_path / "dir.jsonl").mkdir()
    for name in ("b/2.jsonl", "a.jsonl", ".hidden.jsonl", ".git/x.jsonl", "z.jsonl", "dir.jsonl/3.jsonl"):
        (tmp_path / name).write_text(lines({"title": name, "abstract": "x"}))
    (tmp_path / "curation.yaml").write_text("merge: []\n")
    report = Report()
    titles = [record.title for record in read_records([tmp_path], report)]
    assert titles == ["a.jsonl", "z.jsonl", "b/2.jsonl", "dir.jsonl/3.jsonl"]
    assert report.problems == []
    assert [str(path.relative_to(tmp_path)) for path in list_files([tmp_path])] == titles


def test_a_broken_file_beside_good_ones_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "good.jsonl").write_text(lines(GRPO))
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    (tmp_path / "empty.txt").write_text("")
    (tmp_path / "nowhere").symlink_to(tmp_path / "missing")
    os.mkfifo(tmp_path / "pipe")
    report = Report()
    assert len(list(read_records([tmp_path], report))) == 1
    assert sorted(Path(problem.file).name for problem in report.problems) == [
        "empty.txt",
        "nowhere",
        "picture.png",
        "pipe",
    ]
    assert report.records[str(tmp_path / "good.jsonl")] == 1


def test_folders_and_files_that_may_not_be_entered_are_problems(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "good.jsonl").write_text(lines(GRPO))
    inside = tmp_path / "listed" / "a.jsonl"  # its folder can be listed, but not entered
    for folder in (inside.parent, tmp_path / "closed"):
        folder.mkdir()
    inside.write_text(lines(SIT))

    def refusing(function: Callable[..., Any], refused: Path) -> Callable[..., Any]:
        def wrapped(path: Any, *args: Any, **kwargs: Any) -> Any:
            if path in (refused, str(refused)):
                raise PermissionError(errno.EACCES, "Permission denied", str(path))
            return function(path, *args, **kwargs)

        return wrapped

    monkeypatch.setattr(os, "scandir", refusing(os.scandir, tmp_path / "closed"))
    for owner, name in ((os, "stat"), (os, "lstat"), (Path, "stat"), (Path, "lstat")):
        refused = refusing(refusing(getattr(owner, name), inside), tmp_path / "closed" / "build.json")
        monkeypatch.setattr(owner, name, refused)
    report = Report()
    assert len(list(read_records([tmp_path], report))) == 1
    assert [str(problem) for problem in report.problems] == [
        f"{inside}: cannot be opened (Permission denied)",
        f"{tmp_path / 'closed'}: cannot be opened (Permission denied)",
    ]
    assert list_files([tmp_path]) == [tmp_path / "good.jsonl"]


def test_what_a_build_wrote_among_its_sources_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "good.jsonl").write_text(lines(GRPO))
    (tmp_path / "build.json").write_text(json.dumps(GRPO))
    first = kg.build(tmp_path, tmp_path / "outputs")
    second = kg.build(tmp_path, tmp_path / "outputs")
    assert not second.build["problems"]
    assert second.build["counts"] == first.build["counts"]
    assert [path.name for path in list_files([tmp_path])] == ["build.json", "good.jsonl"]


def test_only_curation_yaml_is_passed_over(tmp_path: Path) -> None:
    for name in ("curation.yaml", "curation.yml"):
        (tmp_path / name).write_text("merge: []\n")
    (tmp_path / "good.jsonl").write_text(lines(GRPO))
    report = Report()
    assert len(list(read_records([tmp_path], report))) == 1
    assert [Path(problem.file).name for problem in report.problems] == ["curation.yml"]


def test_a_folder_without_any_paper_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="empty folder"):
        list(read_records([tmp_path], Report()))
    (tmp_path / "empty.txt").write_text("")
    with pytest.raises(SourceError, match=r"empty\.txt: an empty file"):
        list(read_records([tmp_path], Report()))


def test_links_that_lead_back_end(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(lines(GRPO))
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "again.jsonl").symlink_to(tmp_path / "a.jsonl")
    assert len(list(read_records([tmp_path, tmp_path / "a.jsonl"], Report()))) == 1


# For any input


TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc"), include_characters="\n\t"), max_size=60)
FULL = TEXT.filter(clean)
PAPERS = st.lists(
    st.fixed_dictionaries(
        {"title": FULL, "abstract": FULL},
        optional={"id": FULL, "date": st.dates(date(1950, 1, 1), date(2099, 12, 31)).map(str)},
    ),
    min_size=1,
    max_size=6,
)


@given(PAPERS, st.sampled_from(["jsonl", "jsonl.gz", "json", "csv", "tsv"]))
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_papers_written_come_back(tmp_path: Path, papers: list[dict], form: str) -> None:
    if form in ("csv", "tsv"):
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, ["id", "date", "title", "abstract"], delimiter="," if form == "csv" else "\t")
        writer.writeheader()
        writer.writerows(papers)
        data = text.getvalue().encode()
    elif form == "json":
        data = json.dumps(papers, ensure_ascii=False).encode()
    else:
        data = "".join(json.dumps(paper, ensure_ascii=False) + "\n" for paper in papers).encode()
    records, report = read_bytes(tmp_path, f"p.{form}", gzip.compress(data) if form == "jsonl.gz" else data)
    assert [(r.title, r.abstract, r.id, r.date) for r in records] == [
        (clean(p["title"]), clean(p["abstract"]), clean(p["id"]) if "id" in p else None, p.get("date")) for p in papers
    ]
    assert report.problems == []


VALUES = st.none() | st.booleans() | st.integers() | st.text(max_size=9) | st.lists(st.integers(), max_size=2)
OBJECTS = st.dictionaries(st.sampled_from(["id", "title", "abstract", "date", "authors", "x"]), VALUES)
LINES = st.lists(
    OBJECTS.map(json.dumps)
    | VALUES.map(json.dumps)
    | st.text(max_size=20).map(lambda t: t.encode("utf-8", "replace").decode()),
    max_size=8,
)


@given(LINES)
@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_records_and_problems_account_for_every_line(tmp_path: Path, some: list[str]) -> None:
    first = json.dumps({"title": "A", "abstract": "b"})
    data = "\n".join([first] * 9 + some)
    records, report = read_bytes(tmp_path, "p.jsonl", data)
    told = {record.source.line for record in records} | set(places(report))
    full = {n for n, line in enumerate(io.StringIO(data, newline=None), 1) if line.strip().lstrip("\ufeff")}
    assert full <= told


@given(st.binary(max_size=300) | st.text(max_size=300).map(lambda t: t.encode("utf-8", "surrogatepass")), st.booleans())
@example(b"A title\n" + b"x y. " * 60, False)
@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_give_records_or_one_clear_error(tmp_path: Path, data: bytes, packed: bool) -> None:
    try:
        records, _ = read_bytes(tmp_path, "any", gzip.compress(data) if packed else data)
    except SourceError as error:
        assert "\n" not in str(error)
    else:
        assert records
        for record in records:
            assert record.title == clean(record.title) != ""
            assert record.abstract == clean(record.abstract) != ""


@given(st.binary(max_size=40).filter(lambda name: not {*b"\\/\0"} & {*name}))
@example(b"caf\xe9.jsonl")
def test_the_name_that_a_file_is_told_by_leads_back_to_it(name: bytes) -> None:
    path = Path(os.fsdecode(name))
    assert path_of(file_name(path)) == path


def test_a_backslash_in_the_name_of_a_file_is_itself(tmp_path: Path) -> None:
    path = tmp_path / "caf\\xe9.jsonl"
    path.touch()
    assert path_of(file_name(path)) == path


@given(st.lists(st.text("ab |\té\x00") | st.text()))
def test_texts_cleaned_together_are_those_cleaned_one_by_one(texts: list[str]) -> None:
    assert clean_all(texts) == [clean(text) for text in texts]


@given(st.text())
def test_cleaning_twice_changes_nothing(text: str) -> None:
    once = clean(text)
    assert clean(once) == once
    once.encode()  # no lone surrogate is left

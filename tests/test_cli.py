"""The command line: the README's commands, their help, their errors."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

import kg
from conftest import GOLD, ROOT, SEEDS
from kg.ask import KnowledgeGraph
from kg.cli import main
from kg.cli.correct import curate

COMMANDS = sorted(main.commands)


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(a) for a in arguments])


def one_line_error(result: Result) -> str:
    """Return the error of a command that explained it in one line and exited 1."""
    assert result.exit_code == 1, result.output
    assert result.stderr.count("\n") == 1, result.stderr
    assert result.stderr.startswith("kg: ")
    return result.stderr


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_and_stands_in_the_readme(name: str) -> None:
    result = run(name, "--help")
    assert result.exit_code == 0
    assert main.commands[name].help
    assert all(
        p.help or p.name in ("engine", "limit", "port")
        for p in main.commands[name].params
        if isinstance(p, click.Option)
    )
    assert f"kg {name}" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_version_is_the_same_in_a_shell_and_in_python() -> None:
    assert run("--version").output == f"kg, version {kg.__version__}\n"


@pytest.mark.parametrize("command", ["papers", "entity", "lineage"])
def test_an_unknown_name_exits_1_and_suggests(gold_graph: KnowledgeGraph, command: str) -> None:
    error = one_line_error(run(command, "GRPOO", "--dir", gold_graph.folder))
    assert "did you mean" in error and "GRPO" in error


@pytest.mark.parametrize(
    "arguments",
    [
        ["papers", "GRPO"],
        ["papers"],
        ["papers", "Llama", "--role", "uses", "--exact"],
        ["entity", "GRPO"],
        ["lineage", "PPO"],
        ["search", "grpo"],
    ],
)
def test_questions_answer_in_words_and_in_json(gold_graph: KnowledgeGraph, arguments: list[str]) -> None:
    words = run(*arguments, "--dir", gold_graph.folder)
    assert words.exit_code == 0 and words.stdout.strip()
    data = run(*arguments, "--dir", gold_graph.folder, "--json")
    method = getattr(gold_graph, arguments[0])
    options = {"roles": ["uses"], "exact": True} if "--role" in arguments else {}
    assert json.loads(data.stdout) == json.loads(json.dumps(method(*arguments[1:2], **options)))


@pytest.mark.parametrize(
    ("known", "shown"),
    [("2024", "2024  "), ("2025-03", "2025-03  "), ("2025-03-09", "2025-03-09  ")],
)
def test_a_date_is_told_as_far_as_it_is_known(tmp_path: Path, known: str, shown: str) -> None:
    row = {"id": "p", "title": "LoRA for all", "abstract": "We fine-tune with LoRA.", "date": known}
    (tmp_path / "p.jsonl").write_text(json.dumps(row) + "\n", encoding="utf-8")
    assert run("build", tmp_path / "p.jsonl", "--out", tmp_path / "out").exit_code == 0
    for arguments in (["papers"], ["papers", "LoRA"], ["entity", "LoRA"]):
        line = next(x for x in run(*arguments, "--dir", tmp_path / "out").stdout.splitlines() if "[p]" in x)
        assert line.strip().startswith(shown)
    assert f"from {known} to {known}" in run("entity", "LoRA", "--dir", tmp_path / "out").stdout


@pytest.mark.parametrize("command", ["lineage", "entity"])
@pytest.mark.parametrize("name", ["Llama", "TÜLU 2", "Llama 2-Chat"])
def test_a_lineage_is_printed_as_a_tree(gold_graph: KnowledgeGraph, command: str, name: str) -> None:
    row = gold_graph.lineage(name)
    lines = run(command, name, "--dir", gold_graph.folder).stdout.splitlines()
    steps = {
        f"{s['child']['label']} {s['relation']} {s['parent']['label']}": (s, key)
        for key in ("ancestors", "descendants")
        for s in row[key]
    }
    above = [row["entity"]["label"]]
    told = set()
    for line in lines:
        text = line.strip().removesuffix("  (shown above)").split("  (")[0]
        if text not in steps:
            continue
        step, key = steps[text]
        near, far = ("child", "parent") if key == "ancestors" else ("parent", "child")
        depth = (len(line) - len(line.lstrip()) - 2) // 2
        del above[depth:]
        assert step[near]["label"] == above[-1], line
        above.append(step[far]["label"])
        told.add(text)
    assert told == set(steps)


@pytest.mark.parametrize("command", ["papers", "entity", "lineage", "explain"])
def test_a_name_that_several_bear_says_so_beside_the_answer(gold_graph: KnowledgeGraph, command: str) -> None:
    others = [e["id"] for e in gold_graph.namesakes("Alpaca")]
    for flag in ([], ["--json"]):
        result = run(command, "Alpaca", "--dir", gold_graph.folder, *flag)
        assert result.exit_code == 0
        assert result.stderr.startswith(f"kg: Alpaca names {len(others) + 1} entities, this is ")
        assert others and all(id in result.stderr for id in others)
        assert result.stderr.count("\n") == 1
        assert run(command, gold_graph.find("Alpaca"), "--dir", gold_graph.folder, *flag).stderr == ""
    json.loads(result.stdout)
    assert run(command, "GRPO", "--dir", gold_graph.folder).stderr == ""


def test_wrong_usage_exits_2(gold_graph: KnowledgeGraph) -> None:
    for wrong in (["papers", "GRPO", "--role", "loves"], ["export", "xlsx", "f"], ["nothing"], ["build"]):
        assert run(*wrong).exit_code == 2


@pytest.mark.parametrize("command", [*main.commands.values(), *curate.commands.values()], ids=lambda c: c.name)
def test_no_command_takes_an_empty_path_for_the_working_folder(command: click.Command) -> None:
    for parameter in command.params:
        if isinstance(parameter.type, click.Path):
            with pytest.raises(click.BadParameter, match="the path is empty"):
                parameter.type.convert("", parameter, None)


def test_an_empty_path_exits_2_and_nothing_is_read_or_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in.jsonl").write_text('{"id": "1", "title": "On LoRA", "abstract": ""}\n', encoding="utf-8")
    for wrong in (
        ["build", "", "--out", "x"],
        ["build", "in.jsonl", "--out", ""],
        ["extract", "in.jsonl", "--out", ""],
    ):
        result = run(*wrong)
        assert result.exit_code == 2
        assert "the path is empty" in result.stderr
    assert [p.name for p in tmp_path.iterdir()] == ["in.jsonl"]


@pytest.mark.parametrize("text", ["nan", "NaN", "-nan", "1.1", "-0.1", "inf"])
def test_a_confidence_is_a_number_from_0_to_1(gold_graph: KnowledgeGraph, text: str) -> None:
    assert run("papers", "GRPO", "--min-confidence", text, "--dir", gold_graph.folder).exit_code == 2


def test_verify_says_when_all_is_well_and_when_it_is_not(gold_graph: KnowledgeGraph, tmp_path: Path) -> None:
    assert run("verify", gold_graph.folder).exit_code == 0
    for file in gold_graph.folder.iterdir():
        if file.is_file():
            (tmp_path / file.name).write_bytes(file.read_bytes())
    graph = tmp_path / "graph.graphml"
    graph.write_text(graph.read_text(encoding="utf-8").replace(">uses<", ">mentions<", 1), encoding="utf-8")
    result = run("verify", tmp_path)
    assert result.exit_code == 1
    assert "SHA-256" in result.stderr and "edges that the tables hold are missing" in result.stderr


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("empty.jsonl", b""),
        ("empty.txt", b""),
        ("binary.txt", bytes(range(256)) * 50),
        ("broken.jsonl", b'{"id": "1", "title": '),
        ("broken.jsonl.gz", b"\x1f\x8b\x08\x00broken"),
        ("list.json", b"[1, 2, 3]"),
    ],
)
def test_a_source_that_cannot_be_read_is_one_clear_line(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    error = one_line_error(run("build", tmp_path / name, "--out", tmp_path / "out", "--quiet"))
    assert name in error
    assert not (tmp_path / "out" / "build.json").exists()


def test_a_missing_source_or_folder_is_one_clear_line(tmp_path: Path) -> None:
    assert "missing" in one_line_error(run("build", tmp_path / "missing", "--out", tmp_path / "out", "--quiet"))
    (tmp_path / "empty").mkdir()
    assert "empty" in one_line_error(run("build", tmp_path / "empty", "--out", tmp_path / "out", "--quiet"))
    assert "kg build" in one_line_error(run("papers", "GRPO", "--dir", tmp_path / "nowhere"))


def test_an_output_that_cannot_be_written_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    assert "file" in one_line_error(run("build", SEEDS, "--out", tmp_path / "file", "--quiet"))


@pytest.mark.parametrize("arguments", [["papers", "GRPO"], ["papers"], ["entity", "GRPO"], ["lineage", "PPO"]])
def test_a_full_disk_under_the_answer_is_one_clear_line(gold_graph: KnowledgeGraph, arguments: list[str]) -> None:
    command = [sys.executable, "-c", "from kg.cli import main; main()", *arguments, "--dir", str(gold_graph.folder)]
    with Path("/dev/full").open("w") as full:
        result = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert result.stderr == "kg: reading or writing failed (No space left on device)\n"
    assert result.returncode == 1


def test_extract_gives_one_line_for_each_line_in_their_order(tmp_path: Path) -> None:
    rows = [json.loads(line) for line in (GOLD / "dev-seeds.jsonl").open(encoding="utf-8")][:20]
    rows += [rows[0], {"id": "x", "title": "", "abstract": ""}, {"id": 7, "title": None, "abstract": "We use LoRA."}]
    source = tmp_path / "in.jsonl"
    source.write_text(
        "".join(json.dumps({k: r[k] for k in ("id", "title", "abstract")}) + "\n" for r in rows), encoding="utf-8"
    )
    assert run("extract", source, "--out", tmp_path / "out.jsonl").exit_code == 0
    found = [json.loads(line) for line in (tmp_path / "out.jsonl").open(encoding="utf-8")]
    assert [f["id"] for f in found] == [str(r["id"]) for r in rows]
    for row, f in zip(rows, found, strict=True):
        for entity in f["entities"]:
            assert 0 <= entity["confidence"] <= 1
            assert entity["mentions"], entity
            assert {row[m[0]][m[1] : m[2]] for m in entity["mentions"]} == set(entity["surfaces"])


@pytest.mark.parametrize("content", ["", "{", "[]", '{"title": "t"}', '{"id": "1", "title": 5}', "\n\n"])
def test_extract_names_the_line_that_is_no_paper(tmp_path: Path, content: str) -> None:
    source = tmp_path / "in.jsonl"
    source.write_text(content, encoding="utf-8")
    assert "in.jsonl" in one_line_error(run("extract", source, "--out", tmp_path / "out.jsonl"))
    assert not (tmp_path / "out.jsonl").exists()


@pytest.mark.parametrize("way", ["in.jsonl", "sub/../in.jsonl", "link.jsonl"])
def test_extract_never_writes_over_the_file_that_it_reads(tmp_path: Path, way: str) -> None:
    source = tmp_path / "in.jsonl"
    source.write_text('{"id": "1", "title": "On LoRA", "abstract": "We use LoRA."}\n', encoding="utf-8")
    (tmp_path / "sub").mkdir()
    (tmp_path / "link.jsonl").symlink_to(source)
    before = source.read_bytes()
    for arguments in ((source, tmp_path / way), (tmp_path / way, source)):
        assert "choose another --out" in one_line_error(run("extract", arguments[0], "--out", arguments[1]))
    assert source.read_bytes() == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["in.jsonl", "link.jsonl", "sub"]


@pytest.mark.parametrize("out", [".", ".."])
def test_extract_into_a_folder_says_that_a_file_is_wanted(tmp_path: Path, out: str) -> None:
    source = tmp_path / "in.jsonl"
    source.write_text('{"id": "a", "title": "On BERT", "abstract": "We use BERT."}\n', encoding="utf-8")
    assert "is a folder" in one_line_error(run("extract", source, "--out", out))


def test_evaluate_prints_the_figures(tmp_path: Path) -> None:
    gold = tmp_path / "gold.jsonl"
    gold.write_text("".join((GOLD / "dev-seeds.jsonl").open(encoding="utf-8").readlines()[:20]), encoding="utf-8")
    listed = run("evaluate", gold, "--errors", 10).stdout
    assert "edge" in listed
    assert run("evaluate", gold, "--errors").stdout == run("evaluate", "--errors", gold).stdout == listed
    assert len(run("evaluate", gold, "--errors", 3).stdout) < len(listed)
    figures = json.loads(run("evaluate", gold, "--json").stdout)
    assert set(figures) >= {"edge", "edge~data", "span", "role", "lineage"}
    assert "gold.jsonl:1" not in one_line_error(run("evaluate", tmp_path / "none.jsonl"))

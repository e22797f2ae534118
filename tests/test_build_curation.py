"""Corrections live in a file, survive every rebuild, and say so when they no longer apply."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from conftest import gold_extraction, gold_rows
from kg.ask import KnowledgeGraph
from kg.cli import main
from kg.pipeline import build_from_extractions
from kg.records import Paper


def rebuild(out: Path, curation: Path, with_background: bool = True) -> KnowledgeGraph:
    rows = gold_rows()
    papers = [Paper(r["id"], r["title"], r["abstract"]) for r in rows]
    return build_from_extractions(
        papers, map(gold_extraction, rows), out, curation=curation, with_background=with_background
    )


def curate(file: Path, *arguments: str) -> None:
    result = CliRunner().invoke(main, ["curate", *arguments, "--reason", "a reader said so", "--file", str(file)])
    assert result.exit_code == 0, result.output
    assert f"{file}:" in result.stdout


def test_what_is_curated_holds_after_each_rebuild(gold_graph: KnowledgeGraph, tmp_path: Path) -> None:
    file = tmp_path / "curation.yaml"
    [paper, *_] = gold_graph.papers("GRPO")
    other = gold_graph.papers("DPO")[0]["id"]
    curate(file, "merge", "SFT", "--into", "instruction tuning")
    curate(file, "rename", "PPO", "--to", "PPO-Clip")
    curate(file, "retype", "MusicLM", "--to", "method")
    curate(file, "hide", "CoT")
    curate(file, "remove-link", paper["id"], "GRPO")
    curate(file, "add-link", other, "GRPO", "compares_with")
    curate(file, "add-relation", "DPO", "derived_from", "GRPO")
    curate(file, "remove-relation", "GRPO", "extends", "PPO")
    for _ in range(2):
        graph = rebuild(tmp_path / "out", file)
        assert graph.build["problems"] == []
        assert graph.verify() == []
        assert graph.find("SFT") == graph.find("instruction tuning")
        assert graph.entity("PPO")["label"] == "PPO-Clip"
        assert graph.entity("MusicLM")["type"] == "method"
        assert "CoT" not in {e["label"] for e in graph.entities()}
        links = {r["id"]: r["role"] for r in graph.papers("GRPO", exact=True)}
        assert paper["id"] not in links
        assert links[other] == "compares_with"
        steps = {(s["child"]["label"], s["relation"]): s for s in graph.lineage("GRPO")["descendants"]}
        assert steps["DPO", "derived_from"]["origin"] == "curation"
        assert steps["DPO", "derived_from"]["reason"] == "a reader said so"
        assert not any(s["depth"] == 1 for s in graph.lineage("GRPO")["ancestors"])


def test_entries_that_do_not_apply_are_said_with_their_line_and_the_others_hold(tmp_path: Path) -> None:
    file = tmp_path / "curation.yaml"
    file.write_text(
        "- {action: rename, name: GRPO, to: Group RPO, reason: nicer}\n"
        "- {action: explode, name: GRPO, reason: none}\n"
        "- {action: hide, name: A Name That Nobody Wrote, reason: none}\n"
        "- {action: remove_link, paper: no-such-paper, name: GRPO, reason: none}\n"
        "- {action: remove_relation, child: GRPO, parent: DPO, relation: extends, reason: none}\n",
        encoding="utf-8",
    )
    graph = rebuild(tmp_path / "out", file)
    assert graph.entity("GRPO")["label"] == "Group RPO"
    assert [p["line"] for p in sorted(graph.build["problems"], key=lambda p: p["line"])] == [2, 3, 4, 5]
    assert all(p["file"] == str(file) for p in graph.build["problems"])
    assert graph.build["curation"]["entries"] == 4


def family(graph: KnowledgeGraph, name: str) -> str | None:
    found = graph.entity(name)["family"]
    return found and found["label"]


def test_a_correction_of_variant_of_changes_the_family_as_set_family_does(tmp_path: Path) -> None:
    file = tmp_path / "curation.yaml"
    curate(file, "remove-relation", "Llama-2", "variant_of", "Llama")
    curate(file, "add-relation", "GSM8K", "variant_of", "MATH")
    curate(file, "add-relation", "Llama 3", "variant_of", "MATH")
    curate(file, "add-relation", "Llama 3", "variant_of", "Mistral")
    curate(file, "add-relation", "PPO", "variant_of", "GRPO")
    curate(file, "set-family", "PPO", "--family", "TRPO")
    graph = rebuild(tmp_path / "out", file)
    assert graph.build["problems"] == [] and graph.verify() == []
    assert family(graph, "Llama-2") in (None, graph.entity("Llama-2")["label"])
    assert family(graph, "GSM8K") == family(graph, "MATH") == "MATH"
    assert family(graph, "Llama 3") == family(graph, "Mistral") == "Mistral"
    assert family(graph, "PPO") == "TRPO"
    assert "GSM8K" in {e["label"] for e in graph.entity("MATH")["members"]}
    assert not {"Llama 2", "Llama 3"} & {e["label"] for e in graph.entity("Llama")["members"]}


def test_a_correction_of_variant_of_that_would_close_a_circle_is_said_and_not_applied(tmp_path: Path) -> None:
    file = tmp_path / "curation.yaml"
    curate(file, "add-relation", "Llama", "variant_of", "Llama-2-7B")
    curate(file, "add-relation", "PPO", "variant_of", "GRPO")
    curate(file, "add-relation", "GRPO", "variant_of", "PPO")
    graph = rebuild(tmp_path / "out", file)
    wrong = {p["line"]: p["message"] for p in graph.build["problems"]}
    assert len(wrong) == 2 and all("itself; not applied" in message for message in wrong.values())
    assert graph.build["curation"]["applied"] == 1
    assert graph.verify() == []


def test_what_a_correction_took_out_of_its_family_is_not_put_back_by_the_background(tmp_path: Path) -> None:
    file = tmp_path / "curation.yaml"
    curate(file, "set-family", "Llama-2", "--family", "none")
    graph = rebuild(tmp_path / "out", file)
    assert graph.build["problems"] == [] and graph.verify() == []
    assert "Llama 2" not in {e["label"] for e in graph.entity("Llama")["members"]}


def test_what_the_background_calls_a_version_is_of_that_family(gold_graph: KnowledgeGraph) -> None:
    assert family(gold_graph, "MATH-500") == "MATH"


def said(graph: KnowledgeGraph, file: Path, *arguments: str) -> list[str]:
    """Write a correction beside a graph and return what stderr says of it."""
    arguments = ("curate", *arguments, "--reason", "r", "--file", str(file), "--dir", str(graph.folder))
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.output
    assert f"{file}:" in result.stdout
    return result.stderr.splitlines()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["hide", "GRPOO"], "no entity 'GRPOO'; not applied; did you mean GRPO"),
        (["merge", "SFT", "A Name That Nobody Wrote", "--into", "IFT"], "no entity 'A Name That Nobody Wrote'"),
        (["merge", "GRPO", "--into", "GRPOO"], "no entity 'GRPOO'"),
        (["rename", "TRPO", "--to", "Trust Region"], "'TRPO' is known from the background alone"),
        (["rename", "Alpaca", "--to", "Alpacas"], "use one of"),
        (["add-link", "no-such-paper", "GRPO", "uses"], "no paper 'no-such-paper'"),
        (["split", "GRPO", "--new", "X", "--paper", "no-such-paper"], "no paper 'no-such-paper'"),
        (["add-relation", "GRPO", "extends", "GRPOO"], "no entity 'GRPOO'"),
    ],
)
def test_a_correction_that_names_what_is_not_there_is_written_and_says_so_as_the_build_will(
    gold_graph: KnowledgeGraph, tmp_path: Path, arguments: list[str], told: str
) -> None:
    file = tmp_path / "curation.yaml"
    lines = said(gold_graph, file, *arguments)
    assert any(line.startswith(f"{file}:1: ") and told in line for line in lines[:-1]), lines
    assert str(gold_graph.folder) in lines[-1] and "kg build" in lines[-1] and f"delete it in {file}" in lines[-1]
    assert [p["line"] for p in rebuild(tmp_path / "out", file).build["problems"]] == [1]


def test_a_correction_whose_names_are_there_or_given_by_an_earlier_one_says_nothing(
    gold_graph: KnowledgeGraph, tmp_path: Path
) -> None:
    file = tmp_path / "curation.yaml"
    assert said(gold_graph, file, "rename", "GRPO", "--to", "Group RPO") == []
    assert said(gold_graph, file, "retype", "Group RPO", "--to", "model") == []
    assert said(gold_graph, file, "set-family", "DPO", "--family", "Preference Things") == []
    assert said(gold_graph, file, "hide", "Preference Things") == []
    assert said(gold_graph, file, "hide", "Alpaca", "--type", "model") == []
    assert rebuild(tmp_path / "out", file).build["problems"] == []


def test_before_there_is_a_graph_a_correction_is_written_without_a_doubt(tmp_path: Path) -> None:
    arguments = ["curate", "hide", "Anything", "--reason", "r", "--file", str(tmp_path / "curation.yaml")]
    result = CliRunner().invoke(main, [*arguments, "--dir", str(tmp_path / "none")])
    assert result.exit_code == 0 and result.stderr == ""
    assert "Anything" in (tmp_path / "curation.yaml").read_text(encoding="utf-8")


def test_a_check_of_a_named_file_that_is_not_there_fails(gold_graph: KnowledgeGraph, tmp_path: Path) -> None:
    arguments = ["curate", "check", "--dir", str(gold_graph.folder)]
    default = CliRunner().invoke(main, arguments)  # where the build looked there need not be a file
    assert default.exit_code == 0 and default.stdout.endswith(": 0 corrections\n")
    named = CliRunner().invoke(main, [*arguments, "--file", str(tmp_path / "typo.yaml")])
    assert named.exit_code == 1
    assert named.stderr == f"kg: {tmp_path / 'typo.yaml'}: no such curation file; check --file\n"


def test_a_build_says_how_many_corrections_applied_and_which_did_not(tmp_path: Path) -> None:
    (tmp_path / "list.jsonl").write_text(
        '{"id": "a", "title": "LoRA for all", "abstract": "We fine-tune Llama 2 with LoRA on GSM8K."}\n'
    )
    file = tmp_path / "curation.yaml"
    file.write_text(
        "- {action: rename, name: LoRA, to: Low-rank adaptation, reason: nicer}\n"
        "- {action: remove_link, paper: no-such-paper, name: GSM8K, reason: none}\n"
        "- {action: hide, name: A Name That Nobody Wrote, reason: none}\n"
        "- {action: explode, name: GSM8K, reason: none}\n",
        encoding="utf-8",
    )
    result = CliRunner().invoke(main, ["build", str(tmp_path), "--out", str(tmp_path / "out"), "--quiet"])
    assert result.exit_code == 0, result.output
    assert f"1 of 4 corrections applied from {file}\n" in result.stdout
    wrong = "line 2 (remove_link), line 3 (hide), line 4 (unknown action 'explode')\n"
    assert f"not applied, or not in full (see above): {wrong}" in result.stdout
    assert "replayed" not in result.stdout


def test_a_build_tells_what_stands_in_papers_from_what_is_known_otherwise(tmp_path: Path) -> None:
    (tmp_path / "list.jsonl").write_text(
        '{"id": "a", "title": "On PPO", "abstract": "We train the policy with PPO."}\n'
    )
    result = CliRunner().invoke(main, ["build", str(tmp_path), "--out", str(tmp_path / "out"), "--quiet"])
    graph = KnowledgeGraph(tmp_path / "out")
    every, named = graph.count_entities(min_papers=0), graph.count_entities()
    assert named == len(graph.entities()) < every
    assert f"\n{every} entities: " in result.stdout
    assert f"\n  {named} stand in papers, {every - named} in none: " in result.stdout


def test_background_fills_lineages_is_marked_and_can_be_left_out(tmp_path: Path) -> None:
    graph = rebuild(tmp_path / "with", tmp_path / "none.yaml")
    for name in ("PPO", "DPO", "LoRA", "BERT", "Llama"):
        lineage = graph.lineage(name)
        known = [s for s in lineage["ancestors"] + lineage["descendants"] if s["origin"] == "background"]
        assert known, name
        assert all(s["reason"] for s in known)
        without = graph.lineage(name, background=False)
        assert not any(s["origin"] == "background" for s in without["ancestors"] + without["descendants"])
    assert {s["parent"]["label"] for s in graph.lineage("GRPO")["ancestors"]} >= {"PPO", "TRPO"}
    bare = rebuild(tmp_path / "bare", tmp_path / "none.yaml", with_background=False)
    assert bare.build["counts"]["entities"] < graph.build["counts"]["entities"]
    assert bare.build["counts"]["links"] == graph.build["counts"]["links"]


@pytest.mark.parametrize(
    "content", ["", "[]", "# nothing yet\n", "just text", "{a: 1}", "- - -", "\0", "- action: [merge"]
)
def test_a_curation_file_of_any_content_does_not_stop_the_build(tmp_path: Path, content: str) -> None:
    file = tmp_path / "curation.yaml"
    file.write_text(content, encoding="utf-8")
    graph = build_from_extractions([Paper("p", "On LoRA", "We use LoRA.")], [], tmp_path / "out", curation=file)
    assert graph.build["curation"]["entries"] == 0

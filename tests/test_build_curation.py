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

"""``kg build`` on the real pages: the way from the sources to the outputs, and what happens when it is run again."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path
from typing import Any

import pytest

import kg
from conftest import SEEDS, gold_rows
from kg.ask import KnowledgeGraph
from kg.graph.store import FILES
from kg.records import paper_id


def bytes_of(folder: Path) -> dict[str, bytes]:
    """Return the files of a build, without the timings."""
    files = {name: (folder / name).read_bytes() for name in FILES}
    record = json.loads(files["build.json"])
    del record["timings"]
    files["build.json"] = json.dumps(record).encode()
    return files


def test_the_seed_pages_hold_453_papers(seeds_graph: KnowledgeGraph) -> None:
    counts = seeds_graph.build["counts"]
    assert (counts["records"], counts["papers"]) == (505, 453)
    assert seeds_graph.build["problems"] == []
    assert len(seeds_graph.build["inputs"]) == 5
    assert seeds_graph.merged()["papers"] == 46
    assert {r["id"] for r in seeds_graph.papers()} >= {paper_id(r["title"]) for r in gold_rows()}


def test_every_promise_about_the_outputs_holds(seeds_graph: KnowledgeGraph, gold_graph: KnowledgeGraph) -> None:
    assert seeds_graph.verify() == []
    assert gold_graph.verify() == []


def test_papers_that_use_llama_and_grpo_are_found(seeds_graph: KnowledgeGraph) -> None:
    for name, least in (("Llama", 0.8), ("GRPO", 0.9)):
        found = {r["id"] for r in seeds_graph.papers(name)}
        named = {
            r["id"]
            for r in gold_rows()
            for e in r["entities"]
            if any(s.casefold().replace("-", " ").split()[0] == name.casefold() for s in e["surfaces"])
        }
        assert len(found & named) >= least * len(named), sorted(named - found)


def test_building_again_extracts_nothing_and_gives_the_same_bytes(tmp_path: Path) -> None:
    out = tmp_path / "out"
    page = sorted(SEEDS.glob("*.txt"))[0]
    first = kg.build(page, out)
    assert first.build["timings"]["extracted"] == 40
    before = bytes_of(out)
    again = kg.build(page, out)
    assert (again.build["timings"]["extracted"], again.build["timings"]["from_cache"]) == (0, 40)
    assert bytes_of(out) == before


def test_adding_a_source_extracts_only_what_is_new_and_equals_a_full_build(tmp_path: Path) -> None:
    pages = sorted(SEEDS.glob("*.txt"))[:2]
    first = kg.build(pages[:1], tmp_path / "grown")
    assert first.build["timings"]["added"] is None
    held = {paper["id"] for paper in first.papers()}
    grown = kg.build(pages, tmp_path / "grown")
    added = grown.build["timings"]["added"]
    assert added["papers"] == grown.build["counts"]["papers"] - len(held)
    assert {paper["id"] for paper in added["first"]} == {paper["id"] for paper in grown.papers()} - held
    assert 0 < grown.build["timings"]["extracted"] <= 80
    kg.build(pages, tmp_path / "full", workers=2)
    assert bytes_of(tmp_path / "grown") == bytes_of(tmp_path / "full")


def test_a_failed_build_keeps_the_graph_that_was_there(tmp_path: Path) -> None:
    page = sorted(SEEDS.glob("*.txt"))[0]
    kg.build(page, tmp_path)
    before = bytes_of(tmp_path)
    with pytest.raises(kg.SourceError):
        kg.build(tmp_path / "missing.jsonl", tmp_path)
    assert bytes_of(tmp_path) == before


def test_without_an_outputs_folder_the_graph_lives_as_long_as_it_is_held(tmp_path: Path) -> None:
    source = tmp_path / "papers.jsonl"
    rows = [{"id": f"p{i}", "title": r["title"], "abstract": r["abstract"]} for i, r in enumerate(gold_rows()[:10])]
    source.write_text("".join(json.dumps(r) + "\n" for r in rows), encoding="utf-8")
    graph = kg.build(source)
    assert len(graph.papers()) == 10
    assert [p.name for p in tmp_path.iterdir()] == ["papers.jsonl"]


def test_what_cannot_be_opened_in_a_folder_is_a_problem_and_the_build_finishes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "papers"
    (folder / "closed").mkdir(parents=True)
    rows = [json.dumps({"title": r["title"], "abstract": r["abstract"]}) for r in gold_rows()[:3]]
    (folder / "good.jsonl").write_text("\n".join(rows[:2]), encoding="utf-8")
    (folder / "locked.jsonl").write_text(rows[2], encoding="utf-8")
    (folder / "dead.jsonl").symlink_to(tmp_path / "missing")
    (folder / "loop").symlink_to(folder / "loop")
    os.mkfifo(folder / "pipe")
    _refuse(monkeypatch, Path, "open", folder / "locked.jsonl")
    _refuse(monkeypatch, os, "scandir", folder / "closed")
    built = kg.build(folder, tmp_path / "out").build
    assert {Path(p["file"]).name for p in built["problems"]} == {"closed", "dead.jsonl", "locked.jsonl", "loop", "pipe"}
    assert [Path(i["file"]).name for i in built["inputs"]] == ["good.jsonl"]
    assert built["counts"]["papers"] == 2


def _refuse(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, path: Path) -> None:
    """Have a function refuse one path as a locked one is refused; permissions do not bind a test that root runs."""
    real = getattr(owner, name)

    def function(at: Any, *args: Any, **kwargs: Any) -> Any:
        if at in (path, str(path)):
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return real(at, *args, **kwargs)

    monkeypatch.setattr(owner, name, function)


def test_a_file_whose_name_is_not_utf8_is_read_and_named_in_escapes(tmp_path: Path) -> None:
    folder = tmp_path / os.fsdecode(b"caf\xe9")
    folder.mkdir()
    row = gold_rows()[0]
    for name in (b"caf\xe9.jsonl", b"bad\xff.jsonl"):
        text = json.dumps({"title": row["title"], "abstract": row["abstract"]}) if name.startswith(b"c") else "{"
        (folder / os.fsdecode(name)).write_text(text, encoding="utf-8")
    (folder / "curation.yaml").write_text("- no entry\n", encoding="utf-8")
    graph = kg.build(folder, tmp_path / "out")
    safe = f"{tmp_path}/caf\\xe9"
    assert [i["file"] for i in graph.build["inputs"]] == [f"{safe}/bad\\xff.jsonl", f"{safe}/caf\\xe9.jsonl"]
    assert [p["file"] for p in graph.build["problems"]] == [f"{safe}/bad\\xff.jsonl", f"{safe}/curation.yaml"]
    assert graph.build["sources"] == [safe]
    (paper,) = graph.papers()
    assert graph.paper(paper["id"])["sources"][0]["file"] == f"{safe}/caf\\xe9.jsonl"
    assert graph.verify() == []

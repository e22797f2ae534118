"""Whatever a build remembers of those before it: its result is, byte for byte, that of a build from nothing."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from test_build import bytes_of

import kg
from conftest import gold_extraction, gold_rows
from kg.extract import version
from kg.graph.cache import ExtractionCache, content_key
from kg.graph.engine import Chunk, Standby
from kg.pipeline import COLUMNS, EXTRACTIONS, INDEXED, READINGS
from kg.read import clean
from kg.records import Paper

CORRECTIONS = """\
- {action: merge, names: [SFT], into: instruction tuning, reason: one thing}
- {action: hide, name: CoT, reason: no use}
- {action: rename, name: PPO, to: PPO-Clip, reason: as its authors say}
"""


def write(folder: Path, papers: list[dict], files: int, corrections: str = "") -> None:
    """Write papers into some files of a folder, with a file of corrections beside them."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for number in range(files):
        lines = [json.dumps({k: p[k] for k in ("id", "title", "abstract", "date")}) for p in papers[number::files]]
        (folder / f"{number}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    if corrections:
        (folder / "curation.yaml").write_text(corrections, encoding="utf-8")


def know(out: Path, papers: list[dict]) -> None:
    """Put the annotations of papers into the cache of an outputs folder, as if they had been extracted."""
    rows = {}
    for p in papers:
        key = content_key(Paper(p["id"], p["title"], p["abstract"]))
        rows[key] = json.dumps(gold_extraction(p).to_dict())
    cache = ExtractionCache(out / ".cache" / EXTRACTIONS, version())
    cache.put(rows)
    cache.close()


@pytest.fixture
def papers() -> list[dict]:
    """Return 120 annotated papers, dated, whose texts hold no space that cleaning takes out."""
    rows = [r for r in gold_rows() if clean(r["title"]) == r["title"] and clean(r["abstract"]) == r["abstract"]]
    return [{**r, "date": f"20{20 + n % 6}-0{1 + n % 9}-11"} for n, r in enumerate(rows[:120])]


def same(grown: Path, sources: Path, scratch: Path, papers: list[dict]) -> None:
    """Build over what is there and from nothing, and compare."""
    kg.build(sources, grown)
    shutil.rmtree(scratch, ignore_errors=True)
    know(scratch, papers)
    kg.build(sources, scratch)
    for name, content in bytes_of(scratch).items():
        assert bytes_of(grown)[name] == content, name


@pytest.mark.parametrize("seed", range(2))
def test_papers_that_come_go_and_change_leave_no_trace(tmp_path: Path, papers: list[dict], seed: int) -> None:
    rng = random.Random(seed)
    grown, sources, scratch = (tmp_path / name for name in ("grown", "sources", "scratch"))
    know(grown, papers)
    present = rng.sample(papers, 60)
    write(sources, present, 1)
    same(grown, sources, scratch, papers)

    present += rng.sample([p for p in papers if p not in present], 30)  # added, in another order and split
    rng.shuffle(present)
    write(sources, present, 3)
    same(grown, sources, scratch, papers)

    present = present[20:]  # gone
    present[0] = {**present[0], "title": f"{present[0]['title']}, revisited"}  # changed
    present[1] = {**present[1], "date": "2019-01-01"}
    present.append({**present[2], "id": "again", "title": present[2]["title"] + "!"})
    write(sources, present, 2, CORRECTIONS)
    same(grown, sources, scratch, papers)

    write(sources, present, 2, CORRECTIONS.splitlines(keepends=True)[0])  # corrections taken back
    same(grown, sources, scratch, papers)


@pytest.mark.parametrize("name", [COLUMNS, READINGS, INDEXED])
def test_a_broken_memory_is_made_anew(tmp_path: Path, papers: list[dict], name: str) -> None:
    rng = random.Random(name)
    out, sources = tmp_path / "out", tmp_path / "sources"
    know(out, papers)
    write(sources, papers[:40], 1)
    kg.build(sources, out)
    before, file = bytes_of(out), out / ".cache" / name
    content = file.read_bytes()
    flipped = bytearray(content)
    flipped[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
    for broken in (b"", content[: rng.randrange(len(content))], bytes(flipped)):
        file.write_bytes(broken)
        kg.build(sources, out)
        assert bytes_of(out) == before
        assert file.read_bytes() != broken


def test_only_papers_that_nobody_knows_are_looked_up_and_extracted(tmp_path: Path, papers: list[dict]) -> None:
    out, sources = tmp_path / "out", tmp_path / "sources"
    know(out, papers)
    write(sources, papers[:30], 1)
    kg.build(sources, out)
    (out / ".cache" / EXTRACTIONS).unlink()  # the columns hold all that is needed of these
    write(sources, papers[:30], 2)
    again = kg.build(sources, out)
    assert (again.build["timings"]["extracted"], again.build["timings"]["from_cache"]) == (0, 30)


def test_a_few_new_papers_are_extracted_by_a_process_that_stood_by(
    tmp_path: Path, papers: list[dict], monkeypatch: pytest.MonkeyPatch
) -> None:
    chunks = []
    extract = Standby.extract

    def watched(standby: Standby, todo: Iterable[Chunk]) -> Iterator[list[str]]:
        chunks.extend(todo := list(todo))
        return extract(standby, todo)

    monkeypatch.setattr(Standby, "extract", watched)
    both = tmp_path / "both", tmp_path / "alone"
    for out, workers in zip(both, (2, 1), strict=True):
        know(out, papers[:20])
        write(tmp_path / "sources", papers[:20], 1)
        kg.build(tmp_path / "sources", out, workers=workers)
        assert not chunks  # an unchanged source, or one read for the first time, wakes nobody
        write(tmp_path / "sources", papers[:23], 2)
        kg.build(tmp_path / "sources", out, workers=workers)
        assert [len(chunk) for chunk in chunks] == ([3] if workers == 2 else [])
        chunks.clear()
    assert bytes_of(both[0]) == bytes_of(both[1])

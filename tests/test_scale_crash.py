"""``kill -9`` in the middle of a build: the old graph stays readable, the next build goes on where it was."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from test_build import bytes_of

import kg
from conftest import SEEDS
from kg.ask import KnowledgeGraph

BUILD = """
import sys
import kg
from kg.graph import engine
engine.CHUNK_SIZE = 16
kg.build(sys.argv[1], sys.argv[2], workers=2)
"""


def extracted(out: Path) -> int:
    """Return how many extractions the cache of a folder holds."""
    try:
        with sqlite3.connect(f"file:{out / '.cache' / 'extractions.sqlite'}?mode=ro", uri=True) as cache:
            return cache.execute("SELECT count(*) FROM extractions").fetchone()[0]
    except sqlite3.OperationalError:  # not there yet
        return 0


def killed_when(ready: Callable[[], bool], out: Path) -> None:
    """Build the seeds in a process of its own and kill it as soon as something is the case."""
    paths = os.pathsep.join(p for p in sys.path if p)
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": paths}
    process = subprocess.Popen([sys.executable, "-c", BUILD, str(SEEDS), str(out)], env=environment)
    while not ready():
        assert process.poll() is None, "the build ended before it could be killed"
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL


def test_a_killed_build_leaves_the_old_graph_and_its_work(tmp_path: Path, seeds_graph: KnowledgeGraph) -> None:
    page = min(SEEDS.glob("*.txt"))
    old = kg.build(page, tmp_path).build["counts"]
    before = bytes_of(tmp_path)

    killed_when(lambda: extracted(tmp_path) >= old["papers"] + 16, tmp_path)
    assert bytes_of(tmp_path) == before
    assert kg.load(tmp_path).verify() == []
    done = extracted(tmp_path)

    killed_when((tmp_path / ".staging" / "links.parquet").exists, tmp_path)
    assert bytes_of(tmp_path) == before
    assert len(kg.load(tmp_path).papers()) == old["papers"]
    assert extracted(tmp_path) > done, "the second build went on where the first was killed"

    finished = kg.build(SEEDS, tmp_path)
    assert finished.build["timings"]["extracted"] == 0
    assert bytes_of(tmp_path) == bytes_of(seeds_graph.folder)
    assert not (tmp_path / ".staging").exists()


@pytest.mark.parametrize("rubbish", [b"", b"SQLite format 3\0" + b"\xff" * 4096])
def test_a_cache_cut_off_by_a_crash_is_made_anew(tmp_path: Path, rubbish: bytes) -> None:
    page = min(SEEDS.glob("*.txt"))
    papers = kg.build(page, tmp_path).build["counts"]["papers"]
    before = bytes_of(tmp_path)
    for file in (tmp_path / ".cache").iterdir():
        file.write_bytes(rubbish)
    again = kg.build(page, tmp_path)
    assert again.build["timings"]["extracted"] == papers
    assert bytes_of(tmp_path) == before

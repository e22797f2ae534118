"""``kg build --engine dask``: a real scheduler, real workers, one of them killed, and the bytes of the local engine."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from test_build import bytes_of

import kg
from conftest import SEEDS
from kg.ask import KnowledgeGraph
from kg.graph import engine, words
from kg.graph.tables import iter_papers


class Cluster:
    """A scheduler and two workers, each a process of its own, as ``dask scheduler`` and ``dask worker`` start them."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "scheduler.json"
        self.folder = folder
        self.processes: list[subprocess.Popen] = []
        self._start("scheduler", "--port", "0", "--no-dashboard")
        deadline = time.monotonic() + 60
        while not self.file.exists():
            assert time.monotonic() < deadline, "the scheduler does not start"
            time.sleep(0.1)
        self.workers = [
            self._start("worker", "--nthreads", "1", "--no-nanny", "--no-dashboard", "--name", f"w{i}")
            for i in range(2)
        ]
        from distributed import Client

        with Client(scheduler_file=str(self.file), timeout="60s") as client:
            client.wait_for_workers(2, timeout=60)
            self.address = client.scheduler.address

    def _start(self, what: str, *options: str) -> subprocess.Popen:
        command = [sys.executable, "-m", "dask", what, "--scheduler-file", str(self.file), *options]
        log = (self.folder / f"{what}{len(self.processes)}.log").open("w")
        paths = os.pathsep.join(p for p in sys.path if p)  # the workers read the same kg as this process
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": paths}
        process = subprocess.Popen(command, stdout=log, stderr=log, env=environment, cwd=self.folder)
        self.processes.append(process)
        return process

    def close(self) -> None:
        for process in reversed(self.processes):
            process.kill()
            process.wait()


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    folder = tmp_path / "dask"
    folder.mkdir()
    running = Cluster(folder)
    yield running
    running.close()


def test_a_worker_killed_in_the_middle_changes_nothing(
    cluster: Cluster, tmp_path: Path, seeds_graph: KnowledgeGraph, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "CHUNK_SIZE", 16)  # both workers have some under way when one is killed
    killed_at = []

    def kill(step: str, done: int, total: int | None) -> None:
        if step == "extracting" and done and not killed_at:
            cluster.workers[0].send_signal(signal.SIGKILL)
            cluster.workers[0].wait()
            killed_at.append((done, total))

    graph = kg.build(SEEDS, tmp_path / "out", engine="dask", scheduler=cluster.address, progress=kill)
    [(done, total)] = killed_at
    assert 0 < done < total / 2
    assert cluster.workers[0].returncode == -signal.SIGKILL
    assert cluster.workers[1].poll() is None
    assert graph.build["timings"]["extracted"] == total
    assert bytes_of(tmp_path / "out") == bytes_of(seeds_graph.folder)


def test_without_a_scheduler_a_local_cluster_gives_the_same_bytes(tmp_path: Path) -> None:
    page = min(SEEDS.glob("*.txt"))
    kg.build(page, tmp_path / "dask", engine="dask", workers=2)
    kg.build(page, tmp_path / "local", workers=1)
    assert bytes_of(tmp_path / "dask") == bytes_of(tmp_path / "local")


def test_a_scheduler_that_is_not_there_is_one_clear_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kg.graph.cluster._TIMEOUT", 1.0)
    page = min(SEEDS.glob("*.txt"))
    with pytest.raises(kg.KGError, match="no scheduler answers"):
        kg.build(page, tmp_path, engine="dask", scheduler="tcp://127.0.0.1:9")
    with pytest.raises(kg.KGError, match="--engine dask"):
        kg.build(page, tmp_path, scheduler="tcp://127.0.0.1:9")


@pytest.mark.parametrize("size", [1, 7, 100])
def test_words_counted_in_parts_are_those_counted_at_once(
    seeds_graph: KnowledgeGraph, tmp_path: Path, size: int
) -> None:
    papers = [(no, p.title, p.abstract) for no, p in enumerate(iter_papers(seeds_graph.folder))][:200]
    parts = [words.count_words(papers[i : i + size]) for i in range(0, len(papers), size)]
    added = [words.add_counts(parts[i : i + 3]) for i in range(0, len(parts), 3)]
    read: Callable[[str], bytes] = lambda name: (tmp_path / name / words.FILE).read_bytes()  # noqa: E731
    for name, counts in (("parts", added), ("whole", [words.count_words(papers)])):
        (tmp_path / name).mkdir()
        words.write_counts(counts, tmp_path / name)
    assert read("parts") == read("whole")

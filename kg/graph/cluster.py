"""The engine that runs on a Dask cluster, with the guarantees of the local one: the same results in the same order.

On the cluster run the extraction and the counting of words (the two steps whose work grows with every text and that
need nothing but the text); here run reading, the resolution of names, which needs all names at once, and the writing
of the tables. Texts go out and results come back through the scheduler, so that workers need no common disk. A worker
that dies has its chunks done again by the others.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from kg.errors import KGError
from kg.graph.engine import Chunk, extract_chunk
from kg.graph.words import add_counts, count_words, write_counts

if TYPE_CHECKING:
    from distributed import Client

_In = TypeVar("_In")
_Out = TypeVar("_Out")

_RETRIES = 3  # of one chunk, when the worker that had it dies
_TIMEOUT = 20.0  # seconds
_TOGETHER = 8  # counts of words that are added up by one task
_AHEAD = 64  # parts of the corpus that are under way


@contextmanager
def connected(workers: int, scheduler: str | None = None) -> Iterator[Client]:
    """Yield a client of the scheduler at an address, or of a local cluster of ``workers`` processes.

    Raises:
        KGError: if the scheduler does not answer, goes away, or loses every worker.
    """
    from distributed import Client, KilledWorker
    from distributed.comm.core import CommClosedError
    from distributed.deploy.subprocess import SubprocessCluster

    cluster = None
    try:
        if scheduler is None:
            # not LocalCluster: its workers run the caller's script again, unless that guards against it
            cluster = SubprocessCluster(
                n_workers=workers,
                threads_per_worker=1,
                dashboard_address=None,  # type: ignore[arg-type]  # as its docstring allows
                silence_logs=50,
            )
        client = Client(cluster or scheduler, timeout=_TIMEOUT)
    except (OSError, TimeoutError, ValueError) as error:
        raise KGError(f"{scheduler or 'dask'}: no scheduler answers there ({error}); check --scheduler") from None
    try:
        with client:
            client.wait_for_workers(1, timeout=_TIMEOUT)
            yield client
    except TimeoutError:
        raise KGError(f"{scheduler or 'dask'}: the scheduler has no worker; start one: dask worker ADDRESS") from None
    except (CommClosedError, asyncio.CancelledError, KilledWorker) as error:
        reason = type(error).__name__
        raise KGError(f"{scheduler or 'dask'}: the cluster was lost ({reason}); build again to go on") from None
    finally:
        if cluster is not None:
            cluster.close()


def spread(client: Client, task: Callable[..., _Out], chunks: Iterable[_In], *args: Any) -> Iterator[_Out]:
    """Yield ``task(chunk, *args)`` for each chunk, in order; at most two chunks a worker's thread are under way."""
    waiting: deque = deque()
    for chunk in chunks:
        waiting.append(client.submit(task, chunk, *args, pure=False, retries=_RETRIES))
        if len(waiting) >= 2 * max(1, sum(client.nthreads().values())):
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


def extract(client: Client, chunks: Iterable[Chunk]) -> Iterator[list[str]]:
    """Extract on the cluster.

    Raises:
        KGError: if a worker has another version of the extractor: its results would not be those of this build.
    """
    from kg.extract import version

    yield from spread(client, extract_versioned, chunks, version())


def extract_versioned(chunk: Chunk, version: str) -> list[str]:
    """Return what `extract_chunk` does, if the extractor is the one that is asked for. Runs in workers."""
    from kg.extract import version as own

    if own() != version:
        raise KGError(f"a worker has extractor {own()}, this build {version}: install the same paper-kg on all workers")
    return extract_chunk(chunk)


def write_words(client: Client, papers: Iterable[list[tuple[int, str, str]]], folder: Path) -> None:
    """Write the index of words, counted and added up on the cluster; ``papers``: parts of place, title, abstract.

    Each worker counts parts and adds counts up, eight at a time, as a tree; here the last few are put together.
    """
    from distributed import wait

    level: list = []
    for part in papers:
        level.append(client.submit(count_words, part, pure=False, retries=_RETRIES))
        if len(level) % _AHEAD == 0:
            wait(level[-_AHEAD:])  # else all texts would lie in the scheduler at once
    while len(level) > _TOGETHER:
        level = [
            client.submit(add_counts, level[i : i + _TOGETHER], pure=False, retries=_RETRIES)
            for i in range(0, len(level), _TOGETHER)
        ]
    write_counts((future.result() for future in level), folder)

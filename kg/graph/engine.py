"""Where the extraction runs: in this process, on all cores (joblib), or on a Dask cluster.

Every engine is the same function: it takes chunks of texts and yields their extractions as JSON, in order. What is
extracted does not depend on the engine, the number of workers or the size of a chunk.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from functools import lru_cache
from threading import Lock
from typing import TYPE_CHECKING

from kg.records import Paper

if TYPE_CHECKING:
    from spacy.language import Language

Chunk = list[tuple[str, str, str]]
"""Some papers: id, title, abstract."""

CHUNK_SIZE = 128
"""Papers a chunk: large enough for the tagger's batches, small enough for a progress bar that moves."""

_one_at_a_time = Lock()
"""A worker with several threads has one pipeline, which is no thing to share while it reads."""


def cores() -> int:
    """Return the number of cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@lru_cache(maxsize=1)
def _pipeline() -> Language:
    """Return this process's own pipeline, loaded once."""
    from kg.extract import load

    return load()


def extract_chunk(chunk: Chunk) -> list[str]:
    """Return the extraction of each paper as JSON, in order. Runs in workers."""
    from kg.extract import extract

    papers = [Paper(id, title, abstract) for id, title, abstract in chunk]
    with _one_at_a_time:
        return [
            json.dumps(found.to_dict(), ensure_ascii=False, separators=(",", ":"))
            for found in extract(papers, nlp=_pipeline())
        ]


def in_process(chunks: Iterable[Chunk]) -> Iterator[list[str]]:
    """Extract here, one chunk after the other."""
    return map(extract_chunk, chunks)


class Standby:
    """A process that loads the pipeline while the build reads its sources, for the few papers that are new."""

    MOST = 4 * CHUNK_SIZE
    """Of more papers than this, several processes are the faster, even if they load the pipeline first."""

    def __init__(self) -> None:
        from joblib.externals.loky import ProcessPoolExecutor

        self._process = ProcessPoolExecutor(max_workers=1)
        self._process.submit(_load)

    def extract(self, chunks: Iterable[Chunk]) -> Iterator[list[str]]:
        """Extract there, one chunk after the other."""
        return self._process.map(extract_chunk, chunks)

    def close(self) -> None:
        """End the process, whatever it is at."""
        self._process.shutdown(wait=False, kill_workers=True)


def _load() -> None:
    _pipeline()


def on_cores(chunks: Iterable[Chunk], workers: int) -> Iterator[list[str]]:
    """Extract in ``workers`` processes; at most two chunks a worker are under way."""
    from joblib import Parallel, delayed

    pool = Parallel(n_jobs=workers, backend="loky", return_as="generator", pre_dispatch="2*n_jobs", batch_size=1)
    yield from pool(delayed(extract_chunk)(chunk) for chunk in chunks)

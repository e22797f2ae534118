"""Builds of growing corpora: seconds and peak memory of each step, and whether they grow in proportion.

    python bench/build.py [SOURCE] [--sizes 1000 5000 20000] [--cached] [--add 100] [--json]

Corpora are copies of SOURCE (see ``corpus.py``). With ``--cached`` the extraction is made once, of the papers of
SOURCE, and put into the cache of every corpus: what is measured is all the other steps, as in a build whose papers
are known already. ``--add`` then adds so many papers to each corpus and builds again. Every build is a process of
its own; memory is that of the process and its workers.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import corpus
from report import Report, measured

STEPS = ("read", "extract", "resolve", "tables", "graph")


def one_build(source: Path, out: Path) -> None:
    """Build in this process and print what each step took, as JSON."""
    import kg.pipeline as pipeline

    costs: dict[str, dict[str, float]] = {}
    done = pipeline._Run._done
    current = [measured()]
    entered = [current[0].__enter__()]

    def step_done(self: Any, step: str) -> None:
        done(self, step)
        current[0].__exit__(None, None, None)
        costs[step] = vars(entered[0])
        current[0] = measured()
        entered[0] = current[0].__enter__()

    pipeline._Run._done = step_done  # type: ignore[method-assign]
    graph = pipeline.build(source, out)
    current[0].__exit__(None, None, None)
    print(json.dumps({"steps": costs, "counts": graph.build["counts"], "timings": graph.build["timings"]}))


def build(source: Path, out: Path) -> dict[str, Any]:
    """Build in a process of its own."""
    command = [sys.executable, __file__, str(source), "--child", str(out)]
    run = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(run.stdout.splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", nargs="?", type=Path, default=Path(__file__).parent.parent / "seeds")
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000, 5_000, 20_000])
    parser.add_argument("--base", type=int, default=2_500, help="papers of SOURCE that are copied, at most")
    parser.add_argument("--cached", action="store_true")
    parser.add_argument("--add", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        one_build(options.source, options.child)
        return
    papers = corpus.read(options.source, options.base)
    rows = corpus.extracted(papers) if options.cached else []
    report = Report(
        "Whole builds" + (", extractions known" if options.cached else ""),
        ["papers", *(f"{s}, s" for s in STEPS), "all, s", "all, CPU s", "ms a paper", "all / extract", "peak MiB"],
    )
    with TemporaryDirectory(prefix="kg-bench-") as folder:
        for size in options.sizes:
            out, source = Path(folder, f"out{size}"), Path(folder, f"{size}.jsonl")
            for total in (size, size + options.add) if options.add else (size,):
                if options.cached:
                    kept = corpus.fill_cache(papers, rows, total, size, source, out)
                    assert kept == size
                else:
                    corpus.write_jsonl(corpus.replicated(papers, total), source)
                found = build(source, out)
                costs = [found["steps"][step] for step in STEPS]
                wall, extract = sum(c["wall"] for c in costs), found["steps"]["extract"]["wall"]
                report.rows.append(
                    (
                        total,
                        *(c["wall"] for c in costs),
                        wall,
                        sum(c["cpu"] for c in costs),
                        1000 * wall / total,
                        "" if options.cached else wall / extract,
                        max(c["peak"] for c in costs),
                    )
                )
    if options.add:
        report.notes.append(f"Every second line: {options.add} papers more, built over the outputs of the line above.")
    report.print(options.json)


if __name__ == "__main__":
    main()

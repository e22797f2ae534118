"""Commands that read papers: build, extract, evaluate, train."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from tqdm import tqdm

from kg.cli.options import FilePath, as_json, min_confidence, plural, print_json
from kg.errors import KGError
from kg.schema import ENTITY_TYPES

if TYPE_CHECKING:
    from kg.records import Progress

N_ERRORS = 10
"""Commonest misses and extras that are listed where no number is asked for."""


@contextmanager
def progress_bars() -> Iterator[Progress]:
    """Yield a progress callback that draws one bar a step on stderr."""
    bar: tqdm | None = None
    step_now = ""

    def show(step: str, done: int, total: int | None) -> None:
        nonlocal bar, step_now
        if step != step_now:
            if bar is not None:
                bar.close()
            bar, step_now = tqdm(desc=step, total=total, unit=" papers", mininterval=0.2), step
        assert bar is not None
        bar.total = total
        bar.update(done - bar.n)

    try:
        yield show
    finally:
        if bar is not None:
            bar.close()


@click.command()
@click.argument("sources", nargs=-1, required=True, type=FilePath())
@click.option("--out", type=FilePath(), default="outputs/", show_default=True, help="Where to write.")
@click.option("--engine", type=click.Choice(["local", "dask"]), default="local", show_default=True)
@click.option("--workers", type=click.IntRange(1), help="Processes that extract.  [default: all cores]")
@click.option("--scheduler", help="Address of a Dask scheduler (tcp://…), with --engine dask.")
@click.option("--curation", type=FilePath(), help="Corrections.  [default: curation.yaml beside SOURCE]")
@click.option("--no-background", is_flag=True, help="Leave out lineages known from the background file.")
@click.option("--quiet", is_flag=True, help="No progress bar.")
def build(
    sources: tuple[Path, ...],
    out: Path,
    engine: str,
    workers: int | None,
    scheduler: str | None,
    curation: Path | None,
    no_background: bool,
    quiet: bool,
) -> None:
    """Read papers from files and folders and build the graph.

    SOURCE is a saved listing page, JSON Lines (id, title, abstract, optional date, authors, categories), CSV, any of
    them gzipped, or a folder of such files. Run again, only new and changed papers are extracted again.
    """
    from kg.pipeline import build as run

    def silent(step: str, done: int, total: int | None) -> None:
        pass

    with progress_bars() as bars:
        graph = run(
            sources,
            out,
            engine=engine,
            workers=workers,
            scheduler=scheduler,
            curation=curation,
            with_background=not no_background,
            progress=silent if quiet else bars,
        )
    record = graph.build
    counts, timings = record["counts"], record["timings"]
    problems = record["problems"]
    for problem in problems:
        place = problem["file"] if problem["line"] is None else f"{problem['file']}:{problem['line']}"
        click.echo(f"{place}: {problem['message']}", err=True)
    merged = graph.merged()
    click.echo(
        f"{plural(counts['papers'], 'paper')} from {plural(counts['records'], 'record')} "
        f"in {plural(len(record['inputs']), 'file')}"
    )
    if merged["papers"]:
        click.echo(f"  {merged['papers']} papers stand in several records and were merged")
    for note in merged["notes"]:
        click.echo(f"  {note}")
    click.echo(f"  {timings['extracted']} extracted, {timings['from_cache']} known from an earlier build")
    if timings["added"]:
        click.echo(f"  {timings['added']['papers']} added to the build before")
    by_type = {kind: graph.count_entities((kind,), min_papers=0) for kind in ENTITY_TYPES}
    named = graph.count_entities()
    click.echo(f"{counts['entities']} entities: " + ", ".join(plural(n, t) for t, n in by_type.items()))
    if others := counts["entities"] - named:
        click.echo(f"  {named} stand in papers, {others} in none: known from the background or as a family of others")
    click.echo(f"{counts['links']} links, {counts['relations']} relations, {counts['mentions']} mentions")
    corrections = record["curation"]
    wrong = list({p["line"]: p for p in reversed(problems) if p["file"] == corrections["file"]}.values())
    if whole := corrections["applied"] + len(wrong):
        click.echo(f"{corrections['applied']} of {plural(whole, 'correction')} applied from {corrections['file']}")
    if wrong:
        wrong.sort(key=lambda problem: problem["line"] or 0)
        click.echo(f"  not applied, or not in full (see above): {', '.join(map(_entry, wrong))}")
    click.echo(f"{len(problems)} things could not be read or applied" + (" (see above)" if problems else ""))
    seconds = sum(t for t in timings.values() if isinstance(t, float))
    click.echo(f"written to {out} in {seconds:.1f} s")


def _entry(problem: dict[str, Any]) -> str:
    """Return which correction a problem speaks of: its line and what it would have done, or that it cannot be read."""
    said = problem["message"].partition(";")[0].partition(":")[0]
    return said if problem["line"] is None else f"line {problem['line']} ({said})"


@click.command()
@click.argument("source", metavar="IN.jsonl", type=FilePath())
@click.option("--out", type=FilePath(), required=True, help="Where to write, one line a paper.")
@min_confidence
def extract(source: Path, out: Path, min_confidence: float) -> None:
    """Extract the papers of a JSON Lines file.

    One line in, one line out, in the same order, in the form of the gold files.
    """
    from kg.extract.files import extract_file

    with progress_bars() as bars:
        papers = extract_file(source, out, min_confidence=min_confidence, progress=bars)
    click.echo(f"{papers} papers written to {out}")


class _ErrorsWithoutNumber(click.Command):
    """A command whose ``--errors`` may stand without its number, before the gold file too, which click would take."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        for i, (arg, following) in enumerate(zip_longest(args, args[1:], fillvalue="")):
            if arg == "--errors" and not following.lstrip("-").isdigit():
                args[i] = f"--errors={N_ERRORS}"
        return super().parse_args(ctx, args)


@click.command(cls=_ErrorsWithoutNumber)
@click.argument("gold", metavar="GOLD.jsonl", type=FilePath())
@click.option(
    "--errors",
    metavar="[N]",
    type=click.IntRange(0),
    default=0,
    help=f"Also list the N commonest misses and extras ({N_ERRORS} if no number is given).",
)
@click.option(
    "--graph",
    type=FilePath(),
    help="Measure the graph in this outputs folder, over the gold papers that it holds, and not the extractor alone.",
)
@min_confidence
@as_json
def evaluate(gold: Path, errors: int, graph: Path | None, min_confidence: float, as_json: bool) -> None:
    """Measure the extractor on a gold file.

    Precision, recall and F1 of links, by type too, of mentions and of lineage, and the accuracy of roles.
    """
    from kg import evaluate as evaluation

    rows = evaluation.read_gold(gold)
    if graph is None:
        found = evaluation.predict(rows, min_confidence=min_confidence)
    else:
        wanted = len(rows)
        rows, found = evaluation.read_graph(graph, rows, min_confidence)
        click.echo(f"{len(rows)} of {wanted} papers are in the graph", err=True)
    figures = evaluation.score(rows, found)
    wrong = evaluation.errors(rows, found, errors) if errors else None
    if as_json:
        print_json(figures if wrong is None else {**figures, "errors": wrong})
        return
    click.echo(evaluation.format_figures(figures))
    if wrong is not None:
        click.echo(evaluation.format_errors(wrong))


@click.command()
@click.argument("gold", metavar="GOLD.jsonl...", nargs=-1, required=True, type=FilePath())
@click.option(
    "--unlabelled",
    type=FilePath(exists=True, dir_okay=False),
    help="Abstracts without annotation, JSON Lines, for vectors and pre-training.",
)
@click.option(
    "--labels",
    type=FilePath(exists=True, dir_okay=False),
    help="Annotations without texts, JSON Lines, of papers of the unlabelled abstracts.",
)
@click.option(
    "--contrasts",
    type=FilePath(exists=True, dir_okay=False),
    help="Texts written to show what is lineage and what is not, JSON Lines.",
)
@click.option("--out", type=FilePath(), help="Where to write.  [default: the package's own weights]")
def train(
    gold: tuple[Path, ...], unlabelled: Path | None, labels: Path | None, contrasts: Path | None, out: Path | None
) -> None:
    """Rebuild the extractor's weights from gold files.

    The same files give the same weights. Needs the extra "train": pip install -e ".[train]"
    """
    try:
        import floret  # noqa: F401
    except ImportError as error:
        raise KGError(f'training needs {error.name}, which is not installed: pip install -e ".[train]"') from None
    from kg.extract.tagger import WEIGHTS
    from kg.train import train as run

    logging.basicConfig(format="%(asctime)s %(message)s", level=logging.INFO)
    folder = out or WEIGHTS
    folder.mkdir(parents=True, exist_ok=True)
    run(list(gold), unlabelled, folder, labels=labels, contrasts=contrasts)
    click.echo(f"weights written to {folder}")

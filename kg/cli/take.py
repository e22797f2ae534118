"""Commands that take the graph elsewhere: export, verify, app."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import click

import kg
from kg.cli.options import FilePath, directory, min_confidence, say_namesakes
from kg.errors import KGError
from kg.schema import ENTITY_TYPES

FORMATS = ("graphml", "gexf", "json", "csv", "cypher", "html")


@click.command()
@click.argument("format", type=click.Choice(FORMATS))
@click.argument("file", type=FilePath())
@click.option("--entity", metavar="NAME", help="Only what stands around this entity.")
@click.option("--hops", type=click.IntRange(1, 5), default=1, show_default=True, help="How far around it.")
@click.option("--type", "types", multiple=True, type=click.Choice(ENTITY_TYPES), help="Only entities of this type.")
@min_confidence
@directory
def export(
    format: str,
    file: Path,
    entity: str | None,
    hops: int,
    types: tuple[str, ...],
    min_confidence: float,
    directory: Path,
) -> None:
    """Write the graph to a file for other programs.

    graphml opens in networkx, igraph and Gephi, gexf in Gephi, json in networkx and D3, csv (FILE is a folder) in
    spreadsheets and pandas, cypher in Neo4j, html in any browser, offline.
    """
    if entity is None and hops != 1:
        raise click.UsageError("--hops counts from --entity; say which")
    graph = kg.load(directory)
    path = graph.export(format, file, entity=entity, hops=hops, types=types, min_confidence=min_confidence)
    if entity is not None:
        say_namesakes(graph, entity)
    click.echo(f"written to {path}")


@click.command()
@click.argument("folder", metavar="[DIR]", type=FilePath(), default="outputs/")
def verify(folder: Path) -> None:
    """Check every promise about the outputs.

    Each evidence stands at its offsets, no id dangles, counts add up, the graph file equals the tables.
    """
    problems = kg.load(folder).verify()
    for problem in problems:
        click.echo(problem, err=True)
    if problems:
        raise KGError(f"{folder}: {len(problems)} promises do not hold (see above); build the graph again")
    click.echo(f"{folder}: every promise holds")


def app_file() -> Path:
    """Return the explorer's entry file: beside the package in a checkout, within it when installed."""
    package = Path(kg.__file__).parent
    for path in (package.parent / "app" / "main.py", package / "_app" / "main.py"):
        if path.exists():
            return path
    raise KGError("the explorer's files are missing; install the package again")


@click.command()
@click.option("--port", type=click.IntRange(1, 65535), default=8501, show_default=True)
@click.option("--no-browser", is_flag=True, help="Do not open a browser window.")
@directory
def app(port: int, no_browser: bool, directory: Path) -> None:
    """Open the explorer in the browser."""
    command = [sys.executable, "-m", "streamlit", "run", str(app_file()), f"--server.port={port}"]
    command += [f"--server.headless={str(no_browser or not sys.stdout.isatty()).lower()}"]
    command += ["--browser.gatherUsageStats=false", "--server.address=localhost", "--server.fileWatcherType=none"]
    environment = {**os.environ, "KG_DIR": str(directory.resolve())}
    server = subprocess.Popen(command, env=environment)
    signal.signal(signal.SIGTERM, lambda *_: server.terminate())  # who ends this command ends the server
    try:
        code = server.wait()
    except KeyboardInterrupt:
        code = server.wait()  # it has had the same signal
    raise SystemExit(1 if code > 0 else 0)

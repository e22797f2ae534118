"""Commands that ask the graph: papers, entity, lineage, search."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

import kg
from kg.ask.lineage import tree
from kg.cli.options import as_json, directory, min_confidence, plural, print_json, say_namesakes
from kg.records import shown_date
from kg.schema import ROLES

Row = dict[str, Any]


def _sentence(text: str | None, indent: str = "      ") -> None:
    if text:
        click.echo(f"{indent}“{' '.join(text.split())}”")


def _date(paper: Row) -> str:
    return shown_date(paper["date"], paper["date_precision"]) or "?"


@click.command()
@click.argument("name", required=False)
@click.option("--role", "roles", multiple=True, type=click.Choice(ROLES), help="Only papers with this role.")
@click.option("--exact", is_flag=True, help="Not the versions and sizes of NAME.")
@directory
@min_confidence
@as_json
def papers(
    name: str | None, roles: tuple[str, ...], exact: bool, directory: Path, min_confidence: float, as_json: bool
) -> None:
    """List the papers that NAME is linked to.

    Strongest role first, each with the sentence that it rests on; without NAME, all papers.
    """
    if name is None and (roles or exact or min_confidence):
        raise click.UsageError("--role, --exact and --min-confidence ask how papers use NAME; say which")
    graph = kg.load(directory)
    rows = graph.papers(name, roles=roles, exact=exact, min_confidence=min_confidence)
    if name is not None:
        say_namesakes(graph, name)
    if as_json:
        print_json(rows)
        return
    if name is None:
        for row in rows:
            click.echo(f"{_date(row):10s}  {row['title']}  [{row['id']}]")
        click.echo(plural(len(rows), "paper"))
        return
    found = graph.entity(name)
    family = f" and {plural(len(found['members']), 'version')} of it" if found["members"] and not exact else ""
    click.echo(f"{found['label']} ({found['type']}){family}: {plural(len(rows), 'paper')}")
    role = None
    for row in rows:
        if row["role"] != role:
            role = row["role"]
            click.echo(f"\n{role} ({sum(r['role'] == role for r in rows)})")
        through = "" if row["entity"] == found["label"] else f"  as {row['entity']}"
        click.echo(f"  {_date(row):10s}  {row['title']}  [{row['id']}]{through}")
        _sentence(row["evidence"] and row["evidence"]["text"], " " * 14)


@click.command()
@click.argument("name")
@directory
@min_confidence
@as_json
def entity(name: str, directory: Path, min_confidence: float, as_json: bool) -> None:
    """Show all that is known of one entity.

    Type, aliases, family, papers by role, lineage, what it is used with and measured on (a dataset or benchmark:
    together with which others).
    """
    graph = kg.load(directory)
    row = graph.entity(name, min_confidence=min_confidence)
    say_namesakes(graph, name)
    if as_json:
        print_json(row)
        return
    click.echo(f"{row['label']}  ({row['type']})")
    if row["aliases"]:
        click.echo(f"  also written: {', '.join(row['aliases'])}")
    if row["family"] and row["family"]["id"] != row["id"]:
        click.echo(f"  family: {row['family']['label']}")
    if row["members"]:
        click.echo(f"  versions and sizes: {', '.join(m['label'] for m in row['members'])}")
    counts = row["counts"]
    by_role = ", ".join(f"{role} {n}" for role, n in counts["by_role"].items())
    click.echo(f"  {plural(counts['papers'], 'paper')}" + (f": {by_role}" if by_role else ""))
    if counts["papers_with_family"] > counts["papers"]:
        click.echo(f"  {plural(counts['papers_with_family'], 'paper')} with its versions and sizes")
    if row["first_date"]:
        first, last = (shown_date(row[f"{end}_date"], row[f"{end}_date_precision"]) for end in ("first", "last"))
        click.echo(f"  from {first} to {last}")
    for key in ("used_with", "measured_on", "measured_together_with"):
        if row[key]:
            click.echo(f"  {key.replace('_', ' ')}: " + ", ".join(f"{e['label']} ({e['papers']})" for e in row[key]))
    _lineage(row["id"], row, sentences=False)
    for role, rows in row["papers"].items():
        click.echo(f"\n{role} ({len(rows)})")
        for paper in rows:
            click.echo(f"  {_date(paper):10s}  {paper['title']}  [{paper['id']}]")


def _lineage(root: str, found: Row, *, sentences: bool = True) -> None:
    """Print ancestors and descendants, each step below the one that leads to it."""
    for title, key in (("comes from", "ancestors"), ("led to", "descendants")):
        if found[key]:
            click.echo(f"  {title}:")
        for depth, step, again in tree(found[key], root, up=key == "ancestors"):
            note = "" if step["origin"] == "text" else f"  ({step['origin']}: {step['reason']})"
            indent = "  " + "  " * depth
            further = "  (shown above)" if again else ""
            click.echo(f"{indent}{step['child']['label']} {step['relation']} {step['parent']['label']}{note}{further}")
            if sentences and step["origin"] == "text":
                for place in step["evidence"][:2]:
                    _sentence(place["text"], indent + "    ")
                    click.echo(f"{indent}    {place['title']}  [{place['paper']}]")


@click.command()
@click.argument("name")
@click.option("--no-background", is_flag=True, help="Leave out lineages known from the background file.")
@directory
@min_confidence
@as_json
def lineage(name: str, no_background: bool, directory: Path, min_confidence: float, as_json: bool) -> None:
    """Show what NAME comes from and what came of it.

    Each step below the one that leads to it, with its relation and the sentence that it rests on. What is reached
    again is marked, and what follows from it is not repeated.
    """
    graph = kg.load(directory)
    row = graph.lineage(name, min_confidence=min_confidence, background=not no_background)
    say_namesakes(graph, name)
    if as_json:
        print_json(row)
        return
    click.echo(f"{row['entity']['label']}  ({row['entity']['type']})")
    _lineage(row["entity"]["id"], row)
    for cycle in row["cycles"]:
        step = cycle["step"]
        ends = f"{step['child']['label']} {step['relation']} {step['parent']['label']}"
        click.echo(f"  left out: {ends}, the weakest step of a circle: {' → '.join(cycle['way'])}")
    if not row["ancestors"] and not row["descendants"]:
        click.echo("  no ancestors or descendants are known")


@click.command()
@click.argument("text")
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True)
@directory
@as_json
def search(text: str, limit: int, directory: Path, as_json: bool) -> None:
    """Find entities and papers, however they are spelled."""
    found = kg.load(directory).search(text, limit=limit)
    if as_json:
        print_json(found)
        return
    for row in found["entities"]:
        click.echo(f"{row['score']:5.1f}  {row['label']}  ({row['type']}, {plural(row['papers'], 'paper')})")
    for row in found["papers"]:
        click.echo(f"{row['score']:5.1f}  {row['title']}  [{row['id']}]")
    if not found["entities"] and not found["papers"]:
        click.echo("nothing found")

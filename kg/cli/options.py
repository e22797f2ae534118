"""Options that several commands share."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from kg.ask import KnowledgeGraph


class FilePath(click.Path):
    """The path of a file or folder, as a `Path`; an empty text, which `Path` takes for the working folder, is none."""

    def __init__(self, **options: Any) -> None:
        super().__init__(path_type=Path, **options)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the path, or fail as wrong usage."""
        if value == "":
            self.fail("the path is empty; the folder you are in is written as a dot", param, ctx)
        return super().convert(value, param, ctx)


class Confidence(click.FloatRange):
    """A number from 0 to 1; "nan", which is below no bound and above none, is no such number."""

    def __init__(self) -> None:
        super().__init__(0, 1)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the number, or fail as wrong usage."""
        number = super().convert(value, param, ctx)
        if math.isnan(number):
            self.fail(f"{value!r} is no number from 0 to 1", param, ctx)
        return number


directory = click.option(
    "--dir",
    "directory",
    type=FilePath(),
    default="outputs/",
    show_default=True,
    help="The outputs folder of a build.",
)
as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
min_confidence = click.option(
    "--min-confidence",
    type=Confidence(),
    default=0.0,
    show_default=True,
    help="Leave out what is less sure than this.",
)


def print_json(value: Any) -> None:
    """Print a value as JSON."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=1))


def say_namesakes(graph: KnowledgeGraph, name: str) -> None:
    """Say on stderr which other entities bear a name that was answered for one, and how to ask for them."""
    others = graph.namesakes(name)
    if others:
        one = graph.about(name)
        told = ", ".join(f"{e['id']} ({e['label']}, {plural(e['papers'], 'paper')})" for e in others)
        click.echo(f"kg: {name} names {len(others) + 1} entities, this is {one['id']}; ask by id for {told}", err=True)


def plural(n: int, word: str) -> str:
    """Return how many there are of a thing.

    >>> plural(1, "paper"), plural(0, "paper")
    ('1 paper', '0 papers')
    """
    return f"{n} {word}" if n == 1 else f"{n} {word}s"

"""Commands that put things right: explain says what was joined and why, curate writes a correction.

Corrections are entries of ``curation.yaml``, a file that every build replays; nothing else is changed by them.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

import kg
from kg.cli.options import FilePath, as_json, directory, plural, print_json, say_namesakes
from kg.errors import KGError, OutputsError
from kg.schema import ENTITY_TYPES, RELATIONS, ROLES

if TYPE_CHECKING:
    from kg.resolve.curation import Entry


@click.command()
@click.argument("name")
@directory
@as_json
def explain(name: str, directory: Path, as_json: bool) -> None:
    """Say which spellings were joined, and why.

    Each spelling of NAME with its counts and the rule that put it there, the rules behind its family, and what else is
    written like it but is not the same.
    """
    graph = kg.load(directory)
    row = graph.explain(name)
    say_namesakes(graph, name)
    if as_json:
        print_json(row)
        return
    click.echo(f"{row['label']}  ({row['type']}, {row['id']})")
    for spelling in row["spellings"]:
        counts = f"{plural(spelling['mentions'], 'mention')} in {plural(spelling['papers'], 'paper')}"
        click.echo(f"  {spelling['surface']}  {counts}  {spelling['rule']}")
    for title, steps in (("variant of", row["variant_of"]), ("variants", row["variants"])):
        for step in steps:
            click.echo(f"  {title}: {step['label']}  {step['reason']}")
    for other in row["same_spelling"]:
        click.echo(f"  not the same: {other['label']}  ({other['type']}, {plural(other['papers'], 'paper')})")


@click.group()
def curate() -> None:
    """Write a correction into curation.yaml.

    The next kg build replays it. The file is the one that the last build looked for, beside its sources, or the one
    given by --file. What the correction names is looked for in the graph, if there is one.
    """


def _file(directory: Path, file: Path | None) -> Path:
    if file is not None:
        return file
    try:
        return kg.load(directory).curation_file
    except OutputsError as error:
        raise KGError(f"{error}, or name the curation file with --file") from None


def _doubt(directory: Path, entry: Entry) -> None:
    """Say on stderr what a correction names that the graph does not hold; without a graph nothing can be said."""
    from kg.resolve.curation import Curation

    try:
        graph = kg.load(directory)
    except OutputsError:
        return
    problems = graph.unsettled(entry, Curation.load(entry.file).entries)
    for problem in problems:
        click.echo(str(problem), err=True)
    if problems:
        click.echo(
            f"kg: as {directory} stands, kg build will not apply all of it (see above): change or delete it in "
            f"{entry.file}, or add the papers that it speaks of",
            err=True,
        )


def _correction(*parameters: Callable, **options: Any) -> Callable:
    """Return a decorator that makes a function from parameters to an entry into a command of ``curate``."""

    def decorate(entry_of: Callable[..., dict[str, Any]]) -> click.Command:
        def run(directory: Path, file: Path | None, reason: str, **values: Any) -> None:
            from kg.resolve.curation import add_entry

            path = _file(directory, file)
            entry = {k: v for k, v in entry_of(**values).items() if v not in (None, ())}
            added = add_entry(path, {**entry, "reason": reason})
            click.echo(f"{path}:{added.line}: {added.action} written; run kg build again to apply it")
            _doubt(directory, added)

        run.__doc__ = entry_of.__doc__
        command: Callable = run
        for parameter in (*reversed(parameters), *_COMMON):
            command = parameter(command)
        return curate.command(entry_of.__name__.rstrip("_").replace("_", "-"), **options)(command)

    return decorate


_COMMON = (
    click.option("--file", type=FilePath(), help="The curation file."),
    click.option("--reason", required=True, help="Why; it stands in the file and on the entity's page."),
    directory,
)
_TYPE = click.option("--type", type=click.Choice(ENTITY_TYPES), help="Which one, where a name has several.")


@_correction(
    click.argument("names", nargs=-1, required=True),
    click.option("--into", required=True, help="The name that stays."),
    _TYPE,
)
def merge(names: tuple[str, ...], into: str, type: str | None) -> dict[str, Any]:
    """NAMES are the same thing as --into."""
    return {"action": "merge", "names": list(names), "into": into, "type": type}


@_correction(
    click.argument("name"),
    click.option("--new", required=True, help="Name of the thing that is not NAME."),
    click.option("--spelling", "spellings", multiple=True, help="A spelling that belongs to the new one."),
    click.option("--paper", "papers", multiple=True, help="A paper that means the new one."),
    click.option("--new-type", type=click.Choice(ENTITY_TYPES), help="The new one's type, where it differs."),
    _TYPE,
)
def split(
    name: str,
    new: str,
    spellings: tuple[str, ...],
    papers: tuple[str, ...],
    new_type: str | None,
    type: str | None,
) -> dict[str, Any]:
    """Some spellings or papers of NAME are something else."""
    return {
        "action": "split",
        "name": name,
        "new": new,
        "spellings": list(spellings) or None,
        "papers": list(papers) or None,
        "new_type": new_type,
        "type": type,
    }


@_correction(click.argument("name"), click.option("--to", required=True, help="The name to show."), _TYPE)
def rename(name: str, to: str, type: str | None) -> dict[str, Any]:
    """Show NAME under another name."""
    return {"action": "rename", "name": name, "to": to, "type": type}


@_correction(
    click.argument("name"),
    click.option("--to", required=True, type=click.Choice(ENTITY_TYPES), help="What it is."),
    _TYPE,
)
def retype(name: str, to: str, type: str | None) -> dict[str, Any]:
    """NAME is of another type."""
    return {"action": "retype", "name": name, "to": to, "type": type}


@_correction(click.argument("name"), _TYPE)
def hide(name: str, type: str | None) -> dict[str, Any]:
    """NAME is nothing that deserves a page."""
    return {"action": "hide", "name": name, "type": type}


@_correction(
    click.argument("name"), click.option("--family", required=True, help="Name of the family, or none."), _TYPE
)
def set_family(name: str, family: str, type: str | None) -> dict[str, Any]:
    """NAME is a version or size of --family."""
    return {"action": "set_family", "name": name, "family": family, "type": type}


@_correction(click.argument("paper"), click.argument("name"), click.argument("role", type=click.Choice(ROLES)), _TYPE)
def add_link(paper: str, name: str, role: str, type: str | None) -> dict[str, Any]:
    """PAPER is linked to NAME, in this role."""
    return {"action": "add_link", "paper": paper, "name": name, "role": role, "type": type}


@_correction(click.argument("paper"), click.argument("name"), _TYPE)
def remove_link(paper: str, name: str, type: str | None) -> dict[str, Any]:
    """PAPER is not linked to NAME."""
    return {"action": "remove_link", "paper": paper, "name": name, "type": type}


_RELATION = (
    click.argument("child"),
    click.argument("relation", type=click.Choice(RELATIONS)),
    click.argument("parent"),
)


@_correction(*_RELATION)
def add_relation(child: str, relation: str, parent: str) -> dict[str, Any]:
    """CHILD descends from PARENT."""
    return {"action": "add_relation", "child": child, "parent": parent, "relation": relation}


@_correction(*_RELATION)
def remove_relation(child: str, relation: str, parent: str) -> dict[str, Any]:
    """CHILD does not descend from PARENT."""
    return {"action": "remove_relation", "child": child, "parent": parent, "relation": relation}


@curate.command()
@click.option("--file", type=FilePath(), help="The curation file.")
@directory
def check(file: Path | None, directory: Path) -> None:
    """Read the file and say what is wrong with it."""
    from kg.resolve.curation import Curation

    if file is not None and not file.exists():  # the default one need not be there
        raise KGError(f"{file}: no such curation file; check --file")
    path = _file(directory, file)
    found = Curation.load(path)
    for problem in found.problems:
        click.echo(str(problem), err=True)
    if found.problems:
        raise KGError(f"{path}: {len(found.problems)} entries cannot be read (see above)")
    click.echo(f"{path}: {len(found.entries)} corrections")

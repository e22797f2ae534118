"""The command line: the same verbs as the Python API, one module a group of them.

Errors that the package explains are one line on stderr and exit 1; wrong usage exits 2.
"""

from __future__ import annotations

import sys
from contextlib import suppress

import click

from kg.cli.ask import entity, lineage, papers, search
from kg.cli.correct import curate, explain
from kg.cli.make import build, evaluate, extract, train
from kg.cli.take import app, export, verify
from kg.errors import KGError


class _Group(click.Group):
    """A group whose commands stand in the order of use and explain their errors in one line."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except KGError as error:
            click.echo(f"kg: {error}", err=True)
            ctx.exit(1)
        except BrokenPipeError:  # the reader of our output, such as head, has seen enough
            sys.stderr.close()
            ctx.exit(0)
        except OSError as error:
            what = f"{error.filename}: {error.strerror}" if error.filename else error.strerror or error
            click.echo(f"kg: reading or writing failed ({' '.join(str(what).split())})", err=True)
            _give_up_unwritten()
            ctx.exit(1)
        except KeyboardInterrupt:
            click.echo("kg: stopped", err=True)
            ctx.exit(130)


def _give_up_unwritten() -> None:
    """Close stdout if it does not take what is left for it; else Python tries again at its end, and complains."""
    try:
        sys.stdout.flush()
    except OSError:
        with suppress(OSError):
            sys.stdout.close()


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="paper-kg", prog_name="kg")
def main() -> None:
    """A knowledge graph of methods, models, datasets and benchmarks out of titles and abstracts."""


for command in (
    build,
    papers,
    entity,
    lineage,
    search,
    explain,
    curate,
    export,
    app,
    verify,
    extract,
    evaluate,
    train,
):
    main.add_command(command)

"""Colours, shapes and the style sheet: `kinds.toml` holds the choices, `app.css` the rules."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

_HERE = Path(__file__).resolve().parent


@cache
def kinds() -> dict[str, dict[str, Any]]:
    """Return label, plural, shape and colours of every kind of node."""
    kinds_of_nodes: dict[str, dict[str, Any]] = _load()["kinds"]
    return kinds_of_nodes


@cache
def edges() -> dict[str, dict[str, Any]]:
    """Return label, colours, width, dashes and arrow of every role and relation."""
    kinds_of_edges: dict[str, dict[str, Any]] = _load()["edges"]
    return kinds_of_edges


def edge_label(key: str) -> str:
    """Return a role or relation in plain words: "evaluates on"."""
    return str(edges().get(key, {}).get("label", key.replace("_", " ")))


@cache
def stylesheet() -> str:
    """Return the whole style sheet: a variable for each colour, then `app.css`.

    ``light-dark()`` follows the colour scheme that Streamlit sets, so a change of theme needs no second sheet.
    """
    rules = [":root {"]
    for key, kind in kinds().items():
        rules += [f"--kg-{key}: {_pair(kind['fill'])};", f"--kg-{key}-ink: {_pair(kind['ink'])};"]
    rules += [f"--kg-edge-{key}: {_pair(edge['line'])};" for key, edge in edges().items()]
    rules.append("}")
    for key in kinds():
        rules.append(f".kg-k-{key} {{ --k: var(--kg-{key}); --k-ink: var(--kg-{key}-ink); }}")
    for key in edges():
        rules.append(f".kg-r-{key} {{ --k: var(--kg-edge-{key}); }}")
    return "\n".join(rules) + "\n" + (_HERE / "app.css").read_text(encoding="utf-8")


@cache
def _load() -> dict[str, Any]:
    with (_HERE / "kinds.toml").open("rb") as file:
        return tomllib.load(file)


def _pair(colours: list[str]) -> str:
    return f"light-dark({colours[0]}, {colours[1]})"

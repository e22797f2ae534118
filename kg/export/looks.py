"""How each kind of node, role and relation looks wherever the graph is drawn: `looks.toml` holds the choices."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

_FILE = Path(__file__).with_name("looks.toml")


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


@cache
def _load() -> dict[str, Any]:
    return tomllib.loads(_FILE.read_text(encoding="utf-8"))

"""The style sheet: `kg.export.looks` holds the colours and shapes of kinds and edges, `app.css` the rules."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from kg.export.looks import edges, kinds

__all__ = ["edge_label", "edges", "kinds", "stylesheet"]

_HERE = Path(__file__).resolve().parent


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


def _pair(colours: list[str]) -> str:
    return f"light-dark({colours[0]}, {colours[1]})"

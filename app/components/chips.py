"""Small signs: the kind of a thing, a role, a confidence; always a colour and a word together."""

from __future__ import annotations

from collections.abc import Mapping

from app import theme
from app.markup import esc, link


def kind(key: str) -> str:
    """Return the sign of a kind of node: its shape, colour and name."""
    label = theme.kinds().get(key, {}).get("label", key)
    return f'<span class="kg-chip kg-k-{esc(key)}">{esc(label)}</span>'


def role(key: str, count: int | None = None) -> str:
    """Return the sign of a role or relation: its line and name, with a count if one is given."""
    number = "" if count is None else f' <span class="num">{count}</span>'
    return f'<span class="kg-role kg-r-{esc(key)}">{esc(theme.edge_label(key))}{number}</span>'


def confidence(value: float | None) -> str:
    """Return a confidence below 0.995 as a quiet percentage; a sure thing needs no sign."""
    if value is None or value >= 0.995:
        return ""
    return f'<span class="num" title="confidence of the extraction">{value:.0%} sure</span>'


def entity(row: Mapping[str, object], *, limit: int = 60) -> str:
    """Return an entity's kind and name, the name a link to its page; ``row`` has id, label and type."""
    return f"{kind(str(row['type']))} {link('entity', row['label'], name=row['id'], limit=limit)}"


def count(number: int, one: str, many: str | None = None) -> str:
    """Return "1 paper", "2,340 papers".

    >>> count(1, "paper"), count(2340, "paper")
    ('1 paper', '2,340 papers')
    """
    return f"{number:,} {one if number == 1 else many or one + 's'}"

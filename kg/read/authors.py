"""From one text that lists authors to their names."""

from __future__ import annotations

import re

_BETWEEN = {";": re.compile(r"; *(?:and )?"), "|": re.compile(r"\|"), "·": re.compile("·")}
"""Signs that stand within no name, with what goes with them; the first that is there parts the names."""

_COMMA_OR_AND = re.compile(r",| and ")
_AND = re.compile(r",?\s+and\s+|\s+&\s+")
_NOT_NAMED = re.compile(r"[\s,;|·]{0,9}(?:\band )?\b(?:et al|others)\b.*")


def author_names(text: str) -> tuple[tuple[str, ...], bool]:
    """Return the authors that a text lists, and whether they are all of them, told apart.

    Without ; | and ·, a comma parts two names only where each has a space in it; else it may stand within a name.

    >>> author_names("C. Balázs, E. L. Berger and P. M. Nadolsky")
    (('C. Balázs', 'E. L. Berger', 'P. M. Nadolsky'), True)
    >>> author_names("Doe, Jane and Roe, John"), author_names("Doe, Jane; and Roe, John")
    ((('Doe, Jane', 'Roe, John'), True), (('Doe, Jane', 'Roe, John'), True))
    >>> author_names("Doe, J., Roe, K."), author_names("Jane Doe, John Roe, et al.")
    ((('Doe, J., Roe, K.',), False), (('Jane Doe', 'John Roe'), False))
    """
    text, more = _NOT_NAMED.subn("", text)
    if any(sign in text for sign in _BETWEEN):
        return listed(text), not more
    if "(" in text:  # affiliations
        return (text,), False
    joined = [part for part in _AND.split(text) if part]
    parts = [part.strip() for name in joined for part in name.split(",") if part.strip()]
    if len(parts) < 2 or all(" " in part for part in parts):
        return tuple(parts), not more
    if len(joined) > 1 and {name.count(",") for name in joined} in ({0}, {1}):
        return tuple(joined), not more
    return (text,), False


def listed(text: str) -> tuple[str, ...]:
    """Return the parts of a text that may list names, whatever they are.

    >>> listed("Search, Rank and Read"), listed("Doe, Jane; Roe, John")
    (('Search', 'Rank', 'Read'), ('Doe, Jane', 'Roe, John'))
    """
    between = next((pattern for sign, pattern in _BETWEEN.items() if sign in text), _COMMA_OR_AND)
    return tuple(part.strip() for part in between.split(text) if part.strip())

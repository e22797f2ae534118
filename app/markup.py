"""Text from papers made safe for HTML, and the addresses of the pages.

Everything that a page writes as HTML goes through `esc` or `name`; every link inside the app through `href`.
"""

from __future__ import annotations

import re
from html import escape
from typing import Any
from urllib.parse import quote, urlencode

from app import address

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_BLANK = re.compile(r"\s+")

PAGES = ("", "explore", "entity", "paper", "lineage", "compare", "export", "add")
"""The paths of the pages, fixed by the contract; "" is the overview."""


def plain(text: Any) -> str:
    """Return ``text`` as a string without control characters and without marks that turn the writing direction.

    Marks such as U+202E would let a name turn round the words that stand after it.

    >>> plain(None), plain("a\\x00b\\u202ec")
    ('', 'abc')
    """
    return "" if text is None else _CONTROL.sub("", str(text))


def esc(text: Any) -> str:
    """Return ``text`` for use between tags or within a quoted attribute of HTML.

    >>> esc('<img src=x onerror="a()">')
    '&lt;img src=x onerror=&quot;a()&quot;&gt;'
    """
    return escape(plain(text), quote=True)


def short(text: Any, limit: int = 60) -> str:
    """Return ``text`` on one line and cut at ``limit`` characters; nothing visible becomes "(no name)".

    >>> short("a  very\\nlong name", 8), short(" ")
    ('a very…', '(no name)')
    """
    line = _BLANK.sub(" ", plain(text)).strip()
    if not line:
        return "(no name)"
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def name(text: Any, limit: int = 80) -> str:
    """Return a name as HTML, isolated from its surroundings' writing direction and cut to a bearable length."""
    line = short(text, limit)
    full = short(text, 1000)
    title = f' title="{esc(full)}"' if full != line else ""
    return f"<bdi{title}>{esc(line)}</bdi>"


def href(page: str, **params: Any) -> str:
    """Return the address of a page, relative to the app's root, for use as an attribute (quoted, not yet escaped).

    Parameters that are None or empty are left out; those that every link carries on (`app.address`) are added.

    >>> href("entity", name="GPT-4 & <b>")
    './entity?name=GPT-4%20%26%20%3Cb%3E'
    """
    if page not in PAGES:
        raise ValueError(f"no such page: {page!r}")
    given = {key: plain(value) for key, value in (params | address.kept()).items() if value not in (None, "")}
    return f"./{page}" + (f"?{urlencode(given, quote_via=quote)}" if given else "")


def link(page: str, text: Any, *, css: str = "", limit: int = 80, **params: Any) -> str:
    """Return a link to a page of the app as HTML, its text escaped."""
    classes = f' class="{css}"' if css else ""
    return f'<a{classes} href="{esc(href(page, **params))}">{name(text, limit)}</a>'

"""What of an address every page keeps and every link inside the app carries on: how sure things must be."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from math import isfinite

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

SURE = "min_confidence"
"""The parameter; its control writes it into the address, and nothing else remembers it."""


_held: ContextVar[float | None] = ContextVar("held", default=None)


@contextmanager
def held() -> Iterator[None]:
    """Ask Streamlit for the confidence but once within a block (or a function: it is a decorator, too).

    A page has hundreds of links with the confidence in each, and Streamlit takes a tenth of a millisecond to answer.
    """
    before = _held.set(min_confidence())
    try:
        yield
    finally:
        _held.reset(before)


def min_confidence() -> float:
    """Return the confidence below which links, mentions and relations are left out; 0 leaves out none."""
    known = _held.get()
    if known is not None:
        return known
    if get_script_run_ctx(suppress_warning=True) is None:  # no page is being drawn
        return 0.0
    return _level(st.query_params.get(SURE))


def kept() -> dict[str, str]:
    """Return the parameters that a link inside the app carries on."""
    sure = min_confidence()
    return {SURE: f"{sure:g}"} if sure > 0 else {}


def _level(value: object) -> float:
    """Return a value out of an address as a confidence; nonsense is 0.

    >>> _level("0.5"), _level("7"), _level("nan"), _level(None)
    (0.5, 1.0, 0.0, 0.0)
    """
    try:
        level = float(str(value))
    except ValueError:
        return 0.0
    return min(max(level, 0.0), 1.0) if isfinite(level) else 0.0

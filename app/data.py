"""The one door from the pages to `kg`: the graph of the folder that the app was started on, and its answers, cached.

A new build changes the stamp of the folder, and with it every key: no page shows answers of two builds at once.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import streamlit as st

import kg
from kg.errors import OutputsError

Answer = Any
"""Plain data, as the methods of `KnowledgeGraph` return it."""

OUTPUTS = Path("outputs")
"""The folder where none is named, as on the command line."""


def folder() -> Path:
    """Return the outputs folder: ``KG_DIR``, or ``outputs`` here."""
    return Path(os.environ.get("KG_DIR") or OUTPUTS)


def stamp() -> str:
    """Return what changes when the folder is built anew.

    Raises `kg.errors.OutputsError` where no graph was built yet.
    """
    try:
        return f"{folder().resolve()}:{(folder() / 'build.json').stat().st_mtime_ns}"
    except OSError:
        raise OutputsError(f"{folder()} holds no graph yet") from None


def built() -> str:
    """Return when the folder was last built, to the minute, by this machine's clock."""
    return datetime.fromtimestamp((folder() / "build.json").stat().st_mtime).strftime("%Y-%m-%d %H:%M")


def graph() -> kg.KnowledgeGraph:
    """Return the graph; all sessions share one."""
    return _load(stamp())


def ask(verb: str, *args: Any, **options: Any) -> Answer:
    """Return the answer of the graph's method ``verb``, from the cache where it was asked before.

    Errors of `kg` pass through and are not cached.
    """
    return _ask(stamp(), verb, args, options)


def derive(function: Callable[..., Answer], *args: Any) -> Answer:
    """Return ``function(graph, *args)``, cached like an answer; for what a page makes of several answers."""
    return _derive(stamp(), f"{function.__module__}.{function.__qualname__}", args, function)


@st.cache_resource(max_entries=2, show_spinner=False)
def _load(stamp: str) -> kg.KnowledgeGraph:
    loaded = kg.load(folder())
    _set_aside()
    return loaded


def _set_aside() -> None:
    """Take what is there now out of the garbage collector's rounds; a graph that was set aside before is let go.

    Streamlit collects after every run of a page, and would walk through all modules and their data each time, which
    took longer than drawing the page.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()


@st.cache_data(max_entries=512, show_spinner=False)
def _ask(stamp: str, verb: str, args: tuple[Any, ...], options: dict[str, Any]) -> Answer:
    return getattr(_load(stamp), verb)(*args, **options)


@st.cache_data(max_entries=128, show_spinner=False)
def _derive(stamp: str, name: str, args: tuple[Any, ...], _function: Callable[..., Answer]) -> Answer:
    return _function(_load(stamp), *args)

"""A build, or what ends in one, with a bar that moves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from app.components import messages
from app.intake import Progress
from kg.errors import KGError


def with_bar(work: Callable[[Progress], dict[str, Any]]) -> dict[str, Any] | None:
    """Do ``work``, showing its progress; return its counts, or None after saying what went wrong."""
    bar = st.progress(0.0, "Building")

    def show(step: str, done: int, total: int | None) -> None:
        bar.progress(min(done / total, 1.0) if total else 0.0, f"{step.capitalize()} {done:,}")

    try:
        return work(show)
    except KGError as error:
        messages.failed(error)
        return None
    finally:
        bar.empty()

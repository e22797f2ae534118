"""What the pages are put together from: custom components (each a folder) and pieces of HTML (each a file)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import streamlit as st

_HERE = Path(__file__).resolve().parent


def mounted(name: str) -> Callable[..., Any]:
    """Return the component made of what a folder here has of ``name.html``, ``name.css`` and ``name.js``."""
    files = {kind: _HERE / name / f"{name}.{kind}" for kind in ("html", "css", "js")}
    parts: dict[str, Any] = {kind: file.read_text(encoding="utf-8") for kind, file in files.items() if file.exists()}
    return st.components.v2.component(f"kg_{name}", **parts)

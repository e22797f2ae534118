"""The interactive graph: pyvis holds the network, vis-network draws it, clicks come back to Python.

Streamlit's `st.components.v2` mounts it. vis-network's own file comes out of the installed pyvis package and reaches
the browser with the app's other messages, so nothing is fetched from outside. pyvis's template is not used: it loads
files from the net and does not escape what it is given. All text reaches the page as text (canvas or `textContent`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyvis
import streamlit as st

from app.markup import plain

_HERE = Path(__file__).resolve().parent
_VIS = Path(pyvis.__file__).resolve().parent / "lib" / "vis-9.1.2" / "vis-network.min.js"

MOST_OPENED = 12
"""Nodes that can be opened in place at once; of more, the oldest close."""

_HAND_OVER = """
export default function () { globalThis.dispatchEvent(new Event("kg-vis-ready")); }
"""

_library = st.components.v2.component("kg_vis_network", js=_VIS.read_text(encoding="utf-8") + _HAND_OVER)
_view = st.components.v2.component(
    "kg_graph",
    html=(_HERE / "graph.html").read_text(encoding="utf-8"),
    css=(_HERE / "graph.css").read_text(encoding="utf-8"),
    js="".join((_HERE / name).read_text(encoding="utf-8") for name in ("address.js", "names.js", "graph.js")),
)


def opened(key: str) -> list[str]:
    """Return the ids of the nodes opened in place: as the picture of this key told last, else as the address says."""
    told = (st.session_state.get(key) or {}).get("opened")
    ids = plain(st.query_params.get("expand", "")).split("|") if told is None else map(str, told)
    return [one for one in ids if one][:MOST_OPENED]


def draw(data: dict[str, Any], *, key: str, height: int = 620) -> str | None:
    """Draw ``data`` (from `network.drawing`) and return the id of the selected node, which the address keeps too.

    The key must stay the same between reruns, or the picture starts anew. The library is a component of its own
    because its message never changes: the browser is sent it once.
    """
    _library(key="kg_vis_network")
    result = _view(
        key=key,
        data={**data, "height": height, "most": MOST_OPENED},
        default={"selected": None, "opened": None},
        on_selected_change=_nothing,
        on_opened_change=_nothing,
    )
    selected = st.query_params.get("node") if result.selected is None else result.selected
    return plain(selected) or None


def _nothing() -> None:
    """Do nothing: Streamlit returns a component's values only where a callback is named."""

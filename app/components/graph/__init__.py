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

_HERE = Path(__file__).resolve().parent
_VIS = Path(pyvis.__file__).resolve().parent / "lib" / "vis-9.1.2" / "vis-network.min.js"

_HAND_OVER = """
export default function () { globalThis.dispatchEvent(new Event("kg-vis-ready")); }
"""

_library = st.components.v2.component("kg_vis_network", js=_VIS.read_text(encoding="utf-8") + _HAND_OVER)
_view = st.components.v2.component(
    "kg_graph",
    html=(_HERE / "graph.html").read_text(encoding="utf-8"),
    css=(_HERE / "graph.css").read_text(encoding="utf-8"),
    js=(_HERE / "graph.js").read_text(encoding="utf-8"),
)


def draw(data: dict[str, Any], *, key: str, height: int = 620) -> tuple[str | None, str | None]:
    """Draw ``data`` (from `network.drawing`) and return (id of the selected node, id of a node to expand).

    The key must stay the same between reruns, or the picture starts anew. The id to expand is there for one run only.
    The library is a component of its own because its message never changes: the browser is sent it once.
    """
    _library(key="kg_vis_network")
    result = _view(
        key=key,
        data={**data, "height": height},
        default={"selected": None},
        on_selected_change=_nothing,
        on_expand_change=_nothing,
    )
    return result.selected, result.expand


def _nothing() -> None:
    """Do nothing: Streamlit returns a component's values only where a callback is named."""

"""Links inside the app followed without a reload, and tables that sort when a heading is pressed.

An ordinary link would load the whole app anew. The script catches a plain click on one, puts the address into the
browser's history and lets Streamlit answer as it answers the back button; all else about a link (a new tab, copying
it, the keyboard) stays the browser's own. A new page is shown from its top; a press on a cell of a matrix leaves all
where it stands.
"""

from __future__ import annotations

from app.components import mounted
from app.markup import PAGES

_component = mounted("navigate")


def listen() -> None:
    """Mount the script; once a run."""
    _component(key="kg_navigate", data={"paths": list(PAGES)})

"""The one control of how sure things must be, above every page, and the line that says it is set.

The slider writes the address, and the page is drawn anew from that, as after a link. A slider of Streamlit's that is
bound to the parameter takes it out of the address again at a step to another page while its popover was never opened.
"""

from __future__ import annotations

from urllib.parse import quote, urlencode

import streamlit as st

from app.address import SURE, min_confidence
from app.components import mounted
from app.markup import esc

_component = mounted("confidence")


def control() -> None:
    """Draw the control, and while it leaves something out, say so."""
    sure = min_confidence()
    with st.container(key="kg-sure"), st.popover("Confidence", icon=":material/filter_alt:", type="tertiary"):
        _component(key="kg_confidence", data={"parameter": SURE, "sure": sure})
    if sure:
        st.html(
            f'<div class="kg kg-note kg-set" role="status"><p>Only what is at least {esc(f"{sure:.0%}")} sure, on '
            f'every page, in counts and files. <a href="{esc(_without())}">Show all</a></p></div>'
        )


def nothing(told: str) -> str:
    """Return as HTML that there is nothing to show: in the words ``told`` or, while the control may hide it, in others.

    What is left out for not being sure is not absent, and must not be denied.
    """
    sure = min_confidence()
    return f'Nothing at least {sure:.0%} sure. <a href="{esc(_without())}">Show all</a>' if sure else esc(told)


def _without() -> str:
    """Return the address of this page without the filter."""
    rest = {key: st.query_params.get_all(key) for key in st.query_params if key != SURE}
    return f"?{urlencode(rest, doseq=True, quote_via=quote)}"

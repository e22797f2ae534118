"""The one control of how sure things must be, above every page, and the line that says it is set."""

from __future__ import annotations

from urllib.parse import quote, urlencode

import streamlit as st

from app.address import SURE, min_confidence
from app.markup import esc


def control() -> None:
    """Draw the control, and while it leaves something out, say so."""
    with st.container(key="kg-sure"), st.popover("Confidence", icon=":material/filter_alt:", type="tertiary"):
        st.slider(
            "Show what is at least this sure",
            0.0,
            1.0,
            0.0,
            0.05,
            key=SURE,
            bind="query-params",
            help="The extractor says of each link, mention and relation how sure it is. 0 shows all.",
        )
    if sure := min_confidence():
        st.html(
            f'<div class="kg kg-note kg-set" role="status"><p>Only what is at least {esc(f"{sure:.0%}")} sure, on '
            f'every page, in counts and files. <a href="{esc(_without())}">Show all</a></p></div>'
        )


def _without() -> str:
    """Return the address of this page without the filter."""
    rest = {key: value for key, value in st.query_params.items() if key != SURE}
    return f"?{urlencode(rest, quote_via=quote)}"

"""What Streamlit runs: the frame of every page, and the pages at their fixed addresses.

    KG_DIR=outputs streamlit run app/main.py

or ``kg app``. The pages' paths are part of the contract; each opens by its address.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import streamlit as st

_HERE = Path(__file__).resolve().parent

if "app" not in sys.modules:  # the folder is `app` in the sources and `kg/_app` when installed: always known as `app`
    _spec = importlib.util.spec_from_file_location(
        "app", _HERE / "__init__.py", submodule_search_locations=[str(_HERE)]
    )
    assert _spec is not None and _spec.loader is not None
    sys.modules["app"] = importlib.util.module_from_spec(_spec)
    _spec.loader.exec_module(sys.modules["app"])

from app import address, theme  # noqa: E402
from app.components import confidence, messages, navigate, search  # noqa: E402
from app.data import stamp  # noqa: E402
from app.views import add, compare, entity, explore, export, lineage, overview, paper  # noqa: E402
from kg.errors import KGError, OutputsError  # noqa: E402

st.set_page_config(page_title="Paper graph", page_icon=str(_HERE / "theme" / "logo.svg"), layout="wide")
st.logo(str(_HERE / "theme" / "logo.svg"), size="medium")
page = st.navigation(
    [
        st.Page(overview.page, title="Overview", default=True, url_path="overview"),
        st.Page(explore.page, title="Explore", url_path="explore"),
        st.Page(entity.page, title="Entities", url_path="entity"),
        st.Page(paper.page, title="Papers", url_path="paper"),
        st.Page(lineage.page, title="Lineage", url_path="lineage"),
        st.Page(compare.page, title="Compare", url_path="compare"),
        st.Page(export.page, title="Export", url_path="export"),
        st.Page(add.page, title="Add", url_path="add"),
    ],
    position="top",
)
st.html(f"<style>{theme.stylesheet()}</style>")
navigate.listen()

try:
    stamp()
except OutputsError as error:
    if page.url_path == "add":  # the first papers may come in through the page
        page.run()
    else:
        messages.no_graph(str(error))
else:
    try:
        if page.url_path != "":
            with st.container(key="kg-top"):
                search.box(key="kg_search")
        if page.url_path != "add":  # what is not kept yet is looked at whole
            confidence.control()
        with address.held():
            page.run()
    except KGError as error:
        messages.failed(error)

"""Corrections on the pages: each is written into ``curation.yaml`` with its reason and lasts through every build."""

from __future__ import annotations

from typing import Any

import streamlit as st

from app import intake, theme
from app.components import building
from app.data import Answer, ask, graph
from app.markup import esc, short
from kg.errors import KGError
from kg.resolve.curation import Curation, add_entry
from kg.schema import ENTITY_TYPES, ROLES

Entry = dict[str, Any]

_ENTITY = {
    "merge": "same as another",
    "split": "not all the same",
    "rename": "other name",
    "retype": "wrong type",
    "set_family": "family",
    "hide": "no page",
}
_PAPER = {"remove_link": "not in this paper", "add_link": "other role"}


@st.fragment
def entity(found: Answer) -> None:
    """Offer the corrections of an entity."""
    with _place(f"entity-{found['id']}"):
        action = st.segmented_control(
            "What is wrong?", list(_ENTITY), format_func=_ENTITY.__getitem__, key=f"wrong-{found['id']}"
        )
        if action:
            _write(found["id"], {"action": action, **_of_entity(str(action), found), "type": found["type"]})


@st.fragment
def paper(found: Answer) -> None:
    """Offer the corrections of a paper's links."""
    if not found["links"]:
        return
    with _place(f"paper-{found['id']}"):
        links = {row["entity"]: row for row in found["links"]}
        one = st.selectbox(
            "Which?", list(links), format_func=lambda e: short(links[e]["label"], 60), key=f"which-{found['id']}"
        )
        action = st.segmented_control(
            "What is wrong?", list(_PAPER), format_func=_PAPER.__getitem__, key=f"wrong-{found['id']}"
        )
        if not action or one is None:
            return
        entry: Entry = {"action": action, "paper": found["id"], "name": links[one]["label"], "type": links[one]["type"]}
        if action == "add_link":
            others = [role for role in ROLES if role != links[one]["role"]]
            entry["role"] = st.selectbox("The right role", others, format_func=theme.edge_label)
        _write(found["id"], entry)


def _place(key: str) -> Any:
    return st.expander("Something wrong? Correct it", icon=":material/edit:", key=f"kg-correct-{key}")


def _of_entity(action: str, found: Answer) -> Entry:
    """Draw the fields of an action and return what they hold; a field left empty is None."""
    name = found["label"]
    if action == "merge":
        return {"names": [name], "into": _other("It is the same as", found["id"])}
    if action == "split":
        spellings = [row["surface"] for row in found["spellings"]]
        chosen = st.multiselect("These spellings are something else", spellings)
        new = st.text_input("Name of that other thing")
        return {"name": name, "spellings": chosen or None, "new": new.strip() or None}
    if action == "rename":
        return {"name": name, "to": st.text_input("The name to show", found["name"]).strip() or None}
    if action == "retype":
        others = [kind for kind in ENTITY_TYPES if kind != found["type"]]
        return {"name": name, "to": st.selectbox("It is a", others)}
    if action == "set_family":
        return {"name": name, "family": _other("It is a version or size of", found["id"])}
    return {"name": name}


def _other(label: str, but: str) -> str | None:
    options = [row["label"] for row in ask("entities", (), min_papers=0, limit=3000) if row["id"] != but]
    chosen = st.selectbox(label, options, index=None, placeholder="Type a name", accept_new_options=True)
    return None if chosen is None else str(chosen)


def _write(key: str, entry: Entry) -> None:
    """Draw the reason and the button; write the entry, then offer the build that makes it count."""
    reason = st.text_input("Why?", key=f"why-{key}", placeholder="It will stand in the file")
    if st.button("Write the correction", key=f"write-{key}", type="primary"):
        if any(value is None for value in entry.values()) or not reason.strip():
            st.warning("Fill in every field, the reason too.")
        else:
            try:
                written = add_entry(graph().curation_file, {**entry, "reason": reason.strip()})
            except KGError as error:
                st.html(f'<div class="kg kg-note" role="alert"><p>{esc(error)}</p></div>')
            else:
                doubts = graph().unsettled(written, Curation.load(written.file).entries)
                st.session_state["kg-written"] = (key, f"{written.file}:{written.line}", [p.message for p in doubts])
    done = st.session_state.get("kg-written")
    if not done or done[0] != key:
        return
    st.html(
        f'<div class="kg kg-note" role="status"><p>Written to <code>{esc(done[1])}</code>. It takes effect with the '
        "next build.</p>"
        + "".join(f"<p>As the graph stands, not all of it will: {esc(doubt)}.</p>" for doubt in done[2])
        + "</div>"
    )
    if st.button("Build now", key=f"build-{key}") and building.with_bar(intake.rebuild) is not None:
        del st.session_state["kg-written"]
        st.rerun()

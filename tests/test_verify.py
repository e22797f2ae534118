"""``kg verify`` finds what is wrong: each broken promise is caught."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from kg.ask import KnowledgeGraph
from kg.verify import verify

Rows = list[dict]


def change(rows: Rows, column: str, value: object) -> Rows:
    return [{**rows[0], column: value}, *rows[1:]]


def without_families(rows: Rows) -> Rows:
    return [{**row, "family": None} for row in rows]


def in_circles(rows: Rows) -> Rows:
    """Have every family's root be a variant of its variant."""
    steps = {row["child"]: row for row in rows if row["relation"] == "variant_of"}
    roots = {row["parent"]: row for row in steps.values() if row["parent"] not in steps}
    return [*rows, *({**row, "child": root, "parent": row["child"]} for root, row in roots.items())]


BREAKS: list[tuple[str, Callable[[Rows], Rows], str]] = [
    ("links", lambda r: change(r, "entity", "model/nowhere"), "links: entity that no table holds"),
    ("links", lambda r: change(r, "paper", "nowhere"), "links: paper that no table holds"),
    ("links", lambda r: change(r, "role", "loves"), "links: unknown role"),
    ("links", lambda r: change(r, "evidence", None), "links: evidence missing"),
    ("links", lambda r: change(r, "evidence", {"field": "title", "start": 0, "end": 9999}), "links: evidence missing"),
    ("links", lambda r: change(r, "evidence", {"field": "abstract", "start": 0, "end": 1}), "does not name the entity"),
    ("links", lambda r: change(r, "confidence", 1.5), "confidence outside 0 to 1"),
    ("links", lambda r: [r[0], *r], "rows that stand twice"),
    ("mentions", lambda r: change(r, "start", r[0]["start"] + 1), "does not stand at its offsets"),
    ("mentions", lambda r: change(r, "surface", "else"), "does not stand at its offsets"),
    ("mentions", lambda r: r[1:], "number of mentions differs"),
    ("entities", lambda r: change(r, "type", "metric"), "entities: unknown type"),
    ("entities", lambda r: change(r, "label", r[1]["label"]), "labels that stand twice"),
    ("entities", lambda r: change(r, "papers", 999), "number of papers differs"),
    ("entities", lambda r: change(r, "family", "model/nowhere"), "entities: family that no table holds"),
    ("entities", without_families, "a variant without its parent's family"),
    ("entities", lambda r: change(r, "family", r[0]["id"]), "a family that no variant_of leads to"),
    ("relations", lambda r: [row for row in r if row["relation"] != "variant_of"], "that no variant_of leads to"),
    ("relations", in_circles, "that no variant_of leads to"),
    ("relations", lambda r: change(r, "parent", r[0]["child"]), "an entity with itself"),
    ("relations", lambda r: change(r, "relation", "likes"), "unknown relation"),
]


@pytest.mark.parametrize(("table", "damage", "message"), BREAKS)
def test_a_broken_promise_is_named(
    gold_graph: KnowledgeGraph, tmp_path: Path, table: str, damage: Callable[[Rows], Rows], message: str
) -> None:
    folder = tmp_path / "out"
    shutil.copytree(gold_graph.folder, folder)
    file = folder / f"{table}.parquet"
    found = pq.read_table(file)
    pq.write_table(pa.Table.from_pylist(damage(found.to_pylist()), schema=found.schema), file)
    problems = verify(folder)
    assert any(message in p for p in problems), problems


def test_a_table_of_other_columns_is_named(gold_graph: KnowledgeGraph, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    shutil.copytree(gold_graph.folder, folder)
    pq.write_table(pa.table({"id": ["x"]}), folder / "links.parquet")
    (folder / "mentions.parquet").write_bytes(b"broken")
    problems = "\n".join(verify(folder))
    assert "links.parquet: its columns" in problems and "mentions.parquet: cannot be read" in problems

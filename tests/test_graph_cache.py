"""Extractions are kept by content and extractor version."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from kg.graph.cache import ExtractionCache, content_key
from kg.records import Paper


def test_what_was_put_is_found_again_by_another_process(tmp_path: Path) -> None:
    cache = ExtractionCache(tmp_path / "c.sqlite", "v1")
    cache.put({b"a": "1", b"b": "2"})
    cache.close()
    again = ExtractionCache(tmp_path / "c.sqlite", "v1")
    assert again.get([b"a", b"c"]) == {b"a": "1"}
    assert again.missing([b"a", b"c", b"c"]) == {b"c"}


def test_another_version_of_the_extractor_starts_anew(tmp_path: Path) -> None:
    ExtractionCache(tmp_path / "c.sqlite", "v1").put({b"a": "1"})
    assert ExtractionCache(tmp_path / "c.sqlite", "v2").get([b"a"]) == {}


def test_a_broken_file_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "c.sqlite").write_bytes(b"no database" * 1000)
    cache = ExtractionCache(tmp_path / "c.sqlite", "v1")
    cache.put({b"a": "1"})
    assert cache.get([b"a"]) == {b"a": "1"}


@given(st.text(), st.text(), st.text(), st.text())
def test_a_key_stands_for_title_and_abstract_and_nothing_else(a: str, b: str, c: str, d: str) -> None:
    same = (a, b) == (c, d)
    assert (content_key(Paper("1", a, b)) == content_key(Paper("2", c, d, date="2024-01-01"))) == same

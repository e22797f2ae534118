"""How surfaces are read is remembered between builds, and changes nothing but the time they take."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_resolve_properties import NAMES, corpora

from kg import remembered
from kg.records import Extraction
from kg.resolve import Curation, resolve
from kg.resolve.readings import GROUPS, Readings


@settings(max_examples=60)
@given(corpora(), corpora())
def test_readings_of_another_corpus_change_no_resolution(one: list[Extraction], two: list[Extraction]) -> None:
    with TemporaryDirectory() as folder:
        file = Path(folder, "readings")
        first = Readings()
        resolve(one, Curation(), first)
        first.keep(file)
        again = Readings.load(file)
        assert resolve(two, Curation(), again) == resolve(two)
        again.keep(file)
        assert again.used.items() <= Readings.load(file)._known.items()


def test_what_is_kept_is_what_was_read(tmp_path: Path) -> None:
    first = Readings()
    read = {(name, group): first.of(name, group) for name in NAMES for group in GROUPS}
    first.keep(tmp_path / "r")
    again = Readings.load(tmp_path / "r")
    assert again._known == read
    assert any(reading.asked for reading in read.values())


def test_readings_of_papers_long_gone_are_let_go(tmp_path: Path) -> None:
    for names in (NAMES, NAMES[:10], NAMES[10:20]):
        readings = Readings.load(tmp_path / "r")
        for name in names:
            readings.of(name, "model")
        readings.keep(tmp_path / "r")
    assert Readings.load(tmp_path / "r")._known == readings.used


@given(st.data())
@settings(max_examples=60)
def test_a_file_that_was_cut_off_or_changed_holds_nothing(data: st.DataObject) -> None:
    with TemporaryDirectory() as folder:
        file = Path(folder, "table")
        remembered.keep(file, "v1", pa.table({"a": ["x", "y"], "b": [1, 2]}))
        content = bytearray(file.read_bytes())
        place = data.draw(st.integers(0, len(content) - 1))
        if data.draw(st.booleans()):
            content[place] ^= data.draw(st.integers(1, 255))
        else:
            del content[place:]
        file.write_bytes(content)
        assert remembered.load(file, "v1") is None


@pytest.mark.parametrize("content", [b"", b"\0" * 31, b"\0" * 32, b"rubbish" * 1000])
def test_rubbish_is_no_table(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "table").write_bytes(content)
    assert remembered.load(tmp_path / "table", "v1") is None
    assert remembered.load(tmp_path / "missing", "v1") is None


def test_a_table_of_another_version_is_not_read(tmp_path: Path) -> None:
    table = pa.table({"a": ["x", None, "ü"]})
    remembered.keep(tmp_path / "table", "v1", table)
    assert remembered.load(tmp_path / "table", "v2") is None
    assert remembered.load(tmp_path / "table", "v1").equals(table)
    assert [p.name for p in tmp_path.iterdir()] == ["table"]

"""The outputs folder is replaced whole or not at all, whatever happens on the way."""

from __future__ import annotations

import errno
import fcntl
import json
from pathlib import Path
from typing import Any

import pytest

from kg.errors import OutputsError
from kg.graph.store import FILES, open_files, read_build, replacing


def fill(staging: Path, text: str) -> None:
    for name in FILES:
        (staging / name).write_text(json.dumps(text), encoding="utf-8")


def contents(out: Path) -> set[str]:
    return {(out / name).read_text(encoding="utf-8") for name in FILES}


def test_files_replace_the_old_ones_together(tmp_path: Path) -> None:
    for text in ("old", "new"):
        with replacing(tmp_path / "out") as staging:
            fill(staging, text)
    assert contents(tmp_path / "out") == {'"new"'}
    assert sorted(p.name for p in (tmp_path / "out").iterdir() if p.name != ".lock") == sorted(FILES)


def test_a_build_that_fails_leaves_the_old_files(tmp_path: Path) -> None:
    with replacing(tmp_path) as staging:
        fill(staging, "old")
    with pytest.raises(RuntimeError), replacing(tmp_path) as staging:
        fill(staging, "new")
        raise RuntimeError
    assert contents(tmp_path) == {'"old"'}
    assert not (tmp_path / ".staging").exists()


@pytest.mark.parametrize("moved", range(len(FILES)))
def test_a_build_killed_while_moving_is_finished_by_the_next_reader(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moved: int
) -> None:
    with replacing(tmp_path) as staging:
        fill(staging, "old")
    replace, calls = Path.replace, 0

    def killed(self: Path, target: Path) -> Path:
        nonlocal calls
        calls += 1
        if calls > 1 + moved:  # the journal, then some of the files
            raise KeyboardInterrupt
        return replace(self, target)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Path, "replace", killed)
        with replacing(tmp_path) as staging:
            fill(staging, {"build": "new"})  # type: ignore[arg-type]
    assert read_build(tmp_path) == {"build": "new"}
    assert contents(tmp_path) == {'{"build": "new"}'}


def test_two_builds_do_not_write_into_one_folder(tmp_path: Path) -> None:
    with (tmp_path / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(OutputsError, match="another build"), replacing(tmp_path):
            pass


@pytest.mark.parametrize("content", ["", "[]", "{", "\0"])
def test_a_broken_build_record_is_one_clear_error(tmp_path: Path, content: str) -> None:
    (tmp_path / "build.json").write_text(content, encoding="utf-8")
    with pytest.raises(OutputsError, match="build the graph again"):
        read_build(tmp_path)


def test_a_folder_without_a_graph_says_how_to_build_one(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "missing"):
        with pytest.raises(OutputsError, match="kg build"):
            read_build(folder)


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_may_not_be_read_is_one_clear_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    with replacing(tmp_path) as staging:
        fill(staging, "old")
    open_, refused = Path.open, tmp_path / name

    def locked(self: Path, *args: Any, **kwargs: Any) -> Any:  # permissions do not bind a test that root runs
        if self == refused:
            raise PermissionError(errno.EACCES, "Permission denied", str(self))
        return open_(self, *args, **kwargs)

    monkeypatch.setattr(Path, "open", locked)
    with pytest.raises(OutputsError, match=f"{name}: cannot be read .*Permission denied.*; build the graph again"):
        open_files(tmp_path)

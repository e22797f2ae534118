"""The index of words of a corpus is the same bytes, counted anew or moved on from the index of another corpus."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from kg.graph.cache import content_key
from kg.graph.tables import write_papers
from kg.graph.words import FILE, Before, remember, write_words
from kg.records import Paper

TEXTS = st.lists(
    st.sampled_from(["Llama", "LLAMA", "the", "GRPO", "模型", "É", "e\u0301", "x_1", "—", "ß", "2.5"])
).map(" ".join)
PAPERS = st.dictionaries(st.text("abc", min_size=1, max_size=3), st.tuples(TEXTS, TEXTS), max_size=8)


def laid_out(papers: dict[str, tuple[str, str]], folder: Path) -> list[bytes]:
    """Write the table of papers into a folder and return their contents."""
    folder.mkdir(exist_ok=True)
    rows = [Paper(id, *texts) for id, texts in sorted(papers.items())]
    write_papers(rows, folder)
    return [content_key(row) for row in rows]


@settings(max_examples=60)
@given(PAPERS, PAPERS)
def test_an_index_moved_on_is_one_counted_anew(then: dict, now: dict) -> None:
    with TemporaryDirectory() as place:
        old, new = Path(place, "old"), Path(place, "new")
        keys = laid_out(then, old)
        write_words(old)
        remember(old, old / "kept", keys)
        before = Before.load(old, old / "kept")
        assert before is not None
        keys = laid_out(now, new)
        write_words(new)
        counted = (new / FILE).read_bytes()
        before.write(new, keys)
        assert (new / FILE).read_bytes() == counted


def test_an_index_that_is_not_the_one_remembered_counts_as_none(tmp_path: Path) -> None:
    keys = laid_out({"a": ("SimPO", "SimPO outperforms DPO")}, tmp_path)
    write_words(tmp_path)
    remember(tmp_path, tmp_path / "kept", keys)
    assert Before.load(tmp_path, tmp_path / "kept")
    laid_out({"a": ("SimPO", "SimPO outperforms IPO")}, tmp_path)
    write_words(tmp_path)
    assert Before.load(tmp_path, tmp_path / "kept") is None
    (tmp_path / FILE).unlink()
    assert Before.load(tmp_path, tmp_path / "kept") is None

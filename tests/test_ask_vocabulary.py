"""Words spelled nearly alike are found without looking at every word, and none is missed."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz import fuzz

from kg.ask.vocabulary import Vocabulary

WORDS = st.lists(st.text("abcdeé模", min_size=1, max_size=9), min_size=1, max_size=40, unique=True)


@given(WORDS, st.text("abcdeé模z", min_size=1, max_size=9), st.sampled_from([60.0, 75.0, 90.0]))
def test_the_nearest_words_are_those_of_a_look_at_all(words: list[str], word: str, least: float) -> None:
    scores = {w: fuzz.ratio(word, w) for w in words if abs(len(w) - len(word)) <= 2}
    wanted = sorted((s for s in scores.values() if s >= least), reverse=True)
    found = Vocabulary(sorted(words)).nearest(word, len(words), least)
    assert [score for _, score in found] == wanted
    assert all(scores[other] == score for other, score in found)


@given(WORDS, st.text("abcdeé模", min_size=1, max_size=3))
def test_words_that_begin_alike(words: list[str], word: str) -> None:
    vocabulary = Vocabulary(sorted(words))
    assert vocabulary.beginning(word) == sorted(w for w in words if w.startswith(word))
    assert vocabulary.holds(word) == (word in words)


def test_a_corpus_without_words_has_none_alike() -> None:
    assert Vocabulary([]).nearest("word", 3, 75.0) == []

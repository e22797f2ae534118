r"""Tokens for names: every run of word characters and every other sign on its own.

spaCy's English tokenizer keeps "GPT-4" whole and takes "LLaMA-based" apart; whether a name ends at a hyphen is for the
tagger to say, so here each hyphen is a token and every name at word boundaries begins and ends at one. Decimal numbers
stay whole ("Qwen2.5", "3.1"). The text can always be had back: white space beyond one plain space is a token too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from spacy.language import Language
from spacy.tokens import Doc
from spacy.util import registry
from spacy.vocab import Vocab

# a token and, where one follows, the plain space behind it; white space is greedy, so none follows it
_TOKEN = re.compile(r"(\w+(?:\.\d+)*|[^\w\s]|\s+)( ?)")


def split_words(text: str) -> tuple[list[str], list[bool]]:
    """Return the words of a text and, for each, whether one plain space follows it.

    >>> split_words("Llama-3-8B, tuned")
    (['Llama', '-', '3', '-', '8B', ',', 'tuned'], [False, False, False, False, False, True, False])
    """
    found = _TOKEN.findall(text)
    return [word for word, _ in found], [space != "" for _, space in found]


class PaperTokenizer:
    """A spaCy tokenizer that splits as `split_words` does."""

    def __init__(self, vocab: Vocab) -> None:
        self.vocab = vocab

    def __call__(self, text: str) -> Doc:
        """Return the text as a `Doc`; ``doc.text == text`` always holds."""
        words, spaces = split_words(text)
        return Doc(self.vocab, words=words, spaces=spaces)

    def pipe(self, texts: Iterable[str], **_: Any) -> Iterable[Doc]:
        """Yield a `Doc` for each text."""
        for text in texts:
            yield self(text)

    def to_bytes(self, **_: Any) -> bytes:
        """Return nothing: the tokenizer has no state."""
        return b""

    def from_bytes(self, _data: bytes, **_: Any) -> PaperTokenizer:
        """Return the tokenizer itself: it has no state."""
        return self

    def to_disk(self, _path: Path | str, **_: Any) -> None:
        """Write nothing: the tokenizer has no state."""

    def from_disk(self, _path: Path | str, **_: Any) -> PaperTokenizer:
        """Return the tokenizer itself: it has no state."""
        return self


@registry.tokenizers("kg.PaperTokenizer.v1")
def make_paper_tokenizer() -> Callable[[Language], PaperTokenizer]:
    """Return what spaCy's config asks for: a function from the pipeline to its tokenizer."""

    def make(nlp: Language) -> PaperTokenizer:
        return PaperTokenizer(nlp.vocab)

    return make

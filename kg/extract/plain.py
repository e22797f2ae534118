"""A paper as the components read it, without spaCy's `Doc`.

A `Doc` makes a lexeme of every new word, with a dozen attributes that nothing here asks for, and a token of every word,
which takes more than a tenth of an extraction. `PlainDoc` carries what the components do ask for, under the same names,
so that each of them reads either.
"""

from __future__ import annotations

from copy import copy
from itertools import accumulate
from typing import Any

import numpy as np

from kg.extract import extensions
from kg.extract.extensions import Tokens
from kg.extract.tokenizer import TOKEN


def tokens_in(text: str) -> Tokens:
    """Return the tokens of a text, those of `kg.extract.tokenizer.PaperTokenizer`.

    >>> tokens_in("GPT-4, tuned").words, tokens_in("GPT-4, tuned").starts
    (['GPT', '-', '4', ',', 'tuned'], [0, 3, 4, 5, 7])
    """
    found = TOKEN.findall(text)
    stops = accumulate(map(len, found))
    kept = [(word, end) for word, end in zip(found, stops, strict=True) if word != " " or end == 1]
    words, ends = [word for word, _ in kept], [end for _, end in kept]
    for i, word in enumerate(words):
        if word[0] == " " and i:  # the space belongs to the word before
            words[i] = word[1:]
    return Tokens(text, words, [end - len(word) for word, end in zip(words, ends, strict=True)], ends)


class PlainDoc:
    """Stands in for a `Doc`: the attributes of `kg.extract.extensions`, the tokens, and where sentences begin.

    Args:
        text: title, two newlines, abstract.
        title_end: length of the title.
    """

    __slots__ = (*extensions.ATTRIBUTES, "sentence_opens", "user_data")

    def __init__(self, text: str, title_end: int) -> None:
        for name, default in extensions.ATTRIBUTES.items():
            setattr(self, name, copy(default))
        self.title_end = title_end
        self.sentence_opens: np.ndarray | None = None
        self.user_data: dict[str, Any] = {extensions.TOKENS: tokens_in(text)}

    @property
    def _(self) -> PlainDoc:
        """The attributes stand on the document itself."""
        return self

    def __len__(self) -> int:
        return len(self.user_data[extensions.TOKENS].words)

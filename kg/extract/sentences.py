"""Sentence boundaries for titles and abstracts: the component ``paper_sentences``.

The title is one sentence, whatever its punctuation. In the abstract a sentence ends at a full stop, a question mark
or a mark of exclamation that white space follows, unless the word before it is an abbreviation ("et al.", "e.g.",
"Fig.", "vs."), an initial, or the next word goes on in lower case after something short. Decimals, versions ("v0.2"),
web addresses and names such as "Node.js" have no white space after their stops and so stay whole. An empty line ends
a sentence too. The words are data: ``data/sentence_abbreviations.yaml``.

Sets ``token.is_sent_start``. Needs ``doc._.title_end`` (zero where a `Doc` is not a paper: then all is abstract).

>>> import spacy, kg.extract.sentences
>>> nlp = spacy.blank("en")
>>> _ = nlp.add_pipe("paper_sentences")
>>> [s.text for s in nlp("We follow Shao et al. (2024), e.g. in Fig. 2. It gains 3.5 points vs. GPT-4.").sents]
['We follow Shao et al. (2024), e.g. in Fig. 2.', 'It gains 3.5 points vs. GPT-4.']
"""

from __future__ import annotations

import re
from bisect import bisect_left
from functools import lru_cache
from pathlib import Path

import numpy as np
import yaml
from spacy.attrs import SENT_START
from spacy.language import Language
from spacy.tokens import Doc

from kg.extract import extensions

_END = re.compile(r"(?:[.!?…]+[\"'”’)\]}]*|[。！？])\s+|\n[^\S\n]*\n\s*")
_MARK = re.compile(r"[.!?…。！？\n]")
_LAST_WORD = re.compile(r"(?:.*[\s(\[{\"'“‘])?(.*)", re.DOTALL)  # to the end, then back to the last sign before it
_NEXT_WORD = re.compile(r"[(\[{\"'“‘`*]*([^\W_]*)")


@lru_cache(maxsize=1)
def _words() -> dict[str, frozenset[str]]:
    """Return the lists of ``data/sentence_abbreviations.yaml``."""
    path = Path(__file__).parent / "data" / "sentence_abbreviations.yaml"
    return {name: frozenset(words) for name, words in yaml.safe_load(path.read_text(encoding="utf-8")).items()}


def _ends(text: str, start: int, stop: int, resume: int) -> bool:
    """Say whether the punctuation at ``text[stop:resume]`` ends the sentence that began at ``start``."""
    mark = text[stop]
    if mark not in ".!?…":
        return True
    words = _words()
    following = _NEXT_WORD.match(text, resume)
    opener = following.group(1) if following else ""
    goes_on_low = bool(opener) and opener[0].islower() and opener == opener.lower()
    before = _LAST_WORD.match(text[max(start, stop - 40) : stop].removesuffix("\n"))
    written = before.group(1) if before else ""
    word = written.lower()
    if word in words["never"] or f"{word}{mark}" in words["names"]:
        return False
    if word in words["numbered"] and opener[:1].isdigit():
        return False
    initial = len(word) == 1 and word.isalpha() and written.isupper()
    if word in words["perhaps"] or initial:
        return opener.lower() in words["openers"] and not goes_on_low
    if goes_on_low:  # "improves accuracy. we then": a slip of the keyboard after a plain word; else no end
        return mark == "." and len(word) > 3 and word.isalpha() and text[resume - 1].isspace() and text[stop + 1] != "."
    return True


def sentence_starts(text: str, title_end: int = 0) -> list[int]:
    """Return the character offsets where the sentences of ``text`` begin; the title counts as one."""
    starts = [0]
    start = title_end
    if title_end:
        while start < len(text) and text[start].isspace():
            start += 1
        if start < len(text):
            starts.append(start)
    resume = start
    for mark in _MARK.finditer(text, start):
        if mark.start() < resume:
            continue
        end = _END.match(text, mark.start())
        if end is None:
            continue
        resume = end.end()
        if resume < len(text) and _ends(text, start, end.start(), resume):
            start = resume
            starts.append(start)
    return starts


@Language.component("paper_sentences", assigns=["token.is_sent_start"])
def paper_sentences(doc: Doc) -> Doc:
    """Mark the first token of each sentence."""
    if not len(doc):
        return doc
    tokens = extensions.tokens_of(doc)
    first = [bisect_left(tokens.starts, at) for at in sentence_starts(tokens.text, doc._.title_end)]
    marks = np.full(len(doc), -1, dtype=np.int64)
    marks[[i for i in first if i < len(doc)]] = 1
    marks[0] = 1
    doc.from_array([SENT_START], marks.reshape(-1, 1).view(np.uint64))  # type: ignore[arg-type]
    return doc


extensions.register()

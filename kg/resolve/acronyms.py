"""Which full forms an acronym can stand for, and which full forms are spellings of one.

An acronym fits a full form when its letters are found in it from right to left and the first letter opens the full
form (Schwartz and Hearst, "A simple algorithm for identifying abbreviation definitions in biomedical text", 2003). The
same acronym with two full forms that are no spellings of each other has two senses.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

from rapidfuzz.distance import OSA

from kg.resolve.grammar import phrase
from kg.resolve.known import words
from kg.resolve.typography import clean, plain

_LETTERS = re.compile(r"[^0-9a-z+]")
_SMALL = re.compile(r"[a-z]s$")
_CAPITAL_FIRST = re.compile(r"\W*[^\W_]*[^\W\d_a-z]")  # a capital in the first word


@lru_cache(maxsize=1 << 16)
def is_short(surface: str) -> bool:
    """Return whether the surface looks like an acronym or a short name: one short word with capitals.

    >>> is_short("GRPO"), is_short("LoRA"), is_short("3DGS"), is_short("CNNs"), is_short("Transformer")
    (True, True, True, True, False)
    """
    text = clean(surface)
    if " " in text or len(text) > 12:
        return False
    upper = sum(c.isupper() for c in text)
    return upper >= 2 or (upper == 1 and any(c.isdigit() for c in text) and len(text) > 1)


@lru_cache(maxsize=1 << 16)
def fits(short: str, long: str) -> bool:
    """Return whether the acronym can stand for the full form.

    >>> fits("LoRA", "low-rank adaptation"), fits("RL", "deep RL"), fits("SAEs", "sparse autoencoders")
    (True, False, True)
    >>> fits("RISE", "eRror-Injected Self-Editing"), fits("MCTS", "flow-guided Monte Carlo Tree Search")
    (True, False)
    """
    if not is_short(short):
        return False
    letters = _singular(short)
    form = plain(clean(long))
    opened = form.lstrip("\"'( ")
    parts = phrase(long)
    if len(letters) < 2 or len(parts) < 2 or letters in parts:
        return False
    if len("".join(parts)) < 1.5 * len(letters) + 2:
        return False
    if opened[:1] != letters[0]:  # "eRror-Injected Self-Editing"
        return _capitals(long) == letters and bool(_CAPITAL_FIRST.match(clean(long)))
    i = len(form) - 1
    for n in range(len(letters) - 1, 0, -1):
        while i > 0 and form[i] != letters[n]:
            i -= 1
        if i <= 0:
            return False
        i -= 1
    return True


def qualified(short: str, long: str) -> bool:
    """Return whether small words stand before the acronym's full form, which the capitals spell: a variant's name.

    >>> qualified("MCTS", "flow-guided Monte Carlo Tree Search"), qualified("MCTS", "Monte Carlo Tree Search")
    (True, False)
    >>> qualified("RL", "agentic RL")
    False
    """
    letters = _singular(short)
    if len(letters) < 2 or _capitals(long) != letters:
        return False
    return not _CAPITAL_FIRST.match(clean(long)) and letters not in phrase(long)


def _singular(short: str) -> str:
    """Return the letters of an acronym, without the s of its plural."""
    text = clean(short)
    letters = _LETTERS.sub("", plain(text))
    plural = _SMALL.search(text) and len(letters) > 2 and text[:-1].upper() == text[:-1]
    return letters[:-1] if plural else letters


def _capitals(text: str) -> str:
    return "".join(filter(str.isupper, clean(text))).lower()


def initials(long: str, joints: bool = False) -> str:
    """Return the first letters of the phrase's words, without the small words between them.

    >>> initials("Retrieval-Augmented Generation"), initials("Reinforcement Learning from Human Feedback")
    ('rag', 'rlhf')
    """
    w = words()
    skip = frozenset() if joints else w.articles | w.joints
    return "".join(p[0] for p in phrase(long) if p not in skip)


def spells(short: str, long: str) -> bool:
    """Return whether the acronym is exactly the full form's initials.

    >>> spells("RAG", "retrieval-augmented generation"), spells("RL", "rule-based reinforcement learning")
    (True, False)
    """
    letters = _LETTERS.sub("", plain(clean(short)))
    return letters in (initials(long), initials(long, joints=True)) or letters.rstrip("s") == initials(long)


def _stem(word: str) -> str:
    """Return the word without its ending, if three letters are left.

    >>> _stem("tuned"), _stem("tuning"), _stem("tune"), _stem("ring")
    ('tun', 'tun', 'tun', 'ring')
    """
    return next((word.removesuffix(e) for e in words().endings if word.endswith(e) and len(word) - len(e) > 2), word)


def _near(a: str, b: str) -> bool:
    """Two words with one stem, or one letter apart."""
    if a == b or _stem(a) == _stem(b):
        return True
    common = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    if common >= max(5, (max(len(a), len(b)) + 1) // 2) or common >= max(4, 0.6 * min(len(a), len(b))):
        return True
    return min(len(a), len(b)) > 3 and OSA.distance(a, b, score_cutoff=1) <= 1


def _written_out(a: list[str], b: list[str]) -> bool:
    """Two phrases equal but for acronyms in the one that the other writes out ("bidirectional LSTM")."""
    i = j = 0
    while i < len(a) and j < len(b):
        if _near(a[i], b[j]):
            i, j = i + 1, j + 1
        elif len(a[i]) > 1 and "".join(w[0] for w in b[j : j + len(a[i])]) == a[i]:
            i, j = i + 1, j + len(a[i])
        elif len(b[j]) > 1 and "".join(w[0] for w in a[i : i + len(b[j])]) == b[j]:
            i, j = i + len(b[j]), j + 1
        else:
            return False
    return i == len(a) and j == len(b)


def same_long(short: str, one: str, two: str) -> bool:
    """Return whether two full forms of one acronym are spellings of each other.

    Equal but for joints and heads, word forms ("augmented generation", "augmentation generator") and one-letter slips;
    or the one is the other cut short, where the acronym's letters need the longer one.

    >>> same_long("RAG", "Retrieval-Augmented Generation", "retrieval augmented generator")
    True
    >>> same_long("IFT", "Intuitive Fine-Tuning", "Instruction Fine-Tuning")
    False
    """
    w = words()
    drop = w.articles | w.joints | w.fillers
    a = [p for p in phrase(one) if p not in drop]
    b = [p for p in phrase(two) if p not in drop]
    if "".join(a) == "".join(b) or (len(a) == len(b) and all(_near(x, y) for x, y in zip(a, b, strict=True))):
        return True
    if _written_out(a, b):
        return True
    if len(a) > len(b):
        a, b, one, two = b, a, two, one
    shared = all(any(_near(x, y) for y in b) for x in a)
    if not shared or len(a) < 2:
        return False
    if all(y in w.heads or any(_near(x, y) for x in a) for y in b):
        return True
    return not spells(short, one) and spells(short, two)


def senses(short: str, longs: Mapping[str, int]) -> list[list[str]]:
    """Group the full forms of an acronym (form -> papers) into senses, best supported first.

    A form joins the first sense whose best form it spells, best supported forms first; forms are not chained. A form
    with words beyond the letters ("rule-based reinforcement learning" for RL, where "reinforcement learning" is
    another) is no sense of the acronym.
    """
    exact = [frozenset(phrase(form)) for form in longs if spells(short, form)]
    kept = [f for f in longs if spells(short, f) or not any(e < frozenset(phrase(f)) for e in exact)]
    ordered: Sequence[str] = sorted(kept, key=lambda form: (-longs[form], not spells(short, form), form))
    groups: list[list[str]] = []
    for form in ordered:
        for group in groups:
            if same_long(short, group[0], form):
                group.append(form)
                break
        else:
            groups.append([form])
    return sorted(groups, key=lambda g: (-sum(longs[f] for f in g), g[0]))

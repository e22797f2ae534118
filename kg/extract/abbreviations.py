"""Abbreviations tied to their full forms: the component ``abbreviations``.

The algorithm of Schwartz & Hearst, "A simple algorithm for identifying abbreviation definitions in biomedical text"
(Pacific Symposium on Biocomputing, 2003), field by field, with what abstracts of computing need beside it:

- Alignment by word initials is tried first ("Chain-of-Thought (CoT)", "Low-Rank Adaptation (LoRA)", "3D Gaussian
  Splatting (3DGS)"), so that the long form begins at the right word; the letter by letter search of the paper, which
  takes any letters in order, comes second.
- Plural short forms ("large language models (LLMs)"), square brackets, what follows a comma or semicolon within the
  brackets ("(SFT; Ouyang et al., 2022)"), brackets within brackets.
- Both orders: "GRPO (Group Relative Policy Optimization)", the title's "EAPO: Evidence-Augmented Policy Optimization"
  and "Group Relative Policy Optimization, or GRPO".

Sets ``doc._.abbreviations``: a list of (short form, long form), both `kg.records.Span`, in the order of the text.

>>> text = "We train with Group Relative Policy Optimization (GRPO) and QLoRA."
>>> [(text[a:b], text[c:d]) for (a, b), (c, d) in definitions(text)]
[('GRPO', 'Group Relative Policy Optimization')]
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import yaml
from spacy.language import Language
from spacy.tokens import Doc

from kg.extract import extensions
from kg.records import Span

Range = tuple[int, int]
"""A stretch of a text: start and end, end exclusive."""

MAX_SHORT = 12
"""Longest short form, in characters (Schwartz & Hearst: 10; "Mask-R-CNN++" and "GRPO-Zero" are longer than theirs)."""

_OPEN, _OPEN_ROUND = re.compile(r"[(\[]"), re.compile(r"\(")  # one sign alone is found five times as fast
_STOP = re.compile(r"[()\[\];]")
_INSIDE = re.compile(r"[^()\[\],;]*")
_SHORT = re.compile(r"[^\W_](?:[\w+\-./&'’*$^]*[\w+*])?(?: [^\W_][\w+\-.&]*)?")
_SHORT_BEFORE = re.compile(r"(?<![\w\-/])[^\W_](?:[\w+\-./&’*$^]*[\w+*])?(?=\W{0,3}\Z)")
_ONE_WORD = re.compile(r"[^\W_](?:[\w+\-./&’*$^]*[\w+*])?")
_CUT = re.compile(r"[()\[\];:!?]|\.\s|,\s(?:but|which|where|we)\s|\s[–—-]{1,2}\s|—")
_PIECE = re.compile(r"[A-Z]+[^\W\d_A-Z]*|[^\W\d_A-Z]+|\d+")  # a word up to the next hump
_COLON = re.compile(r"(?<![\w\-])([^\W_][\w+\-./]*[\w+]):\s+")
_COLON_AND_SPACE = re.compile(r":\s+")
_TERMED = re.compile(
    r"\s(?:or|termed|dubbed|called|named|abbreviated(?:\s+as|\s+to)?|shortened\s+to|denoted(?:\s+as|\s+by)?|i\.e\.,|"
    r"short-?named|aka|a\.k\.a\.)\s+[\"'“‘*]*([^\W_][\w+\-./]*[\w+])"
)

_WORDS = yaml.safe_load((Path(__file__).parent / "data" / "abbreviation_words.yaml").read_text(encoding="utf-8"))
GLUE = frozenset(_WORDS["glue"])
GENERIC = frozenset(_WORDS["generic"])
_SOUNDS = {letter: tuple(words) for letter, words in _WORDS["sounds"].items()}


def _is_short(form: str) -> bool:
    """Say whether a string looks like a short form: short, with a capital letter, mostly letters and digits."""
    if not 2 <= len(form) <= MAX_SHORT or not _SHORT.fullmatch(form):
        return False
    capitals = sum(map(str.isupper, form))
    if not capitals or (" " in form and len(form) > MAX_SHORT - 2):
        return False
    return capitals + sum(map(str.isdigit, form)) >= 2 or len(form) <= 5


def _letters(short: str) -> str:
    """Return the letters and digits that the long form must hold, in lower case."""
    return "".join(c for c in short if c.isalnum()).lower()


def _pieces(text: str, start: int, end: int) -> list[Range]:
    """Cut a stretch into words at anything but letters and digits, and at the humps of camel case."""
    return [piece.span() for piece in _PIECE.finditer(text, start, end)]


def _fits(word: str, letters: str) -> bool:
    """Say whether ``letters`` begin like ``word`` and stand in it in order."""
    if not word.startswith(letters[0]):
        return word.startswith(_SOUNDS.get(letters, ("\0",)))
    at = 0
    for letter in letters:
        at = word.find(letter, at) + 1
        if not at:
            return False
    return True


def by_initials(words: list[str], letters: str) -> int | None:
    """Return the index of the first word of the long form that ends with ``words``, or None.

    Each word gives its initial, or its initial and letters that follow in it; small words may give none. The
    shortest long form wins.
    """

    def align(last: int, rest: str, budget: int) -> int | None:
        if not rest:
            return last + 1
        if last < 0 or budget <= 0:
            return None
        word = words[last]
        for taken in range(1, min(len(rest), 5) + 1):
            if _fits(word, rest[-taken:]):
                found = align(last - 1, rest[:-taken], budget - 1)
                if found is not None:
                    return found
        if word in GLUE:
            return align(last - 1, rest, budget - 1)
        return None

    if not words or words[-1] in GLUE:
        return None
    return align(len(words) - 1, letters, len(letters) + 6)


def _by_letters(text: str, start: int, end: int, letters: str) -> int | None:
    """Return where the best long form begins: the search from right to left of Schwartz & Hearst's Figure 1."""
    at = end - 1
    for i in range(len(letters) - 1, -1, -1):
        while at >= start and (text[at].lower() != letters[i] or (i == 0 and at > start and text[at - 1].isalnum())):
            at -= 1
        if at < start:
            return None
        if i:
            at -= 1
    return at


def _long_before(text: str, start: int, end: int, short: str) -> Range | None:
    """Find the long form of ``short`` that ends at ``end``, looking back as far as ``start``."""
    cut = [m.end() for m in _CUT.finditer(text, start, end)]
    start = cut[-1] if cut else start
    while end > start and not text[end - 1].isalnum():
        end -= 1
    if text[end - 2 : end] in ("'s", "’s"):
        end -= 2
    forms = _forms(short)
    pieces = _pieces(text, start, end)[-(len(short) * 2 + 8) :]
    for skip in (0, 1):  # with its last word, then without it where that is a generic noun
        words = [text[a:b].lower() for a, b in pieces[: len(pieces) - skip]]
        if not words or (skip and text[slice(*pieces[-1])].lower() not in GENERIC):
            break
        for form in forms:
            first = by_initials(words, form)
            if first is not None:
                long = (_whole_word(text, start, pieces[first][0]), pieces[len(words) - 1][1])
                return long if long[1] - long[0] > len(short) else None
    if sum(c.isupper() for c in short) < 2 or not pieces:
        return None
    for form in forms:
        floor = [m.start() for m in re.finditer(r"\S+", text[start:end])][-min(len(form) + 5, 2 * len(form)) :]
        begin = _by_letters(text, start + floor[0], end, form)
        if begin is not None and _plausible(text[begin:end], short):
            return begin, end
    return None


def _whole_word(text: str, floor: int, begin: int) -> int:
    """Move ``begin`` back to where its word begins, hyphens and humps within: "Non-native Children's …", "eRror …"."""
    while begin > floor and text[begin].isalnum() and text[begin - 1].isalnum():
        begin -= 1
    while begin > floor and text[begin - 1] == "-" and begin - 1 > floor and text[begin - 2].isalnum():
        begin -= 1
        while begin > floor and text[begin - 1].isalnum():
            begin -= 1
    return begin


def _forms(short: str) -> list[str]:
    """Return the letters to look for: those of the short form, and without its plural s."""
    letters = _letters(short)
    forms = [letters] if len(letters) > 1 else []
    if short.endswith("s") and len(letters) > 2:
        forms.append(letters[:-1])
    return forms


def _plausible(long: str, short: str) -> bool:
    """Refuse what letters in order allow but no author means: one short word, the short form itself inside."""
    words = long.split()
    if len(long) <= len(short) or short in words or words[0].lower() in GLUE:
        return False
    if long.count("{") != long.count("}"):
        return False
    spare = 2 if words[0][0].isupper() else 0  # words without a letter in the short form
    if sum(word.lower() not in GLUE for word in words) > sum(c.isalnum() for c in short) + spare:
        return False
    return len(words) > 1 or "-" in long or len(long) >= 2 * len(short)


def _long_after(text: str, start: int, end: int, short: str) -> Range | None:
    """Find the long form of ``short`` that begins at ``start`` and ends at ``end`` or earlier, at the first stop."""
    pieces = _pieces(text, start, end)
    words = [text[a:b].lower() for a, b in pieces]
    for form in _forms(short):
        content = 0  # the longest alignment wins in which there is a letter for every word that counts
        best = None
        for last, word in enumerate(words[: 2 * len(form) + 4], 1):
            content += word not in GLUE
            if content > len(form):
                break
            if by_initials(words[:last], form) == 0:
                best = last
        if best is not None:
            long = (pieces[0][0], pieces[best - 1][1])
            return long if long[1] - long[0] > len(short) else None
    return None


def definitions(text: str) -> list[tuple[Range, Range]]:
    """Return the definitions in one text as (short form, long form) ranges, in the order of the text."""
    found: dict[Range, Range] = {}
    for bracket in (_OPEN if "[" in text else _OPEN_ROUND).finditer(text):
        inside = _INSIDE.match(text, bracket.end())
        assert inside is not None  # it matches the empty string
        start, end = inside.span()
        while start < end and text[start] in " \"'“‘`*":
            start += 1
        while end > start and text[end - 1] in " \"'”’`.*":
            end -= 1
        if start == end:
            continue
        form = text[start:end]
        long = _long_before(text, max(0, bracket.start() - 250), bracket.start(), form) if _is_short(form) else None
        if long is not None:
            found[start, end] = long
            continue
        before = _SHORT_BEFORE.search(text, max(0, bracket.start() - MAX_SHORT - 4), bracket.start())
        if before is None and bracket.start():
            before = _short_before(text, bracket.start())
        if before is not None and before.span() not in found and _is_short(before.group()):
            close = _STOP.search(text, start)
            long = _long_after(text, start, close.start() if close else end, before.group())
            if long is not None and text[long[1] : long[1] + 1] in set(")],;(. ") | {""}:
                found[before.span()] = long
    for named in _before_colons(text):
        if _is_short(named.group(1)) and named.span(1) not in found:
            long = _long_after(text, named.end(), min(len(text), named.end() + 150), named.group(1))
            if long is not None:
                found[named.span(1)] = long
    for named in _TERMED.finditer(text):
        if _is_short(named.group(1)) and named.span(1) not in found:
            end = named.start() + 1  # after the white space
            long = _long_before(text, max(0, end - 150), end, named.group(1))
            if long is not None and len(_pieces(text, *long)) > 1:
                found[named.span(1)] = long
    return sorted(found.items())


def _before_colons(text: str) -> Iterator[re.Match[str]]:
    """Yield each match of `_COLON`, which would be looked for at every word, by looking back from the colons."""
    for colon in _COLON_AND_SPACE.finditer(text):
        start = colon.start()
        while start and (text[start - 1].isalnum() or text[start - 1] in "_+-./"):
            start -= 1
        named = _COLON.search(text, start, colon.end())
        if named is not None:
            yield named


def _short_before(text: str, bracket: int) -> re.Match[str] | None:
    """Find the short form that stands right before a bracket."""
    head = text[max(0, bracket - MAX_SHORT - 4) : bracket].rstrip(" \"'”’`*")
    end = max(0, bracket - MAX_SHORT - 4) + len(head)
    start = end
    while start > 0 and end - start <= MAX_SHORT and (text[start - 1].isalnum() or text[start - 1] in "+-./&’*$^"):
        start -= 1
    return _ONE_WORD.fullmatch(text, start, end)


@Language.component("abbreviations", assigns=["doc._.abbreviations"])
def abbreviations(doc: Doc) -> Doc:
    """Find the definitions of title and abstract."""
    text, (title_end, seam) = extensions.tokens_of(doc).text, extensions.fields_of(doc)
    pairs = []
    for field, begin, end in (("title", 0, title_end), ("abstract", seam, len(text))):
        for short, long in definitions(text[begin:end]):
            pairs.append((Span(field, *short), Span(field, *long)))
    doc._.abbreviations = pairs
    return doc


extensions.register()

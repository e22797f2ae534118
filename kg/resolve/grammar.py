"""Take a name apart: words, versions, tags, and the name of its parent.

A model's name is a family, a version, a size and tunings in any order ("70B Llama 2-Chat", "Llama-2-70B-chat"); a
benchmark's has editions and parts ("AIME24", "SWE-bench Verified"); a method's has versions at most. `Grammar.parse`
gives a `Form` whose ``key`` is equal for all spellings of one name, and whose ``parent`` is the name that it is a
version, size or tuning of. The word classes are data: ``grammar.yaml`` and ``families.yaml``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from kg.resolve.known import Known, Words, known, words
from kg.resolve.typography import clean, loose

_PIECE = re.compile(r"\+?[^\W_]+(?:(?<=\d)\.(?=\d)[^\W_]+)*(?:\++(?!\w))?")
_VERSION = re.compile(r"v?(\d+(?:\.\d+)*)([a-z]?)")
_HYPHENED = re.compile(r"\d")  # "claude-3-5-sonnet"
_VERSION_WORD = re.compile(r"v?(\d+\.\d+)([a-z]{2,})")
_GLUED_V = re.compile(r"(.*?[a-z])v(\d+(?:\.\d+)*)([a-z]?)")
_GLUED_DECIMAL = re.compile(r"(.*?[a-z])(\d+\.\d+(?:\.\d+)*)([a-z]?)")
_GLUED_NUMBER = re.compile(r"([a-z][a-z]*[a-z])(\d{1,4})([a-z]?)")
_YEAR = re.compile(r"(?:19|20)\d\d")
_SHORT_YEAR = re.compile(r"[0-3]\d")
_COUNT = re.compile(r"\d+k?|\d+m")
_VENDOR_PATH = re.compile(r"^[\w.-]+/(?=[A-Za-z][\w.-]*\d|[A-Za-z]+-[A-Za-z])")
_ZEROS = re.compile(r"(?:\.0)+$")

WORD, VERSION, SIZE, TUNING, RELEASE, PART = "word", "version", "size", "tuning", "release", "part"
_TAGS = (SIZE, TUNING, RELEASE, PART)


class Token(NamedTuple):
    """One piece of a name: as written, normalised, its class, and what stood before it."""

    text: str
    norm: str
    kind: str
    before: str = ""


class Form(NamedTuple):
    """A name taken apart. Equal ``key`` within one group of types: the same name."""

    text: str  # the surface, cleaned
    key: str
    base: str  # the words alone, folded
    parent: str | None = None  # the text of the name that this is a version, size or tuning of
    rule: str | None = None  # "size of", "version of", "tuning of", "release of", "part of"
    sure: bool = False  # the parent may be made up where no paper names it


class Reading(NamedTuple):
    """All that one way through the rules gives for a surface, and what that way depends on beside the surface.

    The names that the corpus was ``asked`` for, in vain or not, decide: a corpus that gives the same answers gives the
    same reading.
    """

    form: Form  # its key before the names that are known to be the same are looked up
    norms: tuple[str, ...]  # of the tokens
    kinds: tuple[str, ...]
    asked: tuple[str, ...]


class Grammar:
    """The rules of names of one group of types: "model", "data" or "method".

    ``attested(base)`` says whether a folded base is a name of its own somewhere in the corpus: "SAM2" is a version
    only where there is a SAM.
    """

    def __init__(self, group: str, attested: Callable[[str], bool]) -> None:
        self.group = group
        self._attested = attested
        self._asked: dict[str, None] = {}
        self._words: Words = words()
        self._known: Known = known()
        names = self._known.atomic_names[group]
        self._atomic_starts = {loose(first[0]) for n in names if (first := _PIECE.match(n)) and first[0] != n}
        self._letter_families = tuple(self._words.letter_families)
        self._same: dict[str, str] = {}
        for of_group, same in self._known.same:
            if of_group == group:
                keys = [self._key(self._tokens(clean(n)))[0] for n in same]
                self._same.update((k, keys[0]) for k in keys)

    def parse(self, surface: str) -> Form:
        """Return the surface taken apart."""
        return self.settle(self.read(surface).form)

    def read(self, surface: str) -> Reading:
        """Return the surface taken apart, with its tokens and what was asked of the corpus."""
        self._asked = {}
        text = clean(surface)
        tokens = self._tokens(text)
        key, base = self._key(tokens)
        form = Form(text, key, base, *self._parent(tokens))
        return Reading(form, tuple([t.norm for t in tokens]), tuple([t.kind for t in tokens]), tuple(self._asked))

    def settle(self, form: Form) -> Form:
        """Return a form that was read with the key of the names that are known to be the same thing."""
        key = self._same.get(form.key, form.key)
        return form if key == form.key else form._replace(key=key)

    def attested(self, base: str) -> bool:
        """Return whether the corpus has a name of this folded base."""
        self._asked[base] = None
        return self._attested(base)

    # -- tokens ----------------------------------------------------------------------------------------------------

    def _tokens(self, text: str) -> list[Token]:
        if self.group == "model":
            text = _VENDOR_PATH.sub("", text)
        pieces = [(m[0], m.start(), m.end()) for m in _PIECE.finditer(text)]
        if not pieces:
            return [Token(text, loose(text), WORD)]
        raw: list[tuple[str, str]] = []
        end = 0
        for piece, start, stop in pieces:
            raw.append((piece, text[end:start] if raw else ""))
            end = stop
        raw = self._join_atomic(raw)
        if self.group == "model":
            tokens = self._model_tokens(raw)
        elif self.group == "data":
            tokens = self._data_tokens(raw)
        else:
            tokens = self._method_tokens(raw)
        return tokens or [Token(text, loose(text), WORD)]

    def _join_atomic(self, raw: list[tuple[str, str]]) -> list[tuple[str, str]]:
        """Pieces that together are an atomic name become one piece ("CIFAR", "10")."""
        atomic = self._known.atomic[self.group]
        if len(raw) < 2 or not any(loose(piece) in self._atomic_starts for piece, _ in raw[:-1]):
            return raw
        joined, i = [], 0
        while i < len(raw):
            for j in range(min(len(raw), i + 4), i + 1, -1):
                text = raw[i][0] + "".join(before + piece for piece, before in raw[i + 1 : j])
                if loose(text) in atomic:
                    joined.append((text, raw[i][1]))
                    i = j
                    break
            else:
                joined.append(raw[i])
                i += 1
        return joined

    def _is_family(self, base: str) -> bool:
        return base in self._known.families[self.group] or base in self._known.also[self.group]

    def _model_tokens(self, raw: list[tuple[str, str]]) -> list[Token]:
        w, group = self._words, self.group
        atomic = self._known.atomic[group]
        tokens: list[Token] = []
        for index, (piece, before) in enumerate(raw):
            low = loose(piece)
            base = "".join(t.norm for t in tokens if t.kind == WORD)
            last = tokens[-1] if tokens else None
            if index == 0 and low in w.vendors and len(raw) > 1:
                rest = loose("".join(p for p, _ in raw[1:]))
                if low != "meta" or rest.startswith("llama"):
                    continue
            if low in atomic and not (base in self._known.versions[group] and low[-1].isdigit()):
                tokens.append(Token(piece, low, WORD, before))
            elif w.size.fullmatch(low) or (base and w.active.fullmatch(low)):
                tokens.append(Token(piece, low, SIZE, before))
            elif base and (family := self._known.versions[group].get(base)) and family.fullmatch(low):
                tokens.append(Token(piece, _version(low), VERSION, before))
            elif base and last and w.release.fullmatch(low):
                tokens.append(Token(piece, low, RELEASE, before))
            elif base and last and last.kind == RELEASE and low.isdigit():
                tokens[-1] = Token(last.text + before + piece, last.norm + low, RELEASE, last.before)
            elif (base and w.context.fullmatch(low)) or (base and w.quantisation.fullmatch(low)):
                tokens.append(Token(piece, low, TUNING, before))
            elif base and (letters := self._letter_size(base, low, last)):
                tokens.append(Token(piece, letters, SIZE, before))
            elif base and last and last.kind == VERSION and len(low) == 1 and self._version_letter(base, last, low):
                tokens[-1] = Token(last.text + before + piece, last.norm + low, VERSION, last.before)
            elif last and last.kind == VERSION and before == "-" and last.norm.isdigit() and _HYPHENED.fullmatch(low):
                tokens[-1] = Token(last.text + before + piece, f"{last.norm}.{low}", VERSION, last.before)
            elif base and (match := _VERSION.fullmatch(low)) and (low[0] == "v" or not match[2] or "." in low):
                tokens += self._version_tokens(piece, before, low, base)
            elif base and (match := _VERSION_WORD.fullmatch(low)) and len(piece) == len(low):
                cut = match.end(1)
                tokens.append(Token(piece[:cut], _version(match[1]), VERSION, before))
                tokens.append(Token(piece[cut:], match[2], WORD))
            elif base and low.lstrip("+") in w.size_words:
                tokens.append(Token(piece, w.same_words.get(low, low), SIZE, before))
            elif base and low.lstrip("+") in w.tuning_words:
                tokens.append(Token(piece, w.same_words.get(low, low), TUNING, before))
            else:
                tokens += self._glued(piece, before, low, base)
        return self._settle(tokens)

    def _settle(self, tokens: list[Token]) -> list[Token]:
        """A tag word with a plain word after it is part of the name ("Fused Large Language Model")."""
        last_word = max((i for i, t in enumerate(tokens) if t.kind == WORD), default=-1)
        if last_word < 0:
            return [Token(t.text, t.norm, WORD, t.before) for t in tokens]
        return [
            Token(t.text, t.norm, WORD, t.before)
            if i < last_word and t.kind in (SIZE, TUNING) and t.norm.isalpha()
            else t
            for i, t in enumerate(tokens)
        ]

    def _letter_size(self, base: str, low: str, last: Token | None) -> str | None:
        """The size that "B" names in "ViT-B/16", "B16" too; the patch after it."""
        w = self._words
        if last is None or not base.endswith(self._letter_families):
            return None
        family = next(f for f in self._letter_families if base.endswith(f))
        if low in w.size_letters:
            return w.size_letters[low]
        if len(low) > 1 and low[0] in w.size_letters and low[1:].isdigit() and not family.startswith("efficient"):
            return f"{low[1:]},{w.size_letters[low[0]]}"
        if last.kind == SIZE and low.isdigit() and len(low) < 3:
            return low
        return None

    def _version_letter(self, base: str, last: Token, letter: str) -> bool:
        pattern = self._known.versions[self.group].get(base)
        return bool(pattern and pattern.fullmatch(last.norm + letter))

    def _version_tokens(self, piece: str, before: str, low: str, base: str) -> list[Token]:
        match = _VERSION.fullmatch(low)
        assert match is not None
        number, letter = match.groups()
        if letter and letter in self._words.size_letters and base.endswith(self._letter_families):
            return [
                Token(piece[:-1], _version(number), VERSION, before),
                Token(piece[-1], self._words.size_letters[letter], SIZE, ""),
            ]
        return [Token(piece, _version(number) + letter, VERSION, before)]

    def _glued(self, piece: str, before: str, low: str, base: str) -> list[Token]:
        """A word that may carry its version: "Llama2", "Qwen2.5", "YOLOv8n", "DeepSeekR1", "GPT4o"."""
        group = self.group
        if len(low) != len(piece) or low.isalpha():
            return [Token(piece, _word(piece), WORD, before)]
        for cut in range(len(low) - 1, 1, -1):
            head, tail = low[:cut], low[cut:]
            if not self._is_family(base + head) and not self._is_family(head):
                continue
            pattern = self._known.versions[group].get(head)
            if pattern and pattern.fullmatch(tail):
                return self._split(piece, before, cut, [Token(piece[cut:], _version(tail), VERSION)])
            if self._words.size.fullmatch(tail):
                return self._split(piece, before, cut, [Token(piece[cut:], tail, SIZE)])
            if match := _VERSION_WORD.fullmatch(tail):
                end = cut + match.end(1)
                words = [Token(piece[cut:end], _version(match[1]), VERSION), Token(piece[end:], match[2], WORD)]
                return self._split(piece, before, cut, words)
            if (match := _VERSION.fullmatch(tail)) and (not match[2] or head in self._words.letter_families):
                return self._split(piece, before, cut, self._version_tokens(piece[cut:], "", tail, head))
        if (match := _GLUED_V.fullmatch(low)) and len(match[1]) > 1:
            cut = len(match[1])
            return self._split(piece, before, cut, self._version_tokens(piece[cut:], "", low[cut:], match[1]))
        if (match := _GLUED_DECIMAL.fullmatch(low)) and not match[3]:
            cut = len(match[1])
            return self._split(piece, before, cut, self._version_tokens(piece[cut:], "", low[cut:], match[1]))
        if (
            (match := _GLUED_NUMBER.fullmatch(low))
            and len(match[2]) < 4
            and (not match[3] or match[1].endswith(self._letter_families))
            and self.attested(base + match[1])
        ):
            cut = len(match[1])
            return self._split(piece, before, cut, self._version_tokens(piece[cut:], "", low[cut:], match[1]))
        return [Token(piece, _word(piece), WORD, before)]

    def _split(self, piece: str, before: str, cut: int, rest: list[Token]) -> list[Token]:
        head = piece[:cut]
        return [Token(head, loose(head), WORD, before), *rest]

    def _data_tokens(self, raw: list[tuple[str, str]]) -> list[Token]:
        w = self._words
        atomic = self._known.atomic["data"]
        tokens: list[Token] = []
        for index, (piece, before) in enumerate(raw):
            low = loose(piece)
            base = "".join(t.norm for t in tokens if t.kind == WORD)
            last = tokens[-1] if tokens else None
            final = index == len(raw) - 1
            if low in atomic:
                tokens.append(Token(piece, low, WORD, before))
            elif _YEAR.fullmatch(low):
                tokens.append(Token(piece, low, VERSION, before))
            elif base and last and last.kind == PART and last.norm in w.edition_words:  # "SemEval-2026 Task 12"
                tokens.append(Token(piece, low, PART, before))
            elif base and _SHORT_YEAR.fullmatch(low) and (before.strip() == "'" or self._edition(base)):
                tokens.append(Token(piece, f"20{low}", VERSION, before))
            elif base and low in w.edition_words and not final and raw[index + 1][0].isalnum():
                tokens.append(Token(piece, low, PART, before))
            elif base and (match := _VERSION.fullmatch(low)) and not match[2] and (low[0] == "v" or "." in low):
                tokens.append(Token(piece, _version(match[1]), VERSION, before))
            elif base and final and low.isdigit() and len(low) == 1:
                tokens.append(Token(piece, low, VERSION, before))
            elif (base and final and _COUNT.fullmatch(low)) or (base and final and low in w.subset_words):
                tokens.append(Token(piece, low, PART, before))
            else:
                tokens += self._glued_data(piece, before, low, base)
        return tokens

    def _edition(self, base: str) -> bool:
        return base in self._known.families["data"] or self.attested(base + "#year")

    def _glued_data(self, piece: str, before: str, low: str, base: str) -> list[Token]:
        if len(low) != len(piece) or low.isalpha():
            return [Token(piece, _word(piece), WORD, before)]
        if (match := _GLUED_NUMBER.fullmatch(low)) and not match[3]:
            head, number = match[1], match[2]
            cut = len(head)
            if _YEAR.fullmatch(number):
                return self._split(piece, before, cut, [Token(piece[cut:], number, VERSION)])
            if _SHORT_YEAR.fullmatch(number) and self._edition(base + head):
                return self._split(piece, before, cut, [Token(piece[cut:], f"20{number}", VERSION)])
            if self.attested(base + head) or self._is_family(base + head):
                kind = VERSION if len(number) == 1 else PART
                return self._split(piece, before, cut, [Token(piece[cut:], number, kind)])
        if (match := _GLUED_V.fullmatch(low) or _GLUED_DECIMAL.fullmatch(low)) and not match[3]:
            cut = len(match[1])
            return self._split(piece, before, cut, [Token(piece[cut:], _version(match[2]), VERSION)])
        return [Token(piece, _word(piece), WORD, before)]

    def _method_tokens(self, raw: list[tuple[str, str]]) -> list[Token]:
        atomic = self._known.atomic["method"]
        tokens: list[Token] = []
        for index, (piece, before) in enumerate(raw):
            low = loose(piece)
            base = "".join(t.norm for t in tokens if t.kind == WORD)
            final = index == len(raw) - 1
            match = _VERSION.fullmatch(low)
            if low in atomic:
                tokens.append(Token(piece, low, WORD, before))
            elif (
                base
                and final
                and match
                and not match[2]
                and (low[0] == "v" or "." in low or (len(low) == 1 and self.attested(base)))
            ):
                tokens.append(Token(piece, _version(match[1]), VERSION, before))
            elif len(low) == len(piece) and (m := _GLUED_V.fullmatch(low)) and not m[3] and len(m[1]) > 2:
                cut = len(m[1])
                tokens += self._split(piece, before, cut, [Token(piece[cut:], _version(m[2]), VERSION)])
            elif (
                len(low) == len(piece)
                and (m := _GLUED_NUMBER.fullmatch(low))
                and len(m[2]) == 1
                and not m[3]
                and final
                and self.attested(base + m[1])
            ):
                cut = len(m[1])
                tokens += self._split(piece, before, cut, [Token(piece[cut:], m[2], VERSION)])
            else:
                tokens.append(Token(piece, _word(piece), WORD, before))
        return tokens

    # -- key and parent ------------------------------------------------------------------------------------------

    def _key(self, tokens: list[Token]) -> tuple[str, str]:
        w = self._words
        plain_words = [t.norm for t in tokens if t.kind == WORD]
        if len(plain_words) > 1:
            plain_words = [p for i, p in enumerate(plain_words) if i == 0 or p not in w.articles]
            if len(plain_words) >= w.joints_from:
                plain_words = [p for p in plain_words if p not in w.joints] or plain_words
        base = "".join(plain_words).replace("|", "¦").replace("+", "plus") or "¦"
        base = self._known.also[self.group].get(base, base)
        versions = "-".join(t.norm for t in tokens if t.kind == VERSION)
        sized = any(t.kind == SIZE and w.size.fullmatch(t.norm) for t in tokens)
        tags = sorted(
            {t.norm.lstrip("+") for t in tokens if t.kind in _TAGS and not (sized and w.active.fullmatch(t.norm))}
        )
        if self.group == "data":
            tags = [t.norm for t in tokens if t.kind == PART]
        key = base
        if versions or tags:
            key = f"{base}|{versions}|{','.join(tags)}"
        return key, base

    def _parent(self, tokens: list[Token]) -> tuple[str | None, str | None, bool]:
        tags = [t for t in tokens if t.kind in _TAGS]
        versions = [t for t in tokens if t.kind == VERSION]
        if tags:
            kept = [t for t in tokens if t.kind not in _TAGS]
            first_tag = next(i for i, t in enumerate(tokens) if t.kind in _TAGS)
            if self.group == "model":
                kept = self._without_late_version(tokens, kept, first_tag)
            kinds = {t.kind for t in tags}
            if PART in kinds:
                rule = "part of"
            elif TUNING in kinds:
                rule = "tuning of"
            elif RELEASE in kinds and SIZE not in kinds:
                rule = "release of"
            else:
                rule = "size of"
            numbered = any(not t.norm.isalpha() for t in tags) and self.group == "model"
            return _text(kept), rule, numbered or (bool(versions) and len(kept) > 1)
        if versions:
            position = max(i for i, t in enumerate(tokens) if t.kind == VERSION)
            kept = [t for i, t in enumerate(tokens) if i != position]
            if not kept:
                return None, None, False
            derived = any(t.kind == WORD for t in tokens[position + 1 :])
            rule = "edition of" if self.group == "data" and _YEAR.fullmatch(tokens[position].norm) else "version of"
            return _text(kept), rule, not derived and len(versions) == 1 and self.group != "method"
        return None, None, False

    def _without_late_version(self, tokens: list[Token], kept: list[Token], first_tag: int) -> list[Token]:
        """In "Mistral-7B-Instruct-v0.2" the version is one of the tuning, not of the family."""
        late = [t for i, t in enumerate(tokens) if t.kind == VERSION and i > first_tag]
        before = tokens[: tokens.index(late[0])] if late else []
        marked = bool(late) and late[0].text[0] in "vV"
        if not any(t.kind == TUNING or (t.kind == SIZE and (marked or not t.norm.isalpha())) for t in before[1:]):
            return kept
        early = [t for t in kept if t not in late]
        base = "".join(t.norm for t in early if t.kind == WORD)
        if self.attested(f"{base}|{'-'.join(t.norm for t in kept if t.kind == VERSION)}|"):
            return kept
        return early


def _text(tokens: list[Token]) -> str:
    text = ""
    for t in tokens:
        before = t.before if set(t.before) <= {"-", " ", "_", ""} else " "
        text += (before if text else "") + t.text
    return text


def _version(low: str) -> str:
    number = low[1:] if low[0] == "v" and low[1:2].isdigit() else low
    return _ZEROS.sub("", number)


@lru_cache(maxsize=1 << 16)
def _word(piece: str) -> str:
    """A word without its plural and in one region's spelling."""
    low, w = loose(piece), words()
    if low.isascii() and low.isalpha() and len(low) > 2:
        low = _singular(piece, low)
        if piece[1:].islower():
            for pattern, replacement in w.spellings:
                changed = pattern.sub(replacement, low)
                if changed != low and len(low) > 4:
                    return changed
    return low


def _singular(piece: str, low: str) -> str:
    if low[-1] != "s" or piece[-1] != "s":
        return low
    stem = piece[:-1]
    if stem.isupper() or (not stem.islower() and not stem.istitle() and stem[-1].isupper()):
        return low[:-1]  # CNNs, LLMs, mLSTMs, ResNeXts not
    if not (piece[1:].islower()):
        return low[:-1] if len(low) > 3 and low[-2] not in "sui" else low  # ViTs, LoRAs, AutoEncoders
    if len(low) < 4 or low.endswith(("ss", "us", "is", "ics")):
        return low
    if low.endswith("ies") and len(low) > 4:
        return low[:-3] + "y"
    if low.endswith(("sses", "xes", "ches", "shes")):
        return low[:-2]
    return low[:-1]


@lru_cache(maxsize=1 << 16)
def phrase(text: str) -> tuple[str, ...]:
    """Return the words of a phrase, normalised: what long forms are compared by.

    >>> phrase("Chains-of-Thought Prompting")
    ('chain', 'of', 'thought', 'prompting')
    """
    return tuple(_word(m[0]) for m in _PIECE.finditer(clean(text)))

"""Clean a surface of typographic residue, and fold it for comparison.

Titles and abstracts come with LaTeX left in them (``T\\"ulu``, ``$\\tau$-bench``, ``\\textbf{A}``), with ties, with
several dashes and with composed or decomposed letters. `clean` gives what a reader should see; `loose` gives the
letters and digits alone, which is what two spellings of one name share.
"""

from __future__ import annotations

import re
import unicodedata

_ACCENT = re.compile(r"\\([\"'`^~=.uvHcdbkr])\s*(?:\{\s*\\?([A-Za-z])\s*\}|\\?([A-Za-z]))")
_ACCENTS = {
    '"': "\u0308",
    "'": "\u0301",
    "`": "\u0300",
    "^": "\u0302",
    "~": "\u0303",
    "=": "\u0304",
    ".": "\u0307",
    "u": "\u0306",
    "v": "\u030c",
    "H": "\u030b",
    "c": "\u0327",
    "d": "\u0323",
    "b": "\u0331",
    "k": "\u0328",
    "r": "\u030a",
}
_STYLE = re.compile(
    r"\\(?:text(?:bf|it|sc|tt|sf|rm|sl|subscript|superscript)|emph|underline|math(?:bf|cal|rm|bb|sf|tt|it)|uline)\b\s*"
)
_COMMAND = re.compile(r"\\([A-Za-z]+)\s*")
_ESCAPED = re.compile(r"\\([$%&#_{}])")
_MATH = re.compile(r"\$([^$]*)\$")
_DASHES = re.compile(r"[\u2010-\u2015\u2212\ufe58\ufe63\uff0d]|--+")
_QUOTES = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "\u00ad": None, "\u200b": None, "\ufeff": None})
_UNDERSCORED = re.compile(r"^_+(.+?)_+$")
_SPACES = re.compile(r"\s+")
_GREEK_NAMES = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lamda mu nu xi omicron pi rho sigma tau upsilon "
    "phi chi psi omega"
)
_GREEK = {
    unicodedata.lookup(f"GREEK {size} LETTER {name.upper()}"): name
    for name in _GREEK_NAMES.split()
    for size in ("SMALL", "CAPITAL")
}
_GREEK_COMMANDS = {
    **{name: letter for letter, name in _GREEK.items() if letter.islower()},
    **{name.capitalize(): letter for letter, name in _GREEK.items() if letter.isupper()},
    "lambda": "λ",
    "Lambda": "Λ",
}
_NOT_WORD = re.compile(r"[^0-9a-z+.]+")
_BARE_DOT = re.compile(r"(?<!\d)\.|\.(?!\d)")


def clean(surface: str) -> str:
    r"""Return the surface as a reader should see it: no LaTeX commands, ties or styles, plain dashes, composed letters.

    >>> clean('T\\"ULU~2'), clean(r"$\tau^2$-bench"), clean(r"\textbf{A}ligned"), clean("_task  vectors_")
    ('TÜLU 2', 'τ2-bench', 'Aligned', 'task vectors')
    """
    text = surface
    if text.isascii() and not _SUSPECT.search(text):
        return text
    if "\\" in text:
        text = _ACCENT.sub(lambda m: (m[2] or m[3]) + _ACCENTS[m[1]] if _is_accent(m) else m[0], text)
        text = _STYLE.sub("", text)
        text = _ESCAPED.sub(r"\1", text)
        text = _COMMAND.sub(lambda m: _GREEK_COMMANDS.get(m[1], ""), text)
    text = unicodedata.normalize("NFKC", text).translate(_QUOTES)
    text = _DASHES.sub("-", text)
    text = _MATH.sub(lambda m: m[1].replace("_", ""), text)
    if "$" in text or "{" in text or "^" in text:
        text = text.replace("$", "").replace("{", "").replace("}", "").replace("^", "")
    text = _UNDERSCORED.sub(r"\1", text.replace("~", " "))
    return _SPACES.sub(" ", text).strip() or surface.strip().lstrip("\\")  # the name of a macro is better than none


_SUSPECT = re.compile(r"[\\$~{}^]|--|\s\s|[\t\n\r]|^_|^\s|\s$")


def _is_accent(match: re.Match[str]) -> bool:
    """Letters after a backslash (``\\c``) are accents only before braces or a space: ``\\cite`` is none."""
    return not match[1].isalpha() or match[2] is not None


def plain(text: str) -> str:
    """Return the text in lower case without diacritics, Greek letters spelled out.

    >>> plain("TÜLU"), plain("τ-Bench")
    ('tulu', 'tau-bench')
    """
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text)
    letters = (_GREEK.get(c, c) for c in decomposed if not unicodedata.combining(c))
    return "".join(letters).casefold()


def loose(text: str) -> str:
    """Return letters and digits alone, dots within numbers and plus signs kept: equal for mere spelling variants.

    Where nothing is left of a name in another script, its own characters stand.

    >>> loose("LLaMA-2 (Chat)"), loose("Qwen2.5"), loose("HumanEval+")
    ('llama2chat', 'qwen2.5', 'humaneval+')
    """
    if text.isascii() and text.isalnum():
        return text.lower()
    low = plain(text)
    if low.isascii():
        return _BARE_DOT.sub("", _NOT_WORD.sub("", low)) or low
    return "".join(c for c in low if c.isalnum() or c == "+") or low

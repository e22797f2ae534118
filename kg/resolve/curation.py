"""Corrections as data: ``curation.yaml``, a list of entries that every build replays.

Each entry has an ``action``, what the action needs, and a ``reason``::

    - action: merge
      names: [FineWebEdu]
      into: FineWeb-Edu
      reason: one corpus, two spellings

Names are any spelling, label or id of an entity; ``type`` tells apart where a name has several. An entry that cannot be
read, or that no longer applies, becomes one `Problem` with file and line; the others are replayed in their order.
The actions and their fields are listed in `ACTIONS`; ``docs/resolution.md`` has an example of each.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Container, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from kg.errors import CurationError
from kg.records import Problem
from kg.resolve.resolution import Resolution, ResolvedEntity
from kg.schema import ENTITY_TYPES, RELATIONS, ROLES

ACTIONS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "merge": (("names", "into"), ("type",)),
    "split": (("name", "new"), ("spellings", "papers", "type", "new_type")),
    "rename": (("name", "to"), ("type",)),
    "retype": (("name", "to"), ("type",)),
    "hide": (("name",), ("type",)),
    "set_family": (("name", "family"), ("type",)),
    "add_link": (("paper", "name", "role"), ("type",)),
    "remove_link": (("paper", "name"), ("type",)),
    "add_relation": (("child", "parent", "relation"), ()),
    "remove_relation": (("child", "parent", "relation"), ()),
}
"""Each action's required and optional fields; all need a ``reason`` and may carry ``by`` and ``date``."""

_ALWAYS = ("action", "reason")
_FREE = ("by", "date")
_LISTS = ("names", "spellings", "papers")
_ENTITIES = ("names", "into", "name", "child", "parent")
_GIVES = {"split": "new", "rename": "to", "set_family": "family"}
_NOTHING = ("", "null", "none", "~")
_CHOICES = {"type": ENTITY_TYPES, "new_type": ENTITY_TYPES, "role": ROLES, "relation": RELATIONS}
_NO_LIST = 'a curation file is a list: its entries start with "- "'
_START = re.compile(r"^-(\s|$)", re.MULTILINE)
_LOCK_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Entry:
    """One correction: action, its fields as text (lists of text for names, spellings, papers), and where it stands."""

    action: str
    fields: Mapping[str, Any]
    reason: str
    file: str = ""
    line: int = 0

    def get(self, name: str) -> str | None:
        """Return a field's text, None where the field is absent or says so ("null"); an entity may be called so."""
        value = self.fields.get(name)
        if value is None or (name not in _ENTITIES and isinstance(value, str) and value.lower() in _NOTHING):
            return None
        return str(value)

    def many(self, name: str) -> tuple[str, ...]:
        """Return a field's texts."""
        return tuple(self.fields.get(name, ()))

    def entities(self) -> list[str]:
        """Return the names of entities that must be there for the entry to apply."""
        return [name for f in _ENTITIES for name in self._texts(f)]

    def papers(self) -> list[str]:
        """Return the ids of the papers that it speaks of."""
        return [*self._texts("papers"), *self._texts("paper")]

    def gives(self) -> str | None:
        """Return the name that it gives to an entity, if any."""
        return self.get(_GIVES[self.action]) if self.action in _GIVES else None

    def _texts(self, name: str) -> tuple[str, ...]:
        return self.many(name) if name in _LISTS else (self.fields[name],) if name in self.fields else ()

    def problem(self, message: str) -> Problem:
        """Return what is wrong with this entry, with its place."""
        return Problem(self.file, self.line, f"{self.action}: {message}")


@dataclass(frozen=True, slots=True)
class LinkEdit:
    """A link to add (with its role) or to remove; ``entity`` is an id once settled, else the name as written."""

    add: bool
    paper: str
    entity: str
    role: str | None
    reason: str
    entry: Entry


@dataclass(frozen=True, slots=True)
class RelationEdit:
    """A relation to add or to remove; ``child`` and ``parent`` are ids once settled, else names as written."""

    add: bool
    child: str
    parent: str
    relation: str
    reason: str
    entry: Entry


@dataclass
class Curation:
    """The corrections in the order of the file, and what could not be read of it."""

    entries: list[Entry] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    @classmethod
    def load(cls, path: str | Path) -> Curation:
        """Read a curation file; a file that is not there has no corrections.

        Bad entries become ``problems``, one line each, with file and line. Never raises for what the file holds.
        """
        path = Path(path)
        try:
            text = path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return cls()
        except (OSError, UnicodeDecodeError) as error:
            return cls([], [Problem(str(path), None, f"not readable as a curation file: {_first_line(error)}")])
        return cls.parse(text, str(path))

    @classmethod
    def parse(cls, text: str, file: str = "curation.yaml") -> Curation:
        """Read the text of a curation file; ``file`` is what its problems are reported under."""
        curation = cls()
        for line, value in _values(text, file, curation.problems):
            try:
                curation.entries.append(read_entry(value, file, line))
            except CurationError as error:
                curation.problems.append(Problem(file, line, str(error)))
        return curation

    def entity_entries(self) -> list[Entry]:
        """Return the corrections of entities, which `kg.resolve.resolve` replays."""
        return [e for e in self.entries if not e.action.endswith(("_link", "_relation"))]

    def link_edits(self) -> list[LinkEdit]:
        """Return the corrections of links, names as written; `settle_links` turns names into ids."""
        return [
            LinkEdit(e.action == "add_link", e.get("paper") or "", e.get("name") or "", e.get("role"), e.reason, e)
            for e in self.entries
            if e.action.endswith("_link")
        ]

    def relation_edits(self) -> list[RelationEdit]:
        """Return the corrections of relations, names as written; `settle_relations` turns names into ids."""
        return [
            RelationEdit(
                e.action == "add_relation",
                e.get("child") or "",
                e.get("parent") or "",
                e.get("relation") or "",
                e.reason,
                e,
            )
            for e in self.entries
            if e.action.endswith("_relation")
        ]


def read_entry(value: Any, file: str = "", line: int = 0) -> Entry:
    """Return the entry that a mapping describes.

    Raises:
        CurationError: says in one line what is missing, unknown or not allowed.
    """
    if not isinstance(value, Mapping):
        raise CurationError("an entry is a mapping with an action and a reason")
    action = value.get("action")
    if not isinstance(action, str) or action not in ACTIONS:
        near = get_close_matches(str(action), ACTIONS, 1)
        hint = f"; did you mean {near[0]}?" if near else f"; one of {', '.join(ACTIONS)}"
        raise CurationError(f"unknown action {action!r}{hint}")
    required, optional = ACTIONS[action]
    for name in value:
        if name not in (*_ALWAYS, *required, *optional, *_FREE):
            raise CurationError(f"{action}: unknown field {name!r}; it takes {', '.join((*required, *optional))}")
    fields: dict[str, Any] = {}
    for name in (*required, *optional, *_FREE):
        if name not in value:
            if name in required:
                raise CurationError(f"{action}: {name} is missing")
            continue
        fields[name] = _field(action, name, value[name])
    reason = value.get("reason")
    if not isinstance(reason, str) or not reason.strip():
        raise CurationError(f"{action}: a reason is missing")
    if action == "split" and not (fields.get("spellings") or fields.get("papers")):
        raise CurationError("split: say which spellings or which papers are the other thing")
    if action == "retype" and fields["to"] not in ENTITY_TYPES:
        raise CurationError(f"retype: {fields['to']!r} is no type; one of {', '.join(ENTITY_TYPES)}")
    return Entry(action, fields, " ".join(reason.split()), file, line)


def _field(action: str, name: str, value: Any) -> Any:
    if name in _LISTS:
        texts = [value] if isinstance(value, str) else value
        if not isinstance(texts, list | tuple) or not all(isinstance(t, str) and t.strip() for t in texts) or not texts:
            raise CurationError(f"{action}: {name} is a list of texts")
        return tuple(t.strip() for t in texts)
    if value is None and name == "family":
        return ""
    if not isinstance(value, str) or (not value.strip() and name != "family"):
        raise CurationError(f"{action}: {name} is a text")
    allowed = _CHOICES.get(name)
    if allowed and value not in allowed:
        raise CurationError(f"{action}: {value!r} is no {name.replace('new_', '')}; one of {', '.join(allowed)}")
    return value.strip()


# -- the file -----------------------------------------------------------------------------------------------------


def _values(text: str, file: str, problems: list[Problem]) -> Iterator[tuple[int, Any]]:
    """Yield (line, plain value) of each entry; entries that are no YAML become problems, one each."""
    try:
        node = yaml.compose(text, Loader=yaml.BaseLoader)
    except (yaml.YAMLError, RecursionError):
        yield from _piecewise(text, file, problems)
        return
    if node is None:
        return
    if not isinstance(node, yaml.SequenceNode):
        problems.append(Problem(file, node.start_mark.line + 1, _NO_LIST))
        return
    for item in node.value:
        loader = yaml.BaseLoader("")
        yield item.start_mark.line + 1, loader.construct_document(item)


def _piecewise(text: str, file: str, problems: list[Problem]) -> Iterator[tuple[int, Any]]:
    """Read a file that is no YAML as a whole entry by entry, each from its "- " to the next."""
    starts = [m.start() for m in _START.finditer(text)]
    if not starts:
        problems.append(Problem(file, 1, _NO_LIST))
        return
    for start, end in zip(starts, [*starts[1:], len(text)], strict=True):
        line = text.count("\n", 0, start) + 1
        try:
            value = yaml.load(text[start:end], Loader=yaml.BaseLoader)  # BaseLoader builds texts, lists, mappings only
        except (yaml.YAMLError, RecursionError) as error:
            mark = getattr(error, "problem_mark", None)
            said = getattr(error, "problem", None) or _first_line(error)
            problems.append(Problem(file, line + (mark.line if mark else 0), f"not YAML: {said}"))
            continue
        yield line, value[0] if isinstance(value, list) and value else value


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


def add_entry(path: str | Path, entry: Mapping[str, Any]) -> Entry:
    """Append a correction to the file and return it as read back; comments and order of the file stay as they are.

    The file is written aside and moved into place; it is made if it is not there. Two writers take turns.

    Raises:
        CurationError: the entry cannot be read, the file is no list or a folder, or it cannot be written.
    """
    path = Path(path)
    if path.is_dir():
        raise CurationError(f"{path}: is a folder; name the file of corrections")
    kept = {k: list(v) if isinstance(v, tuple) else v for k, v in entry.items() if v is not None or k == "family"}
    wanted = read_entry(kept, str(path))
    ordered = {k: kept[k] for k in ("action", *(k for k in kept if k not in _ALWAYS), "reason") if k in kept}
    block = _block(ordered, wanted)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _turn(path):
            old = path.read_bytes().decode("utf-8") if path.exists() else ""
            before = Curation.parse(old, str(path))
            base = _without_empty_list(old)
            if base and not base.endswith("\n"):
                base += "\n"
            new = base + block
            after = Curation.parse(new, str(path))
            listed = all(p.message != _NO_LIST for p in before.problems)
            if (
                not listed
                or len(after.entries) != len(before.entries) + 1
                or len(after.problems) > len(before.problems)
            ):
                raise CurationError(f'{path}: not a list of entries that start with "- "; nothing was added')
            aside = path.with_name(f".{path.name}.{os.getpid()}.new")
            aside.write_bytes(new.encode("utf-8"))
            if path.exists():
                aside.chmod(path.stat().st_mode & 0o777)
            aside.replace(path)
    except (OSError, UnicodeDecodeError) as error:
        raise CurationError(f"{path}: cannot be written: {_first_line(error)}") from error
    return after.entries[-1]


def _block(ordered: Mapping[str, Any], wanted: Entry) -> str:
    """The entry as YAML, its letters as they are where YAML keeps them, else escaped."""
    for plain in (True, False):
        text = yaml.safe_dump(
            [dict(ordered)], sort_keys=False, allow_unicode=plain, width=100, default_flow_style=False
        )
        read = Curation.parse(text).entries
        if read and read[0].fields == wanted.fields and read[0].reason == wanted.reason:
            return text
    raise CurationError("the entry cannot be written as YAML")


def _without_empty_list(text: str) -> str:
    """A file that says "[]" holds no entries yet: the brackets give way to the first one."""
    return re.sub(r"^\[\s*\]\s*$", "", text, count=1, flags=re.MULTILINE) if "[]" in text.replace(" ", "") else text


@contextmanager
def _turn(path: Path) -> Iterator[None]:
    """Hold the right to write the file, by a lock file beside it that names its holder."""
    lock = path.with_name(f".{path.name}.lock")
    deadline = time.monotonic() + _LOCK_SECONDS
    while True:
        try:
            os.close(os.open(lock, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
            break
        except FileExistsError:
            if time.monotonic() > deadline:
                raise CurationError(f"{path}: another program is writing it; if none is, remove {lock}") from None
            time.sleep(0.05)
    try:
        yield
    finally:
        lock.unlink(missing_ok=True)


# -- from names to ids --------------------------------------------------------------------------------------------


def settle_links(
    curation: Curation, resolution: Resolution, papers: Container[str]
) -> tuple[list[LinkEdit], list[Problem]]:
    """Return the link corrections with entity ids, and the ones that name no paper or no entity of this corpus."""
    edits, problems = [], []
    finder = cache(resolution.finder)  # which is made for the first name
    for edit in curation.link_edits():
        if edit.paper not in papers:
            problems.append(edit.entry.problem(f"no paper {edit.paper!r}; not applied"))
            continue
        found = settle(finder()(edit.entity), edit.entity, edit.entry)
        if isinstance(found, Problem):
            problems.append(found)
        else:
            edits.append(LinkEdit(edit.add, edit.paper, found, edit.role, edit.reason, edit.entry))
    return edits, problems


def settle_relations(curation: Curation, resolution: Resolution) -> tuple[list[RelationEdit], list[Problem]]:
    """Return the relation corrections with entity ids, and the ones that name no entity of this corpus."""
    edits, problems = [], []
    finder = cache(resolution.finder)
    for edit in curation.relation_edits():
        ends = [settle(finder()(name), name, edit.entry) for name in (edit.child, edit.parent)]
        wrong = [e for e in ends if isinstance(e, Problem)]
        if wrong:
            problems += wrong[:1]
            continue
        child, parent = (e for e in ends if isinstance(e, str))
        if child == parent:
            problems.append(edit.entry.problem(f"{edit.child!r} and {edit.parent!r} are one entity; not applied"))
            continue
        edits.append(RelationEdit(edit.add, child, parent, edit.relation, edit.reason, edit.entry))
    return edits, problems


def settle(found: list[ResolvedEntity], name: str, entry: Entry) -> str | Problem:
    """Return the id of the one entity that an entry means by a name, or what is wrong; ``found``: all of that name."""
    wanted = entry.get("type")
    if wanted:
        found = [e for e in found if e.type == wanted] or found
    if len(found) == 1:
        return found[0].id
    if not found:
        return entry.problem(f"no entity {name!r}; not applied")
    return entry.problem(f"{name!r} names {len(found)} entities; use one of {', '.join(e.id for e in found[:5])}")

"""YAML as people write it, read by type: every problem is kept with its file, line and key.

The expected type decides what a word means, so YAML's guesses (``08:00`` as 480, ``no`` as false,
``0812`` as octal) never happen.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import date, datetime, time
from pathlib import Path as FilePath
from typing import Any

import msgspec
import yaml
from msgspec import inspect
from rapidfuzz import fuzz, process, utils

Path = tuple[str | int, ...]
# libyaml reads ten times faster; where PyYAML was built without it, its own reader does.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TRUE = {"true", "yes", "on"}
_FALSE = {"false", "no", "off"}
_ABSENT = {"", "null", "~"}


class Problem(msgspec.Struct, frozen=True):
    """What is wrong at a place of a file, and what to write instead; ``line`` 0 has no line."""

    file: str
    line: int
    key: str
    wrong: str
    write: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        key = f"{self.key}: " if self.key else ""
        return f"{place}: {key}{self.wrong}, {self.write}"


def nearest(word: str, known: Collection[str], otherwise: str = "") -> str:
    """Return ``write "x"`` for the known word that was probably meant, else all of them."""
    found = process.extractOne(
        word, sorted(known), scorer=fuzz.WRatio, processor=utils.default_process, score_cutoff=70
    )
    if found:
        return f'write "{found[0]}"'
    return otherwise or (f"write one of: {', '.join(sorted(known))}" if known else "remove it")


class Unfit(ValueError):
    """A word that cannot be what is expected: ``wrong`` and what to ``write``."""

    def __init__(self, wrong: str, write: str) -> None:
        super().__init__(f"{wrong}, {write}")
        self.wrong = wrong
        self.write = write


class Source:
    """One YAML text: its data read by type, its lines, and the problems found so far.

    ``elsewhere`` names, for a dotted key that may not stand in a file, where it belongs.
    """

    def __init__(self, file: str, text: str, elsewhere: Mapping[str, str] | None = None) -> None:
        self.file = file
        self.problems: list[Problem] = []
        self._elsewhere = elsewhere or {}
        self._lines: dict[Path, int] = {}
        self._names: dict[Path, str] = {}
        self._root = self._compose(text)

    def read(self, kind: Any) -> Any:
        """Return plain data of that type, or None when there are problems."""
        if self._root is None:
            return None
        data = self._value(self._root, inspect.type_info(kind), ())
        return None if self.problems else data

    def leaves(self) -> dict[str, tuple[str, int]]:
        """Return every text of nested mappings by dotted key, with its line."""
        found: dict[str, tuple[str, int]] = {}
        if self._root is not None:
            self._collect(self._root, (), found)
        return found

    def complain(self, path: Path, wrong: str, write: str) -> None:
        """Keep a problem of the value at ``path`` (or the nearest written one above it)."""
        self.problems.append(Problem(self.file, self.line(path), self.name(path), wrong, write))

    def line(self, path: Path) -> int:
        """Return the line where a value stands, or where what holds it stands."""
        while path and path not in self._lines:
            path = path[:-1]
        return self._lines.get(path, 1)

    def name(self, path: Path) -> str:
        """Return a path as a person says it: list items by their id where they have one."""
        words = [self._names.get(path[: place + 1], str(part)) for place, part in enumerate(path)]
        return ".".join(words)

    def _compose(self, text: str) -> yaml.Node | None:
        try:
            for event in yaml.parse(text, Loader=_LOADER) if "*" in text else ():
                if isinstance(event, yaml.AliasEvent):
                    self._lines[()] = event.start_mark.line + 1 if event.start_mark else 1
                    self.complain((), "aliases (*name) are not read", "write the value out")
                    return None
            root = yaml.compose(text, Loader=_LOADER)
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            self._lines[()] = mark.line + 1 if mark else 1
            reason = getattr(error, "problem", None) or "unreadable characters"
            self.complain((), f"this is no YAML ({reason})", "check indentation, colons and quotes")
            return None
        if root is None:
            self.complain((), "the file is empty", "fill it in like its neighbours")
        return root

    def _collect(self, node: yaml.Node, path: Path, found: dict[str, tuple[str, int]]) -> None:
        self._lines[path] = node.start_mark.line + 1
        if isinstance(node, yaml.MappingNode):
            for key, value in self._entries(node, path):
                self._collect(value, (*path, key), found)
        elif isinstance(node, yaml.ScalarNode):
            found[".".join(map(str, path))] = (node.value, self.line(path))
        else:
            self.complain(path, "a list stands here", "write a text")

    def _entries(self, node: yaml.MappingNode, path: Path) -> list[tuple[str, yaml.Node]]:
        entries: dict[str, yaml.Node] = {}
        for key, value in node.value:
            name = str(key.value)
            self._lines[(*path, name)] = key.start_mark.line + 1
            if name in entries:
                self.complain((*path, name), "is written twice", "keep one of the two")
            entries[name] = value
        return list(entries.items())

    def _value(self, node: yaml.Node, kind: inspect.Type, path: Path) -> Any:
        self._lines.setdefault(path, node.start_mark.line + 1)
        if isinstance(kind, inspect.UnionType):
            absent = isinstance(node, yaml.ScalarNode) and not node.style
            if absent and node.value in _ABSENT:
                return None
            kind = next(one for one in kind.types if not isinstance(one, inspect.NoneType))
        if isinstance(kind, inspect.StructType):
            return self._struct(node, kind, path)
        if isinstance(kind, inspect.DictType):
            return self._dict(node, kind, path)
        if isinstance(kind, inspect.ListType | inspect.VarTupleType):
            return self._list(node, kind, path)
        if isinstance(kind, inspect.CustomType) and kind.cls not in _READERS:
            place = self._elsewhere.get(self.name(path), "its environment variable")
            self.complain(path, "is a secret and never stands in a file like this", f"set {place}")
            return None
        if not isinstance(node, yaml.ScalarNode):
            self.complain(path, "has more than one value", f"write {_example(kind)}")
            return None
        return self._scalar(node.value, kind, path)

    def _struct(self, node: yaml.Node, kind: inspect.StructType, path: Path) -> Any:
        if not isinstance(node, yaml.MappingNode):
            keys = ", ".join(one.encode_name for one in kind.fields[:4])
            self.complain(path, "is not a set of keys", f"write keys below it: {keys} …")
            return None
        known = {one.encode_name: one for one in kind.fields}
        data: dict[str, Any] = {}
        for key, value in self._entries(node, path):
            if key in known:
                data[key] = self._value(value, known[key].type, (*path, key))
            else:
                self.complain((*path, key), "is an unknown key", nearest(key, known))
        for key, one in known.items():
            if one.required and key not in data:
                self.complain((*path, key), "is missing", f"write {_example(one.type)}")
        return data

    def _dict(self, node: yaml.Node, kind: inspect.DictType, path: Path) -> Any:
        if _is_absent(node):
            return {}
        if not isinstance(node, yaml.MappingNode):
            self.complain(path, "is not a set of keys", "write `name: value` lines below it")
            return None
        return {
            self._scalar(key, kind.key_type, (*path, key)): self._value(
                value, kind.value_type, (*path, key)
            )
            for key, value in self._entries(node, path)
        }

    def _list(
        self, node: yaml.Node, kind: inspect.ListType | inspect.VarTupleType, path: Path
    ) -> Any:
        if _is_absent(node):
            return []
        if not isinstance(node, yaml.SequenceNode):
            self.complain(path, "is not a list", "write [one, two] or lines that begin with -")
            return None
        items = []
        for place, item in enumerate(node.value):
            self._lines[(*path, place)] = item.start_mark.line + 1
            self._names[(*path, place)] = _own_id(item) or str(place + 1)
            items.append(self._value(item, kind.item_type, (*path, place)))
        return items

    def _scalar(self, word: str, kind: inspect.Type, path: Path) -> Any:
        try:
            return fit(word, kind)
        except Unfit as unfit:
            self.complain(path, unfit.wrong, unfit.write)
            return None


def fit(word: str, kind: inspect.Type) -> Any:
    """Return one written word as its type means it; raises Unfit."""
    if isinstance(kind, inspect.LiteralType):
        return _literal(word.strip(), [str(value) for value in kind.values])
    try:
        value = _READERS[_sort(kind)](word.strip(), kind)
    except (ValueError, KeyError):
        raise Unfit(f'"{word}" does not fit here', f"write {_example(kind)}") from None
    low, high = getattr(kind, "ge", None), getattr(kind, "le", None)
    if (low is not None and value < low) or (high is not None and value > high):
        wanted = f"from {low}" if high is None else f"from {low} to {high}"
        raise Unfit(f"{word} is out of range", f"write a number {wanted}")
    return value


def _sort(kind: inspect.Type) -> type:
    return kind.cls if isinstance(kind, inspect.CustomType) else type(kind)


def _boolean(word: str, kind: inspect.Type) -> bool:
    if word.lower() in _TRUE:
        return True
    if word.lower() in _FALSE:
        return False
    raise ValueError(word)


def _literal(word: str, allowed: list[str]) -> str:
    if word not in allowed:
        write = nearest(word, [value for value in allowed if value])
        raise Unfit(f'"{word}" does not fit here', write)
    return word


_READERS: dict[type, Callable[[str, inspect.Type], Any]] = {
    inspect.StrType: lambda word, kind: word,
    inspect.IntType: lambda word, kind: int(word.replace("_", "")),
    inspect.FloatType: lambda word, kind: float(word),
    inspect.BoolType: _boolean,
    inspect.DateType: lambda word, kind: date.fromisoformat(word),
    inspect.TimeType: lambda word, kind: time.fromisoformat(word),
    inspect.DateTimeType: lambda word, kind: datetime.fromisoformat(word),
    FilePath: lambda word, kind: FilePath(word),
}
_EXAMPLES: dict[type, str] = {
    inspect.StrType: "a text",
    inspect.IntType: "a whole number",
    inspect.FloatType: "a number",
    inspect.BoolType: "true or false",
    inspect.DateType: "a date such as 2026-12-31",
    inspect.TimeType: "a time such as 08:00",
    inspect.DateTimeType: "an instant such as 2026-11-23T08:00:00+07:00",
    inspect.ListType: "a list such as [one, two]",
    inspect.VarTupleType: "a list such as [24, 72]",
    inspect.DictType: "a set of keys",
    inspect.StructType: "a set of keys",
}


def _example(kind: inspect.Type) -> str:
    if isinstance(kind, inspect.LiteralType):
        return "one of: " + ", ".join(str(value) for value in kind.values if value)
    return _EXAMPLES.get(type(kind), "a value")


def _is_absent(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and not node.style and node.value in _ABSENT


def _own_id(node: yaml.Node) -> str:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == "id" and isinstance(value, yaml.ScalarNode):
                return str(value.value)
    return ""

"""A language's file, laid out as the Indonesian one: the same order, the same remarks."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

import yaml


def laid_out(source: str, texts: Mapping[str, str]) -> str:
    """Return YAML with these texts (by dotted path), in the order of ``source``.

    What ``source`` does not have is left out.
    """
    root = yaml.compose(source, Loader=yaml.SafeLoader)
    lines = source.split("\n")
    return "\n".join(_below(root, (), lines, texts)).strip("\n") + "\n"


def _below(
    node: yaml.Node | None, path: tuple[str, ...], lines: list[str], texts: Mapping[str, str]
) -> list[str]:
    written: list[str] = []
    indent = "  " * len(path)
    for key, value in node.value if isinstance(node, yaml.MappingNode) else ():
        start, end = key.start_mark, key.end_mark
        name = lines[start.line][start.column : end.column]
        here = (*path, key.value)
        if isinstance(value, yaml.MappingNode):
            inner = _below(value, here, lines, texts)
            entry = [f"{indent}{name}:", *inner] if inner else []
        else:
            text = texts.get(".".join(here), "")
            entry = list(_entry(f"{indent}{name}:", text, indent)) if text else []
        if entry:
            written += [*_remarks(lines, start.line), *entry]
    return written


def _entry(head: str, text: str, indent: str) -> Iterator[str]:
    if "\n" in text:
        yield f"{head} |-"
        for line in text.split("\n"):
            yield f"{indent}  {line}" if line else ""
    else:
        yield f"{head} {text if _is_plain(text) else json.dumps(text, ensure_ascii=False)}"


def _is_plain(text: str) -> bool:
    """Would YAML read exactly this from it, unquoted?"""
    try:
        node = yaml.compose(f"key: {text}", Loader=yaml.SafeLoader)
    except yaml.YAMLError:
        return False
    if not isinstance(node, yaml.MappingNode) or len(node.value) != 1:
        return False
    value = node.value[0][1]
    return isinstance(value, yaml.ScalarNode) and value.value == text and value.style is None


def _remarks(lines: list[str], line: int) -> list[str]:
    """Return the remarks and empty lines right above a line."""
    first = line
    while first and (not lines[first - 1].strip() or lines[first - 1].lstrip().startswith("#")):
        first -= 1
    return lines[first:line]

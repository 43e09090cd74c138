"""YAML without its surprises: every value stays the text that was written.

YAML 1.1 reads an address without quotes as an integer, 1:30 as ninety, `no` as false, 0.1 as the
nearest binary fraction, and lets the last of two equal keys win.
"""

from __future__ import annotations

from typing import Any

import yaml


class YamlProblem(Exception):
    """A text that is not YAML, or says something twice; with the line."""


class _Loader(yaml.SafeLoader):
    """Reads scalars as texts, nothing as None, and no key twice."""

    yaml_implicit_resolvers = {
        first: [pair for pair in pairs if pair[0] in ("tag:yaml.org,2002:null",)]
        for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Return a mapping without its empty fields."""
        seen: dict[str, int] = {}
        for key, _ in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode):
                raise YamlProblem(f"line {line}: a key must be a name")
            if key.value in seen:
                raise YamlProblem(
                    f"line {line}: {key.value!r} is there already, on line {seen[key.value]}"
                )
            seen[key.value] = line
        made = super().construct_mapping(node, deep=deep)
        return {key: value for key, value in made.items() if value is not None}


def load_yaml(text: str) -> Any:
    r"""Read a YAML document.

    Args:
        text: The document.

    Returns:
        Mappings, lists and texts; fields without a value are left out.

    Raises:
        YamlProblem: It is not YAML, or a key is there twice.

    >>> load_yaml("a: 0x0000000000000000000000000000000000000001\nb: [1.10, no]\nc:")
    {'a': '0x0000000000000000000000000000000000000001', 'b': ['1.10', 'no']}
    """
    try:
        return yaml.load(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f"line {mark.line + 1}: " if mark is not None else ""
        raise YamlProblem(f"{line}{error.problem or error.context}") from None
    except yaml.YAMLError as error:
        raise YamlProblem(str(error)) from None

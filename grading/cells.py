"""What a cell of a released notebook is: nbgrader's metadata, and the functions it defines."""

from __future__ import annotations

import re
from typing import Any

from nbformat import NotebookNode


def grade_id(cell: NotebookNode) -> str:
    """Return the `grade_id` of a cell; empty where it has none.

    Examples
    --------
    >>> from nbformat.v4 import new_code_cell
    >>> cell = new_code_cell(metadata={"nbgrader": {"grade_id": "relu", "solution": True}})
    >>> grade_id(cell), is_solution(cell), is_check(cell)
    ('relu', True, False)
    """
    return _nbgrader(cell).get("grade_id", "")


def is_solution(cell: NotebookNode) -> bool:
    """Whether students write it."""
    return bool(_nbgrader(cell).get("solution"))


def has_points(cell: NotebookNode) -> bool:
    """Whether it earns points: a check, or an answer that a person grades."""
    return bool(_nbgrader(cell).get("grade"))


def is_check(cell: NotebookNode) -> bool:
    """Whether it earns points and students do not write it."""
    return has_points(cell) and not is_solution(cell)


def defined_names(source: str) -> frozenset[str]:
    """Return the names of the functions and classes that the source of a cell defines.

    The source may be anything, so it is not parsed.

    Examples
    --------
    >>> sorted(defined_names("%time\\ndef f(x):\\n    def inner(): pass\\nclass G: pass"))
    ['G', 'f']
    """
    return frozenset(re.findall(r"^(?:async +def|def|class) +(\w+)", source, re.MULTILINE))


def _nbgrader(cell: NotebookNode) -> dict[str, Any]:
    return cell.metadata.get("nbgrader", {})

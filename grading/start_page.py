"""The first page of a course: what its notebooks are about, how long they take, and their points.

`make release` writes it beside the assignments, from the notebooks themselves.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from grading.cells import has_points

NAME = "README.md"

# The order of work; other notebooks follow by their names.
ORDER = ("knn", "svm", "softmax", "two_layer", "features")

HEAD = """\
# The course

Open a notebook, write each function where it asks for one, and run the check below it. A card shows
what is right and what is not. The functions and your answers are graded. The tutorials explain the
library.
"""
FOOT = """\
When you are done, `python -m minpy.course hand-in FOLDER` runs the checks of a folder once more,
says what is missing, and makes one zip to hand in.
"""


def start_page(folder: Path) -> str:
    """Return the page for a folder of released assignments, as Markdown."""
    sections = [HEAD]
    for assignment in sorted(path for path in folder.glob("[!.]*") if path.is_dir()):
        paths = sorted(assignment.glob("*.ipynb"), key=_place)
        if paths:
            sections.append("\n".join(_section(assignment.name, paths)) + "\n")
    return "\n".join([*sections, FOOT])


def _place(path: Path) -> tuple[int, str]:
    return (ORDER.index(path.stem) if path.stem in ORDER else len(ORDER), path.stem)


def _section(assignment: str, paths: Iterable[Path]) -> Iterator[str]:
    rows = []
    total = 0.0
    for path in paths:
        notebook = nbformat.read(path, as_version=4)
        points = sum(float(c.metadata.nbgrader["points"]) for c in notebook.cells if has_points(c))
        total += points
        link = f"[{path.stem}]({assignment}/{path.name})"
        rows.append(f"| {link} | {_title(notebook)} | {_time(notebook)} | {points:g} |")
    yield f"## {assignment}: {total:g} points\n"
    yield "| notebook | about | time | points |"
    yield "|---|---|---|---:|"
    yield from rows


def _title(notebook: NotebookNode) -> str:
    found = re.search(r"^# (.+)$", notebook.cells[0].source if notebook.cells else "", re.MULTILINE)
    return found[1] if found else ""


def _time(notebook: NotebookNode) -> str:
    """Return the first sentence about the time, such as "two hours of work"."""
    text = "\n".join(cell.source for cell in notebook.cells[:1])
    found = re.search(r"\*\*Time\.\*\*\s+([^.]+)\.", text)
    return " ".join(found[1].split()).removesuffix(" of work").lower() if found else ""

"""The notebook that is graded: the release, with what a student wrote spliced in.

What comes back is rarely what went out. Cells are copied, deleted, moved and split, metadata is
stripped by other tools, locked cells are edited, and the file is renamed. So the submitted
notebook is not run. For each cell of the release that a student was to write, the one that it
became is looked for: by its `grade_id`, by its id, by the name of the function in it, and by its
position. Whatever else the student added runs where it stood, since an answer may need it.

Nothing here raises because of a submission: what cannot be read is `Unreadable`, with the reason.
"""

from __future__ import annotations

import codecs
import copy
import json
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import nbformat
from nbformat import NotebookNode

from grading.cells import defined_names, grade_id, is_solution

MOST_BYTES = 50 * 2**20
MOST_CELLS = 2_000
ADDED = "added-"  # the ids of cells that are not of the release begin so


class Unreadable(Exception):
    """A submission that is no notebook; a person has to look at it."""


@dataclass
class Cell:
    """A cell as it was submitted, with what could be told of it."""

    type: str
    source: str
    grade_id: str = ""
    id: str = ""
    taken: bool = False  # it has its place in the canonical notebook
    stub: bool = False  # it is as it was released
    foreign_id: str = ""  # a `grade_id` that is not of the release

    @property
    def functions(self) -> frozenset[str]:
        """The names of the functions and classes that it defines."""
        return defined_names(self.source)


@dataclass
class Canonical:
    """A notebook to grade, and what had to be repaired to get it.

    Attributes
    ----------
    notebook : NotebookNode
    repairs : list of str
        In words, for the student and the instructor.
    unchanged : set of str
        The `grade_id` of cells that are as they were released.
    """

    notebook: NotebookNode
    repairs: list[str] = field(default_factory=list)
    unchanged: set[str] = field(default_factory=set)


def read(content: bytes) -> list[Cell]:
    """Read the cells of a submitted notebook, as tolerantly as that can be done.

    Parameters
    ----------
    content : bytes
        Of the file.

    Raises
    ------
    Unreadable
        If there are no cells to be found in it.
    """
    if len(content) > MOST_BYTES:
        raise Unreadable(f"the file has {len(content) / 2**20:.0f} MiB: more than a notebook has")
    if not content.strip():
        raise Unreadable("the file is empty")
    try:
        found = json.loads(_decode(content))
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"the file is no notebook: it is not JSON ({error})") from None
    cells = found.get("cells") if isinstance(found, dict) else None
    if cells is None and isinstance(found, dict):  # format 3
        sheets = found.get("worksheets")
        cells = [
            cell
            for sheet in (sheets if isinstance(sheets, list) else ())
            if isinstance(sheet, dict) and isinstance(sheet.get("cells"), list)
            for cell in sheet["cells"]
        ]
    if not isinstance(cells, list) or not cells:
        raise Unreadable("the file is JSON, but there are no cells of a notebook in it")
    return [_cell(cell) for cell in cells[:MOST_CELLS] if isinstance(cell, dict)]


def _decode(content: bytes) -> str:
    """Return the text of a file: also of one that was compressed, saved as UTF-16, or padded."""
    if content.startswith(b"\x1f\x8b"):
        try:
            content = zlib.decompressobj(wbits=31).decompress(content, MOST_BYTES + 1)
        except zlib.error as error:
            raise Unreadable(f"the file is compressed and damaged ({error})") from None
        if len(content) > MOST_BYTES:
            raise Unreadable("the file unpacks to more than a notebook has")
    marks = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
    if content.startswith(marks) or content[1:2] == b"\0" or content[:1] == b"\0":
        encoding = "utf-16" if content.startswith(marks) else "utf-16-le"
        encoding = "utf-16-be" if content[:1] == b"\0" else encoding
        return content.decode(encoding, errors="replace").rstrip("\0")
    return content.rstrip(b"\0").decode("utf-8-sig", errors="replace")


def _cell(raw: dict[str, Any]) -> Cell:
    source = raw.get("source", raw.get("input", ""))
    if isinstance(source, list):
        source = "".join(part for part in source if isinstance(part, str))
    metadata = raw.get("metadata")
    nbgrader = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    name = nbgrader.get("grade_id") if isinstance(nbgrader, dict) else ""
    return Cell(
        type=str(raw.get("cell_type", "code")),
        source=_printable(source if isinstance(source, str) else ""),
        grade_id=name if isinstance(name, str) else "",
        id=raw["id"] if isinstance(raw.get("id"), str) else "",
    )


def _printable(text: str) -> str:
    """Return text with the ends of lines that releases have.

    And without halves of surrogate pairs, which JSON can spell and no file can hold.
    """
    text = text.encode("utf-8", errors="replace").decode("utf-8")
    return text.replace("\r\n", "\n").replace("\r", "\n")


_TAG = re.compile(r"<(?=[A-Za-z/!?])")
_LINK = re.compile(r"\](?=[(:](?!\s*(?:https?://|mailto:|#)))")


def _inert(text: str) -> str:
    """Return Markdown in which there are no tags, and no links but to the web: spaces break them.

    The formgrader shows what students wrote, in the name of whoever grades, and would run it.

    >>> _inert("so $a<b$: <script>x()</script> [y](javascript:z) [w](https://w.org)")
    'so $a< b$: < script>x()< /script> [y] (javascript:z) [w](https://w.org)'
    """
    return _LINK.sub("] ", _TAG.sub("< ", text))


def canonicalise(release: NotebookNode, submitted: Sequence[Cell]) -> Canonical:
    """Put what a student wrote into the released notebook.

    Parameters
    ----------
    release : NotebookNode
        As students get it, with nbgrader's metadata.
    submitted : sequence of Cell
        What `read` returned.

    Returns
    -------
    Canonical
    """
    made = Canonical(copy.deepcopy(release))
    cells = [copy.copy(cell) for cell in submitted]
    targets = [_as_cell(cell) for cell in made.notebook.cells]
    known = {target.grade_id for target in targets}
    stubs = {target.source.strip() for target in targets}
    for given in cells:
        given.stub = given.source.strip() in stubs
        if given.grade_id not in known:  # renamed: it is found by other signs
            given.grade_id, given.foreign_id = "", given.grade_id
    found: list[int | None] = [None] * len(targets)
    for finder in (_by_grade_id, _by_id, _by_source, _by_function):
        for place, target in enumerate(targets):
            if found[place] is None:
                there = finder(target, cells, made.repairs)
                if there is not None:
                    found[place] = there
                    cells[there].taken = True
    for place in range(len(targets)):
        if found[place] is None and is_solution(made.notebook.cells[place]):
            found[place] = _by_position(place, found, targets, cells, made.repairs)
    made.repairs += [
        f"a cell '{given.foreign_id}' is not of this notebook; it runs ungraded"
        for given in cells
        if given.foreign_id and not given.taken
    ]

    result: list[NotebookNode] = []
    extras = _extras_after(found, cells)
    result += map(_added, extras[-1])
    for place, cell in enumerate(made.notebook.cells):
        there = found[place]
        name = targets[place].grade_id
        untouched = there is None or cells[there].source.strip() == cell.source.strip()
        if untouched and is_solution(cell) and _written_elsewhere(there, targets[place], cells):
            names = ", ".join(sorted(targets[place].functions))
            made.repairs.append(f"what the cell '{name}' is for was written elsewhere: {names}")
            cell.source = f"# {names}: written in another cell"
            there = None
        elif there is None and is_solution(cell):
            made.repairs.append(f"the cell '{name}' is missing; it counts as not written")
        if there is not None and cells[there].source.strip() != cell.source.strip():
            if is_solution(cell):
                source = cells[there].source
                cell.source = _inert(source) if cell.cell_type == "markdown" else source
            elif name:
                made.repairs.append(f"the locked cell '{name}' was edited; the original is used")
                if cells[there].functions:
                    names = ", ".join(sorted(cells[there].functions))
                    made.repairs.append(f"what it defines runs all the same: {names}")
                    extras[place].insert(0, cells[there])
            elif cell.cell_type == "code":  # both: the original may be what other cells need
                extras[place].insert(0, cells[there])
        elif name:
            made.unchanged.add(name)
        result.append(cell)
        result += map(_added, extras[place])
    for number, cell in enumerate(cell for cell in result if "id" not in cell):
        cell.id = f"{ADDED}{number}"
    made.notebook.cells = result
    return made


def _as_cell(cell: NotebookNode) -> Cell:
    return Cell(cell.cell_type, cell.source, grade_id(cell), cell.get("id", ""))


def _free(cells: Sequence[Cell], alike: Any) -> list[int]:
    return [i for i, cell in enumerate(cells) if not cell.taken and alike(cell)]


def _by_grade_id(target: Cell, cells: Sequence[Cell], repairs: list[str]) -> int | None:
    """Find the cell of this `grade_id`; of several, the last that was changed."""
    there = _free(cells, lambda c: target.grade_id and c.grade_id == target.grade_id)
    if not there:
        return None
    changed = [i for i in there if cells[i].source.strip() != target.source.strip()]
    chosen = (changed or there)[-1]
    if len(there) > 1:
        parts = [chosen]
        for i in reversed(changed[:-1]):  # a cell that was split: parts define other functions
            if cells[i].functions - frozenset().union(*(cells[j].functions for j in parts)):
                parts.insert(0, i)
        said = f"the cell '{target.grade_id}' is there {len(there)} times; "
        if len(parts) > 1:
            repairs.append(f"{said}{len(parts)} of them define different functions, and count")
            cells[chosen].source = "\n\n".join(cells[i].source for i in parts)
        else:
            repairs.append(f"{said}the last one that was changed is graded")
        for i in there:  # copies do not run
            cells[i].taken = True
    return chosen


def _written_elsewhere(there: int | None, target: Cell, cells: Sequence[Cell]) -> bool:
    """Whether other cells that were submitted define all functions of a cell."""
    others = (cell.functions for i, cell in enumerate(cells) if i != there and not cell.stub)
    return bool(target.functions) and target.functions <= frozenset().union(*others)


def _by_id(target: Cell, cells: Sequence[Cell], repairs: list[str]) -> int | None:
    there = _free(cells, lambda c: target.id and c.id == target.id and not c.grade_id)
    if there and target.grade_id:
        repairs.append(f"the cell '{target.grade_id}' had lost its metadata; found by its id")
    return there[0] if there else None


def _by_source(target: Cell, cells: Sequence[Cell], repairs: list[str]) -> int | None:
    text = target.source.strip()
    there = _free(cells, lambda c: text and not c.grade_id and c.source.strip() == text)
    return there[0] if there else None


def _by_function(target: Cell, cells: Sequence[Cell], repairs: list[str]) -> int | None:
    """Find the cell that defines the functions of this one; of several, the last."""
    if not (target.grade_id and target.functions):
        return None
    there = _free(cells, lambda c: not c.grade_id and target.functions <= c.functions)
    if not there:
        return None
    names = ", ".join(sorted(target.functions))
    repairs.append(f"the cell '{target.grade_id}' was found by its function, {names}")
    return there[-1]


def _by_position(
    place: int,
    found: Sequence[int | None],
    targets: Sequence[Cell],
    cells: Sequence[Cell],
    repairs: list[str],
) -> int | None:
    """Take the only cell of its kind between the cells before and after it."""
    before = max((i for i in found[:place] if i is not None), default=-1)
    after = min((i for i in found[place + 1 :] if i is not None), default=len(cells))
    kind = targets[place].type
    there = [
        i
        for i in range(before + 1, after)
        if not cells[i].taken and cells[i].type == kind and not cells[i].grade_id
    ]
    if len(there) != 1:
        return None
    cells[there[0]].taken = True
    repairs.append(f"the cell '{targets[place].grade_id}' was found by its position")
    return there[0]


def _extras_after(found: Sequence[int | None], cells: Sequence[Cell]) -> dict[int, list[Cell]]:
    """Return the code cells that students added, by the place after which each stood; -1: first."""
    places = {there: place for place, there in enumerate(found) if there is not None}
    extras: dict[int, list[Cell]] = {place: [] for place in range(-1, len(found))}
    last = -1
    for i, cell in enumerate(cells):
        if i in places:
            last = max(last, places[i])
        elif not cell.taken and cell.type == "code" and cell.source.strip():
            extras[last].append(cell)
    return extras


def _added(cell: Cell) -> NotebookNode:
    made = nbformat.v4.new_code_cell(cell.source)
    del made["id"]
    return made

"""Merge a student's notebook into a mended release, without losing a line of the student's.

Each cell of the new release finds its counterpart in the student's notebook: by nbgrader's
``grade_id``, else by its text, else by its id.  Then

- what the student writes, functions and answers, keeps the student's text;
- what the student did not change gets the new text;
- a cell of the release that the student changed gets the new text, and the student's version
  follows as a cell of its own (with the old release at hand, only if the release changed it, too);
- all other cells of the student stay, after the cell that they followed.

The cells are in the order of the new release.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass
class MergeReport:
    """What a merge did; printing it says so.

    Attributes
    ----------
    kept : list of str
        Cells with the student's text.
    compare : list of str
        Those of them whose given text, such as a docstring, is another one in the new release.
    replaced : list of str
        Cells that the student had not changed, with a new text.
    beside : list of str
        Cells of the release that the student had changed; the student's version follows.
    added : list of str
        Cells that the student's notebook did not have.
    own : list of str
        Cells of the student's own, and those whose counterpart is gone.
    removed : list of str
        Cells of the old release that the student had not changed and the new one does not have.
    """

    kept: list[str] = field(default_factory=list)
    compare: list[str] = field(default_factory=list)
    replaced: list[str] = field(default_factory=list)
    beside: list[str] = field(default_factory=list)
    added: list[str] = field(default_factory=list)
    own: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        """Return a line for each kind of cell that there is."""
        said = {
            "kept your text": self.kept,
            "kept your text, and the given part is new, compare": self.compare,
            "replaced by the new text": self.replaced,
            "new text, with your version after it": self.beside,
            "added": self.added,
            "kept your own cells": self.own,
            "removed, with the old release": self.removed,
        }
        lines = [f"{what}: {', '.join(names)}" for what, names in said.items() if names]
        return "\n".join(lines) or "nothing to merge: the notebook has no cells"


def merge_notebooks(mine: Any, new: Any, old: Any = None) -> tuple[Any, MergeReport]:
    """Return a student's notebook with the cells of a new release, and a report.

    Parameters
    ----------
    mine, new : nbformat.NotebookNode
        The student's notebook and the new release.
    old : nbformat.NotebookNode, optional
        The release that the student began with.  It tells text that the student changed from text
        that the author changed, in cells that are not graded.

    Returns
    -------
    merged : nbformat.NotebookNode
    report : MergeReport
    """
    import nbformat

    before = {} if old is None else {_key(cell): cell for cell in old.cells}
    partners = _counterparts(mine.cells, new.cells)
    report = MergeReport()
    following: dict[int | None, list[Any]] = {}  # by the cell of the release that they follow
    place: int | None = None
    claimed = {id(cell): i for i, cell in partners.items()}
    for cell in mine.cells:
        if id(cell) in claimed:
            place = claimed[id(cell)]
        elif not cell.source.strip():
            continue
        elif _unchanged(cell, before):
            report.removed.append(_title(cell))
        else:
            report.own.append(_title(cell))
            following.setdefault(place, []).append(_own(cell))

    cells = following.get(None, [])
    for i, given in enumerate(new.cells):
        cells += [*_merged(partners.get(i), given, before, report), *following.get(i, [])]
    merged = nbformat.from_dict({**new, "cells": _with_unique_ids(cells)})
    return merged, report


def merge(
    mine: str | os.PathLike[str],
    new: str | os.PathLike[str],
    old: str | os.PathLike[str] | None = None,
) -> MergeReport:
    """Merge a student's notebook into a new release, and write it in the student's place.

    The notebook as it was stays beside it, as ``NAME.before-merge.ipynb``.

    Parameters
    ----------
    mine, new, old : path
        As in `merge_notebooks`.

    Returns
    -------
    MergeReport
    """
    import nbformat

    mine = Path(mine)
    given = None if old is None else nbformat.read(old, as_version=4)
    merged, report = merge_notebooks(
        nbformat.read(mine, as_version=4), nbformat.read(new, as_version=4), given
    )
    nbformat.validate(merged)
    shutil.copy2(mine, _unused(mine.with_name(f"{mine.stem}.before-merge.ipynb")))
    nbformat.write(merged, mine)
    return report


def _counterparts(mine: list[Any], new: list[Any]) -> dict[int, Any]:
    """Return the student's cell for the number of each cell of the release that has one."""
    partners: dict[int, Any] = {}
    free = list(mine)

    def pair(same: Any) -> None:
        for i, given in enumerate(new):
            if i in partners:
                continue
            found = next((cell for cell in free if same(cell, given)), None)
            if found is not None:
                partners[i] = found
                free[:] = [cell for cell in free if cell is not found]

    def ungraded(cell: Any, given: Any) -> bool:
        return not _grade_id(cell) and not _grade_id(given) and cell.cell_type == given.cell_type

    pair(lambda cell, given: _grade_id(given) and _grade_id(cell) == _grade_id(given))
    pair(lambda cell, given: ungraded(cell, given) and cell.source == given.source)
    pair(lambda cell, given: ungraded(cell, given) and cell.get("id", "") == given.id)
    return partners


def _merged(cell: Any, given: Any, before: dict[str, Any], report: MergeReport) -> list[Any]:
    """Return what stands in the place of a cell of the release: that, the student's, or both."""
    name = _title(given)
    if cell is None:
        report.added.append(name)
        return [given]
    if cell.source == given.source:
        return [_with_text_of(cell, given)]
    if _unchanged(cell, before):
        report.replaced.append(name)
        return [given]
    mended = _key(given) not in before or before[_key(given)].source != given.source
    if _is_written_by_students(given):
        is_new = _nbgrader(cell).get("checksum") != _nbgrader(given).get("checksum")
        (report.compare if is_new else report.kept).append(name)
        return [_with_text_of(cell, given)]
    if not mended:
        report.kept.append(name)
        return [_with_text_of(cell, given)]
    report.beside.append(name)
    return [given, _own(cell)]


def _unchanged(cell: Any, before: dict[str, Any]) -> bool:
    """Whether a student left a cell as it was released, as far as that is known."""
    if _grade_id(cell):
        from nbgrader.utils import compute_checksum

        if _nbgrader(cell).get("checksum") == compute_checksum(cell):
            return True
    released = before.get(_key(cell))
    return released is not None and released.source == cell.source


def _with_text_of(cell: Any, given: Any) -> Any:
    """Return a cell of the release with a student's text and its outputs."""
    import nbformat

    parts = {
        key: cell[key] for key in ("source", "outputs", "execution_count", "attachments")
        if key in cell
    }  # fmt: skip
    return nbformat.from_dict({**given, **parts})


def _own(cell: Any) -> Any:
    """Return a student's cell as one that is not graded."""
    import nbformat

    metadata = {
        key: value
        for key, value in cell.metadata.items()
        if key not in ("nbgrader", "deletable", "editable")
    }
    return nbformat.from_dict({**cell, "metadata": metadata})


def _with_unique_ids(cells: list[Any]) -> list[Any]:
    taken: set[str] = set()
    for cell in cells:
        name, number = cell.get("id") or "cell", 1
        while name in taken:
            number += 1
            name = f"{cell.get('id', 'cell')[:56]}-own{number}"
        cell["id"] = name
        taken.add(name)
    return cells


def _unused(path: Path) -> Path:
    number = 1
    found = path
    while found.exists():
        number += 1
        found = path.with_name(f"{path.stem}-{number}{path.suffix}")
    return found


def _nbgrader(cell: Any) -> dict[str, Any]:
    return cell.metadata.get("nbgrader", {})


def _grade_id(cell: Any) -> str:
    return _nbgrader(cell).get("grade_id", "")


def _is_written_by_students(cell: Any) -> bool:
    return bool(_nbgrader(cell).get("solution"))


def _key(cell: Any) -> str:
    return _grade_id(cell) or cell.get("id", "")


def _title(cell: Any) -> str:
    first = cell.source.strip().partition("\n")[0].strip("# ")
    return _grade_id(cell) or repr(first if len(first) <= 40 else f"{first[:39]}…")

"""Hand in: run the checks of a folder once more, say what is missing, and make one zip.

The same is done by

- a call in a notebook, ``course.hand_in("Ada Lovelace")``,
- ``python -m minpy.course hand-in FOLDER --student "Ada Lovelace"``,
- ``minpy-grade hand-in FOLDER``, where the grader is installed.

Notebooks run in a copy of the folder, without the cells that train (tag ``training``), so no file
of the student changes.  Whatever is missing or fails, the zip is made: unfinished work can be
handed in.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

HANDED_IN = (".ipynb", ".npz", ".npy", ".py")
LARGEST = 64 * 2**20  # bytes of a file, as in the grader
LEFT_OUT = ("checks", "__pycache__", ".ipynb_checkpoints")
CELL_SECONDS = 120


@dataclass
class NotebookReport:
    """What is known of a notebook that is handed in.

    Attributes
    ----------
    name : str
        Of the file.
    saved : datetime
        When it was last saved.
    points, out_of : float
        Of the public checks.
    missing : list of str
        A sentence for each cell, question or file that is missing, and each check that fails.
    """

    name: str
    saved: datetime
    points: float = 0.0
    out_of: float = 0.0
    missing: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        """Return a line, and one for each thing that is missing."""
        head = (
            f"{self.name}, saved {self.saved:%d %B at %H:%M}: {self.points:g} of {self.out_of:g} "
            "points in the public checks"
        )
        return "\n".join([head, *(f"  - {sentence}" for sentence in self.missing)])


@dataclass
class HandIn:
    """What was handed in; printing it says what is missing.

    Attributes
    ----------
    path : Path
        The zip.
    files : list of str
        The files in it.
    notebooks : list of NotebookReport
    """

    path: Path
    files: list[str]
    notebooks: list[NotebookReport]

    def __str__(self) -> str:
        """Return the reports of the notebooks, and where the zip is."""
        lines = [str(notebook) for notebook in self.notebooks] or ["There is no notebook here."]
        lines.append(f"Hand in this file: {self.path} ({', '.join(self.files) or 'empty'})")
        return "\n".join(lines)

    __repr__ = __str__  # what a notebook shows


def hand_in(student: str, folder: str | os.PathLike[str] = ".", run: bool = True) -> HandIn:
    """Make a zip of the notebooks, parameters and modules in a folder, and say what is missing.

    Save the notebooks first: the zip holds what is on the disk.

    Parameters
    ----------
    student : str
        The name, which is in the name of the zip.
    folder : path
        Of one assignment.
    run : bool
        Whether to run the checks once more, which takes up to a minute for each notebook.

    Returns
    -------
    HandIn
        The zip is ``FOLDER/STUDENT-ASSIGNMENT.zip``.  It holds ``STUDENT/ASSIGNMENT/...``, the
        folders in which the grader looks.

    Raises
    ------
    NotADirectoryError
        If there is no such folder.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     handed_in = hand_in("Ada Lovelace", folder)
    >>> handed_in.path.name.startswith("Ada-Lovelace-"), handed_in.files
    (True, [])
    """
    place = Path(folder).resolve()
    if not place.is_dir():
        raise NotADirectoryError(f"there is no folder {place}; name the one of your assignment")
    paths = list(_handed_in(place))
    reports = [_report(path, run) for path in paths if path.suffix == ".ipynb"]
    who = re.sub(r"[^\w.]+", "-", student).strip("-.") or "student"
    archive = place / f"{who}-{place.name}.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for path in paths:
            packed.write(path, f"{who}/{place.name}/{path.relative_to(place)}")
    return HandIn(archive, [str(path.relative_to(place)) for path in paths], reports)


def _handed_in(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        hidden = any(part in LEFT_OUT for part in path.relative_to(folder).parts)
        if hidden or path.suffix not in HANDED_IN or path.is_symlink() or not path.is_file():
            continue
        if path.stat().st_size <= LARGEST:
            yield path


def _report(path: Path, run: bool) -> NotebookReport:
    """Look at a notebook, and run its checks; what goes wrong becomes a sentence."""
    report = NotebookReport(path.name, datetime.fromtimestamp(path.stat().st_mtime))
    try:
        import nbformat

        notebook = nbformat.read(path, as_version=4)
    except Exception as error:  # whatever is wrong with the file, it is handed in
        report.missing.append(f"it cannot be read: {_first_line(error)}")
        return report
    report.missing += _unwritten(notebook)
    if run:
        try:
            _run(notebook, path)
            said = set(report.missing)
            report.missing += [
                sentence
                for sentence in _failing(notebook, report)
                if f"the cell {sentence.partition(':')[0]} is not written yet" not in said
            ]
        except Exception as error:  # no Jupyter here, or a kernel that dies
            report.missing.append(f"its checks could not be run: {_first_line(error)}")
    return report


def _unwritten(notebook: Any) -> Iterator[str]:
    """Say which cells are as they were released."""
    from nbgrader.utils import compute_checksum, is_solution

    for cell in notebook.cells:
        if is_solution(cell) and cell.metadata.nbgrader.get("checksum") == compute_checksum(cell):
            kind = "question" if cell.cell_type == "markdown" else "cell"
            state = "answered" if kind == "question" else "written"
            yield f"the {kind} {cell.metadata.nbgrader['grade_id']} is not {state} yet"


def _run(notebook: Any, path: Path) -> None:
    """Run a notebook in a copy of its folder, without the cells that train."""
    from nbclient import NotebookClient

    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = []
            if "training" in cell.metadata.get("tags", ()):
                cell.source = ""
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch) / path.parent.name
        shutil.copytree(path.parent, copy, ignore=shutil.ignore_patterns("*.zip", ".ipynb_*"))
        NotebookClient(
            notebook,
            timeout=CELL_SECONDS,
            allow_errors=True,
            interrupt_on_timeout=True,
            resources={"metadata": {"path": str(copy)}},
        ).execute()


def _failing(notebook: Any, report: NotebookReport) -> Iterator[str]:
    """Add up the points of the checks, and say which of them do not give all."""
    from nbgrader.utils import is_grade, is_solution

    for cell in notebook.cells:
        if cell.cell_type != "code" or not is_grade(cell) or is_solution(cell):
            continue
        name = cell.metadata.nbgrader["grade_id"].removeprefix("check_")
        most = float(cell.metadata.nbgrader["points"])
        earned, said = _outcome(cell)
        report.points += earned
        report.out_of += most
        if said:
            yield f"{name}: {said}"
        elif earned < most:
            yield f"{name}: {earned:g} of {most:g} points"


def _outcome(cell: Any) -> tuple[float, str]:
    """Return the points that a check gave, and the error that it ended with, if any."""
    for output in cell.outputs:
        if output.output_type == "error":
            return 0.0, output.evalue.partition("\n")[0] or output.ename
        if output.output_type == "execute_result":
            try:
                return float(output.data["text/plain"]), ""
            except (KeyError, ValueError):
                break
    return 0.0, "it gave no points"


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).partition("\n")[0][:200]

"""From the sources of an assignment to what students get.

`solutions/a1-linear/two_layer.py` is a whole notebook in Jupytext's percent form: text, code,
solutions and nbgrader's metadata, in a file that a diff can show. `python -m grading.release`, or
`make release`, makes `assignments/a1-linear/two_layer.ipynb` of it:

1. Only what may leave is copied into a build folder, by an allow-list: nbgrader's generator copies
   every file it finds beside a notebook, and it would find the solutions.
2. The text becomes a notebook, with ids made of its headings and its `grade_id`s.
3. nbgrader's generator removes solutions and outputs, and writes the checksums.
4. Every line of every solution, and every file that stays here, is looked for in what came out.

The result depends on the sources alone, to the byte, so a test can compare the two. An instructor's
own versions of some files can lie in a folder elsewhere, laid out like `solutions/`:
`python -m grading.release --overlay ~/cs101`.
"""

from __future__ import annotations

import argparse
import json
import logging
import re
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath

import jupytext
import nbformat
from nbformat import NotebookNode

from grading import start_page
from grading.cells import is_solution

ROOT = Path(__file__).parent.parent

# What ships beside the notebooks, in the folder of an assignment. Nothing else does.
SHIPS = ("checks/*.py", "checks/*_hints.md", "images/*.png")

# What running a notebook leaves beside it: a network to hand in, and caches.
LEFT_BEHIND = ("*.npz", "__pycache__/*", ".ipynb_checkpoints/*")

# What nbgrader puts where a solution was.
STUB = "# your code here\nraise NotImplementedError"
ANSWER_STUB = "*Your answer here.*"

BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"

KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}


class ReleaseError(Exception):
    """A source that cannot be released, with what to change."""


# ------------------------------------------------------------------------------------- sources


def sources(assignment: str, folders: Sequence[Path]) -> dict[str, Path]:
    """Return the files of an assignment by their path in it; later folders win.

    Parameters
    ----------
    assignment : str
        Such as ``a1-linear``.
    folders : sequence of Path
        `solutions/`, then an instructor's overlays.
    """
    found: dict[str, Path] = {}
    for folder in folders:
        for path in sorted((folder / assignment).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                found[path.relative_to(folder / assignment).as_posix()] = path
    return found


def assignments_in(folders: Sequence[Path]) -> list[str]:
    """Return the names of the assignments: each folder with a notebook's source in it."""
    return sorted({path.parent.name for folder in folders for path in folder.glob("*/*.py")})


def is_notebook(name: str) -> bool:
    """Whether a file of an assignment is the source of a notebook.

    >>> is_notebook("two_layer.py"), is_notebook("checks/two_layer.py"), is_notebook("notes.md")
    (True, False, False)
    """
    return "/" not in name and name.endswith(".py")


def ships(name: str) -> bool:
    """Whether a file of an assignment goes to students as it is.

    >>> ships("checks/two_layer.py"), ships("hidden/two_layer.py"), ships("two_layer.py")
    (True, False, False)
    """
    return any(
        PurePosixPath(name).match(pattern) and name.count("/") == pattern.count("/")
        for pattern in SHIPS
    )


# ----------------------------------------------------------------------------------- notebooks


def notebook(source: Path) -> NotebookNode:
    """Return the notebook of a source, solutions included, with ids and metadata that are its own.

    Raises
    ------
    ReleaseError
        If a `grade_id` stands there twice, or a solution's marks are not in pairs.
    """
    made = jupytext.read(source, fmt="py:percent")
    made.metadata = nbformat.from_dict(
        {"kernelspec": KERNEL, "language_info": {"name": "python"}},
    )
    made.nbformat, made.nbformat_minor = 4, 5
    for cell in made.cells:
        cell.metadata.pop("lines_to_next_cell", None)
        cell.source = cell.source.strip("\n")
        if cell.source.count(BEGIN) != cell.source.count(END):
            raise ReleaseError(
                f"{source}: a cell has {cell.source.count(BEGIN)} of '{BEGIN}' and "
                f"{cell.source.count(END)} of '{END}'; they come in pairs:\n{cell.source}"
            )
        if is_solution(cell) and BEGIN not in cell.source:
            raise ReleaseError(
                f"{source}: '{cell.metadata.nbgrader.grade_id}' is a solution cell without a "
                f"region from '{BEGIN}' to '{END}', so it would be released as it is"
            )
    _name_cells(made.cells, source)
    nbformat.validate(made)
    return made


def _name_cells(cells: Sequence[NotebookNode], source: Path) -> None:
    """Give each cell an id: its `grade_id`, or the heading above it with a number."""
    taken = set()
    heading, number = slug(source.stem), 0
    for cell in cells:
        if "nbgrader" in cell.metadata:
            cell.id = slug(cell.metadata.nbgrader.grade_id)
            if cell.id in taken:
                raise ReleaseError(f"{source}: the grade_id '{cell.id}' stands there twice")
            taken.add(cell.id)
    for cell in cells:
        title = re.match(r"#+ (.+)", cell.source)
        if cell.cell_type == "markdown" and title:
            heading, number = slug(title[1]), 0
        if "nbgrader" in cell.metadata:
            continue
        while True:
            number += 1
            cell.id = heading if number == 1 else f"{heading}-{number}"
            if cell.id not in taken:
                break
        taken.add(cell.id)


def slug(title: str) -> str:
    """Return a title as an id: 40 letters, digits and hyphens at most.

    >>> slug("## 3. The loss, and its gradient")
    'the-loss-and-its-gradient'
    """
    words = re.sub(r"[^a-z0-9_]+", "-", title.lower()).strip("-")
    return re.sub(r"^\d+-", "", words)[:40].strip("-") or "cell"


def write(made: NotebookNode, path: Path) -> None:
    """Write a notebook as it is committed: keys in order, one newline at the end."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(nbformat.writes(made).rstrip("\n") + "\n", encoding="utf-8")


# ----------------------------------------------------------------------------------- releasing


def prepare(assignment: str, course: Path, folders: Sequence[Path] = ()) -> None:
    """Write `course/source/<assignment>`: the notebooks with solutions, and what ships.

    It is what nbgrader's commands work on, its formgrader too.
    """
    files = sources(assignment, folders or [ROOT / "solutions"])
    if not any(map(is_notebook, files)):
        places = " or ".join(str(folder / assignment) for folder in folders)
        raise ReleaseError(f"there is no notebook to release in {places}")
    build = course / "source" / assignment
    for name, path in files.items():
        if is_notebook(name):
            write(notebook(path), build / Path(name).with_suffix(".ipynb").name)
        elif ships(name):
            target = build / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())


def configuration(course: Path) -> dict[str, dict[str, object]]:
    """Return nbgrader's settings for a course folder."""
    return {
        "CourseDirectory": {"root": str(course)},
        "ClearSolutions": {
            "code_stub": {"python": STUB},
            "text_stub": ANSWER_STUB,
            "begin_solution_delimeter": BEGIN,
            "end_solution_delimeter": END,
        },
    }


def configure(course: Path) -> None:
    """Write `nbgrader_config.json` into a course folder, so that nbgrader's commands agree."""
    settings = configuration(course)
    del settings["CourseDirectory"]  # it is where they are started
    text = json.dumps(settings, indent=2)
    (course / "nbgrader_config.json").write_text(text + "\n", encoding="utf-8")


def generate(assignment: str, course: Path) -> Path:
    """Run nbgrader's generator on a prepared assignment; return the folder it made.

    No gradebook is touched: who grades makes one of the same sources.
    """
    from nbgrader.apps import NbGraderAPI
    from traitlets.config import Config

    config = Config(configuration(course))
    config.GenerateAssignment.no_database = True
    config.SaveCells.enabled = False
    api = NbGraderAPI(config=config)
    api.log.setLevel(logging.CRITICAL)  # what goes wrong is in the result, and in our exception
    result = api.generate_assignment(assignment, force=True)
    if not result["success"]:
        raise ReleaseError(
            f"nbgrader does not accept {assignment}:\n{result.get('log', '')}{result['error']}"
        )
    return course / "release" / assignment


def release(assignment: str, folders: Sequence[Path] = ()) -> dict[str, bytes]:
    """Return what students get of an assignment: bytes by path.

    Raises
    ------
    ReleaseError
        If a source is not in order, or a line of a solution, or of a file that stays here, is found
        in what would be released.
    """
    folders = folders or [ROOT / "solutions"]
    with tempfile.TemporaryDirectory(prefix="release-") as build:
        course = Path(build)
        prepare(assignment, course, folders)
        made = generate(assignment, course)
        for path in made.glob("*.ipynb"):  # nbconvert's writer leaves the end of the file open
            write(nbformat.read(path, as_version=4), path)
        released = {
            path.relative_to(made).as_posix(): path.read_bytes()
            for path in sorted(made.rglob("*"))
            if path.is_file()
        }
    found = list(leaks(released, secret_lines(sources(assignment, folders))))
    if found:
        raise ReleaseError("solutions would leave in\n" + "\n".join(found))
    return released


# --------------------------------------------------------------------------------------- leaks


def secret_lines(files: Mapping[str, Path]) -> dict[str, str]:
    """Return the lines that must not leave, spaces removed, and where each stands.

    They are the lines inside solution regions, and all lines of files that do not ship. Short ones,
    imports and the heads of functions give nothing away, and are left out. So are lines of variants
    that a notebook has outside its solution regions: a variant is a whole function, and students
    are given its first and last lines.
    """
    secret: dict[str, str] = {}
    given: set[str] = set()
    for name, path in sorted(files.items(), key=lambda item: not is_notebook(item[0])):
        if not name.endswith((".py", ".md", ".txt")):
            continue
        inside = stays = not (is_notebook(name) or ships(name))
        is_variant = name.startswith("variants/")
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if BEGIN in line:
                inside = True
            elif END in line:
                inside = stays
            elif not inside:
                if is_notebook(name):
                    given.add(_squeezed(line))
            elif is_variant and _squeezed(line) in given:
                continue
            elif not re.match(r"\s*(import|from|def|class|@)\b", line):
                secret.setdefault(_squeezed(line), f"{name}, line {number}")
    return {line: where for line, where in secret.items() if len(line) >= 12}


def leaks(released: Mapping[str, bytes], secret: Mapping[str, str]) -> Iterator[str]:
    """Say which secret lines are in what was released; spaces and JSON's escapes do not hide them.

    A line counts where it is whole, or a part of another: an answer that was put into a comment.
    """
    for name, content in released.items():
        text = content.decode("utf-8", errors="replace")
        if name.endswith(".ipynb"):
            cells = nbformat.reads(text, as_version=4).cells
            text += "\n".join(cell.source for cell in cells)
        text = _squeezed(text)
        for line, where in secret.items():
            if line in text:
                yield f"{name}: {where}: {line}"


def _squeezed(text: str) -> str:
    return re.sub(r"\s+|^#", "", text)


# ----------------------------------------------------------------------------------- command line


def files_in(folder: Path) -> set[str]:
    """Return the files of an assignment by their path in it, without what running it left."""
    return {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and not any(path.match(pattern) for pattern in LEFT_BEHIND)
    }


def differences(released: Mapping[str, bytes], folder: Path) -> list[str]:
    """Say how a folder differs from what is released."""
    there = files_in(folder)
    extra = sorted(there - set(released))
    found = [f"{folder / name} is not made of the sources" for name in extra]
    for name, content in released.items():
        if name not in there:
            found.append(f"{folder / name} is missing")
        elif (folder / name).read_bytes() != content:
            found.append(f"{folder / name} is not what the sources give")
    return found


def put(released: Mapping[str, bytes], folder: Path) -> None:
    """Make a folder what is released, and nothing else; what running it left may stay."""
    for name in files_in(folder) - set(released):
        (folder / name).unlink()
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir() and not any(path.iterdir()):
            path.rmdir()
    for name, content in released.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)


def main(arguments: Iterable[str] | None = None) -> int:
    """Release assignments, or check that what is there is what the sources give."""
    parser = argparse.ArgumentParser(prog="python -m grading.release", description=main.__doc__)
    parser.add_argument("assignments", nargs="*", help="which ones; all by default")
    parser.add_argument(
        "--solutions", type=Path, default=ROOT / "solutions", help="where the sources are"
    )
    parser.add_argument(
        "--overlay",
        type=Path,
        action="append",
        default=[],
        metavar="FOLDER",
        help="a folder like it, whose files take their place; may be given several times",
    )
    parser.add_argument("--to", type=Path, help="where to; assignments/ beside the sources")
    parser.add_argument(
        "--check", action="store_true", help="write nothing, and say what is out of date"
    )
    options = parser.parse_args(None if arguments is None else list(arguments))
    folders = [options.solutions, *options.overlay]
    target = options.to or options.solutions.parent / "assignments"
    stale = []
    try:
        for assignment in options.assignments or assignments_in(folders):
            released = release(assignment, folders)
            if options.check:
                stale += differences(released, target / assignment)
            else:
                put(released, target / assignment)
                for name in released:
                    print(target / assignment / name)
    except ReleaseError as error:
        print(f"Not released: {error}", file=sys.stderr)
        return 1
    page = target / start_page.NAME
    if not options.check:
        page.write_text(start_page.start_page(target), encoding="utf-8")
    elif not page.exists() or page.read_text(encoding="utf-8") != start_page.start_page(target):
        stale.append(f"{page} is not made of the notebooks beside it")
    if stale:
        print("\n".join([*stale, "`make release` makes them anew."]), file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())

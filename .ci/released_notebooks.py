"""Run every released notebook as a student opens it: with the installed package and no clone.

    python .ci/released_notebooks.py FOLDER

FOLDER is a copy of `assignments`. Nothing is written yet: checks must say so, and cells that use
what an unwritten cell would have made may miss it. Any other error is printed, and the exit status
is 1.
"""

import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

EXPECTED = {"NotWrittenYet", "NotImplementedError", "NameError"}


def unexpected(path):
    """Run a notebook; return the errors that are not about unwritten functions."""
    notebook = nbformat.read(path, as_version=4)
    folder = {"metadata": {"path": str(path.parent)}}
    NotebookClient(notebook, timeout=120, allow_errors=True, resources=folder).execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    errors = [output for output in outputs if output.output_type == "error"]
    if not any(error.ename == "NotWrittenYet" for error in errors):
        return [f"{path}: no check said that its function is not written yet"]
    return [
        f"{path}: {error.ename}: {error.evalue}" for error in errors if error.ename not in EXPECTED
    ]


def main(folder):
    """Run them all."""
    paths = sorted(Path(folder).glob("*/*.ipynb"))
    found = [problem for path in paths for problem in unexpected(path)]
    print(f"{len(paths)} released notebooks ran; {len(found)} unexpected errors", *found, sep="\n")
    return int(bool(found) or not paths)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

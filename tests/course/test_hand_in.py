"""Handing in runs the checks once more, says what is missing, and makes a zip whatever happens."""

import zipfile

import pytest

nbformat = pytest.importorskip("nbformat", reason="notebooks are read with nbformat")
pytest.importorskip("nbgrader", reason="its checksums say which cells are as they were released")
pytest.importorskip("nbclient", reason="it runs the notebooks")

from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook  # noqa: E402
from nbgrader.utils import compute_checksum  # noqa: E402

from minpy.course.__main__ import main  # noqa: E402
from minpy.course.hand_in import hand_in  # noqa: E402


def graded(name, source, solution, points=0, kind="code"):
    make = new_code_cell if kind == "code" else new_markdown_cell
    metadata = {"grade_id": name, "solution": solution, "grade": points > 0, "locked": not solution}
    cell = make(source, id=name, metadata={"nbgrader": {**metadata, "points": points}})
    cell.metadata.nbgrader.checksum = compute_checksum(cell)
    return cell


CELLS = [
    new_code_cell(
        "from minpy.course import ParameterFile\n"
        "from minpy.checking import NotWrittenYet\n"
        "network_file = ParameterFile('net.npz', ['W'])"
    ),
    graded("half", "def half(x):\n    raise NotImplementedError", True),
    graded("check_half", "half(2) and 2.0", False, 2),
    graded("double", "def double(x):\n    raise NotImplementedError", True),
    graded("check_double", "try:\n    double(2)\nexcept NotImplementedError:\n"
           "    raise NotWrittenYet('double')", False, 3),
    graded("question_why", "*Your answer here.*", True, 1, "markdown"),
    new_code_cell("raise SystemError('this trains for an hour')", metadata={"tags": ["training"]}),
    graded("check_trained", "network_file.load() and 4.0", False, 4),
    graded("check_part", "0.5", False, 1),
]  # fmt: skip


@pytest.fixture
def folder(tmp_path):
    """Return an assignment in which one function is written, and nothing else."""
    place = tmp_path / "a1-linear"
    (place / "checks").mkdir(parents=True)
    (place / "checks" / "knn.py").write_text("")
    (place / ".ipynb_checkpoints").mkdir()
    (place / ".ipynb_checkpoints" / "knn-checkpoint.ipynb").write_text("{}")
    (place / "mine.py").write_text("answer = 42\n")
    notebook = nbformat.from_dict(new_notebook(cells=CELLS))
    notebook.cells[1].source = "def half(x):\n    return x / 2"
    nbformat.write(notebook, place / "knn.ipynb")
    return place


def test_unfinished_work_is_handed_in_with_a_list_of_what_is_missing(folder):
    before = (folder / "knn.ipynb").read_bytes()
    found = hand_in("Ada Lovelace", folder)
    (report,) = found.notebooks
    assert (report.points, report.out_of) == (2.5, 10)
    assert report.missing == [
        "the cell double is not written yet",
        "the question question_why is not answered yet",
        "trained: net.npz is not written yet.",
        "part: 0.5 of 1 points",
    ]
    assert found.path == folder / "Ada-Lovelace-a1-linear.zip"
    with zipfile.ZipFile(found.path) as packed:
        names = packed.namelist()
        assert packed.read("Ada-Lovelace/a1-linear/knn.ipynb") == before
    assert names == ["Ada-Lovelace/a1-linear/knn.ipynb", "Ada-Lovelace/a1-linear/mine.py"]
    assert (folder / "knn.ipynb").read_bytes() == before
    shown = str(found)
    assert "2.5 of 10 points in the public checks" in shown
    assert "Hand in this file: " in shown


def test_handing_in_again_replaces_the_zip(folder):
    first = hand_in("Ada", folder, run=False)
    (folder / "net.npz").write_bytes(b"parameters")
    second = hand_in("Ada", folder, run=False)
    assert first.path == second.path
    assert second.files == ["knn.ipynb", "mine.py", "net.npz"]
    with zipfile.ZipFile(second.path) as packed:
        assert len(packed.namelist()) == 3


@pytest.mark.parametrize("content", ["", "{}", "no notebook", '{"nbformat": 4, "cells": 3}'])
def test_a_broken_notebook_is_handed_in_too(folder, content):
    (folder / "knn.ipynb").write_text(content)
    found = hand_in("Ada", folder)
    assert found.files == ["knn.ipynb", "mine.py"]
    (report,) = found.notebooks
    assert report.missing[0].startswith("it cannot be read: ")


def test_a_kernel_that_dies_stops_nothing(folder):
    notebook = new_notebook(cells=[new_code_cell("import os\nos._exit(1)")])
    nbformat.write(notebook, folder / "knn.ipynb")
    found = hand_in("Ada", folder)
    assert found.path.exists()
    assert found.notebooks[0].missing[0].startswith("its checks could not be run: ")


@pytest.mark.parametrize("name", ["../../etc/passwd", "", "Zoë / Núñez", ".."])
def test_any_name_gives_a_file_in_the_folder(folder, name):
    found = hand_in(name, folder, run=False)
    assert found.path.parent == folder
    with zipfile.ZipFile(found.path) as packed:
        assert all(".." not in entry.split("/") for entry in packed.namelist())


def test_the_command_says_the_same(folder, capsys):
    assert main(["hand-in", str(folder), "--student", "Ada", "--no-run"]) == 0
    assert "Ada-a1-linear.zip (knn.ipynb, mine.py)" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        main(["hand-in", str(folder / "none")])
    assert "there is no folder" in capsys.readouterr().err


def test_the_graders_command_says_the_same(folder):
    pytest.importorskip("typer", reason="minpy-grade is written with typer")
    from typer.testing import CliRunner

    from grading.cli import app

    result = CliRunner().invoke(app, ["hand-in", str(folder), "--student", "Ada", "--no-run"])
    assert result.exit_code == 0, result.output
    assert (folder / "Ada-a1-linear.zip").exists()

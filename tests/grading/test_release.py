"""What students get is what the sources give, and gives nothing away."""

import doctest
import json
from pathlib import Path

import pytest

jupytext = pytest.importorskip("jupytext", reason="assignments are released with Jupytext")
nbformat = pytest.importorskip("nbformat")
pytest.importorskip("nbgrader", reason="assignments are released with nbgrader")

from grading import release  # noqa: E402

ROOT = Path(__file__).parents[2]
SOURCES = [ROOT / "solutions"]
ASSIGNMENTS = release.assignments_in(SOURCES)

SMALL = '''\
# %% [markdown]
# # 1. A small one
#
# With $x^2$.

# %% nbgrader={"grade": false, "grade_id": "square", "locked": false, "schema_version": 3, "solution": true}
def square(x):
    """Return the square of x."""
    ### BEGIN SOLUTION
    secret_square = x * x
    return secret_square
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "square-check", "locked": true, "points": 2, "schema_version": 3, "solution": false}
2 if square(3) == 9 else 0

# %%
square(4)

# %% [markdown] nbgrader={"grade": true, "grade_id": "why", "locked": false, "points": 1, "schema_version": 3, "solution": true}
# ### BEGIN SOLUTION
# Because nine is three times three.
# ### END SOLUTION
'''  # noqa: E501


@pytest.fixture
def solutions(tmp_path):
    """A small assignment, in a folder like solutions/."""
    folder = tmp_path / "solutions"
    write(folder / "a0-small" / "small.py", SMALL)
    write(folder / "a0-small" / "checks" / "small.py", "POINTS = 2\n")
    write(folder / "a0-small" / "hidden" / "small.py", "HIDDEN_INPUTS = [3.25, 17.5]\n")
    write(folder / "a0-small" / "notes.md", "This one is too easy for them.\n")
    return folder


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def cells_of(released, name="small.ipynb"):
    return {cell.id: cell for cell in nbformat.reads(released[name].decode(), as_version=4).cells}


def test_its_examples():
    assert not doctest.testmod(release).failed


# ------------------------------------------------------------------------------- a small assignment


def test_what_students_get(solutions):
    released = release.release("a0-small", [solutions])
    assert sorted(released) == ["checks/small.py", "small.ipynb"]
    cells = cells_of(released)
    assert list(cells) == ["a-small-one", "square", "square-check", "a-small-one-2", "why"]
    assert cells["square"].source.endswith(f'x."""\n    {release.STUB}'.replace("\nr", "\n    r"))
    assert cells["why"].source == release.ANSWER_STUB
    assert cells["a-small-one"].source.endswith("With $x^2$.")
    assert {len(cells[name].metadata.nbgrader.checksum) for name in ("square", "why")} == {32}


def test_the_same_twice_and_on_every_machine(solutions, monkeypatch):
    once = release.release("a0-small", [solutions])
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    assert release.release("a0-small", [solutions]) == once
    notebook = json.loads(once["small.ipynb"])
    assert notebook["metadata"] == {
        "kernelspec": release.KERNEL,
        "language_info": {"name": "python"},
    }
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)


def test_what_does_not_ship_stays(solutions):
    for name in ("hidden/more/deep.py", "images/deep/x.png", "two.npz", "checks/deep/x.py"):
        write(solutions / "a0-small" / name, "x = 1")
    assert sorted(release.release("a0-small", [solutions])) == ["checks/small.py", "small.ipynb"]


@pytest.mark.parametrize(
    "name, old, new, where",
    [
        ("small.py", "# With $x^2$.", "# Try `secret_square = x * x`.", "small.py, line 10"),
        ("small.py", "# %%\nsquare(4)", "# %%\nsecret_square=x  *x", "small.py, line 10"),
        ("small.py", "    secret_", "    ### END SOLUTION\n    secret_", "come in pairs"),
        ("small.py", "With $x^2$.", "Because nine is three times three.", "small.py, line 23"),
        ("checks/small.py", "POINTS", "HIDDEN_INPUTS = [3.25,  17.5]\nPOINTS", "hidden/small.py"),
        ("checks/small.py", "POINTS", "# This one is too easy for them.\nPOINTS", "notes.md"),
    ],
)
def test_a_leak_is_refused_with_its_place(solutions, name, old, new, where):
    """In a comment, in a string, with other spaces, in text or in code."""
    path = solutions / "a0-small" / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(release.ReleaseError, match=where):
        release.release("a0-small", [solutions])


def test_a_variant_may_repeat_what_students_are_given(solutions):
    """It is a whole function, with the lines of the stub; what is its own stays secret."""
    lines = (solutions / "a0-small" / "small.py").read_text(encoding="utf-8").splitlines()
    (given,) = [line for line in lines if "return" in line]
    given = given.ljust(20, " ") + "  # long enough to count"
    source = solutions / "a0-small" / "small.py"
    text = "\n".join(given if "return" in line else line for line in lines)
    source.write_text(text + "\n", encoding="utf-8")
    write(solutions / "a0-small" / "variants" / "small.py", f"A = 1\n{given}\n")
    assert sorted(release.release("a0-small", [solutions])) == ["checks/small.py", "small.ipynb"]
    write(solutions / "a0-small" / "variants" / "small.py", "WRONG = 'square = x * x * x'\n")
    write(solutions / "a0-small" / "checks" / "small.py", "WRONG = 'square = x * x * x'\n")
    with pytest.raises(release.ReleaseError, match=r"variants/small\.py, line 1"):
        release.release("a0-small", [solutions])


def test_the_tool_refuses_to_release_a_leak(solutions, capsys, tmp_path):
    write(solutions / "a0-small" / "checks" / "small.py", "HIDDEN_INPUTS = [3.25, 17.5]  # oops\n")
    assert release.main(["--solutions", str(solutions)]) == 1
    assert "hidden/small.py, line 1" in capsys.readouterr().err
    assert not (tmp_path / "assignments").exists()


@pytest.mark.parametrize(
    "old, new, message",
    [
        ("    ### END SOLUTION", "", "come in pairs"),
        ('"grade_id": "why"', '"grade_id": "square"', "'square' stands there twice"),
        ('"points": 2, ', "", "nbgrader does not accept a0-small"),
        ("    ### BEGIN SOLUTION\n", "    # Not marked.\n", "come in pairs"),
    ],
)
def test_a_faulty_source_is_refused_with_the_reason(solutions, old, new, message):
    path = solutions / "a0-small" / "small.py"
    path.write_text(SMALL.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(release.ReleaseError, match=message):
        release.release("a0-small", [solutions])


def test_a_solution_cell_without_marks_is_refused(solutions):
    path = solutions / "a0-small" / "small.py"
    text = SMALL.replace("    ### BEGIN SOLUTION\n", "").replace("    ### END SOLUTION\n", "")
    path.write_text(text, encoding="utf-8")
    with pytest.raises(release.ReleaseError, match="'square' is a solution cell without a region"):
        release.release("a0-small", [solutions])


def test_an_overlay_takes_the_place_of_files(solutions, tmp_path):
    write(tmp_path / "mine" / "a0-small" / "checks" / "small.py", "POINTS = 3\n")
    released = release.release("a0-small", [solutions, tmp_path / "mine"])
    assert released["checks/small.py"] == b"POINTS = 3\n"
    assert sorted(released) == ["checks/small.py", "small.ipynb"]


def test_the_command_writes_and_checks(solutions, tmp_path, capsys):
    assert release.main(["--solutions", str(solutions), "--check"]) == 1
    assert "small.ipynb is missing" in capsys.readouterr().err
    assert release.main(["--solutions", str(solutions)]) == 0
    assert "small.ipynb" in capsys.readouterr().out
    assert release.main(["--solutions", str(solutions), "--check"]) == 0
    there = tmp_path / "assignments" / "a0-small"
    write(there / "small.npz", "a network that was trained here")
    write(there / "checks" / "__pycache__" / "small.pyc", "a cache")
    assert release.main(["--solutions", str(solutions), "--check"]) == 0
    write(there / "hidden" / "small.py", "left by hand")
    (there / "checks" / "small.py").write_text("POINTS = 5\n", encoding="utf-8")
    assert release.main(["--solutions", str(solutions), "--check"]) == 1
    said = capsys.readouterr().err
    assert "hidden/small.py is not made of the sources" in said
    assert "checks/small.py is not what the sources give" in said
    assert release.main(["--solutions", str(solutions)]) == 0
    assert sorted(path.name for path in there.iterdir()) == ["checks", "small.ipynb", "small.npz"]


def test_an_unknown_assignment_is_named(solutions, capsys):
    assert release.main(["a9", "--solutions", str(solutions)]) == 1
    assert "no notebook to release" in capsys.readouterr().err


# --------------------------------------------------------------------------- what is committed here


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_what_is_committed_is_what_the_sources_give(assignment):
    released = release.release(assignment, SOURCES)
    assert not release.differences(released, ROOT / "assignments" / assignment)


def test_no_assignment_is_left_behind():
    there = ROOT / "assignments"
    assert {path.name for path in there.glob("[!.]*") if path.is_dir()} == set(ASSIGNMENTS)


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_nothing_committed_gives_a_solution_away(assignment):
    """Read from the disk: every file there is, whatever made it."""
    folder = ROOT / "assignments" / assignment
    files = {name: (folder / name).read_bytes() for name in release.files_in(folder)}
    secret = release.secret_lines(release.sources(assignment, SOURCES))
    assert len(secret) > 20
    assert not list(release.leaks(files, secret))

"""The tiny assignment in `tiny/`, set up as a course, and a way to hand things in."""

import os
import shutil
from pathlib import Path

import pytest

TINY = Path(__file__).parent / "tiny"

collect_ignore_glob = ["tiny/*"]  # sources of an assignment


@pytest.fixture(scope="session")
def tiny_course(tmp_path_factory):
    """A course with one tiny assignment; nothing was handed in."""
    for library in ("jupytext", "nbgrader", "nh3", "jinja2"):
        pytest.importorskip(library, reason="grading needs it; `make setup` installs it")
    from grading.course import set_up

    return set_up(tmp_path_factory.mktemp("course"), [TINY]).root


@pytest.fixture
def course(tiny_course, tmp_path):
    """A course of the test's own."""
    from grading.course import Course

    root = tmp_path / "course"
    shutil.copytree(tiny_course, root)
    return Course(root)


@pytest.fixture
def hand_in(course):
    """Hand in a notebook of the tiny assignment: the solutions, with some cells replaced."""
    import nbformat

    def hand_in(student, name="affine.ipynb", **sources):
        made = nbformat.read(course.root / "source" / "tiny" / "affine.ipynb", as_version=4)
        for cell in made.cells:
            grade_id = cell.metadata.get("nbgrader", {}).get("grade_id")
            if grade_id in sources:
                cell.source = sources.pop(grade_id)
        assert not sources, f"no cells {sorted(sources)}"
        folder = course.root / "submitted" / student / "tiny"
        folder.mkdir(parents=True, exist_ok=True)
        nbformat.write(made, folder / name)

    return hand_in


@pytest.fixture(scope="module")
def boxes():
    """A server of sandboxes; where this machine cannot start one, a skip that says why.

    It is started anew for each module: a grader without sandbox ends processes that it did not
    start, and tests of that one run in this process too.
    """
    pytest.importorskip("IPython", reason="a runner is an IPython shell")
    from grading.sandbox import BoxServer, SandboxError

    try:
        server = BoxServer()
    except SandboxError as error:
        if os.environ.get("MINPY_REQUIRE_SANDBOX"):
            raise
        pytest.skip(f"no sandbox on this machine: {error}")
    yield server
    server.end()

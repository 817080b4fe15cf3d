"""A mended release and a student's notebook become one, and no line of the student is lost."""

import random

import pytest

nbformat = pytest.importorskip("nbformat", reason="notebooks are read with nbformat")
pytest.importorskip("nbgrader", reason="its checksums say which cells are as they were released")

from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook  # noqa: E402
from nbgrader.utils import compute_checksum  # noqa: E402

from minpy.course.__main__ import main  # noqa: E402
from minpy.course.merge import merge, merge_notebooks  # noqa: E402


def text(name, source):
    return new_markdown_cell(source, id=name)


def code(name, source):
    return new_code_cell(source, id=name)


def graded(name, source, solution, points=0, markdown=False):
    metadata = {
        "grade_id": name,
        "solution": solution,
        "grade": points > 0,
        "locked": not solution,
        "schema_version": 3,
        "cell_type": "markdown" if markdown else "code",
        **({"points": points} if points else {}),
    }
    make = new_markdown_cell if markdown else new_code_cell
    cell = make(source, id=name, metadata={"nbgrader": metadata})
    metadata["checksum"] = compute_checksum(cell)
    cell.metadata.nbgrader.checksum = metadata["checksum"]
    return cell


def release(**texts):
    """Return a release; the texts of some cells are others, and None leaves one out."""
    cells = {
        "title": text("title", "# The assignment"),
        "set_up": code("set-up", 'import numpy as np\nname = "cifar10"'),
        "relu": graded("relu", "def relu(x):\n    raise NotImplementedError", True),
        "check_relu": graded("check_relu", "checks.relu()", False, points=2),
        "plot": code("plot", "draw(relu)"),
        "question": graded("question", "*Your answer here.*", True, 1, markdown=True),
        "end": text("end", "Hand in."),
    }
    for name, source in texts.items():
        old = cells[name]
        if source is None:
            del cells[name]
        elif "nbgrader" in old.metadata:
            given = old.metadata.nbgrader
            cells[name] = graded(
                name, source, given.solution, given.get("points", 0), old.cell_type == "markdown"
            )
        else:
            cells[name] = nbformat.from_dict({**old, "source": source})
    return new_notebook(cells=list(cells.values()))


def by_id(notebook):
    return {cell.id: cell for cell in notebook.cells}


def sources(notebook):
    return [cell.source for cell in notebook.cells]


RELU = "def relu(x):\n    return np.maximum(x, 0)"


def test_work_stays_and_mended_text_arrives():
    mine = release()
    by_id(mine)["relu"].source = RELU
    by_id(mine)["question"].source = "Because of the kink."
    new = release(title="# The mended assignment", check_relu="checks.relu(strict=True)")
    merged, report = merge_notebooks(mine, new, old=release())
    found = by_id(merged)
    assert found["relu"].source == RELU
    assert found["question"].source == "Because of the kink."
    assert found["title"].source == "# The mended assignment"
    assert found["check_relu"].source == "checks.relu(strict=True)"
    assert report.kept == ["relu", "question"]
    assert report.replaced == ["'The mended assignment'", "check_relu"]
    assert not report.beside + report.own + report.added + report.removed


def test_the_new_metadata_is_that_of_the_release():
    mine = release()
    by_id(mine)["relu"].source = RELU
    new = release(
        relu="def relu(x):\n    '''Now with a docstring.'''\n    raise NotImplementedError"
    )
    merged, report = merge_notebooks(mine, new)
    assert by_id(merged)["relu"].source == RELU
    assert by_id(merged)["relu"].metadata == by_id(new)["relu"].metadata
    assert report.compare == ["relu"], "the given part of the function changed"


def test_outputs_stay():
    mine = release()
    by_id(mine)["plot"].outputs = [nbformat.v4.new_output("stream", text="a picture")]
    merged, _ = merge_notebooks(mine, release(title="# Mended"))
    assert by_id(merged)["plot"].outputs[0].text == "a picture"


def test_own_cells_stay_where_they_were():
    mine = release()
    mine.cells.insert(4, code("x1", "print(relu(-1))"))
    mine.cells.insert(0, text("x2", "My notes"))
    mine.cells.append(code("x3", "try_more()"))
    merged, report = merge_notebooks(mine, release(title="# Mended", plot="draw(relu, 2)"))
    told = sources(merged)
    assert told[0] == "My notes"
    assert told[told.index("checks.relu()") + 1] == "print(relu(-1))"
    assert told[-1] == "try_more()"
    assert len(report.own) == 3


def test_deleted_cells_come_back():
    mine = release()
    mine.cells = [cell for cell in mine.cells if cell.id not in ("check_relu", "plot")]
    merged, report = merge_notebooks(mine, release())
    assert sources(merged) == sources(release())
    assert report.added == ["check_relu", "'draw(relu)'"]


def test_moved_cells_return_to_the_order_of_the_release():
    mine = release()
    by_id(mine)["relu"].source = RELU
    mine.cells.reverse()
    merged, _ = merge_notebooks(mine, release())
    assert [cell.id for cell in merged.cells] == [cell.id for cell in release().cells]
    assert by_id(merged)["relu"].source == RELU


def test_a_text_that_only_the_student_changed_stays():
    mine = release()
    by_id(mine)["set-up"].source = 'import numpy as np\nname = "digits"'
    by_id(mine)["title"].source = "# The assignment (mine)"
    merged, report = merge_notebooks(mine, release(end="Hand it in."), old=release())
    assert by_id(merged)["set-up"].source.endswith('"digits"')
    assert by_id(merged)["title"].source == "# The assignment (mine)"
    assert by_id(merged)["end"].source == "Hand it in."
    assert len(report.kept) == 2
    assert not report.beside


def test_a_text_that_both_changed_is_there_twice():
    mine = release()
    by_id(mine)["set-up"].source = 'import numpy as np\nname = "digits"'
    new = release(set_up='import numpy as np\nname = "fashion-mnist"')
    merged, report = merge_notebooks(mine, new, old=release())
    told = sources(merged)
    place = told.index(by_id(new)["set-up"].source)
    assert told[place + 1] == 'import numpy as np\nname = "digits"', "the student's runs last"
    assert report.beside == ["'import numpy as np'"]


def test_a_changed_check_stays_as_a_cell_that_is_not_graded():
    mine = release()
    by_id(mine)["check_relu"].source = "checks.relu()  # I do not understand this\nprint(relu(2))"
    merged, _ = merge_notebooks(mine, release())
    versions = [cell for cell in merged.cells if cell.source.startswith("checks.relu()")]
    assert [bool(cell.metadata.get("nbgrader")) for cell in versions] == [True, False]


def test_a_function_that_is_gone_stays():
    mine = release()
    by_id(mine)["relu"].source = RELU
    merged, report = merge_notebooks(mine, release(relu=None, check_relu=None), old=release())
    (kept,) = [cell for cell in merged.cells if cell.source == RELU]
    assert "nbgrader" not in kept.metadata
    assert report.own == ["relu"]
    assert report.removed == ["check_relu"]


def test_a_copy_of_a_graded_cell_is_graded_once():
    mine = release()
    by_id(mine)["relu"].source = RELU
    copy = nbformat.from_dict({**by_id(mine)["relu"], "id": "copy", "source": RELU + "  # slow"})
    mine.cells.insert(4, copy)
    merged, _ = merge_notebooks(mine, release())
    written = [cell for cell in merged.cells if cell.source.startswith(RELU)]
    assert [bool(cell.metadata.get("nbgrader")) for cell in written] == [True, False]


@pytest.mark.parametrize("has_old", [True, False])
def test_no_line_is_lost_whatever_the_student_did(has_old):
    for seed in range(60):
        rng = random.Random(seed)
        mine = release()
        written = []
        for number in range(rng.randrange(1, 8)):
            i = rng.randrange(len(mine.cells))
            what = rng.choice(["write", "insert", "delete", "move", "copy"])
            line = f"line_{number} = {seed}"
            if what == "delete":
                mine.cells = [
                    c for c in mine.cells if c is not mine.cells[i] or "line_" in c.source
                ]
            elif what == "move":
                mine.cells.insert(rng.randrange(len(mine.cells)), mine.cells.pop(i))
            elif what == "insert":
                mine.cells.insert(i, code(f"own-{number}", line))
                written.append(line)
            elif what == "copy":
                mine.cells.insert(i, nbformat.from_dict({**mine.cells[i], "id": f"copy-{number}"}))
            else:
                mine.cells[i].source += f"\n{line}"
                written.append(line)
            if not mine.cells:
                break
        changes = rng.sample(["title", "set_up", "relu", "check_relu", "plot", "end"], 3)
        new = release(**{name: rng.choice([f"mended {name}", None]) for name in changes})
        merged, _ = merge_notebooks(mine, new, release() if has_old else None)
        everything = "\n".join(sources(merged)).splitlines()
        assert not set(written) - set(everything), seed
        nbformat.validate(merged)
        order = [c.metadata.nbgrader.grade_id for c in merged.cells if "nbgrader" in c.metadata]
        assert order == [
            c.metadata.nbgrader.grade_id for c in new.cells if "nbgrader" in c.metadata
        ]


def test_the_command_keeps_the_notebook_as_it_was(tmp_path, capsys):
    mine, new = release(), release(title="# Mended")
    by_id(mine)["relu"].source = RELU
    nbformat.write(mine, tmp_path / "knn.ipynb")
    nbformat.write(new, tmp_path / "new.ipynb")
    for copy in ("knn.before-merge.ipynb", "knn.before-merge-2.ipynb"):
        before = (tmp_path / "knn.ipynb").read_bytes()
        assert main(["merge", str(tmp_path / "knn.ipynb"), str(tmp_path / "new.ipynb")]) == 0
        assert (tmp_path / copy).read_bytes() == before
    assert "kept your text: relu" in capsys.readouterr().out
    assert by_id(nbformat.read(tmp_path / "knn.ipynb", 4))["relu"].source == RELU


def test_a_release_merged_with_itself_is_itself():
    path = "assignments/a1-linear/knn.ipynb"
    from pathlib import Path

    root = Path(__file__).parents[2]
    notebook = nbformat.read(root / path, as_version=4)
    merged, report = merge_notebooks(notebook, notebook)
    assert merged == notebook
    assert not report.beside + report.own + report.added + report.removed + report.replaced


def test_a_missing_file_is_said_in_a_line(tmp_path, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["merge", str(tmp_path / "none.ipynb"), str(tmp_path / "new.ipynb")])
    assert ended.value.code == 1
    assert "none.ipynb" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
    with pytest.raises(FileNotFoundError):
        merge(tmp_path / "none.ipynb", tmp_path / "new.ipynb")

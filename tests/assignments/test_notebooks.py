"""Every notebook of every assignment: it runs, teaches and grades as its text says."""

import ast
import builtins
import re
from pathlib import Path
from unittest.mock import MagicMock

import pytest

pytestmark = pytest.mark.notebook

ROOT = Path(__file__).parents[2]
SOLUTIONS = ROOT / "solutions"
NOTEBOOKS = sorted((path.parent.name, path.stem) for path in SOLUTIONS.glob("*/*.py"))


def listed(table):
    """Return each entry of a table in the files of variants: assignment, notebook, cell, name."""
    found = []
    for assignment, name in NOTEBOOKS:
        path = SOLUTIONS / assignment / "variants" / f"{name}.py"
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.Assign) and node.targets[0].id == table:
                for cell, ways in zip(node.value.keys, node.value.values):
                    found += [(assignment, name, cell.value, how.value) for how in ways.keys]
    return found


def ids(entry):
    return str(entry) if isinstance(entry, str) else "-".join(entry)


@pytest.fixture(params=NOTEBOOKS, ids=ids)
def notebook(request, find):
    return find(*request.param)


# --------------------------------------------------------------------------------- as it is written


def test_the_first_cell_says_what_to_expect(notebook):
    text = notebook.released.cells[0].source
    for promise in ("Goal", "Time", "What you need", "Points", "What is graded"):
        assert f"**{promise}.**" in text
    assert "**Sources.**" in notebook.released.cells[-1].source


def test_points_are_what_the_text_and_the_checks_say(notebook, notebooks):
    points = {
        name: cell.metadata.nbgrader.points
        for name, cell in notebooks.graded(notebook.released).items()
    }
    first = notebook.released.cells[0].source
    total = int(re.search(r"\*\*Points\.\*\* (\d+) in all", first)[1])
    assert sum(points.values()) == total
    assert sum(map(int, re.findall(r"\| (\d+) \|$", first, re.MULTILINE))) == total
    asked = [
        int(n)
        for cell in notebook.released.cells
        for n in re.findall(r"\((\d+) points?\)", cell.source)
    ]
    assert sum(asked) == total
    assert {name: hidden.check.points for name, hidden in notebook.hidden.items()} == {
        name: cell.metadata.nbgrader.points
        for name, cell in notebooks.checks_of(notebook.released).items()
    }


def test_titles_are_numbered_in_order(notebook):
    titles = re.findall(r"^## (\d+)\. ", notebook.text, re.MULTILINE)
    assert list(map(int, titles)) == list(range(1, len(titles) + 1))


def test_no_line_is_wider_than_the_page(notebook):
    for cell in notebook.released.cells:
        if cell.cell_type == "code":
            assert max(map(len, cell.source.splitlines())) <= 100, cell.source


def test_every_cell_to_write_has_hints_from_a_question_to_a_sketch(notebook):
    hints = notebook.checks.hint.read()
    to_write = [
        cell.metadata.nbgrader.grade_id
        for cell in notebook.source.cells
        if cell.cell_type == "code" and cell.metadata.get("nbgrader", {}).get("solution")
    ]
    assert list(hints) == to_write
    for name, given in hints.items():
        assert 2 <= len(given) <= 3, name
        assert "?" in given[0], f"{name}: a question comes first"
        assert not given[-1].endswith("?"), f"{name}: a sketch comes last"
    assert f'checks.hint("{to_write[0]}")' in notebook.text


def test_hints_show_no_code_of_the_solution(notebook):
    inside = re.compile(r"### BEGIN SOLUTION\n(.*?)### END SOLUTION", re.DOTALL)
    for name, given in notebook.checks.hint.read().items():
        text = squeezed(" ".join(given))
        lines = [squeezed(line) for line in inside.findall(notebook.written(name))[0].splitlines()]
        values = [line.partition("=")[2] for line in lines if "=" in line]
        for code in (*lines, *values):
            assert len(code) < 12 or code not in text, f"{name}: {code}"


def squeezed(text):
    return "".join(text.split())


def test_the_first_cell_says_in_one_line_what_is_missing(notebook):
    """In Colab or another Jupyter, without minpy or without the folder of checks."""
    first = next(cell for cell in notebook.released.cells if cell.cell_type == "code")
    version = re.search(r'^version = "(.+)"', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)[1]
    wheel = f'run %pip install "minpy_edu-{version}-py3-none-any.whl[course]"'
    beside = "put the folder `checks` of the assignment beside this notebook"
    for missing, advice in (("minpy", wheel), ("checks", beside), ("IPython", wheel)):
        with pytest.raises(ImportError) as raised:
            exec(first.source, {"__builtins__": {**vars(builtins), "__import__": without(missing)}})
        (line,) = raised.value._render_traceback_()
        assert line == f"{missing} is missing: {advice}"


def without(missing):
    """Return an `import` that does not find a package."""

    def found(name, *rest):
        if name.partition(".")[0] == missing:
            raise ModuleNotFoundError(f"No module named {missing!r}", name=missing)
        return MagicMock() if name == "checks" else builtins.__import__(name, *rest)

    return found


def test_cards_promise_as_many_comparisons_as_the_grader_makes(notebook):
    assert {name: hidden.check.hidden_comparisons for name, hidden in notebook.hidden.items()} == {
        name: hidden.comparisons for name, hidden in notebook.hidden.items()
    }


def test_thresholds_in_the_text_are_those_of_the_checks(notebook):
    trained = [h.check for h in notebook.hidden.values() if hasattr(h.check, "thresholds")]
    stated = re.findall(
        r"^\| (digits|Fashion-MNIST|CIFAR-10) \|(.+)\|$", notebook.text, re.MULTILINE
    )
    for row, cells in stated:
        data = row.lower().replace("cifar-10", "cifar10")
        percents = [int(cell.strip(" %")) for cell in cells.split("|")]
        assert percents == [round(100 * check.thresholds[data]) for check in trained]
    assert len(stated) == (3 if trained else 0)
    for check in trained:
        assert re.search(rf"At the size `tiny` it is {100 * check.tiny:.0f} ?%", notebook.text)


def test_references_agree_with_finite_differences(notebook):
    for hidden in notebook.hidden.values():
        assert all(hidden.sound())


# ------------------------------------------------------------------------------------- as it runs


def test_it_runs_with_the_solutions_in(notebook, executed):
    outputs = [out for cell in executed(notebook).cells for out in cell.get("outputs", [])]
    assert not [out.evalue for out in outputs if out.output_type == "error"]
    assert not [out.text for out in outputs if out.output_type == "stream" and out.name == "stderr"]
    pictures = [out for out in outputs if "image/png" in out.get("data", {})]
    assert len(pictures) >= 6


def test_each_check_shows_a_card_and_is_worth_its_points(notebook, executed, notebooks):
    for name, cell in notebooks.checks_of(executed(notebook)).items():
        card, value = cell.outputs
        assert name in card.data["text/html"]
        assert float(value.data["text/plain"]) == cell.metadata.nbgrader.points


def test_without_solutions_each_check_says_so_in_one_line(notebook, executed, notebooks):
    for name, cell in notebooks.checks_of(executed(notebook, solved=False)).items():
        (error,) = cell.outputs
        assert error.ename == "NotWrittenYet", name
        assert len(error.traceback) == 1
        assert "\n" not in error.traceback[0].strip()
        assert error.traceback[0].endswith(" is not written yet.")


def test_without_solutions_other_cells_miss_unwritten_work_alone(notebook, executed):
    """Cells after a stub may miss what it would have made, and stumble over nothing else."""
    outputs = [
        out for cell in executed(notebook, solved=False).cells for out in cell.get("outputs", [])
    ]
    errors = {f"{out.ename}: {out.evalue}" for out in outputs if out.output_type == "error"}
    missing = ("NotWrittenYet", "NotImplementedError", "NameError")
    assert not [error for error in errors if not error.startswith(missing)]


def test_cells_after_a_search_use_what_was_saved(notebook):
    """Where no search was written, its best result is None: later cells load the file instead."""
    unset = set()
    for cell in notebook.released.cells:
        if cell.cell_type != "code" or cell.source.startswith("def "):
            continue
        nodes = list(ast.walk(ast.parse(cell.source)))
        if cell.id.startswith("search"):
            unset |= {name for node in nodes for name in names_of_none(node)}
        elif "file.save(" not in cell.source:
            names = [node for node in nodes if isinstance(node, ast.Name)]
            stored = {name.id for name in names if isinstance(name.ctx, ast.Store)}
            read = {name.id for name in names} - stored
            assert not read & unset, cell.source
    assert bool(unset) == ("file.save(" in notebook.text)


def names_of_none(node):
    """Give the names that an assignment such as ``trials, best = [], None`` sets to None."""
    if isinstance(node, ast.Assign) and isinstance(node.value, ast.Tuple):
        for name, value in zip(node.targets[0].elts, node.value.elts):
            if isinstance(value, ast.Constant) and value.value is None:
                yield name.id


# ----------------------------------------------------- answers, right and wrong, are told apart


def test_the_solutions_pass(notebook):
    namespace = notebook.functions()
    for name, hidden in notebook.hidden.items():
        if name in notebook.variants.correct:
            assert not list(notebook.faults(name, namespace))
            assert hidden.check.earned(notebook.public(name, namespace)) == hidden.check.points


@pytest.mark.parametrize("assignment, name, cell, how", listed("CORRECT"))
def test_a_correct_answer_passes(find, assignment, name, cell, how):
    notebook = find(assignment, name)
    namespace = notebook.functions(**{cell: notebook.variants.correct[cell][how]})
    assert not list(notebook.faults(cell, namespace))
    if how != "float32":  # the public check draws float64, and differences of float32 are coarse
        check = notebook.hidden[cell].check
        assert check.earned(notebook.public(cell, namespace)) == check.points


@pytest.mark.parametrize("assignment, name, cell, how", listed("MISTAKES"))
def test_a_mistake_does_not_pass(find, assignment, name, cell, how):
    notebook = find(assignment, name)
    mistake = notebook.variants.mistakes[cell][how]
    namespace = notebook.functions(**{cell: mistake.applied_to(notebook.written(cell))})
    assert next(notebook.faults(cell, namespace), None)
    try:
        found = notebook.public(cell, namespace)
    except Exception:
        assert not mistake.says  # it raises in the notebook, and its traceback says where
        return
    assert not all(comparison.passed for comparison in found)
    assert mistake.says in " ".join(str(comparison.diagnosis) for comparison in found)


def test_a_changed_default_does_not_pass(notebook):
    for name in notebook.variants.correct:
        solution = ast.parse(notebook.written(name))
        for function in solution.body:
            arguments, defaults = function.args.args, function.args.defaults
            for argument, default in zip(arguments[len(arguments) - len(defaults) :], defaults):
                right, default.value = default.value, default.value + 1
                changed = notebook.functions(**{name: ast.unparse(solution)})
                default.value = right
                assert next(notebook.faults(name, changed), None), f"{name}: {argument.arg}"


def test_every_function_has_correct_answers_and_mistakes(notebook):
    functions = {
        name for name, hidden in notebook.hidden.items() if not hasattr(hidden.check, "thresholds")
    }
    assert set(notebook.variants.correct) == set(notebook.variants.mistakes) == functions
    assert all(len(ways) >= 3 for ways in notebook.variants.correct.values())

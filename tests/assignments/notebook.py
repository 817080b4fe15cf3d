"""A notebook of the course as tests see it: its sources, its checks, and what it does when run."""

import os
import shutil
import sys
import warnings
from functools import cached_property
from pathlib import Path

import nbclient
import nbformat
import numpy as onp

from grading import release, spec
from grading.judge import judge
from grading.processes import adopt_orphans
from grading.sandbox import Limits
from grading.session import Session
from grading.variants import variants_of
from minpy.checking import spec as check_spec

ROOT = Path(__file__).parents[2]

# Digits at the smallest size, whatever else is on this machine.
ENVIRONMENT = {
    **os.environ,
    "MINPY_SIZE": "tiny",
    "MINPY_COURSE_DATA": "digits",
    "PYTHONPATH": str(ROOT),
    "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
}


class Notebook:
    """One notebook of an assignment.

    Parameters
    ----------
    assignment, name : str
        Such as ``a1-linear`` and ``two_layer``.
    """

    def __init__(self, assignment, name):
        self.assignment = assignment
        self.name = name
        self.folder = ROOT / "solutions" / assignment

    def __repr__(self):
        return f"{self.assignment}/{self.name}"

    @cached_property
    def source(self):
        """The notebook with its solutions."""
        return release.notebook(self.folder / f"{self.name}.py")

    @cached_property
    def released(self):
        """The notebook as students get it."""
        path = ROOT / "assignments" / self.assignment / f"{self.name}.ipynb"
        return nbformat.read(path, as_version=4)

    @cached_property
    def hidden(self):
        """The hidden checks, by the names of their checks."""
        module = spec.load(self.folder / "hidden" / f"{self.name}.py")
        return {hidden.check.name: hidden for hidden in module.hidden}

    @cached_property
    def checks(self):
        """The module of public checks."""
        return spec.checks_beside(self.folder / "hidden" / f"{self.name}.py")

    @cached_property
    def variants(self):
        """Correct alternatives and planted mistakes."""
        return variants_of(self.folder, self.name)

    @property
    def text(self):
        """All cells of the released notebook."""
        return "\n".join(cell.source for cell in self.released.cells)

    def written(self, name):
        """Return the source of the cell that has the solution of a check."""
        (cell,) = (cell for cell in self.source.cells if cell.id == name)
        return cell.source

    # ----- as it runs

    def execute(self, notebook, folder):
        """Run a copy of a notebook on what students have, and return it."""
        done = nbformat.from_dict(notebook)
        released = ROOT / "assignments" / self.assignment  # which `test_release` compares
        shutil.copytree(released / "checks", folder / "checks", dirs_exist_ok=True)
        client = nbclient.NotebookClient(
            done, timeout=120, allow_errors=True, resources={"metadata": {"path": folder}}
        )
        client.execute(env=ENVIRONMENT)
        return done

    # ----- answers

    def functions(self, **replaced):
        """Return a namespace with the solutions; some cells are replaced by other code."""
        namespace = {"np": onp}
        for cell in self.source.cells:
            if cell.id in {*self.hidden, *replaced}:
                exec(compile(replaced.get(cell.id, cell.source), cell.id, "exec"), namespace)
        return namespace

    def faults(self, name, namespace, entropy=5):
        """Judge as the grader does, on inputs drawn anew; give in words what is wrong."""
        hidden = self.hidden[name]
        check, rng = hidden.check, onp.random.default_rng(entropy)
        for case in hidden.all_cases(rng):
            inputs = hidden.inputs(case, rng)
            given = {key: check_spec.copied(x) for key, x in inputs.items()}
            try:
                with onp.errstate(all="ignore"):
                    scope = check_spec.run(
                        check.packed(case.forward or check.forward), {**namespace, **given}
                    )
                    scope = check_spec.run(check.backward, scope)
                    got = check_spec.results(check.wanted, scope)
            except Exception as error:
                yield f"{case.title}: {error!r}"
                continue
            for key, right in hidden.expected(inputs).items():
                found = check.one(key, got[key], right, dtype=case.dtype, tolerance=hidden.tolerance)
                if not found.passed:
                    yield f"{case.title}: {found}"
            for key in inputs:
                if not check_spec.is_unchanged(inputs[key], given[key]):
                    yield f"{case.title}: {key} was changed"

    def public(self, name, namespace):
        """Return what the check in the notebook compares."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an overflow is one of the mistakes
            return self.hidden[name].check.compared(namespace)

    def judge(self, name, **replaced):
        """Judge an answer in the grader's own runner, with its limits."""
        adopt_orphans()
        cells = ["import numpy as np"]
        cells += [
            replaced.get(cell.id, cell.source)
            for cell in self.source.cells
            if cell.id in {*self.hidden, *replaced}
        ]
        with Session(cells, {}, Limits()) as session:
            return judge(session, self.hidden[name], 5)


def graded(notebook):
    """Return the cells that are worth points, by their grade ids."""
    cells = {
        cell.metadata.nbgrader.grade_id: cell
        for cell in notebook.cells
        if cell.metadata.get("nbgrader", {}).get("grade")
    }
    assert cells
    return cells


def checks_of(notebook):
    """Return the check cells by the names of their checks."""
    cells = graded(notebook)
    return {name.removeprefix("check_"): cells[name] for name in cells if "check_" in name}


def text_of(notebook):
    """Return what an executed notebook printed."""
    return "".join(
        output.text
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if output.output_type == "stream"
    )

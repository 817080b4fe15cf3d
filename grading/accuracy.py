"""How often the grader errs: right answers that lose points, and wrong answers that get them all.

``make grader-accuracy`` runs, for each notebook with hidden checks,

- the solutions and the correct alternatives of `grading.variants`: each must get all points;
- the listed mistakes: each must lose points, and the card must say the words that it lists;
- mutants of the solutions (`grading.mutants`): each must lose points, unless it is listed as
  equivalent, with the reason;
- answers that do what is forbidden: each must get nothing.

All are graded by the real runner with its limits, and checked as in the notebook.

A diagnosis is right if it has the words that the mistake lists. Of a mutant, it is right if what it
says follows from the change: see `CAUSES`. A shape, an error or a changed input that the card names
is a diagnosis, too.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import re
import signal
import sys
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as onp

from grading import release
from grading.cells import grade_id, is_solution
from grading.judge import Verdict, judge, seed
from grading.mutants import mutants
from grading.sandbox import BoxServer, LimitedProcess, Limits, SandboxError
from grading.session import Session
from grading.spec import HiddenCheck, HiddenTrained, load
from grading.submission import Starter
from grading.variants import Variants, variants_of
from minpy.checking import Comparison
from minpy.checking.spec import by_output
from minpy.checking.texts import plain

LIMITS = Limits(submission=1e6, cpu=10**6)  # one sandbox serves for all answers
PUBLIC_SECONDS = 30

# Diagnoses that name a cause, and the operators that are this cause. All others state what was
# computed, such as a ratio or a transpose, and are true where they are shown.
MEANS = {"reduction", "sign or factor", "missing term", "missing line", "number", "size"}
CAUSES = {
    "missing_mean": MEANS,
    "extra_mean": MEANS,
    "data_missing_mean": MEANS,
    "regularization_missing": {"missing term", "missing line", "number", "sign or factor"},
    "lost_regularization": {"missing term", "missing line", "number", "sign or factor"},
    "regularization_factor": {"sign or factor", "missing term", "number"},
    "penalty_factor": {"sign or factor", "missing term", "number"},
    "regularized_bias": set(),
    "labels": {"sign or factor", "missing line", "number", "missing term"},
    "mutated": {"mutation"},
}


@dataclass(frozen=True)
class Answer:
    """One answer to a question.

    Attributes
    ----------
    question, name : str
    kind : {'right', 'mistake', 'mutant', 'forbidden'}
    source : str
        What stands in the cell.
    says : str
        Words of the diagnosis that it must get.
    operator : str
        Of a mutant.
    """

    question: str
    name: str
    kind: str
    source: str
    says: str = ""
    operator: str = ""


@dataclass
class Accuracy:
    """What was counted, and the answers that were not judged as they should be."""

    counts: Counter[str] = field(default_factory=Counter)
    complaints: list[str] = field(default_factory=list)

    def share(self, part: str, whole: str) -> float:
        """Return one count as a share of another."""
        return self.counts[part] / self.counts[whole] if self.counts[whole] else 0.0

    def lines(self) -> list[str]:
        """Return the figures as a table."""
        counts = self.counts
        rows = [
            ("right answers that lost points when graded", "right lost", "right"),
            ("right answers that lost points in the notebook", "right lost in public", "right"),
            ("wrong answers with full points when graded", "wrong full", "wrong"),
            ("wrong answers with full points in the notebook", "wrong full in public", "wrong"),
            ("answers that do what is forbidden, with points", "forbidden paid", "forbidden"),
            ("wrong answers with the right diagnosis", "diagnosis right", "wrong"),
            ("wrong answers without a diagnosis", "diagnosis none", "wrong"),
            ("wrong answers with a wrong diagnosis", "diagnosis wrong", "wrong"),
            ("mutants that are listed as equivalent", "equivalent", "mutants"),
        ]
        return [
            f"{words:50} {counts[part]:4} of {counts[whole]:4}  {self.share(part, whole):6.1%}"
            for words, part, whole in rows
        ]


class Bench(Session):
    """The solutions of a notebook in a sandbox, in which one cell after the other is replaced."""

    def __init__(self, cells: Mapping[str, str], start: Starter) -> None:
        super().__init__(list(cells.values()), {}, LIMITS, start=start)
        self.solutions = dict(cells)

    def put(self, question: str, source: str) -> None:
        """Let one cell be another one, and all the others the solutions."""
        self.cells = [*self.solutions.values(), source]
        self.errors = {}
        if self._sandbox is not None:
            for place, cell in enumerate(self.cells):
                if place == len(self.cells) - 1 or cell in self._touched:
                    self._cell(self._sandbox, place, cell)
        self._touched = {self.solutions[question]}

    _touched: set[str] = set()


def answers_to(
    question: str, solution: str, hidden: HiddenCheck, variants: Variants
) -> Iterator[Answer]:
    """Give all answers to one question."""
    yield Answer(question, "the solution", "right", solution)
    for name, source in variants.correct.get(question, {}).items():
        yield Answer(question, name, "right", source)
    for name, mistake in variants.mistakes.get(question, {}).items():
        yield Answer(question, name, "mistake", mistake.applied_to(solution), mistake.says)
    for name, mistake in variants.forbidden.get(question, {}).items():
        yield Answer(question, name, "forbidden", mistake.applied_to(solution))
    for mutant in mutants(solution, hidden.check.sizes):
        yield Answer(question, mutant.change, "mutant", mutant.source, operator=mutant.operator)


def measure(
    assignment: Path,
    notebook: str,
    part: int = 1,
    secret: bytes = b"accuracy",
    questions: Sequence[str] = (),
    start: Starter = LimitedProcess,
) -> Accuracy:
    """Grade all answers to the questions of a notebook, and count what went wrong.

    Parameters
    ----------
    assignment : Path
        The folder with the solutions.
    notebook : str
    part : int
        Every how many mutants to take.
    secret : bytes
        Of the course: inputs are drawn from it.
    questions : sequence of str
        Which ones; by default all.
    start : callable
        Starts a sandbox: see `grading.session.Session`.
    """
    checks = load(assignment / "hidden" / f"{notebook}.py").hidden
    variants = variants_of(assignment, notebook)
    cells = {
        grade_id(cell): _without_marks(cell.source)
        for cell in release.notebook(assignment / f"{notebook}.py").cells
        if cell.cell_type == "code" and is_solution(cell) and _defines(cell.source)
    }
    made = Accuracy()
    first = "import numpy as np\n"
    bench = Bench({"": first, **cells}, start)
    with bench:
        for hidden in checks:
            question = hidden.check.name
            chosen = not questions or question in questions
            if not chosen or isinstance(hidden, HiddenTrained) or question not in cells:
                continue
            count = 0
            for answer in answers_to(question, cells[question], hidden, variants):
                if answer.kind == "mutant":
                    made.counts["mutants"] += 1
                    if answer.name in variants.equivalent.get(question, {}):
                        made.counts["equivalent"] += 1
                        continue
                    count += 1
                    if count % part:
                        continue
                bench.put(question, answer.source)
                verdict = judge(bench, hidden, seed(secret, "a", str(assignment), question))
                public, shown = in_notebook(hidden, {**cells, question: answer.source})
                _count(made, answer, hidden, verdict, public, shown)
    return made


def in_notebook(
    hidden: HiddenCheck, cells: Mapping[str, str]
) -> tuple[float, Sequence[Comparison]]:
    """Return the points that the check in the notebook gives, and what its card shows."""
    namespace: dict[str, Any] = {"np": onp}
    found: list[Comparison] = []

    def stop(*_: Any) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(PUBLIC_SECONDS)
    try:
        with warnings.catch_warnings(), onp.errstate(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            for source in cells.values():
                exec(compile(source, "<cell>", "exec"), namespace)
            found = hidden.check.compared(namespace)
    except Exception:  # a traceback in the notebook: no points, and the student sees where
        return 0.0, []
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
    return hidden.check.earned(found), by_output(found)


def _count(
    made: Accuracy,
    answer: Answer,
    hidden: HiddenCheck,
    verdict: Verdict,
    public: float,
    shown: Sequence[Comparison],
) -> None:
    counts, full = made.counts, hidden.check.points
    label = f"{answer.question}, {answer.kind}: {answer.name}"
    if answer.kind == "forbidden":
        counts["forbidden"] += 1
        if verdict.points:
            counts["forbidden paid"] += 1
            made.complaints.append(f"{label}: {verdict.points:g} of {full:g} points")
        return
    if answer.kind == "right":
        counts["right"] += 1
        if verdict.points < full:
            counts["right lost"] += 1
            made.complaints.append(f"{label}: {verdict.points:g} of {full:g}: {verdict.why}")
        if public < full:
            counts["right lost in public"] += 1
            why = "; ".join(str(one) for one in shown if not one.passed)
            made.complaints.append(f"{label}: {public:g} of {full:g} in the notebook: {why}")
        return
    counts["wrong"] += 1
    if verdict.points >= full:
        counts["wrong full"] += 1
        made.complaints.append(f"{label}: full points")
        return
    if public >= full:
        counts["wrong full in public"] += 1
        made.complaints.append(f"{label}: full points in the notebook")
    graded = [Comparison.from_dict(one) for one in verdict.card["comparisons"]]
    for_notebook = _judged_diagnosis(answer, shown)
    when_graded = _judged_diagnosis(answer, graded)
    both = {for_notebook, when_graded}
    kind = next(kind for kind in ("wrong", "right", "none") if kind in both)
    counts[f"diagnosis {kind}"] += 1
    if kind == "wrong" or (kind == "none" and answer.says):
        said = [str(one.diagnosis) for one in (*shown, *graded) if one.diagnosis]
        made.complaints.append(f"{label}: diagnosis {kind}: {plain(' / '.join(said))}")


def _judged_diagnosis(answer: Answer, shown: Sequence[Comparison]) -> str:
    """Return whether a card tells the cause: "right", "none" or "wrong"."""
    wrong = [one for one in shown if not one.passed]
    told = [one.diagnosis for one in wrong if one.diagnosis]
    if answer.says:
        words = " ".join(plain(str(one)) for one in (*told, *(w.reason for w in wrong)))
        if answer.says in words:
            return "right"
        return "wrong" if any(one.name in CAUSES for one in told) else "none"
    causes = [one.name for one in told if one.name in CAUSES]
    if answer.operator and any(answer.operator not in CAUSES[name] for name in causes):
        return "wrong"
    plain_verdicts = {"value", "withheld", "right", "unsure"}
    return "right" if told or any(w.verdict not in plain_verdicts for w in wrong) else "none"


def _without_marks(source: str) -> str:
    lines = source.splitlines(keepends=True)
    return "".join(line for line in lines if "### " not in line)


def _defines(source: str) -> bool:
    return re.search(r"^(def|class) ", source, re.MULTILINE) is not None


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure how often the grader errs."""
    parser = argparse.ArgumentParser(prog="python -m grading.accuracy", description=main.__doc__)
    parser.add_argument("notebooks", nargs="*", help="such as a1-linear/two_layer; default: all")
    parser.add_argument("--part", type=int, default=1, help="every how many mutants to take")
    options = parser.parse_args(arguments)
    root = release.ROOT / "solutions"
    found = [
        f"{path.parent.parent.name}/{path.stem}" for path in sorted(root.glob("*/hidden/*.py"))
    ]
    bad = 0
    with _sandboxes() as start:
        for name in options.notebooks or found:
            assignment, _, notebook = name.partition("/")
            made = measure(root / assignment, notebook, options.part, start=start)
            print(name, *made.lines(), *(f"  {one}" for one in made.complaints), sep="\n")
            bad += made.counts["right lost"] + made.counts["wrong full"]
    return 1 if bad else 0


@contextlib.contextmanager
def _sandboxes() -> Iterator[Starter]:
    """Give what starts a sandbox, or limits alone on a machine that has none, and say so."""
    try:
        server = BoxServer()
    except SandboxError as error:
        print(f"No sandbox here, so answers run with limits alone: {error}", file=sys.stderr)
        yield LimitedProcess
        return
    try:
        yield server.start
    finally:
        server.end()


if __name__ == "__main__":
    sys.exit(main())

"""The command `minpy-grade`: a course's folder, and a class graded in one command."""

from __future__ import annotations

import getpass
import os
import tempfile
from collections.abc import Sequence
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from grading import demo as demo_class
from grading import doctor as examine
from grading import gradebook
from grading.batch import Outcome
from grading.course import Course, CourseError, set_up
from grading.ledger import Ledger
from grading.pipeline import run as run_course
from grading.sandbox import Limits, SandboxError
from grading.submission import Graded
from minpy.course import hand_in

SOLUTIONS = Path(__file__).parent.parent / "solutions"

app = typer.Typer(
    help="Grade the notebooks that a class handed in, each in a sandbox of its own.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
console = Console()

Folder = Annotated[Path, typer.Argument(help="the course's folder", show_default=False)]
Names = Annotated[
    list[str] | None, typer.Argument(help="which assignments; all by default", show_default=False)
]


class Only(str, Enum):
    """What is known of a submission."""

    new = "new"
    changed = "changed"
    failed = "failed"


NoSandbox = Annotated[
    bool, typer.Option("--no-sandbox", help="run submissions as you, with limits and nothing else")
]
UNSAFE = (
    "WARNING: --no-sandbox. Every submission runs with your rights: it can read the solutions, the "
    "secret and the gradebook, change grades, and reach the network."
)
HOW_TO_GO_ON = (
    "`minpy-grade doctor` tries the sandbox and says what is missing. `--no-sandbox` grades "
    "without it: only where you would run this code yourself, or in a container that holds "
    "nothing else."
)


@app.command()
def setup(
    course: Folder,
    assignments: Names = None,
    solutions: Annotated[
        list[Path] | None,
        typer.Option(help="a folder of solutions and hidden checks; may be given several times"),
    ] = None,
) -> None:
    """Create or update the folder of a course: sources, releases, gradebook, secret."""
    with _explain_errors():
        made = set_up(course, solutions or [SOLUTIONS], assignments or ())
    for name in made.assignments():
        notebooks = ", ".join(made.notebooks(name))
        console.print(f"[bold]{name}[/]: {notebooks}")
    console.print(f"Students get what is in {course / 'release'}.")
    console.print(f"Put what comes back into {course / 'submitted'}/STUDENT/ASSIGNMENT/, then run")
    console.print(f"    minpy-grade run {course}")


@app.command()
def run(
    course: Folder,
    assignments: Names = None,
    student: Annotated[
        list[str] | None, typer.Option(help="this student only; may be given several times")
    ] = None,
    jobs: Annotated[int, typer.Option(help="how many at a time", min=1)] = os.cpu_count() or 1,
    cell_seconds: Annotated[float, typer.Option(help="how long a cell may take")] = Limits.cell,
    call_seconds: Annotated[float, typer.Option(help="how long a call may take")] = Limits.call,
    seconds: Annotated[float, typer.Option(help="how long a notebook may take")] = (
        Limits.submission
    ),
    force: Annotated[bool, typer.Option(help="grade again what has not changed")] = False,
    only: Annotated[
        list[Only] | None, typer.Option(help="of these alone; new and changed by default")
    ] = None,
    no_sandbox: NoSandbox = False,
) -> None:
    """Grade submissions: fill the gradebook, write pages of feedback, print a table."""
    with _explain_errors():
        found = Course(course)
        limits = Limits(cell=cell_seconds, call=call_seconds, submission=seconds)
        _warn_without_sandbox(no_sandbox)
        wanted = None if force else [one.value for one in only or (Only.new, Only.changed)]
        outcomes = grade_with_progress(
            found, assignments or (), student or (), limits, jobs, not no_sandbox, wanted
        )
        for stray in found.strays():
            console.print(Text(f"not graded: {stray} is for no assignment of this course"))
    if not outcomes and list(found.submissions(assignments or (), student or ())):
        console.print("Nothing to grade: no submission is new or changed. --force grades again.")
        return
    if not outcomes:
        console.print(f"Nothing was handed in: {course / 'submitted'} has no STUDENT/ASSIGNMENT/.")
        raise typer.Exit(1)
    console.print(table(outcomes))
    show_differences(found)
    show_paths(found, outcomes)


@app.command()
def doctor(
    course: Annotated[
        Path | None, typer.Argument(help="a course's folder to look at", show_default=False)
    ] = None,
) -> None:
    """Report how well this machine isolates submissions, and whether a course is in order."""
    with _explain_errors():
        rows = list(examine.check_machine())
        if course is not None:
            rows += examine.check_course(Course(course))
    shown = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for row in rows:
        style = {"ok": "green", "warning": "yellow", "wrong": "bold red"}[row.state]
        shown.add_row(Text(row.state, style=style), Text(row.subject), Text(row.said))
    console.print(shown)
    if any(row.state == "wrong" for row in rows):
        raise typer.Exit(1)


@app.command()
def demo(
    folder: Annotated[
        Path | None, typer.Argument(help="where to; a new one by default", show_default=False)
    ] = None,
    jobs: Annotated[int, typer.Option(help="how many at a time", min=1)] = os.cpu_count() or 1,
    no_sandbox: NoSandbox = False,
) -> None:
    """Grade a demo class in which every student made one mistake."""
    with _explain_errors():
        root = folder or Path(tempfile.mkdtemp(prefix="minpy-class-")) / "course"
        with console.status("Releasing an assignment, and training the network they hand in"):
            course = demo_class.make(root)
        outcomes = grade_with_progress(course, (), (), Limits(), jobs, not no_sandbox)
    console.print(table(outcomes))
    show_paths(course, outcomes)


@app.command(name="hand-in")
def hand_in_command(
    folder: Annotated[Path, typer.Argument(help="of one assignment", show_default=False)],
    student: Annotated[str, typer.Option(help="your name")] = getpass.getuser(),
    run_checks: Annotated[
        bool, typer.Option("--run/--no-run", help="run the public checks once more")
    ] = True,
) -> None:
    """Make one zip of a student's work, and say what is missing; for students."""
    try:
        console.print(Text(str(hand_in(student, folder, run_checks))))
    except NotADirectoryError as error:
        console.print(Text(str(error), style="bold red"))
        raise typer.Exit(1) from None


def _warn_without_sandbox(no_sandbox: bool) -> None:
    if no_sandbox:
        console.print(Text(UNSAFE, style="bold red"))


class _explain_errors:
    """Ends with a sentence instead of a traceback where a person has to change something."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if isinstance(error, SandboxError):
            console.print(Text(f"Nothing is graded, because {error}", style="bold red"))
            console.print(Text(HOW_TO_GO_ON))
            raise typer.Exit(1)
        if isinstance(error, CourseError):
            console.print(Text(str(error), style="bold red"))
            raise typer.Exit(1)


def grade_with_progress(
    course: Course,
    assignments: Sequence[str],
    students: Sequence[str],
    limits: Limits,
    jobs: int,
    sandboxed: bool,
    only: Sequence[str] | None = None,
) -> list[Outcome]:
    """Grade, with a progress bar, or lines where the output is a file; Ctrl-C ends it quietly."""
    ledger = Ledger(course, limits, sandboxed)
    submissions = course.submissions(assignments, students)
    count = sum(1 for one in submissions if only is None or ledger.state(one) in only)
    columns = [
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    ]
    outcomes = []
    shown = console.is_terminal
    with Progress(*columns, console=console, transient=True, disable=not shown) as progress:
        task = progress.add_task("grading", total=count)
        run = run_course(course, assignments, students, limits, jobs, sandboxed, only)
        try:
            for outcome in run:
                outcomes.append(outcome)
                progress.update(task, advance=1, description=outcome.submission.student)
                if not shown and len(outcomes) % max(1, count // 20) == 0:
                    # Rich would write it again where Ctrl-C comes before it has emptied its buffer
                    print(f"graded {len(outcomes)} of {count}", file=console.file, flush=True)
        except KeyboardInterrupt:
            run.close()
            console.print(f"Stopped after {len(outcomes)} of {count}; run it again to go on.")
            raise typer.Exit(130) from None
    return sorted(outcomes, key=lambda one: (one.submission.assignment, one.submission.student))


def table(outcomes: Sequence[Outcome]) -> Table:
    """Return who got what, and why."""
    made = Table(header_style="bold", show_lines=True)
    made.add_column("student", no_wrap=True)
    made.add_column("notebook")
    made.add_column("points", justify="right", no_wrap=True)
    made.add_column("why", overflow="fold")
    for outcome in outcomes:
        for graded in outcome.notebooks:
            if graded.problem:
                last = graded.detail.strip().rpartition("\n")[2]
                said = f"for a person: {graded.problem}{': ' if last else ''}{last}"
                points, why = Text("?", style="yellow"), Text(said)
            else:
                style = "green" if graded.points == graded.out_of else ""
                points = Text(f"{graded.points:g} of {graded.out_of:g}", style=style)
                why = Text("\n").join(_reasons(graded))
            made.add_row(Text(outcome.submission.student), graded.notebook, points, why)
    return made


def _reasons(graded: Graded) -> list[Text]:
    """Return a line for each question that is wrong or flagged; one for all not written."""
    wrong = [v for v in graded.verdicts if v.status not in ("right", "not written")]
    lines = []
    for verdict in wrong:
        head = f"{verdict.name} ({verdict.points:g} of {verdict.out_of:g}): "
        said = (
            f"calls {', '.join(verdict.after)}, which is not right"
            if verdict.after
            else _shortened(verdict.why)
        )
        lines.append(Text.assemble((head, "bold"), said))
    lines += [
        Text.assemble((f"{v.name}, to look at: ", "bold"), v.flag)
        for v in graded.verdicts
        if v.flag
    ]
    missing = [v.name for v in graded.verdicts if v.status == "not written"]
    if missing:
        lines.append(Text(f"not written: {', '.join(missing)}"))
    return lines


def _shortened(text: str, most: int = 240) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def show_differences(course: Course) -> None:
    """Say where the gradebook has other points than runs gave."""
    with gradebook.kept_open(course.database) as book:
        found = Ledger(course, Limits(), True).differences(book)
    for said in found:
        console.print(Text(f"the gradebook was changed: {said}", style="bold red"))
    if found:
        console.print("Run it again with --force and --student to write those points again.")


def show_paths(course: Course, outcomes: Sequence[Outcome]) -> None:
    """Say where to look next."""
    waiting = [outcome for outcome in outcomes if outcome.problem]
    console.print(f"feedback   {(course.root / 'feedback' / 'index.html').resolve()}")
    console.print(f"gradebook  {course.database}")
    if waiting:
        console.print(
            f"for you    {(course.root / 'queue.csv').resolve()} ({len(waiting)} to look at)"
        )
    console.print(
        f"by hand    cd {course.root.resolve()} && jupyter lab, then Nbgrader > Formgrader"
    )


if __name__ == "__main__":
    app()

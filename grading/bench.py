"""How many submissions a minute are graded, beside stock nbgrader, in one run.

``make bench-grading`` makes a class of the tiny assignment of the tests (one notebook, two
functions, no plots), in which every second student made a mistake. It grades that class as
``minpy-grade run`` does, in sandboxes, from the start to the last list; and some of the same
submissions by ``nbgrader autograde``, which has no sandbox. Both figures include the start of the
programs.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import nbformat

from grading.cells import grade_id
from grading.course import Course, set_up
from grading.pipeline import run
from grading.sandbox import BoxServer, Limits

FIXTURE = Path(__file__).parent.parent / "tests" / "grading" / "tiny"
ASSIGNMENT, NOTEBOOK = "tiny", "affine"
MISTAKE = "def affine_backward(dout, cache):\n    x, w, _ = cache\n    return dout, w, x"
BOXES = 20  # of which the median start is taken


def make_class(folder: Path, count: int) -> Course:
    """Make a course in which some students handed in.

    Parameters
    ----------
    folder : Path
    count : int
    """
    course = set_up(folder, [FIXTURE])
    made = nbformat.read(folder / "source" / ASSIGNMENT / f"{NOTEBOOK}.ipynb", as_version=4)
    right = nbformat.writes(made)
    for cell in made.cells:
        if grade_id(cell) == "affine_backward":
            cell.source = MISTAKE
    wrong = nbformat.writes(made)
    for number in range(count):
        target = folder / "submitted" / f"student-{number:04}" / ASSIGNMENT
        target.mkdir(parents=True)
        (target / f"{NOTEBOOK}.ipynb").write_text(wrong if number % 2 else right, encoding="utf-8")
    return course


def seconds_of_ours(course: Course, jobs: int) -> float:
    """Return how long a run takes, and make sure that it gave the right points."""
    began = time.perf_counter()
    outcomes = list(run(course, jobs=jobs))
    seconds = time.perf_counter() - began
    points = {one.submission.student: one.notebooks[0].points for one in outcomes}
    wrong = {name: got for name, got in points.items() if got != (2, 5)[int(name[-1]) % 2 == 0]}
    if wrong:
        raise RuntimeError(f"these points are wrong, so the time means nothing: {wrong}")
    return seconds


def seconds_of_stock(course: Course) -> float:
    """Return how long ``nbgrader autograde`` takes."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    began = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "nbgrader", "autograde", ASSIGNMENT],
        cwd=course.root,
        env={**os.environ, "PATH": path},
        check=True,
        capture_output=True,
    )
    return time.perf_counter() - began


def seconds_of_start() -> float:
    """Return how long a sandbox takes from the request to its first answer."""
    server = BoxServer()
    try:
        taken = []
        for _ in range(BOXES):
            began = time.perf_counter()
            box = server.start({}, Limits())
            taken.append(time.perf_counter() - began)
            box.end()
        return statistics.median(taken)
    finally:
        server.end()


def main(arguments: Sequence[str] | None = None) -> None:
    """Time the grader beside stock nbgrader."""
    parser = argparse.ArgumentParser(prog="python -m grading.bench", description=main.__doc__)
    parser.add_argument("--count", type=int, default=200, help="submissions that we grade")
    parser.add_argument("--stock", type=int, default=20, help="those that nbgrader grades too")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args(arguments)
    print(f"{os.cpu_count()} cores, load before: {os.getloadavg()[0]:.1f}")
    print(f"start of a sandbox, median: {1e3 * seconds_of_start():.0f} ms")
    with tempfile.TemporaryDirectory(prefix="minpy-bench-") as folder:
        ours = make_class(Path(folder) / "ours", options.count)
        stock = make_class(Path(folder) / "stock", options.stock)
        for name, count, seconds in (
            ("minpy-grade run", options.count, seconds_of_ours(ours, options.jobs)),
            ("nbgrader autograde", options.stock, seconds_of_stock(stock)),
        ):
            rate = 60 * count / seconds
            print(f"{name:20} {count:5} in {seconds:6.1f} s: {rate:5.0f} submissions a minute")
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10
    print(f"memory of the coordinator at its peak: {most:.0f} MiB")


if __name__ == "__main__":
    main()

"""The command ``python -m benchmarks``."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence

# Neither NumPy nor anything that imports it: the number of threads is set before.
from benchmarks import peers

Rows = Mapping[str, Callable[[], list]]

DESCRIPTION = """\
Time minpy beside hand-written NumPy, PyTorch, HIPS autograd, JAX and MXNet, those that are
installed, and print the targets met and missed. Figures depend on the machine; ratios, which are
medians over rounds in which all implementations take turns, much less so.

Every library gets the same number of threads. It is one unless --threads says otherwise: where
others use the machine too, threads wait for each other, and a step may take ten times as long.

The peers: pip install -r benchmarks/requirements.txt
"""


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    made = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = made.add_argument
    add("rows", nargs="*", metavar="row", help="rows to measure; all, if none is named")
    add("--list", action="store_true", help="list the rows, their tables and targets, and stop")
    add("--repeat", type=int, default=15, metavar="N", help="rounds (15)")
    add("--quick", action="store_true", help="3 rounds of short loops: does it run?")
    add("--json", metavar="FILE", help="write machine, samples and targets to FILE")
    add("--gpu", action="store_true", help="measure the rows that a CUDA GPU runs, on gpu(0)")
    add("--threads", type=int, default=1, metavar="N", help="threads of every library (1)")
    return made


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; the result is 1 if an implementation failed, targets met or not."""
    arguments = parser().parse_args(argv)
    peers.use_threads(arguments.threads)
    from benchmarks.workloads import GPU_ROWS, ROWS, gpu

    known = GPU_ROWS if arguments.gpu else ROWS
    unknown = [row for row in arguments.rows if row not in known]
    if unknown:
        parser().error(f"no row {', '.join(unknown)}; the rows are {', '.join(known)}")
    rows = {row: known[row] for row in arguments.rows or known}
    if arguments.list:
        _print_rows(rows)
        return 0
    if arguments.gpu and (reason := gpu.why_none()):
        print(f"--gpu has nothing to run on: {reason}", file=sys.stderr)
        return 1
    return _run(rows, arguments)


def _print_rows(rows: Rows) -> None:
    from benchmarks.targets import targets_of

    for row, cases in rows.items():
        print(row)
        for case in cases():
            print(f"  {case.name}: {case.title}")
            for target in targets_of(case.name):
                print(f"    {target}")


def _run(rows: Rows, arguments: argparse.Namespace) -> int:
    from benchmarks import machine, report
    from benchmarks.measure import measure

    repeat, shortest = (3, 0.002) if arguments.quick else (arguments.repeat, 0.02)
    facts = machine.facts(gpu=arguments.gpu)
    print(_facts_text(facts), flush=True)
    results = []
    for cases in rows.values():
        for case in cases():
            results.append(measure(case, repeat, shortest))
            print(f"\n{report.table(results[-1])}", flush=True)
    print(f"\n{report.summary(results)}")
    if arguments.json is not None:
        with open(arguments.json, "w", encoding="utf-8") as file:
            json.dump(report.as_json(results, facts), file, indent=1)
    return int(any(measured.failed for measured in results))


def _facts_text(facts: dict) -> str:
    versions = [f"{name} {version}" for name, version in facts["versions"].items() if version]
    gpu = f"{facts['gpu']}; " if facts["gpu"] else ""
    return (
        f"{gpu}{facts['processor']}, {facts['cores']} cores, {facts['system']}\n"
        f"Python {facts['python']}, {', '.join(versions)}; BLAS {facts['blas']}\n"
        f"{facts['threads']} thread(s) for every library; load before the start: {facts['load']}\n"
        "NumPy in the tables is forward and backward written by hand"
    )


if __name__ == "__main__":
    sys.exit(main())

"""Tables for people and JSON for programs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from benchmarks.benchmark import UNITS
from benchmarks.measure import Measured, spread
from benchmarks.targets import Target, targets_of


def table(measured: Measured) -> str:
    """Return a case's table: times, ratios, targets and notes."""
    case = measured.case
    rounds = max((len(samples) for samples in measured.samples.values()), default=0)
    lines = [f"{case.name}: {case.title}"]
    if case.note:
        lines.append(f"({case.note})")
    rows = [["", case.unit, "quartiles", "ratio", "quartiles", ""]]
    for name, samples in measured.samples.items():
        low, middle, high = spread([value * UNITS[case.unit] for value in samples])
        row = [name, _number(middle), f"{_number(low)} - {_number(high)}"]
        peer = case.reference_of(name)
        ratios = measured.ratios(name, peer) if peer else []
        rows.append(row + (_ratio(ratios) + [f"x {peer}"] if ratios else ["", "", ""]))
    lines += _aligned(rows)
    lines.append("1 round" if rounds == 1 else f"{rounds} rounds")
    for target in targets_of(case.name):
        ratio, verdict = judge(measured, target)
        lines.append(f"target {target}: {verdict}" + (f", {ratio:.2f}" if ratio else ""))
    lines += [f"{name} skipped: {why}" for name, why in measured.skipped.items()]
    lines += [f"{name} FAILED:\n{why.rstrip()}" for name, why in measured.failed.items()]
    return "\n".join(lines)


def judge(measured: Measured, target: Target) -> tuple[float | None, str]:
    """Return the median ratio and "met", "missed" or "not measured"."""
    ratios = measured.ratios(target.subject, target.peer)
    if not ratios:
        return None, "not measured"
    _, ratio, _ = spread(ratios)
    return ratio, "met" if ratio <= target.limit else "missed"


def summary(results: Sequence[Measured]) -> str:
    """Return all targets of what was measured, a line each."""
    rows = [["case", "target", "ratio", "quartiles", ""]]
    for measured in results:
        for target in targets_of(measured.case.name):
            ratios = measured.ratios(target.subject, target.peer)
            figures = _ratio(ratios) if ratios else ["", ""]
            rows.append([measured.case.name, str(target), *figures, judge(measured, target)[1]])
    return "\n".join(_aligned(rows, left=2))


def as_json(results: Sequence[Measured], machine: dict[str, Any]) -> dict[str, Any]:
    """Return everything measured, samples in seconds or bytes."""
    return {"machine": machine, "cases": [_case_json(measured) for measured in results]}


def _case_json(measured: Measured) -> dict[str, Any]:
    case = measured.case
    implementations = {}
    for name, samples in measured.samples.items():
        low, middle, high = spread(samples)
        implementations[name] = {
            "median": middle,
            "quartiles": [low, high],
            "samples": samples,
        }
    targets = []
    for target in targets_of(case.name):
        ratio, verdict = judge(measured, target)
        targets.append({**vars(target), "ratio": ratio, "verdict": verdict})
    return {
        "case": case.name,
        "title": case.title,
        "unit": "bytes" if case.unit == "MB" else "seconds",
        "implementations": implementations,
        "targets": targets,
        "skipped": measured.skipped,
        "failed": measured.failed,
    }


def _ratio(ratios: list[float]) -> list[str]:
    low, middle, high = spread(ratios)
    return [f"{middle:.2f}", f"{low:.2f} - {high:.2f}"]


def _number(value: float) -> str:
    """Return three significant digits, and all digits before the point.

    Examples
    --------
    >>> _number(0.01234), _number(1.234), _number(1234.5)
    ('0.0123', '1.23', '1234')
    """
    digits = 0
    size = abs(value)
    while size < 100 and digits < 4:
        size *= 10
        digits += 1
    return f"{value:.{digits}f}"


def _aligned(rows: list[list[str]], left: int = 1) -> list[str]:
    """Return lines with their columns aligned, the first `left` and the last one to the left."""
    widths = [max(map(len, column)) for column in zip(*rows)]
    last = len(widths) - 1
    lines = []
    for row in rows:
        cells = [
            cell.ljust(width) if index < left or index == last else cell.rjust(width)
            for index, (cell, width) in enumerate(zip(row, widths))
        ]
        lines.append("  ".join(cells).rstrip())
    return lines

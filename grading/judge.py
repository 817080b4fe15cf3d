"""Judging a submission: what its functions return for inputs that nobody could predict.

This is the trusted side. It runs the cells of the canonical notebook in a sandbox, sends inputs
and the name of a function, and compares what comes back with the reference. A runner that dies,
hangs or talks nonsense costs the question it was asked, and a new one takes its place for the
next.

How a gradient that was not derived is found, each by itself enough:

- The engine's gradients are switched off while such a function runs, and calls of them are
  reported.
- A call of the backward pass that calls the forward pass more than `MOST_FORWARD` times is counted.
- The tolerance in float64 is 1e-12 of the largest entry; differences leave 1e-11 and more.
- At a larger size, a difference for each element takes longer than the call may: some seconds,
  or 200 times as long as the reference takes at that moment on this machine.

The first two are counted in the student's process, where they can be tampered with, and are there
to name what was done. The last two are measured on this side of the wall.
"""

from __future__ import annotations

import ast
import hashlib
import hmac
import re
import textwrap
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import numpy as onp

from grading.handed_in import MissingDataError, UnfitError
from grading.sandbox import RunnerLostError, TimeLimitError
from grading.session import Session
from grading.spec import HiddenCheck, Trial
from grading.wire import OpaqueValue
from minpy.checking import CallContext, Card, Comparison, compare, raised, unwritten
from minpy.checking.spec import by_output
from minpy.checking.texts import cleaned, plain

MOST_FORWARD = 10  # calls of a forward pass in one backward pass
LEAST, MOST_DRAWS = 1e-3, 10  # how large a result should be, and how often that is tried
MOST_SECONDS = 60.0  # that a call may take, however long the reference took


def seed(secret: bytes, student: str, assignment: str, question: str, submission: str = "") -> int:
    """Return the seed of a question: the same at a regrade, other for each student and hand-in.

    Parameters
    ----------
    secret : bytes
        The course's.
    student, assignment, question : str
    submission : str
        The digest of what was handed in.

    Examples
    --------
    >>> seed(b"s", "ada", "a1", "loss") == seed(b"s", "ada", "a1", "loss")
    True
    >>> seed(b"s", "ada", "a1", "loss") == seed(b"s", "bob", "a1", "loss")
    False
    """
    text = "|".join(quote(part, safe="") for part in (student, assignment, question, submission))
    return int.from_bytes(hmac.new(secret, text.encode(), hashlib.sha256).digest(), "big")


@dataclass
class Verdict:
    """What a question earned, and why.

    Attributes
    ----------
    grade_id : str
        Of the cell that has the points.
    points, out_of : float
    status : str
        "right", "partly right", "wrong", "not written", "forbidden", or "failed" (it raised an
        error, or was too slow).
    why : str
        In one sentence, for the instructor; empty where all is right.
    comment : str
        The same, where the student is to know.
    card : dict
        `minpy.checking.Card.as_dict`, with no more in it than the student is to see.
    after : list of str
        Questions that are not right either, and whose functions this one calls.
    """

    grade_id: str
    points: float
    out_of: float
    status: str
    why: str = ""
    comment: str = ""
    card: dict[str, Any] = field(default_factory=dict)
    after: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        """Of the question."""
        return self.grade_id.removeprefix("check_")


# ------------------------------------------------------------------------------- one question


def judged(
    session: Session, hidden: HiddenCheck, entropy: int, errors: Callable[[], list[str]] = list
) -> Verdict:
    """Judge one question.

    Parameters
    ----------
    session : Session
    hidden : HiddenCheck
    entropy : int
        From `seed`.
    errors : callable
        Gives what the cells raised that define the functions: the reason why one may be missing.

    Returns
    -------
    Verdict
    """
    check = hidden.check
    rng = onp.random.default_rng(entropy)
    found: list[Comparison] = []
    failed: dict[str, list[str]] = {}
    reason = ""
    status = ""
    mentioned = _names_in(check.forward) | _names_in(check.backward)
    for number, case in enumerate(hidden.all_cases(rng)):
        with session.frozen():
            inputs, expected, spent = _posed(hidden, case, rng)
        sent = {name: x for name, x in inputs.items() if name in mentioned}
        seconds = max(case.seconds or session.limits.call, min(case.times * spent, MOST_SECONDS))
        try:
            results = hidden.measured(session.files, inputs)
            if results is None:
                question = _question(hidden, count=case.seconds is None)
                answer = session.ask(question, sent, seconds)
            else:
                answer = {"values": {f"result {name}": x for name, x in results.items()}}
        except UnfitError as unfit:
            status = "not written" if isinstance(unfit, MissingDataError) else "failed"
            reason = cleaned(str(unfit))
            found, failed = [raised(check.name, "UnfitError", reason)], {}
            break
        except (TimeLimitError, RunnerLostError) as trouble:
            status, reason = "failed", f"{case.title}: {trouble}"
            if case.seconds:
                reason += _if_differences(hidden)
            found, failed = [raised(check.name, "Timeout", reason)], {}
            break
        forbidden = _forbidden(hidden, answer)
        if forbidden:
            status, reason = "forbidden", forbidden
            found, failed = [Comparison(check.name, "withheld")], {}
            break
        if answer.get("error"):
            status, comparison = _of_error(check.name, answer["error"], errors(), hidden.reveal)
            found, failed, reason = [comparison], {}, plain(comparison.reason)
            if number:
                reason = f"{case.title}: {reason}"
            break
        new = list(_compared(hidden, case, inputs, expected, answer["values"]))
        for comparison in new:
            if not comparison.passed:
                failed.setdefault(comparison.name, []).append(case.title)
        found += new
    return _verdict(hidden, found, failed, check.earned(found), status, reason)


def _posed(
    hidden: HiddenCheck, case: Trial, rng: onp.random.Generator
) -> tuple[dict[str, Any], dict[str, onp.ndarray], float]:
    """Return inputs, the right results, and the processor time that these took.

    Where a result is next to nothing, because the network is sure of the true class of all
    examples, say, it is what rounding leaves of larger numbers, and right answers differ in it. So
    other inputs are drawn.
    """
    for _ in range(MOST_DRAWS):
        inputs = hidden.inputs(case, rng)
        start = time.process_time()
        expected = hidden.expected(inputs)
        spent = time.process_time() - start
        largest = [onp.abs(right).max(initial=0.0) for right in expected.values()]
        if not any(0 < size < LEAST for size in largest):
            break
    return inputs, expected, spent


def _question(hidden: HiddenCheck, count: bool) -> dict[str, Any]:
    check = hidden.check
    return {
        "do": "call",
        "name": check.name,
        "forward": check.forward,
        "backward": check.backward,
        "wanted": list(check.returned),
        "no_gradients": "gradients" in check.forbids,
        "count": count and "differences" in check.forbids,
    }


def _forbidden(hidden: HiddenCheck, answer: Mapping[str, Any]) -> str:
    """Say what was done that the check forbids, as far as the student's process tells."""
    check = hidden.check
    if answer.get("helpers") and check.forbids:
        return f"{check.name} starts another process, where what is forbidden is not switched off"
    if answer.get("asked"):
        return (
            f"{check.name} asks the engine for its gradient (minpy.grad or a relative of it); "
            "it is to be written by hand"
        )
    calls = answer.get("calls")
    if not isinstance(calls, dict):
        return ""
    for name in _names_in(check.forward):
        times = calls.get(name)
        if isinstance(times, int) and times > MOST_FORWARD:
            return (
                f"{check.name} calls {name} {times} times: these are finite differences; "
                "the gradient is to be derived"
            )
    return ""


def _if_differences(hidden: HiddenCheck) -> str:
    if "differences" not in hidden.check.forbids:
        return ""
    return "; finite differences take that long, and so do loops that call functions"


# Numbers with a point or an exponent, and long ones: shapes and indices may be read.
_NUMBERS = re.compile(
    r"[-+]?(?:\d*\.\d+|\d+\.|\d{5,}|\d+(?=e[-+]?\d))(?:e[-+]?\d+)?", re.IGNORECASE
)


def _of_error(name: str, said: Any, errors: Iterable[str], reveal: str) -> tuple[str, Comparison]:
    """Return the status of a call that raised, and what its card says: hidden inputs are not."""
    error: dict[str, Any] = said if isinstance(said, dict) else {}
    kind, text = str(error.get("type")), str(error.get("text"))
    if kind == "NotWrittenYet":
        return "not written", unwritten(text.partition(" is not written")[0])
    if kind == "NotImplementedError":
        return "not written", unwritten(str(error.get("function") or name))
    if reveal != "inputs":
        text = _NUMBERS.sub("...", text) if reveal == "diagnosis" else ""
    if kind == "NameError":
        text += "".join(f"; its cell raised {one}" for one in errors)
    elif isinstance(error.get("line"), int):
        text += f" (line {error['line']})"
    return "failed", raised(name, kind, text)


def _compared(
    hidden: HiddenCheck,
    case: Trial,
    inputs: Mapping[str, Any],
    expected: Mapping[str, onp.ndarray],
    values: Mapping[str, Any],
) -> Iterable[Comparison]:
    check = hidden.check
    results = {name: _taken(values.get(f"result {name}")) for name in check.returned}
    after = {name: values[f"after {name}"] for name in inputs if f"after {name}" in values}
    context: dict[str, Any] = {
        "batch": case.sizes.get(hidden.batch),
        "weights": {of: inputs[of] for of in check.gradients.values()},
        "inputs": dict(inputs),
        "after": {name: x for name, x in after.items() if isinstance(x, onp.ndarray)},
        "regularization": inputs.get(hidden.regularization),
    }
    for name, right in expected.items():
        others = {other: x for other, x in expected.items() if other != name}
        floor = float(onp.abs(right[onp.isfinite(right)]).max(initial=0.0)) or 1.0
        yield compare(
            name,
            results[name],
            right,
            tolerance=_tolerance(hidden, case, results[name]),
            floor=floor,
            context=CallContext(parameter=check.gradients.get(name), others=others, **context),
        )
    for name, value in inputs.items():
        if name in after and not _same(value, after[name]):
            yield Comparison(name, "mutated", expected_shape=onp.shape(value))
    known = {**inputs, **results}
    for sentence, holds in check.properties.items():
        yield Comparison(sentence, "right" if _holds(holds, known) else "withheld")


def _holds(holds: Any, known: dict[str, Any]) -> bool:
    try:
        return bool(holds(known))
    except Exception:  # results may be of any shape, or none
        return False


def _tolerance(hidden: HiddenCheck, case: Trial, result: Any) -> float:
    """Return the tolerance of the coarser of the two dtypes: what was asked in, what came back."""
    single = isinstance(result, onp.ndarray) and result.dtype == onp.float32
    return hidden.tolerances["float32" if single else case.dtype]


def _taken(value: Any) -> Any:
    """Return a result as `compare` takes it; of what is no array, something of that type's name."""
    if isinstance(value, OpaqueValue):
        name = value.name.encode("ascii", "replace").decode().replace("\0", "?")
        return type(name, (), {})()
    return value


def _same(before: Any, after: Any) -> bool:
    """Whether an input came back as it was sent; text does anyway."""
    return isinstance(before, str) or (
        isinstance(after, onp.ndarray) and onp.array_equal(before, after)
    )


def _names_in(code: str) -> set[str]:
    """Return the names that the lines of a call use: no other input leaves this side."""
    tree = ast.parse(textwrap.dedent(code).strip())
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}


def _why(wrong: Sequence[Comparison]) -> str:
    """Return what is best known about what is wrong, and what else is."""
    told = sorted(wrong, key=lambda comparison: comparison.diagnosis is None)
    if not told:
        return ""
    first, *others = told
    also = f" (And {', '.join(other.name for other in others)}.)" if others else ""
    return plain(f"{first.name}: {first.diagnosis or first.reason}{also}")


def _verdict(
    hidden: HiddenCheck,
    found: Sequence[Comparison],
    failed: Mapping[str, Sequence[str]],
    earned: float,
    status: str,
    reason: str,
) -> Verdict:
    check = hidden.check
    shown = by_output(found)
    if not status:
        none = "wrong" if not earned else "partly right"
        status = "right" if earned == check.points and not failed else none
    if not reason:
        reason = _why([comparison for comparison in shown if not comparison.passed])
    notes = [reason] if status == "forbidden" and hidden.reveal != "nothing" else []
    if hidden.reveal != "nothing":
        notes += [
            f"{name} is not right with: {', '.join(dict.fromkeys(titles))}."
            for name, titles in failed.items()
        ]
    revealed = [comparison.reveal(hidden.reveal) for comparison in shown]
    card = Card(check.name, revealed, earned, check.points, notes)
    comment = reason if hidden.reveal in ("diagnosis", "inputs") else ""
    return Verdict(check.grade_id, earned, check.points, status, reason, comment, card.as_dict())

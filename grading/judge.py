"""Judging a submission: what its functions return for inputs that nobody could predict.

This is the trusted side. It runs the cells of the canonical notebook in a sandbox, sends inputs
and the name of a function, and compares what comes back with the reference. A runner that dies,
hangs or talks nonsense costs the question it was asked, and a new one takes its place for the
next.

How a gradient that was not derived is found, each by itself enough:

- The engine's gradients are switched off while such a function runs, and calls of them are
  reported.
- A call of the backward pass that calls the forward pass more than `MOST_FORWARD` times is counted.
- At a larger size, a difference for each element takes longer than the call may: some seconds,
  or 200 times as long as the reference takes at that moment on this machine, or 20 times as long as
  the student's own forward pass.

Python loops, where a function is to be vectorised, are found by counting: the lines executed must
not grow with the number of examples. Behind it stands a large case that loops cannot finish.

What is counted is counted in the student's process, where it can be tampered with, and is there to
name what was done. Time is measured on this side of the wall. A right gradient that agrees no
better than finite differences would proves nothing: it is noted for a person (`Verdict.flag`).
"""

from __future__ import annotations

import ast
import hashlib
import hmac
import re
import textwrap
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote

import numpy as onp

from grading.handed_in import MissingDataError, UnfitError
from grading.sandbox import RunnerLostError, TimeLimitError
from grading.session import Session
from grading.spec import TIGHT, HiddenCheck, Trial
from grading.wire import OpaqueValue
from minpy.checking import Card, Comparison, raised, unwritten
from minpy.checking.calls import call_again
from minpy.checking.comparison import failed
from minpy.checking.loops import LENGTHS, is_loop
from minpy.checking.spec import by_output, mutations, of_property
from minpy.checking.texts import cleaned, plain

MOST_FORWARD = 10  # calls of a forward pass in one backward pass
LEAST, MOST_DRAWS = 1e-3, 10  # how large a result should be, and how often that is tried
MOST_SECONDS = 60.0  # that a call may take, however long the reference took
MOST_FORWARDS = 20  # as long as the student's forward pass may the backward pass take, likewise


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
    flag : str
        What a person may want to look at, though it costs nothing.
    """

    grade_id: str
    points: float
    out_of: float
    status: str
    why: str = ""
    comment: str = ""
    card: dict[str, Any] = field(default_factory=dict)
    after: list[str] = field(default_factory=list)
    flag: str = ""

    @property
    def name(self) -> str:
        """Of the question."""
        return self.grade_id.removeprefix("check_")


# ------------------------------------------------------------------------------- one question


def judge(
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
    failed_in: dict[str, list[str]] = {}
    tried: Counter[str] = Counter()
    reason = ""
    status = ""
    error = 0.0
    loops = _loops(session, hidden, onp.random.default_rng(entropy))
    if loops:
        status, reason, found = "forbidden", loops, [Comparison(check.name, "withheld")]
    for number, case in enumerate([] if loops else hidden.all_cases(rng)):
        try:
            answer, inputs, expected = _answered(session, hidden, case, rng)
        except UnfitError as unfit:
            status = "not written" if isinstance(unfit, MissingDataError) else "failed"
            reason = cleaned(str(unfit), 400)
            found, failed_in = [failed(check.name, reason)], {}
            break
        except (TimeLimitError, RunnerLostError) as trouble:
            status, reason = "failed", f"{case.title}: {trouble}"
            if case.seconds:
                reason += _if_differences(hidden)
            found, failed_in = [failed(check.name, reason)], {}
            break
        forbidden = _forbidden(hidden, answer)
        if forbidden:
            status, reason = "forbidden", forbidden
            found, failed_in = [Comparison(check.name, "withheld")], {}
            break
        new: list[Comparison] = []
        if answer.get("error"):
            status, comparison = _of_error(check.name, answer["error"], errors(), hidden.reveal)
            if not any(name.startswith("result ") for name in answer["values"]):
                found, failed_in, reason = [comparison], {}, plain(comparison.reason)
                if number:
                    reason = f"{case.title}: {reason}"
                break
            status = ""  # the backward pass was given what it needs
            new += [replace(comparison, name=name) for name in check.outputs]
        new += _compared(hidden, case, inputs, expected, answer["values"])
        for comparison in new:
            tried[comparison.name] += 1
            if not comparison.passed:
                failed_in.setdefault(comparison.name, []).append(case.title)
            elif case.dtype == "float64" and comparison.dtype == "float64":
                error = max(error, comparison.error or 0.0)
        found += new
    notes = _where_wrong(failed_in, tried)
    verdict = _verdict(hidden, found, notes, check.earned(found), status, reason)
    if verdict.status == "right" and "differences" in check.forbids and error > TIGHT:
        verdict.flag = f"agrees to {error:.0e} only; finite differences do, too"
    return verdict


judged = judge  # its former name


def _where_wrong(failed_in: Mapping[str, Sequence[str]], tried: Mapping[str, int]) -> list[str]:
    """Say in which cases results are wrong, and in how many they are right.

    >>> _where_wrong({"dw": ["one example"]}, {"dw": 7})
    ['dw is wrong with: one example. It is right in the other 6 cases.']
    """
    notes = []
    for name, titles in failed_in.items():
        titles = list(dict.fromkeys(titles))
        note = f"{name} is wrong with: {', '.join(titles)}."
        right = tried[name] - len(titles)
        if right > 0:
            note += f" It is right in the other {right} cases."
        notes.append(note)
    return notes


def _answered(
    session: Session, hidden: HiddenCheck, case: Trial, rng: onp.random.Generator
) -> tuple[Mapping[str, Any], dict[str, Any], dict[str, onp.ndarray]]:
    """Return what came back in a case, what was sent, and what is right."""
    check = hidden.check
    forward_seconds = 0.0
    if case.seconds and check.backward:
        case, forward_seconds = _of_bearable_size(session, hidden, case, rng)
    with session.frozen():
        inputs, expected, spent = _posed(hidden, case, rng)
    results = hidden.measured(session.files, inputs)
    if results is not None:
        return {"values": {f"result {of}": x for of, x in results.items()}}, inputs, expected
    seconds = max(
        case.seconds or session.limits.call,
        min(max(case.times * spent, MOST_FORWARDS * forward_seconds), MOST_SECONDS),
    )
    again = {} if case.seconds or not check.backward else hidden.inputs(case, rng)
    question = _question(hidden, case, again)
    mentioned = _names_in(question["forward"]) | _names_in(question["backward"])
    sent = {name: x for name, x in inputs.items() if name in mentioned}
    sent |= {f"{name}_again": x for name, x in again.items() if f"{name}_again" in mentioned}
    answer = session.ask(question, sent, seconds)
    if answer.get("error") and answer.get("stage") == "forward" and check.cache and check.backward:
        question |= {"forward": check.cache, "wanted": list(check.gradients)}
        mentioned = _names_in(check.cache) | _names_in(check.backward)
        sent = {name: x for name, x in inputs.items() if name in mentioned}
        second = session.ask(question, sent, seconds)
        if not second.get("error"):
            answer = {**second, "error": answer["error"] if check.outputs else None}
            expected = {name: x for name, x in expected.items() if name in check.gradients}
    return answer, inputs, expected


def _of_bearable_size(
    session: Session, hidden: HiddenCheck, case: Trial, rng: onp.random.Generator
) -> tuple[Trial, float]:
    """Return the case of the first size for which the forward pass is quick, and how long it takes.

    A slow forward pass is right too. What the backward pass may take is measured by it.
    """
    sizes = [case.sizes, *case.smaller]
    for place, size in enumerate(sizes):
        case = replace(case, sizes=size, smaller=())
        inputs = hidden.inputs(case, rng)
        question = _question(hidden, case, {}) | {"backward": "", "wanted": []}
        mentioned = _names_in(question["forward"])
        sent = {name: x for name, x in inputs.items() if name in mentioned}
        start = time.perf_counter()
        try:
            session.ask(question, sent, float(case.seconds or 1.0))
        except (TimeLimitError, RunnerLostError):
            if place == len(sizes) - 1:
                raise
            continue
        return case, time.perf_counter() - start
    raise AssertionError("a case has a size")


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


def _question(hidden: HiddenCheck, case: Trial, again: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the runner is asked.

    With other inputs, `again`, the forward pass is called once more before the backward pass, which
    has to go by its arguments and not by what was left behind.
    """
    check = hidden.check
    forward = check.packed(case.forward or check.forward)
    if again:
        forward += "\n" + call_again(forward, check.inputs)
    return {
        "do": "call",
        "name": check.name,
        "forward": forward,
        "backward": check.backward,
        "wanted": list(check.returned),
        "no_gradients": "gradients" in check.forbids,
        "no_libraries": check.forbidden_libraries,
        "steps": False,
        "count": case.seconds is None and "differences" in check.forbids,
    }


def _forbidden(hidden: HiddenCheck, answer: Mapping[str, Any]) -> str:
    """Say what was done that the check forbids, as far as the student's process tells."""
    check = hidden.check
    if answer.get("helpers") and check.forbids:
        return (
            f"{check.name} starts another process or thread, where what is forbidden is not "
            "switched off"
        )
    if answer.get("asked"):
        return (
            f"{check.name} asks the engine for its gradient (minpy.grad or a relative of it); "
            "it is to be written by hand"
        )
    if answer.get("called"):
        return (
            f"{check.name} calls {cleaned(str(answer['called'][0]), 60)}; "
            "it is to be written with NumPy alone"
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


def _loops(session: Session, hidden: HiddenCheck, rng: onp.random.Generator) -> str:
    """Say over which size the function loops in Python, where the check wants it vectorised."""
    check = hidden.check
    for size in check.vectorized:
        steps = []
        for length in LENGTHS:
            case = Trial(f"steps for {length}", {**check.sizes, size: length})
            question = _question(hidden, case, {}) | {"count": False, "steps": True}
            try:
                answer = session.ask(question, hidden.inputs(case, rng), session.limits.call)
            except (TimeLimitError, RunnerLostError):
                return ""  # which the cases will tell
            if answer.get("error"):
                return ""
            if not isinstance(answer.get("steps"), int):
                return f"{check.name} takes away the tracer that counts its steps"
            steps.append(answer["steps"])
        if is_loop(*steps):
            return check.loops(size, *steps)
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
    if kind == "ReturnError":
        return "failed", failed(name, text)
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
    arrays_after = {name: x for name, x in after.items() if isinstance(x, onp.ndarray)}
    for name, right in expected.items():
        context = replace(
            check.context(inputs, check.gradients.get(name), hidden.batch),
            others={other: x for other, x in expected.items() if other != name},
            after=arrays_after,
        )
        if hidden.regularization:
            context = replace(context, regularization=inputs.get(hidden.regularization))
        yield check.one(
            *(name, results[name], right),
            dtype=case.dtype,
            tolerance=hidden.tolerance,
            context=context,
        )
    yield from mutations(inputs, after)
    yield from check.repacked(results)
    everything = {**inputs, **results}
    for sentence, holds in check.properties.items():
        yield of_property(sentence, holds, everything)


def _taken(value: Any) -> Any:
    """Return a result as `compare` takes it; of what is no array, something of that type's name."""
    if isinstance(value, OpaqueValue):
        name = value.name.encode("ascii", "replace").decode().replace("\0", "?")
        return type(name, (), {})()
    return value


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
    where_wrong: Sequence[str],
    earned: float,
    status: str,
    reason: str,
) -> Verdict:
    check = hidden.check
    shown = by_output(found)
    if not status:
        none = "wrong" if not earned else "partly right"
        status = "right" if earned == check.points and not where_wrong else none
    if not reason:
        reason = _why([comparison for comparison in shown if not comparison.passed])
    notes = [reason] if status == "forbidden" and hidden.reveal != "nothing" else []
    if hidden.reveal != "nothing":
        notes += where_wrong
    revealed = [comparison.reveal(hidden.reveal) for comparison in shown]
    card = Card(check.name, revealed, earned, check.points, notes)
    comment = reason if hidden.reveal in ("diagnosis", "inputs") else ""
    return Verdict(check.grade_id, earned, check.points, status, reason, comment, card.as_dict())

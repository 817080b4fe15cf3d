"""What a function must do, said once: for the check in the notebook and for the grader.

A `Check` says how the inputs of a function are drawn, how the function is called, and what must
hold.  That is its public part: it stands in a file beside the notebook, such as
``checks/two_layer.py``, and a check cell calls it::

    from checks import two_layer as checks

    checks.affine_backward()        # shows a card; its value is the points earned

The call is a line of Python, run where the student's functions are.  So a check can go through a
cache, a class or a dict of gradients without knowing what they are:

>>> from minpy.checking.spec import Check, normal
>>> affine_backward = Check(
...     "affine_backward",
...     points=4,
...     inputs={
...         "x": normal("N D"),
...         "w": normal("D M"),
...         "b": normal("M"),
...         "dout": normal("N M"),  # the upstream gradient
...     },
...     sizes={"N": 4, "D": 3, "M": 5},
...     forward="out, cache = affine_forward(x, w, b)",
...     backward="dx, dw, db = affine_backward(dout, cache)",
...     gradients={"dx": "x", "dw": "w", "db": "b"},
...     differentiates="out",
...     upstream="dout",
...     forbids=("gradients", "differences"),
...     hidden_comparisons=12,
... )

Public checks know no solution.  A gradient is compared with finite differences of the student's
*own* forward pass; values with the few that `known` lists.  Here is one who forgot the sum over
the examples, which a bias needs:

>>> def affine_forward(x, w, b):
...     return x @ w + b, (x, w, b)
>>> def affine_backward_(dout, cache):
...     x, w, b = cache
...     return dout @ w.T, x.T @ dout, dout[0]
>>> of_student = {"affine_forward": affine_forward, "affine_backward": affine_backward_}
>>> [(found.name, found.passed) for found in affine_backward.compared(of_student)]
[('dx', True), ('dw', True), ('db', False)]

An output (here ``dx``, ``dw`` and ``db``) earns its share of the points if all that was compared
of it is right, so the call in the notebook would have given 2.67 of 4 points.

The hidden part, which stays with the instructor, is a `grading.HiddenCheck`: it adds to a `Check`
a reference forward function, and what else shall be tried.  The cell that calls a check has the
grade id ``check_`` and its name: ``check_affine_backward``.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from importlib import import_module
from types import CodeType
from typing import Any

import numpy as onp

from minpy.checking.call_context import CallContext
from minpy.checking.calls import CALL, ReturnError, call_again, results, run
from minpy.checking.card import Card
from minpy.checking.comparison import Comparison, compare, failed, raised
from minpy.checking.diagnosis import common, simplest
from minpy.checking.draws import (
    Draw,
    away_from_zero,
    copied,
    drawn,
    integers,
    is_unchanged,
    labels,
    normal,
    shape_of,
    uniform,
)
from minpy.checking.forbid import (
    GradientsForbiddenError,
    LibraryForbiddenError,
    gradients_off,
    libraries_off,
)
from minpy.checking.loops import FEW, LENGTHS, MANY, count_steps, is_loop
from minpy.checking.texts import Message, plain, say
from minpy.checking.unfinished import NotWrittenYet
from minpy.checking.untrusted import receive

__all__ = [
    "Check",
    "Draw",
    "away_from_zero",
    "by_output",
    "copied",
    "drawn",
    "integers",
    "is_unchanged",
    "labels",
    "normal",
    "results",
    "run",
    "shape_of",
    "uniform",
]

CENTRAL_STEP = float(onp.finfo(onp.float64).eps) ** (1 / 3)
TOLERANCE = {"float64": 1e-4, "float32": 1e-3}
"""By the dtype of the inputs, in the notebook and when graded: float32 arithmetic is right too."""

FLOOR = 1.0  # errors are relative to the largest expected value: small entries are rounded more

# Where a forward pass computes in float32, differences with the small step are noise.
COARSE_STEP, COARSE_TOLERANCE = 5e-3, 2e-3


# ----- checks


LIBRARIES = ("sklearn", "scipy")
FORBIDS = ("gradients", "differences", "imports", *LIBRARIES)


@dataclass(frozen=True)
class Check:
    """What one function must do, as far as the student may know.

    Attributes
    ----------
    name : str
        The function's; its check cell has the grade id ``check_<name>``.
    points : float
        Shared equally by the outputs: by those in `outputs`, in `gradients` and in `properties`.
    inputs : mapping of str to Draw, callable or value
        See `drawn`.
    sizes : mapping of str to int
    forward : str
        The call, in Python: it finds the inputs and the student's functions by their names.
    backward : str
        The call of the backward pass, where it is not the same one.
    outputs : mapping of str to str or None
        Results, as expressions, and their shapes: ``{"out": "N M", "loss": ""}``; None is any.
        The grader compares their values with those of the reference.
    gradients : mapping of str to str
        Which result is the gradient with respect to which input: ``{"grads['W1']": "W1"}``.
    differentiates : str
        What is differentiated: a result of `forward`.
    upstream : str
        The input that is the gradient of the result `differentiates`; without it, that result is
        a number.
    known : sequence of mapping
        Inputs and the values of results for them, by their names; those may be shown.
    properties : mapping of str to callable
        What else must hold: a sentence, and a function of all inputs and results, as a dict, that
        returns whether it does, or a sentence that says why it does not.
    packs : mapping of str to sequence of str
        Dicts that the call is given, by name, and the inputs in each: ``{"params": ("W", "b")}``.
        The function must leave them as they are.
    cache : str
        How the backward call's arguments follow from the inputs, for a forward pass that raises:
        ``"cache = (x, w, b)"``. Then a right backward pass loses nothing by it.
    extra_results : sequence of str
        Results, as expressions, that `properties` look at and nothing else does.
    tolerance : mapping of str to float
        The largest relative error, by dtype, of a gradient or of a known value.
    regularization : str
        The input that is λ where the loss has λ/2 ΣW²; helps to say what is wrong.
    forbids : sequence of {'gradients', 'differences', 'imports', 'sklearn', 'scipy'}
        The engine's gradients; finite differences (and complex steps) of the forward pass; other
        libraries that differentiate; calls of scikit-learn and of SciPy.
    vectorized : sequence of str
        Sizes over which the function may not run a loop of Python: ``("N",)``.
    hidden_comparisons : int
        How many comparisons the grader adds; the card says so.
    """

    name: str
    points: float
    inputs: Mapping[str, Any]
    sizes: Mapping[str, int]
    forward: str
    backward: str = ""
    outputs: Mapping[str, str | None] = field(default_factory=dict)
    gradients: Mapping[str, str] = field(default_factory=dict)
    differentiates: str = ""
    upstream: str = ""
    known: Sequence[Mapping[str, Any]] = ()
    properties: Mapping[str, Callable[[dict[str, Any]], bool | str]] = field(default_factory=dict)
    packs: Mapping[str, Sequence[str]] = field(default_factory=dict)
    cache: str = ""
    extra_results: Sequence[str] = ()
    tolerance: Mapping[str, float] = field(default_factory=lambda: TOLERANCE)
    regularization: str = ""
    forbids: Sequence[str] = ()
    vectorized: Sequence[str] = ()
    hidden_comparisons: int = 0

    def __post_init__(self) -> None:
        """Say what an author mixed up, when the file is imported."""
        if not (self.outputs or self.gradients or self.properties):
            raise ValueError(f"the check {self.name} compares nothing: give outputs or gradients")
        if self.gradients and not self.differentiates:
            raise ValueError(
                f"the check {self.name} has gradients, so differentiates must name the result "
                "that is differentiated; it is empty"
            )
        unknown = {*self.gradients.values(), *filter(None, [self.upstream])} - set(self.inputs)
        if unknown:
            raise ValueError(
                f"the check {self.name} has no inputs named {sorted(unknown)}; "
                f"they are {sorted(self.inputs)}"
            )
        if set(self.forbids) - set(FORBIDS):
            raise ValueError(f"the check {self.name} forbids {self.forbids}, not some of {FORBIDS}")

    @property
    def wanted(self) -> tuple[str, ...]:
        """The results that points are given for."""
        return (*self.outputs, *self.gradients)

    @property
    def forbidden_libraries(self) -> tuple[str, ...]:
        """The packages that the function may not call."""
        return tuple(name for name in LIBRARIES if name in self.forbids)

    @property
    def returned(self) -> tuple[str, ...]:
        """The results that a call has to return: `wanted`, `extra_results` and `packs`."""
        return (*self.wanted, *self.extra_results, *self.still_packed.values())

    @property
    def still_packed(self) -> dict[str, str]:
        """Expressions that are true after a call which left its dicts as they were.

        Examples
        --------
        >>> Check(
        ...     "f", 1, {"W": 1.0}, {}, "y = f(p)", outputs={"y": ""}, packs={"p": ["W"]}
        ... ).still_packed
        {'p': "len(p) == 1 and p.get('W') is W"}
        """
        return {
            name: " and ".join(
                [f"len({name}) == {len(inside)}", *(f"{name}.get({k!r}) is {k}" for k in inside)]
            )
            for name, inside in self.packs.items()
        }

    def repacked(self, results: Mapping[str, Any]) -> list[Comparison]:
        """Return a comparison for each dict that a call changed."""
        return [
            Comparison(name, "mutated")
            for name, unchanged in self.still_packed.items()
            if not receive(results.get(unchanged)).array
        ]

    @property
    def forward_lines(self) -> str:
        """The forward call, after the lines that pack its dicts."""
        return self.packed(self.forward)

    def packed(self, call: str) -> str:
        """Return the lines of a call after those that pack its dicts."""
        lines = [
            f"{name} = {{{', '.join(f'{key!r}: {key}' for key in inside)}}}"
            for name, inside in self.packs.items()
        ]
        return "\n".join([*lines, call])

    @property
    def grade_id(self) -> str:
        """The id of its check cell in the notebook."""
        return f"check_{self.name}"

    # ----- in the notebook

    def __call__(self, namespace: Mapping[str, Any] | None = None) -> float:
        """Check a student's functions, show a card, and return the points earned.

        Parameters
        ----------
        namespace : mapping, optional
            Where the functions are; the notebook's variables by default.

        Raises
        ------
        NotWrittenYet
            If one of them raises `NotImplementedError`.
        """
        __tracebackhide__ = True
        found = self.compared(vars(import_module("__main__")) if namespace is None else namespace)
        notes = [say(f"check.no_{what}") for what in self.forbids]
        notes += [say("check.no_loops", size=size) for size in self.vectorized]
        if self.hidden_comparisons:
            notes.append(say("check.more", count=self.hidden_comparisons))
        earned = self.earned(found)
        Card(self.name, by_output(found), earned, self.points, notes).show()
        return earned

    def earned(self, comparisons: Sequence[Comparison]) -> float:
        """Return the points for what was compared: each output's share, if all of it is right.

        An input that was changed costs one share.
        """
        shares = (*self.wanted, *self.properties)
        wrong = {found.name for found in comparisons if not found.passed}
        right = {found.name for found in comparisons} - wrong
        count = sum(name in right for name in shares)
        count -= any(found.verdict == "mutated" for found in comparisons)
        return round(self.points * max(count, 0) / len(shares), 2)

    def compared(self, namespace: Mapping[str, Any]) -> list[Comparison]:
        """Compare what the student's functions return with what is known without a solution.

        Parameters
        ----------
        namespace : mapping of str to object
            Where the functions are.

        Returns
        -------
        list of Comparison
        """
        __tracebackhide__ = True
        rng = onp.random.default_rng(zlib.crc32(self.name.encode()))  # the same numbers each time
        inputs = drawn(self.inputs, self.sizes, rng)
        again = drawn(self.inputs, self.sizes, rng) if self.backward else {}
        try:
            for size in self.vectorized:
                steps = [self._steps(namespace, size, length, rng) for length in LENGTHS]
                if is_loop(*steps):
                    return [failed(self.name, self.loops(size, *steps))]
            results, after = self._answers(namespace, inputs, again=again)
            known = list(self._known(namespace, inputs))
            found = [*self._shapes(results), *known]
            if self.gradients:
                found += self._gradients(namespace, inputs, results, after, found)
        except GradientsForbiddenError as error:
            return [raised(self.name, "GradientsForbiddenError", str(error))]
        except LibraryForbiddenError as error:
            return [failed(self.name, str(error))]
        except ReturnError as error:
            return [failed(self.name, str(error))]
        found += mutations(inputs, after)
        found += self.repacked(results)
        everything = {**inputs, **results}
        return found + [
            of_property(sentence, holds, everything) for sentence, holds in self.properties.items()
        ]

    def _answers(
        self,
        namespace: Mapping[str, Any],
        inputs: Mapping[str, Any],
        of: str = "",
        again: Mapping[str, Any] | None = None,
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return what the functions make of copies of the inputs, and these copies after it.

        Of the forward pass alone, where it is only the result `differentiates` is needed. Between
        the two passes the forward one is called with the inputs `again`, if there are any: a
        backward pass must go by its arguments.
        """
        __tracebackhide__ = True
        given = {name: copied(x) for name, x in inputs.items()}
        off = gradients_off(self.name) if "gradients" in self.forbids else nullcontext()
        try:
            # what rounds to 0 is no mistake
            with (
                off,
                onp.errstate(under="ignore"),
                libraries_off(self.name, self.forbidden_libraries),
            ):
                scope = run(self.forward_lines, {**namespace, **given})
                if again:
                    others = {f"{name}_again": copied(x) for name, x in again.items()}
                    run(call_again(self.forward_lines, inputs), {**scope, **others})
                if not of:
                    scope = run(self.backward, scope)
                return results([of] if of else self.returned, scope), given
        except NotWrittenYet:
            raise
        except NotImplementedError as error:
            raise NotWrittenYet(_where(error).co_name) from None
        except NameError as error:
            if _where(error).co_filename != CALL:  # a slip inside of a function
                raise
            raise NotWrittenYet(str(error.name), defined=False) from None

    def _steps(
        self, namespace: Mapping[str, Any], size: str, length: int, rng: onp.random.Generator
    ) -> int:
        """Return how many lines of Python run where a size has this length."""
        __tracebackhide__ = True
        inputs = drawn(self.inputs, {**self.sizes, size: length}, rng)
        with count_steps() as count:
            self._answers(namespace, inputs)
        return count.steps

    def loops(self, size: str, *steps: int) -> str:
        """Say that there is a loop over a size, by the steps for its `LENGTHS`."""
        few, many = steps[-2:]
        lengths = {"few": FEW, "more": MANY - FEW}
        return plain(say("check.loops", name=self.name, size=size, steps=many - few, **lengths))

    def _shapes(self, results: Mapping[str, Any]) -> Iterator[Comparison]:
        """Compare the shapes of results, and whether they are numbers."""
        for name, shape in self.outputs.items():
            got = receive(results[name])
            expected = got.shape or () if shape is None else shape_of(shape, self.sizes)
            right = onp.zeros(expected)
            if got.array is not None and got.shape == expected:
                right = onp.nan_to_num(got.array)
            yield compare(name, results[name], right)

    def _gradients(
        self,
        namespace: Mapping[str, Any],
        inputs: Mapping[str, Any],
        results: Mapping[str, Any],
        after: Mapping[str, Any],
        before: Sequence[Comparison],
    ) -> Iterator[Comparison]:
        """Compare gradients with central differences of the student's own forward pass.

        Where that is wrong, as `before` says, differences say nothing about the gradient: those
        that agree with known values are right, and of the others it is not known.
        """
        upstream = inputs[self.upstream] if self.upstream else 1.0

        def forward(changed: Mapping[str, Any]) -> Any:
            return self._answers(namespace, {**inputs, **changed}, self.differentiates)[0][
                self.differentiates
            ]

        def value(name: str, x: onp.ndarray) -> float:
            moved: Any = receive(forward({name: x})).array
            return float((moved * upstream).sum())

        out = receive(forward({})).array
        if out is None or out.shape != onp.shape(upstream):
            yield compare(self.differentiates, forward({}), onp.zeros(onp.shape(upstream)))
            return
        forward_is_wrong = any(one.name == self.differentiates and not one.passed for one in before)
        size = abs(float((out * upstream).sum()))
        functions = {name: partial(value, of) for name, of in self.gradients.items()}
        numeric = {
            name: differences(functions[name], inputs[of], CENTRAL_STEP)
            for name, of in self.gradients.items()
        }
        for name, of in self.gradients.items():
            context = replace(
                self.context(inputs, of),
                after=after,
                others={other: x for other, x in numeric.items() if other != name},
                numeric=(CENTRAL_STEP, size, "float64"),
            )
            found = self.one(name, results[name], numeric[name], context=context)
            if not found.passed and found.verdict == "value":
                coarse = differences(functions[name], inputs[of], COARSE_STEP)
                floor = float(onp.abs(coarse).max(initial=0.0)) or None
                loose = compare(
                    name, results[name], coarse, tolerance=COARSE_TOLERANCE, floor=floor
                )
                found = loose if loose.passed else found
            if forward_is_wrong and not found.passed and found.verdict == "value":
                known = [one for one in before if one.name == name]
                if known and all(known):
                    continue
                detail = Message("received.sentence", {"message": self.differentiates})
                found = Comparison(name, "unsure", detail=detail)
            yield found

    def context(
        self, inputs: Mapping[str, Any], parameter: str | None = None, batch: str = "N"
    ) -> CallContext:
        """Return what is known about a call, for the diagnosis; `batch` names a size."""
        lengths = [
            len(inputs[name])
            for name, how in self.inputs.items()
            if isinstance(how, Draw) and how.shape.split()[:1] == [batch] and name in inputs
        ]
        return CallContext(
            batch=lengths[0] if lengths else None,
            parameter=parameter,
            weights={w: inputs[w] for w in self.gradients.values()},
            inputs=inputs,
            regularization=inputs.get(self.regularization),
        )

    def one(
        self,
        name: str,
        actual: Any,
        expected: Any,
        *,
        dtype: str = "float64",
        tolerance: Mapping[str, float] | None = None,
        context: CallContext | None = None,
    ) -> Comparison:
        """Compare one result with what it must be, as the notebook and the grader both do."""
        right = onp.asarray(expected)
        floor = FLOOR * float(onp.abs(right[onp.isfinite(right)]).max(initial=0.0))
        single = str(getattr(actual, "dtype", "")) in ("float32", "float16")
        return compare(
            name,
            actual,
            expected,
            tolerance=(tolerance or self.tolerance)["float32" if single else dtype],
            floor=floor or None,
            context=context,
        )

    def _known(
        self, namespace: Mapping[str, Any], inputs: Mapping[str, Any]
    ) -> Iterator[Comparison]:
        """Compare results with known values; of what is differentiated, too."""
        names = dict.fromkeys([*self.wanted, *filter(None, [self.differentiates])])
        for example in self.known:
            given = self.known_inputs(example, inputs)
            only_forward = not any(name in example for name in self.wanted)
            of = self.differentiates if only_forward else ""
            answers, _ = self._answers(namespace, given, of)
            shown = Message("card.case", {"inputs": written(example, self.inputs)})
            for name in names:
                if name in example and name in answers:
                    context = self.context(given, self.gradients.get(name))
                    found = self.one(name, answers[name], example[name], context=context)
                    yield found if found.passed else replace(found, case=shown)

    def known_inputs(self, example: Mapping[str, Any], inputs: Mapping[str, Any]) -> dict[str, Any]:
        """Return the inputs of a known case; those that it does not name are as drawn."""
        given = {k: v for k, v in example.items() if k in self.inputs}
        return {**inputs, **drawn(given, {}, _no_numbers)}


def written(example: Mapping[str, Any], inputs: Mapping[str, Any]) -> str:
    """Write the inputs of a known case in one line.

    Examples
    --------
    >>> written({"x": [1.0, 2.0], "reg": 0.5, "loss": 3.0}, {"x": None, "reg": None})
    'x = [1.0, 2.0], reg = 0.5'
    """
    return ", ".join(f"{name} = {value}" for name, value in example.items() if name in inputs)


def of_property(
    sentence: str, holds: Callable[[dict[str, Any]], Any], known: dict[str, Any]
) -> Comparison:
    """Return the comparison of a property: what does not hold, or says why it does not, is wrong.

    Examples
    --------
    >>> of_property("the required accuracy", lambda known: "91% is less than 93%", {}).passed
    False
    """
    try:
        found = holds(known)
    except Exception:  # results may be of any shape, or none
        found = False
    if isinstance(found, str):
        detail = Message("received.sentence", {"message": found})
        return Comparison(sentence, "withheld", detail=detail)
    return Comparison(sentence, "right" if found else "withheld")


def mutations(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Comparison]:
    """Return a comparison for each input that a call changed."""
    return [
        Comparison(name, "mutated", expected_shape=onp.shape(value) if _is_array(value) else None)
        for name, value in before.items()
        if name in after and not is_unchanged(value, after[name])
    ]


def _is_array(value: Any) -> bool:
    return isinstance(value, onp.ndarray)


def by_output(comparisons: Sequence[Comparison]) -> list[Comparison]:
    """Return one comparison of each output: the first that failed, or the one that came closest.

    Its diagnosis is the simplest one that holds in all cases that failed.

    Examples
    --------
    >>> from minpy.checking import compare
    >>> (found,) = by_output([compare("y", 1.0, 1.0), compare("y", None, 1.0)])
    >>> found.verdict
    'missing'
    """
    groups: dict[str, list[Comparison]] = {}
    for found in comparisons:
        groups.setdefault(found.name, []).append(found)
    return [_of_group(group) for group in groups.values()]


def _of_group(group: Sequence[Comparison]) -> Comparison:
    wrong = [found for found in group if not found.passed]
    if not wrong:
        return max(group, key=_closeness)
    tried = [found.explanations for found in wrong if found.explanations is not None]
    if len(tried) < 2:
        return wrong[0]
    first = next(found for found in wrong if found.explanations is not None)
    return replace(first, diagnosis=simplest(common(tried)))


def _closeness(found: Comparison) -> float:
    """Return how much of its tolerance an error uses up."""
    return (found.error or 0.0) / (found.tolerance or 1.0)


_no_numbers = onp.random.default_rng(0)


def _where(error: BaseException) -> CodeType:
    """Return the code that raised an error."""
    trace = error.__traceback__
    assert trace is not None
    while trace.tb_next is not None:
        trace = trace.tb_next
    return trace.tb_frame.f_code


def differences(f: Callable[[onp.ndarray], float], x: Any, step: float) -> onp.ndarray:
    """Return the central differences of a number that depends on `x`."""
    x = onp.array(x, onp.float64)
    found = onp.empty(x.shape)
    for i in onp.ndindex(x.shape):
        moved = step * max(1.0, abs(x[i]))
        above, below = x.copy(), x.copy()
        above[i] += moved
        below[i] -= moved
        found[i] = (f(above) - f(below)) / (above[i] - below[i])
    return found

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

import textwrap
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from types import CodeType
from typing import Any

import numpy as onp

from minpy.checking.call_context import CallContext
from minpy.checking.card import Card
from minpy.checking.comparison import Comparison, compare, raised
from minpy.checking.forbid import GradientsForbidden, gradients_off
from minpy.checking.texts import say
from minpy.checking.unfinished import NotWrittenYet
from minpy.checking.untrusted import receive

CENTRAL_STEP = float(onp.finfo(onp.float64).eps) ** (1 / 3)
TOLERANCE = {"float64": 1e-6, "float32": 1e-3}
"""Of public checks, whose reference is finite differences."""


# ----- inputs


@dataclass(frozen=True)
class Draw:
    """An input that is drawn anew for each run.

    Attributes
    ----------
    shape : str
        Its axes as names of sizes, numbers, or both in arithmetic without spaces: ``"N C H//2"``.
    fill : callable
        Given a `numpy.random.Generator` and the shape, returns the array.
    """

    shape: str
    fill: Callable[[onp.random.Generator, tuple[int, ...]], Any]

    def __call__(self, rng: onp.random.Generator, sizes: Mapping[str, int]) -> onp.ndarray:
        """Return a new array of these sizes."""
        return onp.asarray(self.fill(rng, shape_of(self.shape, sizes)))


def normal(shape: str, scale: float = 1.0, shift: float = 0.0) -> Draw:
    """Normal numbers of mean `shift` and standard deviation `scale`.

    Examples
    --------
    >>> import numpy
    >>> normal("N D", scale=0.1)(numpy.random.default_rng(0), {"N": 2, "D": 3}).shape
    (2, 3)
    """
    return Draw(shape, lambda rng, shape: shift + scale * rng.standard_normal(shape))


def uniform(shape: str, low: float = 0.0, high: float = 1.0) -> Draw:
    """Uniform numbers from `low` to `high`.

    Examples
    --------
    >>> import numpy
    >>> bool(uniform("9", 2, 3)(numpy.random.default_rng(0), {}).min() >= 2)
    True
    """
    return Draw(shape, lambda rng, shape: rng.uniform(low, high, shape))


def away_from_zero(shape: str, low: float = 0.1, high: float = 2.0) -> Draw:
    """Numbers of either sign, of sizes from `low` to `high`: differences across a kink say nothing.

    Examples
    --------
    >>> import numpy
    >>> bool(abs(away_from_zero("9")(numpy.random.default_rng(0), {})).min() >= 0.1)
    True
    """

    def fill(rng: onp.random.Generator, shape: tuple[int, ...]) -> onp.ndarray:
        return rng.uniform(low, high, shape) * rng.choice([-1, 1], shape)

    return Draw(shape, fill)


def labels(shape: str, below: str | int) -> Draw:
    """Whole numbers from 0 to one less than `below`: a number, or the name of a size.

    Examples
    --------
    >>> import numpy
    >>> labels("N", below="C")(numpy.random.default_rng(0), {"N": 4, "C": 1})
    array([0, 0, 0, 0])
    """
    return _Labels(shape, lambda rng, shape: None, below)


@dataclass(frozen=True)
class _Labels(Draw):
    below: str | int = 2

    def __call__(self, rng: onp.random.Generator, sizes: Mapping[str, int]) -> onp.ndarray:
        below = shape_of(str(self.below), sizes)[0]
        return rng.integers(below, size=shape_of(self.shape, sizes))


def shape_of(text: str, sizes: Mapping[str, int]) -> tuple[int, ...]:
    """Return the shape that a text such as ``"N 2*D"`` stands for.

    Examples
    --------
    >>> shape_of("N 2*D", {"N": 4, "D": 3})
    (4, 6)
    """
    try:
        return tuple(int(eval(axis, {"__builtins__": {}}, dict(sizes))) for axis in text.split())
    except NameError as error:
        raise ValueError(f"the shape {text!r}: {error}; the sizes are {dict(sizes)}") from None


def drawn(
    inputs: Mapping[str, Any],
    sizes: Mapping[str, int],
    rng: onp.random.Generator,
    dtype: Any = onp.float64,
) -> dict[str, Any]:
    """Draw the inputs of one call: those that are a `Draw`, and the others as they are.

    Parameters
    ----------
    inputs : mapping of str to Draw, callable or value
        A callable is given `rng` and `sizes`; a list becomes an array.
    sizes : mapping of str to int
    rng : numpy.random.Generator
    dtype : dtype
        What floating arrays become.  Numbers stay numbers.

    Returns
    -------
    dict

    Examples
    --------
    >>> import numpy
    >>> made = drawn({"x": normal("N"), "reg": 0.1}, {"N": 2}, numpy.random.default_rng(0), "f4")
    >>> made["x"].dtype, made["reg"]
    (dtype('float32'), 0.1)
    """
    made = {}
    for name, how in inputs.items():
        value = how(rng, sizes) if callable(how) else how
        if isinstance(value, list | tuple | onp.ndarray):
            value = onp.array(value)
            value = value.astype(dtype) if value.dtype.kind == "f" else value
        made[name] = value
    return made


def copied(value: Any) -> Any:
    """Return an input that a student's function may write to: arrays, dicts and lists of them too.

    Examples
    --------
    >>> import numpy
    >>> before = {"w": numpy.zeros(2)}
    >>> given = copied(before)
    >>> given["w"] += 1
    >>> before
    {'w': array([0., 0.])}
    """
    if isinstance(value, dict):
        return {key: copied(x) for key, x in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(map(copied, value))
    return value.copy() if hasattr(value, "copy") else value


def is_unchanged(before: Any, after: Any) -> bool:
    """Return whether an input is after a call what it was before it.

    Examples
    --------
    >>> import numpy
    >>> is_unchanged({"w": numpy.zeros(2)}, {"w": numpy.zeros(2)})
    True
    >>> is_unchanged([1, 2], [1, 2, 3])
    False
    """
    if isinstance(before, dict):
        return (
            isinstance(after, dict)
            and list(before) == list(after)
            and all(is_unchanged(before[key], after[key]) for key in before)
        )
    if isinstance(before, list | tuple):
        return (
            type(before) is type(after)
            and len(before) == len(after)
            and all(map(is_unchanged, before, after))
        )
    if isinstance(before, onp.ndarray):
        return bool(
            isinstance(after, onp.ndarray)
            and before.dtype == after.dtype
            and onp.array_equal(before, after, equal_nan=before.dtype.kind in "fc")
        )
    return bool(onp.array_equal(before, after))


# ----- calls

CALL = "<the call of this check>"


def run(code: str, scope: Mapping[str, Any]) -> dict[str, Any]:
    """Run the lines of a call where the student's functions are.

    Parameters
    ----------
    code : str
        Such as ``"out, cache = affine_forward(x, w, b)"``.
    scope : mapping
        The student's functions and the inputs; it is not changed.

    Returns
    -------
    dict
        The scope, with what the lines made.

    Examples
    --------
    >>> run("y = double(x)", {"double": lambda x: 2 * x, "x": 3})["y"]
    6
    """
    __tracebackhide__ = True  # IPython leaves our frames out of a student's traceback
    inside = dict(scope)
    exec(compile(textwrap.dedent(code).strip(), CALL, "exec"), inside)
    return inside


def results(wanted: Sequence[str], scope: Mapping[str, Any]) -> dict[str, Any]:
    """Return what expressions such as ``"grads['W1']"`` stand for in a scope.

    Examples
    --------
    >>> results(["y[1]"], {"y": [3, 4]})
    {'y[1]': 4}
    """
    return {text: eval(text, dict(scope)) for text in wanted}


# ----- checks


FORBIDS = ("gradients", "differences", "imports")


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
        says whether it does.
    extra_results : sequence of str
        Results, as expressions, that `properties` look at and nothing else does.
    tolerance : mapping of str to float
        The largest relative error, by dtype, of a gradient or of a known value.
    forbids : sequence of {'gradients', 'differences', 'imports'}
        The engine's gradients; finite differences (and complex steps) of the forward pass; other
        libraries that differentiate.
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
    properties: Mapping[str, Callable[[dict[str, Any]], bool]] = field(default_factory=dict)
    extra_results: Sequence[str] = ()
    tolerance: Mapping[str, float] = field(default_factory=lambda: TOLERANCE)
    forbids: Sequence[str] = ()
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
    def returned(self) -> tuple[str, ...]:
        """The results that a call has to return: `wanted` and `extra_results`."""
        return (*self.wanted, *self.extra_results)

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
        try:
            results, after = self._answers(namespace, inputs)
            found = list(self._shapes(results))
            if self.gradients:
                found += self._gradients(namespace, inputs, results, after)
            found += self._known(namespace, inputs)
        except GradientsForbidden as error:
            return [raised(self.name, "GradientsForbidden", str(error))]
        found += [
            Comparison(name, "mutated", expected_shape=onp.shape(value))
            for name, value in inputs.items()
            if not is_unchanged(value, after[name])
        ]
        known = {**inputs, **results}
        return found + [
            Comparison(sentence, "right" if holds(known) else "withheld")
            for sentence, holds in self.properties.items()
        ]

    def _answers(
        self, namespace: Mapping[str, Any], inputs: Mapping[str, Any], of: str = ""
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return what the functions make of copies of the inputs, and these copies after it.

        Of the forward pass alone, where it is only the result `differentiates` is needed.
        """
        __tracebackhide__ = True
        given = {name: copied(x) for name, x in inputs.items()}
        off = gradients_off(self.name) if "gradients" in self.forbids else nullcontext()
        try:
            with off:
                scope = run(self.forward, {**namespace, **given})
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
    ) -> Iterator[Comparison]:
        """Compare gradients with central differences of the student's own forward pass."""
        upstream = inputs[self.upstream] if self.upstream else 1.0
        tolerance = self.tolerance["float64"]

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
        size = abs(float((out * upstream).sum()))
        numeric = {
            name: _differences(partial(value, of), inputs[of])
            for name, of in self.gradients.items()
        }
        for name, of in self.gradients.items():
            context = CallContext(
                batch=self.sizes.get("N"),
                parameter=of,
                weights={w: inputs[w] for w in self.gradients.values()},
                inputs=inputs,
                after=after,
                others={other: x for other, x in numeric.items() if other != name},
                numeric=(CENTRAL_STEP, size, "float64"),
            )
            yield compare(name, results[name], numeric[name], tolerance=tolerance, context=context)

    def _known(
        self, namespace: Mapping[str, Any], inputs: Mapping[str, Any]
    ) -> Iterator[Comparison]:
        """Compare results with known values."""
        for example in self.known:
            given = drawn({k: v for k, v in example.items() if k in self.inputs}, {}, _no_numbers)
            answers, _ = self._answers(namespace, {**inputs, **given})
            for name in self.wanted:
                if name in example:
                    tolerance = self.tolerance["float64"]
                    yield compare(name, answers[name], example[name], tolerance=tolerance)


def by_output(comparisons: Sequence[Comparison]) -> list[Comparison]:
    """Return one comparison of each output: the first that failed, or the one that came closest.

    Examples
    --------
    >>> from minpy.checking import compare
    >>> (found,) = by_output([compare("y", 1.0, 1.0), compare("y", None, 1.0)])
    >>> found.verdict
    'missing'
    """
    found: dict[str, Comparison] = {}
    for new in comparisons:
        old = found.setdefault(new.name, new)
        if old.passed and (not new.passed or _closeness(new) > _closeness(old)):
            found[new.name] = new
    return list(found.values())


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


def _differences(f: Callable[[onp.ndarray], float], x: Any) -> onp.ndarray:
    """Return the central differences of a number that depends on `x`."""
    x = onp.array(x, onp.float64)
    found = onp.empty(x.shape)
    for i in onp.ndindex(x.shape):
        step = CENTRAL_STEP * max(1.0, abs(x[i]))
        there, before = x.copy(), x.copy()
        there[i] += step
        before[i] -= step
        found[i] = (f(there) - f(before)) / (there[i] - before[i])
    return found

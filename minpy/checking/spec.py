"""What a function must do, said once: for the check in the notebook and for the grader.

A `Check` says how the inputs of a function are drawn, how the function is called, and what must
hold.  That is its public part: it stands in a file beside the notebook, such as
``two_layer_checks.py``, and a check cell calls it::

    import two_layer_checks as checks
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
...     of="out",
...     upstream="dout",
...     forbids=("gradients", "differences"),
...     more=12,
... )

Public checks know no solution.  A gradient is compared with finite differences of the student's
*own* forward pass; values with the few that `known` lists.  An output (here ``dx``, ``dw`` and
``db``) earns its share of the points if all that was compared of it is right.

The hidden part, which stays with the instructor, is a `grading.Hidden`: it adds a reference forward
function to a `Check`, and what else shall be tried.  The cell that calls a check has the grade id
``check_`` and its name: ``check_affine_backward``.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as onp

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


# ----- calls


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
    exec(compile(textwrap.dedent(code).strip(), "<the call of this check>", "exec"), inside)
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
        Shared equally by the outputs: by those in `outputs`, in `gradients` and in `holds`.
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
    of : str
        What is differentiated: a result of `forward`.
    upstream : str
        The input that is the gradient of `of`; where there is none, `of` is a number.
    known : sequence of mapping
        Inputs and the values of results for them, by their names; those may be shown.
    holds : mapping of str to callable
        What else must hold: a sentence, and a function of all inputs and results, as a dict, that
        says whether it does.
    tolerance : mapping of str to float
        The largest relative error, by dtype, of a gradient or of a known value.
    forbids : sequence of {'gradients', 'differences', 'imports'}
        The engine's gradients; finite differences (and complex steps) of the forward pass; other
        libraries that differentiate.
    more : int
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
    of: str = ""
    upstream: str = ""
    known: Sequence[Mapping[str, Any]] = ()
    holds: Mapping[str, Callable[[dict[str, Any]], bool]] = field(default_factory=dict)
    tolerance: Mapping[str, float] = field(default_factory=lambda: TOLERANCE)
    forbids: Sequence[str] = ()
    more: int = 0

    def __post_init__(self) -> None:
        """Say what an author mixed up, when the file is imported."""
        if not (self.outputs or self.gradients or self.holds):
            raise ValueError(f"the check {self.name} compares nothing: give outputs or gradients")
        if self.gradients and not self.of:
            raise ValueError(f"the check {self.name}: of says what is differentiated; it is empty")
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
    def grade_id(self) -> str:
        """The id of its check cell in the notebook."""
        return f"check_{self.name}"

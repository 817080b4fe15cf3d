"""What a row of the table is, and how it is checked.

A row is an op and the calls to try it with.  Each call is drawn in several types and compared with
NumPy (value), with central differences along random directions (gradient), and with central
differences of the gradient (second order).

Complex numbers follow HIPS autograd: the gradient of a real ``f`` is ``df/dx - i df/dy``, so that
the derivative along ``v`` is the real part of ``sum(gradient * v)``, as it is for real numbers.
"""

import warnings
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as onp

import minpy
import minpy.numpy as np
from minpy import backends
from minpy.array import Array
from minpy.backward import backward
from minpy.ops.creation import new_array
from minpy.tape import leaf, next_serial

NUMPY_2 = onp.lib.NumpyVersion(onp.__version__) >= "2.0.0"
STEP = 1e-5

# ---------------------------------------------------------------------------- the table's language


class Arg(NamedTuple):
    """An array to be drawn, and differentiated with respect to."""

    shape: tuple[int, ...]
    low: float = -2.0
    high: float = 2.0
    change: Callable = lambda x: x

    def __repr__(self) -> str:
        return f"X{self.shape}"

    def draw(self, rng: onp.random.Generator, dtype: Any) -> onp.ndarray:
        """Draw values in ``[low, high)`` that keep their distance from each other.

        Imaginary parts are small enough for functions of numbers off the real axis.
        """
        size = int(onp.prod(self.shape, dtype=int))
        places = (rng.permutation(size) + rng.uniform(0.2, 0.8, size)) / max(size, 1)
        x = (self.low + (self.high - self.low) * places).reshape(self.shape)
        if onp.dtype(dtype).kind == "c":
            x = x + 1j * rng.uniform(0.2, 0.9, self.shape) * rng.choice([-1, 1], self.shape)
        return onp.asarray(self.change(x)).astype(dtype)


def X(*shape: int) -> Arg:
    """Any numbers."""
    return Arg(shape)


def P(*shape: int) -> Arg:
    """Positive numbers."""
    return Arg(shape, 0.3, 2.3)


def U(*shape: int) -> Arg:
    """Numbers inside (-1, 1)."""
    return Arg(shape, -0.9, 0.9)


class Case(NamedTuple):
    args: tuple
    kwargs: dict[str, Any]

    def __str__(self) -> str:
        words = [repr(a) for a in self.args] + [f"{k}={v!r}" for k, v in self.kwargs.items()]
        return f"({', '.join(words)})"


def C(*args: Any, **kwargs: Any) -> Case:
    """A call to try."""
    return Case(args, kwargs)


class Row(NamedTuple):
    """An op and how to try it.

    Attributes
    ----------
    name : str
        Its name in `minpy.numpy`, or in the table of ops.
    cases : tuple of Case
    types : str
        ``"f"`` for real arguments, ``"c"`` for complex ones, ``"fc"`` for both.
    call : callable
        ``call(np, *args, **kwargs)``, where the op is not just called by its name.
    tolerance : float
        Relative error to expect of central differences.
    needs : str
        A name that came to NumPy with what the row tries, where the row's own name is older.
    mixed : bool
        Whether, of two arguments, one may be complex and the other real.
    """

    name: str
    cases: tuple[Case, ...]
    types: str = "f"
    call: Callable | None = None
    tolerance: float = 1e-6
    needs: str | None = None
    mixed: bool = True


def row(name: str, *cases: Case, **options: Any) -> Row:
    return Row(name, cases, **options)


def named(name: str, namespace: Any) -> Any:
    """Return ``linalg.inv`` of a namespace; raise AttributeError if it has none."""
    for part in name.split("."):
        namespace = getattr(namespace, part)
    return namespace


# ---------------------------------------------------------------------------- one call


class Trial:
    """One call of a row, with arguments drawn in given types.

    Attributes
    ----------
    xs : list of ndarray
        The arrays to differentiate with respect to.
    """

    def __init__(self, row: Row, case: Case, dtypes: Any, number: int = 0) -> None:
        self.row = row
        self.case = case
        self.rng = onp.random.default_rng(zlib.crc32(row.name.encode()) + number)
        self.xs: list[onp.ndarray] = []
        self._dtypes = dtypes
        self._plan = self._drawn((case.args, case.kwargs))

    def _drawn(self, value: Any) -> Any:
        """Draw the arrays in a nested structure; leave their numbers in their places."""
        if type(value) is Arg:
            dtypes = self._dtypes
            dtype = dtypes[len(self.xs) % len(dtypes)] if type(dtypes) is list else dtypes
            self.xs.append(value.draw(self.rng, dtype))
            return Arg((len(self.xs) - 1,))
        if type(value) in (list, tuple):
            return type(value)(map(self._drawn, value))
        if type(value) is dict:
            return {key: self._drawn(item) for key, item in value.items()}
        return value

    def _filled(self, value: Any, xs: Any) -> Any:
        if type(value) is Arg:
            return xs[value.shape[0]]
        if type(value) in (list, tuple):
            return type(value)(self._filled(item, xs) for item in value)
        if type(value) is dict:
            return {key: self._filled(item, xs) for key, item in value.items()}
        return value

    def results(self, namespace: Any, xs: Any) -> list[Any]:
        """Make the call with NumPy or with minpy; return all the arrays that it returns."""
        args, kwargs = self._filled(self._plan, xs)
        call = self.row.call
        with expected_warnings():
            if call is None:
                return list(flat(named(self.row.name, namespace)(*args, **kwargs)))
            return list(flat(call(namespace, *args, **kwargs)))

    def number(self, namespace: Any, xs: Any) -> Any:
        """Return a real number made of all floating results: a random linear functional."""
        rng = onp.random.default_rng(7)
        totals = []
        for y in self.results(namespace, xs):
            weights = rng.uniform(0.5, 1.5, y.shape) * rng.choice([-1, 1], y.shape)
            if y.dtype.kind == "c":
                weights = weights * (1 - 0.7j)
            if y.dtype.kind in "fc":
                weights = weights.astype(y.dtype)
                totals.append(namespace.real(namespace.sum(y * weights)))
        return sum(totals[1:], start=totals[0]) if totals else 0.0

    def gradient(self, xs: list[Any]) -> list[Any]:
        return minpy.grad(lambda xs: self.number(np, xs))(xs)

    def direction(self) -> list[onp.ndarray]:
        """Return a random direction for the arguments, that leaves NaN alone."""
        vs = []
        for x in self.xs:
            v = self.rng.standard_normal(x.shape)
            if x.dtype.kind == "c":
                v = v + 1j * self.rng.standard_normal(x.shape)
            vs.append(onp.where(onp.isfinite(x), v, 0).astype(x.dtype))
        return vs


def flat(result: Any) -> Iterator[Any]:
    """Yield the arrays in nested tuples and lists."""
    if isinstance(result, tuple | list):
        for item in result:
            yield from flat(item)
    else:
        yield result


@contextmanager
def expected_warnings() -> Iterator[None]:
    """Let pass what NumPy says of empty slices and of names it will drop one day."""
    with warnings.catch_warnings(), onp.errstate(all="ignore"):
        warnings.simplefilter("ignore", DeprecationWarning)
        yield


def along(gs: list[Any], vs: list[onp.ndarray]) -> Any:
    """Return the derivative along `vs`, given gradients."""
    total = 0.0
    for g, v in zip(gs, vs, strict=True):
        total = total + np.real(np.sum(g * v))
    return total


def difference(f: Callable, xs: list[Any], vs: list[onp.ndarray]) -> float:
    """Return the derivative of `f` along `vs` by a central difference."""
    ahead = [x + STEP * v for x, v in zip(xs, vs, strict=True)]
    behind = [x - STEP * v for x, v in zip(xs, vs, strict=True)]
    return (float(f(ahead)) - float(f(behind))) / (2 * STEP)


# ---------------------------------------------------------------------------- the checks


def check_value(trial: Trial, rtol: float = 1e-10, types: bool = True) -> None:
    """The results are NumPy's: how many, their shapes, their types, their values."""
    found = trial.results(np, [recorded(x) for x in trial.xs])
    expected = trial.results(onp, trial.xs)
    assert len(found) == len(expected), f"{len(found)} results instead of {len(expected)}"
    for y, e in zip(found, expected, strict=True):
        y = y.asnumpy() if type(y) is Array else onp.asarray(y)
        assert y.shape == onp.shape(e), f"shape {y.shape} instead of {onp.shape(e)}"
        assert y.dtype == e.dtype or not types, f"dtype {y.dtype} instead of {e.dtype}"
        onp.testing.assert_allclose(y, e, rtol=rtol, atol=rtol)


def recorded(x: onp.ndarray) -> Array:
    return leaf(new_array(x))


def check_gradient(trial: Trial) -> None:
    """The gradient is that of central differences, has the arguments' form, and changes none."""
    before = [x.copy() for x in trial.xs]
    gs = trial.gradient(trial.xs)
    for x, g, old in zip(trial.xs, gs, before, strict=True):
        onp.testing.assert_array_equal(x, old, err_msg="an argument was written")
        assert g.shape == x.shape, f"gradient of shape {g.shape} for {x.shape}"
        assert g.dtype == x.dtype, f"gradient of dtype {g.dtype} for {x.dtype}"
    for _ in range(2):
        vs = trial.direction()
        numeric = difference(lambda xs: trial.number(onp, xs), trial.xs, vs)
        compare("gradient", float(along(gs, vs)), numeric, trial.row.tolerance)


def check_second_order(trial: Trial) -> None:
    """The gradient of the gradient is that of central differences, and symmetric."""
    v, w = trial.direction(), trial.direction()

    def along_w(xs):
        return along(trial.gradient(xs), w)

    second = minpy.grad(along_w)(trial.xs)
    numeric = difference(along_w, trial.xs, v)
    ahead = float(along(second, v))
    compare("second derivative", ahead, numeric, 10 * trial.row.tolerance)
    other = minpy.grad(lambda xs: along(trial.gradient(xs), v))(trial.xs)
    compare("symmetric counterpart", float(along(other, w)), ahead, 1e-8)


def check_single(trial: Trial) -> None:
    """In single precision the gradient is the same, and double only if NumPy's result is.

    NumPy 1 makes double of single scalars here and there; what is double then is not our doing.
    """
    check_value(trial, rtol=2e-4, types=NUMPY_2)
    results = trial.results(onp, trial.xs)
    single = all(y.dtype in (onp.float32, onp.complex64) for y in results if y.dtype.kind in "fc")
    double = {"f": onp.float64, "c": onp.complex128}
    exact = trial.gradient([x.astype(double[x.dtype.kind]) for x in trial.xs])
    for x, g, e in zip(trial.xs, arriving(trial), exact, strict=True):
        if g is None:
            continue
        values = g.asnumpy().astype(onp.complex128)
        assert g.shape == x.shape, f"gradient of shape {g.shape} for {x.shape}"
        if single and NUMPY_2:
            assert g.dtype in (onp.float32, onp.complex64), f"the gradient became {g.dtype}"
        if x.dtype.kind == "f":
            values = values.real
        scale = max(1.0, onp.abs(e.asnumpy()).max(initial=0))
        onp.testing.assert_allclose(values, e.asnumpy(), rtol=5e-3, atol=5e-3 * scale)


def arriving(trial: Trial) -> list[Any]:
    """Return the gradients as the rules made them, before they get their arguments' types."""
    start = next_serial()
    xs = [recorded(x) for x in trial.xs]
    end = trial.number(np, xs)
    if type(end) is not Array or end._node is None:
        return [None for _ in xs]
    seed = new_array(onp.ones((), end.dtype))
    return backward([end._node], seed, [x._node[0] for x in xs], start)[0]


def compare(what: str, found: float, expected: float, tolerance: float) -> None:
    off = abs(found - expected)
    assert off <= tolerance * max(1.0, abs(expected)), f"{what} {found}, expected {expected}"


def trials(row: Row, kind: str) -> Iterator[Trial]:
    """Yield a row's calls with real (``"f"``) or complex (``"c"``) arguments.

    Of two arguments, each one alone is complex as well.
    """
    for number, case in enumerate(row.cases):
        if kind == "f":
            yield Trial(row, case, onp.float64, number)
            continue
        trial = Trial(row, case, onp.complex128, number)
        yield trial
        if len(trial.xs) == 2 and "f" in row.types and row.mixed:
            yield Trial(row, case, [onp.complex128, onp.float64], number)
            yield Trial(row, case, [onp.float64, onp.complex128], number)


def single_trials(row: Row) -> Iterator[Trial]:
    for number, case in enumerate(row.cases):
        if "f" in row.types:
            yield Trial(row, case, onp.float32, number)
        if "c" in row.types and backends.current().name != "mxnet":  # it has no complex numbers
            yield Trial(row, case, onp.complex64, number)


def check_all(trials: Iterator[Trial], *checks: Callable[[Trial], None]) -> None:
    """Run checks on all trials of a row, then fail with what is wrong first in each."""
    wrong = []
    for trial in trials:
        kinds = ", ".join(str(x.dtype) for x in trial.xs)
        for check in checks:
            try:
                check(trial)
            except Exception as error:
                text = " ".join(f"{type(error).__name__}: {error}".split())[:300]
                wrong.append(f"{trial.row.name}{trial.case} of {kinds}: {check.__name__}: {text}")
                break
    assert not wrong, "\n".join(wrong)

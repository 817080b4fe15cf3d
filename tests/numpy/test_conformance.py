"""Every public function of NumPy, called through minpy.numpy with the arguments of a table.

With plain arrays the result is NumPy's.  With recorded arrays the result is NumPy's too and is
recorded, or the call raises `NoGradientError`, or the name is one of the few whose results are
plain; and what was recorded has the right derivative in one direction.
"""

import warnings
from collections import Counter, defaultdict
from itertools import count
from typing import Any, NamedTuple

import numpy as onp
import pytest

import minpy
import minpy.numpy as np

from .agreement import arrays_in, assert_same, assert_same_values
from .calls import CALLS, EXCLUDED, installed, lookup, needed

UNSPECIFIED = {"chararray", "empty", "empty_like", "recarray"}

MATRIX = "the class gives * and ** another meaning, which an array cannot have"
RECORD = "a class whose fields are attributes"
RETURNS_NUMPY = {
    "asmatrix": MATRIX,
    "bmat": MATRIX,
    "chararray": "a class whose methods are those of strings",
    "mat": MATRIX,
    "matrix": MATRIX,
    "memmap": "a class that is a file",
    "recarray": RECORD,
    "recfromcsv": RECORD,
    "recfromtxt": RECORD,
}

PLAIN_METHODS = {
    *np.NOT_DIFFERENTIABLE,
    *("__lt__", "__le__", "__gt__", "__ge__", "__eq__", "__ne__", "__contains__", "__len__"),
    *("item", "setflags"),
}

WITHOUT_A_RULE = 100  # functions at most; lower it when more of them get one

READS_ONE_TRIANGLE = {"linalg.cholesky", "linalg.eigh", "linalg.eigvalsh"}
FREE_PHASE = {"linalg.eig", "linalg.eigh"}  # of complex eigenvectors, so they have no derivative


class Done(NamedTuple):
    """What a call gave, which arrays it had been given, and what it warned of."""

    result: Any
    passed: list
    warned: set


@pytest.fixture(autouse=True, scope="module")
def folder(tmp_path_factory):
    """Rows that need a file write it in the working directory."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("files"))
        yield


# -- the rows of the table


def rows(condition=lambda name, row: True):
    """The parameters of a test: those rows of the table that fulfil a condition."""
    numbers = defaultdict(count)
    named = [(name, row, f"{name}-{next(numbers[name])}") for name, row in installed()]
    return [pytest.param(name, row, id=i) for name, row, i in named if condition(name, row)]


def is_floating(raw):
    return raw.dtype.kind in "fc"


def is_function_of_arrays(name, row):
    return bool(row.arrays()) and not name.startswith("ndarray.")


def is_recordable(name, row):
    return any(map(is_floating, row.arrays()))


def dispatches(name):
    """Whether NumPy's own function hands arrays of another class over to them."""
    function = lookup(onp, name)
    of_ufunc = isinstance(getattr(function, "__self__", function), onp.ufunc)
    return of_ufunc or hasattr(function, "_implementation")


# -- calling


def perform(function, row, leaf):
    """Call with fresh arguments, each array passed through `leaf`, and seeded randomness."""
    passed = []

    def keep(raw):
        passed.append(leaf(raw))
        return passed[-1]

    args, kwargs = row.build(keep)
    onp.random.seed(7)
    np.random.seed(7)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = function(*args, **kwargs)
    return Done(result, passed, {(w.category, str(w.message)) for w in caught})


def by_numpy(name, row):
    return perform(lookup(onp, name), row, lambda raw: raw)


def supplied(function, row, arrays):
    """Call with `arrays` as the floating arrays of the row."""
    supply = iter(arrays)
    plain = onp.array if type(arrays[0]) is onp.ndarray else np.array
    return perform(function, row, lambda raw: next(supply) if is_floating(raw) else plain(raw))


def outputs(done, row, theirs):
    """Every array of the result, and every array that NumPy's function wrote."""
    written = (
        array
        for array, before, after in zip(done.passed, row.arrays(), theirs.passed, strict=True)
        if before.tobytes() != after.tobytes()
    )
    return [*arrays_in(done.result), *written]


def assert_same_result(name, ours, theirs):
    """Compare two `Done`: the results, and the arrays afterwards."""
    if name in UNSPECIFIED:
        assert ours.result.shape == theirs.result.shape
        assert ours.result.dtype == theirs.result.dtype
    elif name == "frompyfunc":
        assert callable(ours.result)
    elif not any(ours.result is array for array in ours.passed):
        assert_same(ours.result, theirs.result, numpys=name in RETURNS_NUMPY)
    for mine, numpys in zip(ours.passed, theirs.passed, strict=True):
        assert_same_values(mine if type(mine) is onp.ndarray else mine.asnumpy(), numpys)


def assert_same_call(name, module, row, leaf):
    theirs = by_numpy(name, row)
    ours = perform(lookup(module, name), row, leaf)
    assert_same_result(name, ours, theirs)
    assert ours.warned == theirs.warned


# -- recording


def refusals(name):
    """What may be raised at the call."""
    if name.startswith("ndarray."):
        return (minpy.NoGradientError, minpy.ImplicitExitError)
    if isinstance(lookup(onp, name), type):
        return TypeError  # NumPy's own class: it may put an error of its own over ours
    return minpy.NoGradientError


def outcome_of_recording(name, module, row, refused):
    """Tell whether the call records, raises or gives plain results; it may do nothing else."""
    theirs = by_numpy(name, row)
    found = []

    def f(arrays):
        try:
            ours = supplied(lookup(module, name), row, arrays)
        except refused:
            found.append("raise")
        else:
            assert_same_result(name, ours, theirs)
            recorded = any(map(minpy.is_recorded, outputs(ours, row, theirs)))
            found.append("record" if recorded else "are plain")
        return arrays[0]

    minpy.make_vjp(f)([np.array(raw) for raw in row.arrays() if is_floating(raw)])
    return found[0]


def is_plain_on_purpose(name, row):
    method = name.startswith("ndarray.") and name.removeprefix("ndarray.") in PLAIN_METHODS
    return method or name in np.NOT_DIFFERENTIABLE or is_discrete(by_numpy(name, row).result)


def is_discrete(result):
    """Whether there is nothing floating in a result of NumPy's."""
    if isinstance(result, list | tuple):
        return all(map(is_discrete, result))
    if isinstance(result, onp.ndarray | onp.generic):
        return result.dtype.kind in "biuSU"
    return isinstance(result, bool | int | str | type | onp.dtype)


def weighted_sum(results):
    """One number that depends on every element of the floating results."""
    total = 0.0
    for k, result in enumerate(results):
        if is_floating(result):
            weights = onp.cos(onp.arange(result.size) + k).reshape(result.shape)
            total = total + (result * weights).real.sum()
    return total


def direction(name, raw, k):
    steps = onp.arange(raw.size).reshape(raw.shape) + k
    found = onp.sin(1.3 * steps + 0.5)
    if raw.dtype.kind == "c":
        found = found + 1j * onp.cos(steps)
    if name in READS_ONE_TRIANGLE:
        found = found + found.swapaxes(-1, -2).conj()
    return found


def moved(inputs, directions, step):
    """Copies of arrays, a step away and in the same memory order."""
    copies = [raw.copy(order="K") for raw in inputs]
    for copy, d in zip(copies, directions, strict=True):
        copy += step * d
    return copies


def assert_right_derivative(name, row, step=1e-6):
    """Compare the recording's derivative in one direction with NumPy's difference quotient.

    That is for double precision, and where the quotient exists.
    """
    theirs = by_numpy(name, row)
    inputs = [raw for raw in row.arrays() if is_floating(raw)]
    results = [result for result in outputs(theirs, row, theirs) if is_floating(result)]
    dtypes = {array.dtype for array in [*inputs, *results]}
    if not dtypes <= {onp.dtype(float), onp.dtype(complex)}:
        return
    if name == "trim_zeros" or (name in FREE_PHASE and onp.dtype(complex) in dtypes):
        return
    if name == "linalg.svd" and len(results) == 3 and results[0].shape[-1] != results[2].shape[-1]:
        return  # some of its vectors may be turned: their gradient is refused

    def value(module, arrays):
        return weighted_sum(outputs(supplied(lookup(module, name), row, arrays), row, theirs))

    directions = [direction(name, raw, k) for k, raw in enumerate(inputs)]
    above = value(onp, moved(inputs, directions, step))
    below = value(onp, moved(inputs, directions, -step))
    quotient = (above - below) / (2 * step)
    if not onp.isfinite(quotient):
        return
    vjp, _ = minpy.make_vjp(lambda arrays: value(np, arrays))([np.array(raw) for raw in inputs])
    gradients = vjp(np.ones(()))
    slope = sum(onp.sum(g.asnumpy() * d).real for g, d in zip(gradients, directions, strict=True))
    onp.testing.assert_allclose(slope, quotient, rtol=1e-5, atol=1e-7)


# -- the tests


def test_table_is_complete():
    assert set(needed()) <= set(CALLS) | set(EXCLUDED)
    assert not set(CALLS) & set(EXCLUDED)


@pytest.mark.parametrize(("name", "row"), rows())
def test_plain_arrays(name, row):
    assert_same_call(name, np, row, np.array)


@pytest.mark.parametrize(("name", "row"), rows(is_function_of_arrays))
def test_numpys_arrays(name, row):
    assert_same_call(name, np, row, lambda raw: raw)


@pytest.mark.parametrize(
    ("name", "row"), rows(lambda name, row: bool(row.arrays()) and dispatches(name))
)
def test_numpys_function_on_plain_arrays(name, row):
    if name.startswith("atleast_"):
        pytest.skip("NumPy's own converts to NumPy's arrays: tests/friends/test_protocols.py")
    assert_same_call(name, onp, row, np.array)


@pytest.mark.parametrize(("name", "row"), rows(is_recordable))
def test_recorded_arrays(name, row):
    outcome = outcome_of_recording(name, np, row, refusals(name))
    assert outcome != "are plain" or is_plain_on_purpose(name, row)
    if outcome == "record":
        assert_right_derivative(name, row)


@pytest.mark.parametrize(
    ("name", "row"), rows(lambda name, row: is_recordable(name, row) and dispatches(name))
)
def test_numpys_function_on_recorded_arrays(name, row):
    refused = (minpy.NoGradientError, minpy.ImplicitExitError)
    outcome = outcome_of_recording(name, onp, row, refused)
    assert outcome != "are plain" or is_plain_on_purpose(name, row)
    assert outcome == outcome_of_recording(name, np, row, refused)


def test_floating_plain_results_are_few():
    assert len(np.NOT_DIFFERENTIABLE) <= 4
    assert set(np.NOT_DIFFERENTIABLE) <= set(CALLS)


def test_summary(capsys):
    """Print how many names record, raise, or give plain results, and which have no rule."""
    outcomes = defaultdict(set)
    for name, row in (parameters.values for parameters in rows(is_recordable)):
        try:
            outcomes[name].add(outcome_of_recording(name, np, row, refusals(name)))
        except Exception:
            outcomes[name].add("fail")
    functions = set(needed()) & set(outcomes)
    with capsys.disabled():
        print(f"\nNumPy {onp.__version__} has {len(needed())} public callables.")
        for kind, names in (("functions", functions), ("methods", set(outcomes) - functions)):
            kinds = Counter(" or ".join(sorted(outcomes[name])) for name in names)
            counts = ", ".join(f"{number} {found}" for found, number in sorted(kinds.items()))
            print(f"Of {len(names)} {kind} on recorded arrays, {counts}.")
        without = sorted(name for name in functions if outcomes[name] == {"raise"})
        print(f"Without a gradient rule: {', '.join(without)}.")
    assert len(without) <= WITHOUT_A_RULE

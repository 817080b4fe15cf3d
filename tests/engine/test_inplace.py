"""Writes in place: the values are NumPy's, and the gradients are those of the values.

Random programs (see `programs`) and a table of well-known idioms, each checked against plain NumPy
and against complex steps; then what a write must leave alone, and what it may cost.
"""

import numpy as onp
import pytest

import minpy
import minpy.numpy as np
from minpy import backends

from .authors import random_program
from .deviations import DEVIATIONS
from .idioms import IDIOMS
from .programs import (
    Program,
    fault_of,
    floating,
    second_order_fault_of,
    shrunk,
)

PROGRAMS = 6000
BLOCK = 100
OF_SECOND_ORDER = 600


def report(programs, fault):
    """Fail with the shortest form of the first program that has a fault."""
    known = DEVIATIONS.get(backends.current().name)
    if known is not None:
        programs = [p for p in programs[: known.of_each] if p.seed not in known.seeds]
    wrong = [program for program in programs if fault(program)]
    if wrong:
        short = shrunk(wrong[0], fault)
        seeds = [program.seed for program in wrong]
        pytest.fail(
            f"{len(wrong)} of {len(programs)} random programs are wrong, those with seeds "
            f"{seeds[:20]}; the first, made as short as it can be:\n\n{short}\n\n{fault(short)}",
            pytrace=False,
        )


@pytest.mark.family("programs")
@pytest.mark.parametrize("first", range(0, PROGRAMS, BLOCK))
def test_random_programs(first):
    report([random_program(seed) for seed in range(first, first + BLOCK)], fault_of)


@pytest.mark.family("programs")
@pytest.mark.parametrize("first", range(100_000, 100_000 + OF_SECOND_ORDER, BLOCK))
def test_random_programs_to_second_order(first):
    programs = [random_program(seed) for seed in range(first, first + BLOCK)]
    report(programs, second_order_fault_of)


@pytest.mark.family("programs")
@pytest.mark.parametrize("first", range(200_000, 200_300, BLOCK))
def test_random_programs_inside_a_recording(first):
    """An outer recording that looks on changes nothing, though the rules run on arrays then."""

    def fault(program):
        arguments = [np.array(a) for a in program.arguments()]
        plain = minpy.grad(lambda *a: program.loss(np, *a), argnum=(0, 1, 2))(*arguments)

        def outer(s):
            def scaled(*a):
                return program.loss(np, *[np.array(x * s) for x in a])

            inner = minpy.grad(scaled, argnum=(0, 1, 2))
            return sum(np.sum(g * g) for g in inner(*arguments))

        value, _ = minpy.value_and_grad(outer)(1.0)
        expected = sum(float(onp.sum(g.asnumpy() ** 2)) for g in plain)
        return None if onp.isclose(value.item(), expected) else f"{value} is not {expected}"

    report([random_program(seed) for seed in range(first, first + BLOCK)], fault)


# ----- the random programs themselves


def test_programs_are_what_they_claim():
    """They come back with their seed, and hold each kind of line that in-place code has."""
    programs = [random_program(seed) for seed in range(400)]
    assert [str(p) for p in programs[:20]] == [str(random_program(seed)) for seed in range(20)]
    text = "\n".join(str(p) for p in programs)
    for what in (
        "] = ", "] += ", "] *= ", "] /= ", " -= ", "out=", ".flat[", ".sort()", "np.copyto(",
        ".fill(", ".T", ".reshape(", "swapaxes(", "[::-1", "None", "np.flip(", "np.split(",
        "halve(", "for t in", "for row in", " > 0.123] ", "~m0", "np.array([", "[[", "np.zeros(",
    ):  # fmt: skip
        assert what in text, f"no program has {what!r} in it"
    assert sum(len(p.lines) for p in programs) / len(programs) > 7


@pytest.mark.parametrize("broken", ["sin", "mean", "copyto"])
def test_a_wrong_gradient_is_found_and_shrunk(broken):
    """The check sees a function through which no gradient flows, and names little else."""

    class Broken:
        def __getattr__(self, name):
            value = getattr(np, name)
            if name != broken:
                return value
            return lambda *args, **kwargs: value(*map(_detached, args), **kwargs)

    def fault(program):
        return fault_of(program, Broken())

    programs = [p for p in map(random_program, range(600)) if f"np.{broken}(" in str(p)]
    wrong = [p for p in programs if fault(p)]
    assert len(wrong) > len(programs) / 4
    short = shrunk(wrong[0], fault)
    assert f"np.{broken}(" in str(short)
    assert len(short.lines) <= 4


def _detached(x):
    return x.detach() if type(x) is np.ndarray and minpy.is_recorded(x) else x


def test_shrinking_keeps_what_is_needed():
    lines = ["a0 = x * 2", "b0 = y + 1", "a1 = a0[0]", "b0 *= 3", "a1 *= 4"]
    program = Program(0, [(2, 2)] * 3, ["C"] * 3, lines)

    def fault(p):
        return "big" if any(onp.max(v) > 4 for v in floating(p.run(onp, p.ones())).values()) else ""

    Program.ones = lambda self: [onp.ones(shape) for shape in self.shapes]
    try:
        assert shrunk(program, fault).lines == ["a0 = x * 2", "a1 = a0[0]", "a1 *= 4"]
    finally:
        del Program.ones


# ----- idioms


@pytest.mark.parametrize("idiom", IDIOMS, ids=lambda idiom: idiom.splitlines()[0])
@pytest.mark.parametrize("orders", ["CCC", "FFF"])
def test_idiom(idiom, orders):
    program = Program(7, [(3, 4), (3, 4), (4,)], list(orders), idiom.splitlines())
    assert fault_of(program) is None
    assert second_order_fault_of(program) is None


def test_an_index_may_be_changed_after_it_was_used():
    def f(x):
        rows = onp.array([0, 2])
        ours = np.array([1, 1])
        mask = np.array([True, False, True])
        y = x[rows] * x[ours]
        x[mask] *= 3.0
        rows[:] = 1
        ours[:] = 0
        mask[:] = False
        return np.sum(y) + np.sum(x)

    assert minpy.grad(f)(np.array([1.0, 2.0, 3.0])).tolist() == [5.0, 5.0, 5.0]


def test_a_written_plain_array_may_be_changed_later():
    """What was written, and what was read, is kept as it was at the time."""

    def f(x):
        raw = onp.array([2.0, 3.0])
        ours = np.array([5.0, 7.0])
        y = x * raw + x * ours
        y[0] = raw[1] * x[1]
        raw[:] = 100.0
        ours[:] = 100.0
        return np.sum(y)

    assert minpy.grad(f)(np.ones(2)).tolist() == [0.0, 13.0]


def test_a_swap_moves_the_gradient():
    def f(x):
        x[0], x[2] = x[2], x[0]
        return np.sum(x * np.array([1.0, 10.0, 100.0]))

    value, gradient = minpy.value_and_grad(f)(np.array([1.0, 2.0, 3.0]))
    assert value.item() == 3.0 + 20.0 + 100.0
    assert gradient.tolist() == [100.0, 10.0, 1.0]


def test_the_last_of_several_writes_to_one_place_counts():
    def f(v):
        out = np.zeros(3)
        out[[0, 2, 0]] = v
        return np.sum(out * np.array([1.0, 10.0, 100.0]))

    assert minpy.grad(f)(np.ones(3)).tolist() == [0.0, 100.0, 1.0]


# ----- types


@pytest.mark.parametrize(
    "write",
    [
        lambda a, x: a.__setitem__(0, x[0]),
        lambda a, x: a.__setitem__(slice(None), x),
        lambda a, x: a.fill(x[0]),
        lambda a, x: a.__iadd__(x),
        lambda a, x: np.copyto(a, x),
        lambda a, x: np.add(x, x, out=a),
        lambda a, x: a[1:].__setitem__(0, x[0]),
    ],
    ids=["a[0]", "a[:]", "fill", "+=", "copyto", "out", "view"],
)
def test_writing_recorded_values_into_integers_raises(write):
    def f(x):
        a = np.arange(3)
        write(a, x)
        return np.sum(x)

    with pytest.raises(TypeError, match="int64"):
        minpy.grad(f)(np.ones(3))


def test_a_write_keeps_the_dtype_of_what_is_written():
    def f(x):
        out = np.zeros(3, onp.float32)
        out[:] = x
        out[0] *= 2.0
        assert out.dtype == onp.float32
        return np.sum(out)

    gradient = minpy.grad(f)(np.ones(3))
    assert gradient.dtype == onp.float64
    assert gradient.tolist() == [2.0, 1.0, 1.0]


def test_float32_stays_float32_through_writes():
    def f(x):
        h = np.zeros((2, 3), onp.float32)
        h[0] = x
        h[1] = h[0] * 2.0
        h += 1
        return np.mean(h)

    value, gradient = minpy.value_and_grad(f)(np.ones(3, onp.float32))
    assert value.dtype == gradient.dtype == onp.float32


def test_writing_complex_values_into_a_real_array_raises_as_in_numpy():
    def f(x):
        out = np.zeros(3)
        out += x * 1j
        return np.sum(np.abs(out))

    with pytest.raises(TypeError, match="complex128"):
        minpy.grad(f)(np.ones(3))


# ----- what a write leaves alone


def test_the_argument_is_not_modified():
    raw = onp.ones(3)
    given = np.asarray(raw)

    def f(x):
        x *= 2.0
        x[1] = 0.0
        return np.sum(x * x)

    assert minpy.grad(f)(given).tolist() == [8.0, 0.0, 8.0]
    assert given.tolist() == [1.0, 1.0, 1.0]
    assert raw.tolist() == [1.0, 1.0, 1.0]
    assert minpy.grad(f)(raw).tolist() == [8.0, 0.0, 8.0]
    assert raw.tolist() == [1.0, 1.0, 1.0]


def test_nested_arguments_are_not_modified():
    params = {"w": np.ones(2), "layers": [np.ones(2)]}

    def f(p):
        p["w"] += 1.0
        p["layers"][0] *= 3.0
        return np.sum(p["w"] * p["layers"][0])

    gradients = minpy.grad(f)(params)
    assert gradients["w"].tolist() == [3.0, 3.0]
    assert gradients["layers"][0].tolist() == [6.0, 6.0]
    assert params["w"].tolist() == [1.0, 1.0]
    assert params["layers"][0].tolist() == [1.0, 1.0]


def test_parameters_may_be_updated_in_place_between_gradients():
    w = np.array([1.0, 2.0])
    alias, view = w, w[:1]
    for _ in range(3):
        w -= 0.25 * minpy.grad(lambda v: np.sum(v * v))(w)
    assert alias is w
    assert w.tolist() == [0.125, 0.25]
    assert view.tolist() == [0.125]


def test_a_kept_vjp_is_not_corrupted_by_updates():
    w = np.array([1.0, 2.0])
    vjp, _ = minpy.make_vjp(lambda v: v * v)(w)
    before = vjp(np.ones(2)).tolist()
    w *= 100.0
    w[0] = -1.0
    assert vjp(np.ones(2)).tolist() == before == [2.0, 4.0]


@pytest.mark.parametrize("make", [np.array, np.asarray], ids=["array", "asarray"])
def test_a_kept_vjp_is_not_corrupted_through_a_view(make):
    w = make(onp.array([1.0, 2.0]))
    view = w[::-1]
    vjp, _ = minpy.make_vjp(lambda v: v * v)(w)
    view[:] = 50.0
    assert w.tolist() == [50.0, 50.0]
    assert vjp(np.ones(2)).tolist() == [2.0, 4.0]


def test_a_view_made_before_a_recording_follows_writes_made_in_it():
    x = np.zeros(3)
    view = x[1:]

    def f(w):
        x[:] = w * w
        return np.sum(view)

    assert minpy.grad(f)(np.array([1.0, 2.0, 3.0])).tolist() == [0.0, 4.0, 6.0]
    assert view.tolist() == [4.0, 9.0]


def test_writing_gradients_harms_nothing():
    x, y = np.ones(3), np.ones(3)
    gx, gy = minpy.grad(lambda a, b: np.sum(a + b), argnum=(0, 1))(x, y)
    gx[:] = 7.0
    gx += 1.0
    assert (gx.tolist(), gy.tolist()) == ([8.0] * 3, [1.0] * 3)
    assert (x.tolist(), y.tolist()) == ([1.0] * 3, [1.0] * 3)


def test_a_read_only_array_stays_read_only():
    raw = onp.ones(3)
    raw.flags.writeable = False
    x = np.asarray(raw)
    with pytest.raises(ValueError, match="read-only"):
        x[0] = 2.0

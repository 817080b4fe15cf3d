"""Random NumPy programs that read, view and write arrays, and what must be true of their gradients.

A program is a list of lines of NumPy code, and so it can be printed, run on anything that calls
itself ``np``, and made shorter by leaving lines out.  It starts from three arrays ``x``, ``y`` and
``z``; its loss is a weighted sum of every floating variable that there is at its end.

What the gradient must be is said by NumPy alone: all programs are analytic, so that running one on
complex numbers, a tiny step ``h`` away in direction ``d``, gives the derivative in that direction
as ``imag(loss) / h`` with no rounding to speak of (the complex step of Squire and Trapp, 1998).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as onp

import minpy
import minpy.numpy

__all__ = ["Program", "fault_of", "second_order_fault_of", "shrunk"]

TINY = 1e-30


@dataclass
class Program:
    """Lines of NumPy code, the seed they come from and the arrays they start from."""

    seed: int
    shapes: list[tuple[int, ...]]
    orders: list[str]
    lines: list[str]

    def __str__(self) -> str:
        given = [f"# seed {self.seed}"]
        for name, shape, order in zip("xyz", self.shapes, self.orders):
            given.append(f"# {name}: shape {shape}, order {order}")
        return "\n".join(given + self.lines)

    def arguments(self) -> list[onp.ndarray]:
        """Return the arrays that the program starts from, the same at each call."""
        rng = onp.random.default_rng(self.seed)
        made = []
        for shape, order in zip(self.shapes, self.orders):
            made.append(laid_out(rng.uniform(-1.5, 1.5, shape), order))
        return made

    def directions(self, stream: int) -> list[onp.ndarray]:
        rng = onp.random.default_rng([self.seed, stream])
        return [rng.uniform(-1, 1, shape) for shape in self.shapes]

    def run(self, np: Any, arrays: Sequence[Any]) -> dict[str, Any]:
        """Run the program with `np` in NumPy's place; return its variables."""
        variables = dict(zip("xyz", arrays))
        exec(compile("\n".join(self.lines), "program", "exec"), given_names(np), variables)
        return variables

    def loss(self, np: Any, *arrays: Any) -> Any:
        return _loss(np, self.run(np, arrays))


def laid_out(values: onp.ndarray, order: str) -> onp.ndarray:
    """Return a copy in C or F order, of every second element (S), or reversed (R)."""
    if order in "CF" or not values.ndim:
        return onp.array(values, order="C" if order != "F" else "F")
    if order == "S":
        return onp.repeat(values, 2, axis=-1)[..., ::2]
    return onp.array(values[::-1])[::-1]


def given_names(np: Any) -> dict[str, Any]:
    """Return what every program may use: `np`, and functions that write into their argument."""
    return {"np": np, "halve": _halve, "shift_rows": _shift_rows, "halved": _halved}


def _halve(a: Any) -> None:
    a *= 0.5


def _shift_rows(a: Any, by: Any) -> None:
    a[...] = a[::-1] + by


def _halved(a: Any) -> Any:
    a[...] = a * 0.5
    return a


def floating(variables: dict[str, Any]) -> dict[str, Any]:
    """Return the floating arrays and scalars among the variables; numbers are left out."""
    return {
        name: v
        for name, v in sorted(variables.items())
        if name[0] in "xyzab" and hasattr(v, "dtype") and v.dtype.kind in "fc"
    }


def _loss(np: Any, variables: dict[str, Any]) -> Any:
    loss = 0.0
    for v in floating(variables).values():
        size = int(onp.prod(v.shape))
        weights = onp.cos(onp.arange(1.0, size + 1)).reshape(v.shape)
        loss = loss + np.sum(v * weights)
    return loss


class _ComplexNumPy:
    """NumPy, but arrays are made complex, so that a complex step fits into them."""

    def __getattr__(self, name: str) -> Any:
        value = getattr(onp, name)
        if name in ("zeros", "ones", "full", "zeros_like"):
            return lambda *args: value(*args).astype(complex)
        return value

    @staticmethod
    def array(values: Any) -> onp.ndarray:
        made = onp.array(values)
        return made.astype(complex) if made.dtype == float else made


COMPLEX_NUMPY = _ComplexNumPy()


def derivative(program: Program, at: Sequence[onp.ndarray], along: Sequence[onp.ndarray]) -> float:
    """Return the exact directional derivative of the loss by a complex step."""
    stepped = []
    for a, d, order in zip(at, along, program.orders):
        stepped.append(laid_out(a + 1j * TINY * d, order))
    return float(onp.imag(program.loss(COMPLEX_NUMPY, *stepped)) / TINY)


# ----- checking a program


def fault_of(program: Program, np: Any = minpy.numpy) -> str | None:
    """Return what is wrong with values or gradient of a program, or None."""
    arguments = program.arguments()
    plain = floating(program.run(onp, program.arguments()))
    seen: dict[str, Any] = {}

    def loss(*arrays):
        variables = program.run(np, arrays)
        seen.update({name: v.asnumpy() for name, v in floating(variables).items()})
        return _loss(np, variables)

    given = [np.asarray(a) for a in arguments]
    before = [a.copy() for a in arguments]
    try:
        found = minpy.grad(loss, argnum=(0, 1, 2))(*given)
        found = [g.asnumpy() for g in found]
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    for name, expected in plain.items():
        if seen[name].shape != onp.shape(expected):
            return f"{name} has shape {seen[name].shape}, not {onp.shape(expected)}"
        if not onp.allclose(seen[name], expected, 1e-10, 1e-10):
            return f"value of {name}:\n{seen[name]}\nbut NumPy has\n{expected}"
    for name, raw, mine, was in zip("xyz", arguments, given, before):
        if not (onp.array_equal(mine.asnumpy(), was) and onp.array_equal(raw, was)):
            return f"the caller's {name} was written"
    along = program.directions(1)
    expected = derivative(program, arguments, along)
    actual = sum(float(onp.sum(g * d)) for g, d in zip(found, along))
    scale = 1 + sum(float(onp.sum(abs(g * d))) for g, d in zip(found, along))
    if not abs(actual - expected) <= 1e-9 * scale:
        return f"gradient: {actual} but finite differences say {expected}"
    return None


def second_order_fault_of(program: Program, np: Any = minpy.numpy) -> str | None:
    """Return what is wrong with the Hessian of a program in two directions, or None."""
    arguments = program.arguments()
    u, v = program.directions(2), program.directions(3)
    gradient = minpy.grad(lambda *arrays: program.loss(np, *arrays), argnum=(0, 1, 2))

    def along_u(*arrays):
        return sum(np.sum(g * d) for g, d in zip(gradient(*arrays), u))

    try:
        found = minpy.grad(along_u, argnum=(0, 1, 2))(*map(np.array, arguments))
        found = [g.asnumpy() for g in found]
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    actual = sum(float(onp.sum(g * d)) for g, d in zip(found, v))
    step = 1e-5
    ahead = derivative(program, [a + step * d for a, d in zip(arguments, v)], u)
    behind = derivative(program, [a - step * d for a, d in zip(arguments, v)], u)
    expected = (ahead - behind) / (2 * step)
    scale = 1 + sum(float(onp.sum(abs(g * d))) for g, d in zip(found, v)) + abs(ahead)
    if not abs(actual - expected) <= 1e-5 * scale:
        return f"second derivative: {actual} but finite differences say {expected}"
    return None


def shrunk(program: Program, fault: Callable[[Program], str | None]) -> Program:
    """Return a program with as few lines as possible that still has a fault."""
    position = 0
    while position < len(program.lines):
        kept = program.lines[:position] + program.lines[position + 1 :]
        shorter = Program(program.seed, program.shapes, program.orders, kept)
        if _is_numpy(shorter) and fault(shorter):
            program, position = shorter, 0
        else:
            position += 1
    return program


def _is_numpy(program: Program) -> bool:
    try:
        program.run(onp, program.arguments())
    except Exception:
        return False
    return True

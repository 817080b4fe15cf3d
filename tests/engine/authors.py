"""Writing random NumPy programs, line by line."""

from __future__ import annotations

import random
from typing import Any

import numpy as onp

from .programs import Program, floating, given_names

__all__ = ["random_program"]

SHAPES = [(3, 4), (4,), (2, 3), (4, 3), (3,), (2, 2, 3), (1, 4), (3, 3), (2, 3, 4), ()]


def random_program(seed: int) -> Program:
    """Return the program with this seed; the same one at each call."""
    rng = random.Random(seed)
    shapes = [rng.choice(SHAPES) for _ in range(3)]
    shapes[0] = rng.choice(SHAPES[:4])
    program = Program(seed, shapes, [rng.choice("CCCCFFFSR") for _ in range(3)], [])
    author = _Author(rng, program)
    wanted = rng.randint(3, 14)
    for _ in range(3 * wanted):
        if len(program.lines) >= wanted:
            break
        author.write_line()
    return program


class _Author:
    """Writes a program line by line, and runs each line to know the shapes."""

    def __init__(self, rng: random.Random, program: Program) -> None:
        self.rng = rng
        self.program = program
        self.globals = given_names(onp)
        self.is_strided = "S" in program.orders or "R" in program.orders
        self.start_again()

    def start_again(self) -> None:
        self.variables = self.program.run(onp, self.program.arguments())

    def write_line(self) -> None:
        statements = [getattr(self, name) for name, _ in STATEMENTS]
        kind = self.rng.choices(statements, [weight for _, weight in STATEMENTS])[0]
        line = kind()
        if line is None or (self.is_strided and ("reshape" in line or "ravel" in line)):
            return  # minpy's copy of a strided argument is dense, so that its reshape is a view
        try:
            exec(line, self.globals, self.variables)
            fine = all(onp.all(abs(v) < 20) for v in floating(self.variables).values())
        except (ValueError, TypeError, IndexError, RuntimeWarning):
            fine = False
        if fine:
            self.program.lines.append(line)
        else:
            self.start_again()

    # -- words

    def any_of(self, *choices: Any) -> Any:
        return self.rng.choice(choices)

    def number(self) -> str:
        return self.any_of("0", "1", "2", "0.5", "-0.7", "1.3", "0.25", "-1.0")

    def variable(self, least_axes: int = 0) -> str | None:
        names = [n for n, v in floating(self.variables).items() if onp.ndim(v) >= least_axes]
        return self.rng.choice(names) if names else None

    def array(self, least_axes: int = 0) -> str | None:
        """Return a variable that can be written: NumPy's scalars cannot."""
        names = [
            name
            for name, v in floating(self.variables).items()
            if isinstance(v, onp.ndarray) and v.ndim >= least_axes
        ]
        return self.rng.choice(names) if names else None

    def new_name(self) -> str:
        return self.any_of("a", "b") + str(self.rng.randrange(4))

    def value(self, code: str) -> Any:
        return eval(code, self.globals, dict(self.variables))

    def shape(self, code: str) -> tuple[int, ...]:
        return onp.shape(self.value(code))

    def operator(self) -> str:
        return self.any_of("+=", "-=", "*=", "+=", "*=", "/=")

    # -- indices

    def slice(self, size: int) -> str:
        start, stop = sorted((self.rng.randint(0, size), self.rng.randint(0, size)))
        return self.any_of(
            ":",
            f"{start}:{stop}",
            f"{start}:",
            f":{-start}" if 0 < start < size else ":",
            "::2",
            "::-1",
            f"{size - 1}:0:-1",
            "1::2",
        )

    def basic(self, shape: tuple[int, ...]) -> str:
        parts = []
        for size in shape:
            if size and self.rng.random() < 0.35:
                parts.append(str(self.rng.randrange(-size, size)))
            else:
                parts.append(self.slice(size))
        if self.rng.random() < 0.2:
            parts.insert(self.rng.randint(0, len(parts)), "None")
        if self.rng.random() < 0.25:
            cut = self.rng.randint(0, len(parts))
            parts = [*parts[:cut], "..."]
        elif parts and self.rng.random() < 0.3:
            parts = parts[: self.rng.randint(1, len(parts))]
        return ", ".join(parts) or "..."

    def fancy(self, shape: tuple[int, ...]) -> str:
        """Return an index with lists of integers in it, which may name an element twice."""
        axis = self.rng.randrange(len(shape))
        count = self.rng.randint(1, 4)

        def places(size: int) -> str:
            return str([self.rng.randrange(-size, size) for _ in range(count)])

        parts = [self.slice(size) for size in shape[:axis]]
        parts.append(places(shape[axis]))
        if axis + 1 < len(shape) and self.rng.random() < 0.5:
            parts.append(places(shape[axis + 1]))
        if self.rng.random() < 0.3:
            parts[-1] = f"np.array({parts[-1]})"
        return ", ".join(parts)

    def mask(self, name: str, shape: tuple[int, ...]) -> str:
        masks = [m for m, v in self.variables.items() if m[0] == "m" and v.shape == shape]
        if masks and self.rng.random() < 0.5:
            return self.any_of("", "~") + self.rng.choice(masks)
        if self.rng.random() < 0.3:
            return str([self.rng.random() < 0.5 for _ in range(shape[0])])
        return f"{name} {self.any_of('>', '<')} {self.any_of('0.123', '-0.457', '0.811')}"

    def index(self, name: str) -> str:
        shape = self.shape(name)
        if not shape:
            return "..."
        kind = self.rng.random()
        if kind < 0.55 or 0 in shape:
            return self.basic(shape)
        return self.fancy(shape) if kind < 0.78 else self.mask(name, shape)

    def is_advanced(self, index: str) -> bool:
        parts = self.value(f"np.index_exp[{index}]")
        return any(isinstance(part, (list, onp.ndarray)) for part in parts)

    # -- expressions

    def term(self, shape: tuple[int, ...]) -> str:
        """Return code for a value that broadcasts to `shape`."""
        fitting = []
        for name, v in floating(self.variables).items():
            if _broadcasts(onp.shape(v), shape):
                fitting.append(name)
                fitting.append(name)
            if onp.ndim(v) and _broadcasts(onp.shape(v)[1:], shape):
                fitting.append(f"{name}[{self.rng.randrange(-1, 1)}]")
                fitting.append(f"{name}.sum(axis=0)")
            if _broadcasts(onp.shape(v)[::-1], shape) and onp.ndim(v) > 1:
                fitting.append(f"{name}.T")
            if onp.size(v):
                fitting.append(f"np.mean({name})")
        if self.rng.random() < 0.15 or not fitting:
            return self.number()
        if self.rng.random() < 0.1 and shape:
            return str([round(self.rng.uniform(-1, 1), 2) for _ in range(shape[-1])])
        return self.rng.choice(fitting)

    def expression(self, shape: tuple[int, ...]) -> str:
        first = self.term(shape)
        if first[0] == "[":
            return first
        kind = self.rng.random()
        if kind < 0.35:
            return first
        if kind < 0.5:
            return f"{self.any_of('np.sin', 'np.tanh', 'np.cos', 'np.square')}({first})"
        second = self.term(shape)
        if second[0] == "[":
            return f"np.sin({first})"
        return f"{first} {self.any_of('*', '+', '-', '*')} {second}"

    def divisor(self, operator: str, code: str) -> str:
        return f"1.5 + np.sin({code})" if operator == "/=" else code

    # -- statements

    def compute(self) -> str | None:
        name = self.variable()
        return f"{self.new_name()} = {self.expression(self.shape(name))}"

    def copied(self) -> str | None:
        name = self.array(1)
        how = self.any_of("{}.copy()", "np.copy({})", "np.array({})", "{} * 1.0", "{}.flatten()")
        return name and f"{self.new_name()} = {how.format(name)}"

    def reduced(self) -> str | None:
        name = self.array(1)
        how = self.any_of("{}.sum(axis=-1)", "np.mean({}, axis=0)", "{}.sum(axis=0, keepdims=True)")
        return name and f"{self.new_name()} = {how.format(name)}"

    def made(self) -> str:
        shape = self.rng.choice(SHAPES[:-1])
        how = self.any_of("np.zeros({})", "np.ones({})", "np.full({}, 0.3)", "np.zeros_like({})")
        if "like" in how:
            return f"{self.new_name()} = {how.format(self.variable())}"
        return f"{self.new_name()} = {how.format(shape)}"

    def alias(self) -> str:
        return f"{self.new_name()} = {self.variable()}"

    def view(self) -> str | None:
        name = self.array(1)
        if name is None:
            return None
        shape = self.shape(name)
        axis = self.rng.randrange(len(shape))
        ways = [f"{name}[{self.basic(shape)}]" for _ in range(4)]
        ways += [f"{name}.T", f"{name}.reshape(-1)", f"{name}.ravel()", f"np.flip({name}, {axis})"]
        ways += [f"{name}.swapaxes(0, {axis})", f"np.expand_dims({name}, {axis})"]
        ways += [f"np.moveaxis({name}, {axis}, 0)", f"np.squeeze({name})", f"{name}[...]"]
        if shape[-1] % 2 == 0:
            ways += [f"{name}.reshape({(*shape[:-1], 2, shape[-1] // 2)})"]
            ways += [f"np.split({name}, 2, axis=-1)[{self.any_of(0, 1)}]"]
        if len(shape) > 1:
            ways += [f"{name}.reshape({shape[::-1]})", f"{name}.reshape({shape[0]}, -1)"]
            order = tuple(self.rng.sample(range(len(shape)), len(shape)))
            ways += [f"np.transpose({name}, {order})"]
        return f"{self.new_name()} = {self.rng.choice(ways)}"

    def taken(self) -> str | None:
        name = self.array(1)
        return name and f"{self.new_name()} = {name}[{self.index(name)}]"

    def write(self) -> str | None:
        name = self.array()
        if name is None:
            return None
        index = self.index(name)
        try:
            shape = self.shape(f"{name}[{index}]")
        except IndexError:
            return None
        operator = self.any_of("=", "=", self.operator())
        value = self.divisor(operator, self.expression(shape))
        if operator == "=" and self.is_advanced(index):
            value = f"1.0 * np.array({value})"  # NumPy does not protect these from overlap
        return f"{name}[{index}] {operator} {value}"

    def overwrite(self) -> str | None:
        name = self.array()
        return name and f"{name}[...] = {self.expression(self.shape(name))}"

    def augmented(self) -> str:
        name = self.variable()
        operator = self.operator()
        return f"{name} {operator} {self.divisor(operator, self.expression(self.shape(name)))}"

    def chained(self) -> str | None:
        """Write through a view that has no name."""
        name = self.array(1)
        if name is None:
            return None
        view = f"{name}{self.any_of('.T', '.reshape(-1)', '[::-1]', '[1:]')}"
        index = self.basic(self.shape(view))
        operator = self.any_of("=", "+=", "*=")
        return f"{view}[{index}] {operator} {self.expression(self.shape(f'{view}[{index}]'))}"

    def swap(self) -> str | None:
        name = self.array(1)
        if name is None:
            return None
        i, j = (self.rng.randrange(self.shape(name)[0] or 1) for _ in range(2))
        if self.rng.random() < 0.5:
            return f"{name}[[{i}, {j}]] = {name}[[{j}, {i}]]"
        return f"{name}[{i}], {name}[{j}] = {name}[{j}], {name}[{i}]"

    def shifted(self) -> str | None:
        name = self.array(1)
        operator = self.any_of("=", "+=", "*=")
        if self.rng.random() < 0.5:
            return name and f"{name}[1:] {operator} {name}[:-1]"
        return name and f"{name}[:-1] {operator} {name}[1:]"

    def by_function(self) -> str | None:
        name = self.array()
        shape = self.shape(name)
        value = self.expression(shape)
        place = self.rng.randrange(max(1, onp.size(self.value(name))))
        return self.any_of(
            f"np.copyto({name}, {value})",
            f"{name}.fill({self.any_of(self.number(), 'np.mean(x)')})",
            f"np.add({self.term(shape)}, {self.term(shape)}, out={name})",
            f"np.multiply({name}, {self.number()}, out={name})",
            f"{name}.flat[{place}] = {self.any_of(self.number(), 'np.mean(y)')}",
            f"{name}.sort()" if shape else None,
            f"halve({name})",
            f"shift_rows({name}, {self.number()})" if shape else None,
            f"{self.new_name()} = halved({name})",
        )

    def loop(self) -> str | None:
        name = self.array(1)
        if name is None:
            return None
        size = self.shape(name)[0]
        return self.any_of(
            f"for row in {name}[None]: row *= 0.5",
            f"for t in range(1, {size}): {name}[t] = {name}[t - 1] * {self.term(())}",
            f"for t in range({size}): {name}[t] -= {name}[-1]",
        )

    def marked(self) -> str | None:
        """Make a mask, or write into one that may have been used."""
        masks = [name for name in self.variables if name[0] == "m"]
        if masks and self.rng.random() < 0.4:
            return f"{self.rng.choice(masks)}[0] = {self.any_of(True, False)}"
        name = self.array(1)
        return name and f"m{self.rng.randrange(2)} = {name} > {self.any_of('0.123', '-0.457')}"


STATEMENTS = [
    ("compute", 3),
    ("copied", 1),
    ("reduced", 1),
    ("made", 1),
    ("alias", 1),
    ("view", 5),
    ("taken", 1),
    ("write", 6),
    ("overwrite", 1),
    ("augmented", 2),
    ("chained", 1),
    ("swap", 1),
    ("shifted", 1),
    ("by_function", 2),
    ("loop", 1),
    ("marked", 1),
]


def _broadcasts(shape: tuple[int, ...], to: tuple[int, ...]) -> bool:
    try:
        return onp.broadcast_shapes(shape, to) == to
    except ValueError:
        return False

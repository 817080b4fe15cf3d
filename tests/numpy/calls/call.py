"""One call of a NumPy function, as data that can be built any number of times."""

import io
import tempfile
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as onp

NUMPY = tuple(int(part) for part in onp.__version__.split(".")[:2])


class Call(NamedTuple):
    """Positional and keyword arguments, and the first version of NumPy that takes them."""

    args: tuple
    kwargs: dict
    since: tuple[int, int] = (1, 26)

    def build(self, leaf: Callable[[onp.ndarray], Any]) -> tuple[tuple, dict]:
        """Fresh arguments, each array in them (however deep) a copy passed through `leaf`.

        >>> Call(([onp.ones(2)],), {"axis": 0}).build(onp.negative)
        (([array([-1., -1.])],), {'axis': 0})
        """
        return fresh(self.args, leaf), fresh(self.kwargs, leaf)

    def arrays(self) -> list[onp.ndarray]:
        """The arrays among the arguments, in the order in which `build` meets them."""
        return list(arrays_within((self.args, self.kwargs)))


class File(NamedTuple):
    """Stands for the path of a new file with this content, in the working directory."""

    content: bytes

    def write(self) -> str:
        with tempfile.NamedTemporaryFile(dir=".", delete=False) as file:
            file.write(self.content)
        return file.name


def call(*args, **kwargs) -> Call:
    return Call(args, kwargs)


def call_since(major: int, minor: int, *args, **kwargs) -> Call:
    """A call that NumPy takes from some version on."""
    return Call(args, kwargs, (major, minor))


def each(names: str, *calls: Call) -> dict[str, list[Call]]:
    """The same calls for several names, separated by blanks."""
    return {name: list(calls) for name in names.split()}


def arrays_within(value: Any) -> Iterator[onp.ndarray]:
    if type(value) is onp.ndarray:
        yield value
    elif type(value) in (list, tuple):
        for item in value:
            yield from arrays_within(item)
    elif type(value) is dict:
        yield from arrays_within(list(value.values()))


def fresh(value: Any, leaf: Callable[[onp.ndarray], Any]) -> Any:
    if type(value) is onp.ndarray:
        return leaf(value.copy(order="K"))
    if type(value) in (list, tuple):
        return type(value)(fresh(item, leaf) for item in value)
    if type(value) is dict:
        return {key: fresh(item, leaf) for key, item in value.items()}
    if isinstance(value, File):
        return value.write()
    if isinstance(value, (io.BytesIO, io.StringIO)):
        return type(value)(value.getvalue())
    return value

"""Write the stubs that tell editors and type checkers what `minpy.numpy` and its arrays have.

The names of `minpy.numpy` are made when they are first asked for, and the operators of arrays come
from a table: no type checker sees either. ``make stubs`` writes both down in ``.pyi`` files, and
`test_typing` compares them with what is there.

NumPy's versions differ in their names. A stub lists those of every version it was written with, so
that names are added by running this with another NumPy, and taken away by deleting the file first.
What one of them lacks has no type. Run this with the oldest and then with the newest, which says
more of its parameters; `make lint` finds a name that the oldest lacks.
"""

from __future__ import annotations

import importlib.util
import inspect
import keyword
import re
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as onp

import minpy.numpy as np
from minpy.array import Array

PACKAGE = Path(np.__file__).parent.parent
ARRAY_STUB = PACKAGE / "array_methods.pyi"
MODULES = {
    np: PACKAGE / "numpy" / "__init__.pyi",
    np.linalg: PACKAGE / "numpy" / "linalg.pyi",
    np.fft: PACKAGE / "numpy" / "fft.pyi",
    np.random: PACKAGE / "numpy" / "random.pyi",
}
HEAD = "# Written by `make stubs`: names of every NumPy it ran with.\n"

# Functions whose result is one array; those of the others may be tuples, numbers or anything.
ONE_ARRAY = """
    angle append arange argsort around array asanyarray asarray ascontiguousarray asfarray
    asfortranarray atleast_1d average bincount block broadcast_to choose clip column_stack compress
    concat concatenate convolve copy correlate corrcoef cov cross cumprod cumsum delete diag
    diagflat diagonal diff digitize dot dstack ediff1d einsum empty empty_like expand_dims eye fft
    fft2 fftn fftshift flip fliplr flipud full full_like geomspace hstack identity ifft ifft2 ifftn
    imag inner insert interp inv irfft isclose kron linspace logspace matrix_transpose max mean
    median meshgrid min moveaxis nan_to_num nancumsum nanmax nanmean nanmedian nanmin nanprod nanstd
    nansum nanvar norm ones ones_like outer pad partition permutation permute_dims pinv prod
    quantile ravel real repeat reshape resize rfft roll rollaxis rot90 round sinc solve sort
    squeeze stack std sum swapaxes take take_along_axis tensordot tile trace transpose tri tril
    triu vander var vdot vecdot vstack where zeros zeros_like
    normal rand randint randn random uniform standard_normal
""".split()

OPERATORS = "add sub mul matmul truediv floordiv mod pow lshift rshift and xor or".split()
FIXED = {  # of the arrays themselves: what is no operator, and has a type of its own
    "shape": "tuple[int, ...]",
    "dtype": "_onp.dtype[Any]",
    "ndim": "int",
    "size": "int",
    "nbytes": "int",
    "itemsize": "int",
    "T": "Array",
    "mT": "Array",
    "real": "Array",
    "imag": "Array",
}
SPECIAL = """
    def __getitem__(self, index: Any) -> Any: ...
    def __setitem__(self, index: Any, value: Any) -> None: ...
    def __iter__(self) -> Iterator[Any]: ...
    def __len__(self) -> int: ...
    def __contains__(self, value: Any) -> bool: ...
    def __bool__(self) -> bool: ...
    def __int__(self) -> int: ...
    def __float__(self) -> float: ...
    def __complex__(self) -> complex: ...
    def __index__(self) -> int: ...
    def __array__(self, dtype: Any = ..., copy: Any = ...) -> _onp.ndarray[Any, Any]: ...
    def __neg__(self) -> Array: ...
    def __pos__(self) -> Array: ...
    def __abs__(self) -> Array: ...
    def __invert__(self) -> Array: ...
    def __divmod__(self, other: Any) -> tuple[Array, Array]: ...
    def __lt__(self, other: Any) -> Array: ...
    def __le__(self, other: Any) -> Array: ...
    def __gt__(self, other: Any) -> Array: ...
    def __ge__(self, other: Any) -> Array: ...
    def __eq__(self, other: Any) -> Array: ...  # type: ignore[override]
    def __ne__(self, other: Any) -> Array: ...  # type: ignore[override]
"""


def names_of(module: types.ModuleType) -> list[str]:
    """List the public names of a module of ours that NumPy's own documentation has too."""
    own = {np: {"NOT_DIFFERENTIABLE", "policy"}, np.random: {"generator"}}
    names = set(module.__all__) | own.get(module, set())
    return sorted(name for name in names if not name.startswith("_") or name == "__version__")


def line_of(name: str, value: Any) -> str:
    """Return the lines of a stub for one name."""
    if isinstance(value, types.ModuleType):
        ours = value.__name__ if value.__name__.startswith("minpy") else f"numpy.{name}"
        package, _, module = ours.rpartition(".")
        return f"from {package} import {module} as {name}"
    if value is Array:
        return f"{name} = Array"
    if isinstance(value, type):
        return f"{name} = _onp.{place_of(name, value)}" if place_of(name, value) else f"{name}: Any"
    if callable(value):
        result = "Array" if isinstance(value, onp.ufunc) or name in ONE_ARRAY else "Any"
        return f"def {name}({signature_of(value)}) -> {result}: ..."
    # Not bool: in the stub of minpy.numpy that word is NumPy's.
    simple = type(value) in (int, float, str)
    return f"{name}: {type(value).__name__ if simple else 'Any'}"


def place_of(name: str, value: type) -> str | None:
    """Return where NumPy has a class under this name, from its package on; None if it has not."""
    for place in (name, f"random.{name}", f"linalg.{name}"):
        found: Any = onp
        for part in place.split("."):
            found = getattr(found, part, None)
        if found is value:
            return place
    return None


def signature_of(function: Callable[..., Any], first: str = "") -> str:
    """Return the parameters of a function, without their types; any, where NumPy does not say."""
    if isinstance(function, onp.ufunc):
        given = [f"x{i + 1}: Any" for i in range(function.nin)]
        return ", ".join([*given, "/", "*args: Any", "**kwargs: Any"])
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return first + "*args: Any, **kwargs: Any"
    if first:
        parameters = parameters[1:]
    if any(keyword.iskeyword(p.name) for p in parameters):
        return first + "*args: Any, **kwargs: Any"
    bare = [
        p.replace(annotation=Any, default=p.empty if p.default is p.empty else ...)
        for p in parameters
    ]
    text = (
        str(inspect.Signature(bare))[1:-1].replace("Ellipsis", "...").replace("typing.Any", "Any")
    )
    return first + text if text else first.rstrip(", ")


def stub_of(module: types.ModuleType) -> str:
    """Return the stub of a module, with the names that its present stub has beside."""
    lines = {name: line_of(name, getattr(module, name)) for name in names_of(module)}
    path = MODULES[module]
    if path.exists():
        before = entries(path.read_text(encoding="utf-8"))
        unknown = [name for name, line in before.items() if not known(module, name, line)]
        lines = {**before, **lines, **{name: f"{name}: Any" for name in unknown}}
    head = "from typing import Any\n\nimport numpy as _onp\n\nfrom minpy.array import Array\n\n"
    return HEAD + head + "\n".join(lines[name] for name in sorted(lines)) + "\n"


def known(module: types.ModuleType, name: str, line: str) -> bool:
    """Whether every NumPy so far, this one included, had what a line says of a name."""
    if line.startswith("from numpy ") and importlib.util.find_spec(f"numpy.{name}"):
        return True  # a module that nobody has imported yet
    of_numpy = "_onp." in line or line.startswith("from numpy ")
    return line != f"{name}: Any" and (hasattr(module, name) or not of_numpy)


def entries(text: str) -> dict[str, str]:
    """Return the lines of a stub by the names they declare."""
    found = {}
    for line in text.split("from minpy.array import Array\n")[-1].splitlines():
        name = re.match(r"(?:def )?(\w+)|", line)[1]  # type: ignore[index]
        if name == "from":
            name = line.split()[-1]
        if name:
            found[name] = line
    return found


def array_stub() -> str:
    """Return the stub of what the table of methods gives to arrays."""
    lines = [
        HEAD + "from collections.abc import Iterator\nfrom typing import Any\n\n"
        "import numpy as _onp\n\nfrom minpy.array import Array\n\nclass ArrayMethods:"
    ]
    for name in OPERATORS:
        for prefix in ("", "r", "i"):
            lines.append(f"    def __{prefix}{name}__(self, other: Any) -> Array: ...")
    lines += SPECIAL.strip("\n").splitlines()
    declared = methods()
    if ARRAY_STUB.exists():
        before = dict(re.findall(r"\n    def ([a-z]\w*)(\(.*)", ARRAY_STUB.read_text("utf-8")))
        declared += [
            f"    def {name}{rest}" for name, rest in before.items() if name not in dir(Array)
        ]
    return "\n".join([*lines, *declared]) + "\n"


def methods() -> list[str]:
    """Return the lines of the public methods and attributes of arrays."""
    lines = []
    written = vars(inspect.getmodule(Array)).get("Array").__dict__  # with what was installed
    for name in sorted(name for name in dir(Array) if not name.startswith("_")):
        value = inspect.getattr_static(Array, name)
        if name in FIXED or isinstance(value, property):
            lines.append(f"    @property\n    def {name}(self) -> {FIXED.get(name, 'Any')}: ...")
            if getattr(value, "fset", None):
                lines.append(f"    @{name}.setter\n    def {name}(self, value: Any) -> None: ...")
        elif name in written:
            result = "Array" if name in ONE_ARRAY or name in ("astype", "flatten") else "Any"
            lines.append(f"    def {name}({signature_of(value, 'self, ')}) -> {result}: ...")
    return lines


def main() -> None:
    """Write all stubs."""
    ARRAY_STUB.write_text(array_stub(), encoding="utf-8")
    for module, path in MODULES.items():
        path.write_text(stub_of(module), encoding="utf-8")
    print(*sorted([ARRAY_STUB, *MODULES.values()]), sep="\n")


if __name__ == "__main__":
    main()

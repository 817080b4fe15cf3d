"""The engine stays small and keeps its order: lines of code, import directions, no cycles.

`pytest -v tests/test_structure.py` prints how many lines of code each part has.
"""

import ast
import graphlib
import importlib.util
import io
import tokenize
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

PACKAGE = Path(__file__).parent.parent / "minpy"

# Who may import whom. A module imports from its own group and from groups in rows above its own.
# Each group lists the top-level modules and packages of minpy that belong to it, and each of
# them must belong to one; "__init__" is minpy/__init__.py itself.
LAYERS = (
    {"errors": {"errors"}},
    {"backends": {"backends"}},
    {"array and tape": {"array", "tape", "inplace"}},
    {"ops": {"ops"}, "containers": {"containers"}},
    {"autograd": {"autograd", "backward"}},
    {"extend": {"extend"}, "trace": {"trace"}, "dtypes": {"dtypes"}},
    {"numpy": {"numpy"}},
    {"plotting": {"plotting"}, "symbol": {"symbol"}},
    {"nn": {"nn"}, "datasets": {"datasets"}, "checking": {"checking"}},
    {
        "facades": {
            "__init__",
            "__main__",
            "config",
            "core",
            "primitive",
            "context",
            "dispatch",
            "utils",
        }
    },
)
LEVEL = {group: level for level, row in enumerate(LAYERS) for group in row}
GROUP = {name: group for row in LAYERS for group, names in row.items() for name in names}

# Groups written with nothing but public names, as a student would.
PUBLIC_NAMES_ONLY = {"plotting", "nn", "datasets", "checking"}

# Lines of code, without blank lines, comments and docstrings.
BUDGETS = {
    # The aim is 700.  What is above it: arrays that outlive their recording, the memory order
    # and the aliases of what is written in place, and arrays of other libraries and devices
    # (about 110 lines: how an op runs where its arrays are, and how gradients move with them).
    "engine: array, tape and autograd": 1190,
    "gradient rules": 1400,
    "network kernels": 900,
    "each backend": 450,
    "kernels of each backend": 100,
    "each file": 399,
}


def part_of(module: str) -> str | None:
    """Name the part of the engine that a module's lines count towards, if one has a budget.

    >>> part_of("minpy.tape")
    'engine: array, tape and autograd'
    >>> part_of("minpy.backends.numpy")
    'each backend: numpy'
    """
    group = group_of(module)
    if group in ("array and tape", "autograd"):
        return "engine: array, tape and autograd"
    if group == "ops":
        return "network kernels" if module.startswith("minpy.ops.nn") else "gradient rules"
    if group == "backends" and module.endswith(".loading"):
        return "each backend: importing " + module.split(".")[2]
    if group == "backends" and module.endswith("_kernels"):
        return "kernels of each backend: " + module.split(".")[2]
    if group == "backends":
        return "each backend: " + ".".join(module.split(".")[2:3] or ["__init__"])
    return None


# ---------------------------------------------------------------------------- reading the tree


def group_of(module: str) -> str | None:
    """Name the group of a module; None where LAYERS has no place for it."""
    return GROUP.get(module.split(".")[1] if "." in module else "__init__")


def modules_in(package: Path) -> dict[str, Path]:
    """Map the dotted names of all modules of a package to their files."""
    modules = {}
    for path in sorted(package.rglob("*.py")):
        parts = path.relative_to(package.parent).with_suffix("").parts
        modules[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return modules


def lines_of_code(source: str) -> int:
    """Count the lines that hold code: not the blank ones, comments and docstrings.

    >>> lines_of_code('''
    ... def f(x):
    ...     "Docstring."
    ...     # comment
    ...     return g(
    ...         x,
    ...     )
    ... ''')
    4
    """
    layout = {
        tokenize.COMMENT,
        tokenize.DEDENT,
        tokenize.ENDMARKER,
        tokenize.INDENT,
        tokenize.NEWLINE,
        tokenize.NL,
    }
    lines = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in layout:
            lines.update(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Expr) and is_text(node.value):
            lines.difference_update(range(node.lineno, node.end_lineno + 1))
    return len(lines)


def is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


class Import(NamedTuple):
    importer: str  # the module that imports
    line: int
    name: str  # all that was asked for: "minpy.tape.record"
    target: str  # the module that this name lives in: "minpy.tape"
    at_once: bool  # it runs when the importing module is imported


def imports_in(package: Path) -> list[Import]:
    """List the imports between the modules of a package.

    That `import a.b` also runs `a/__init__.py` is left out: every package would be in a cycle.
    """
    modules = modules_in(package)
    found = []
    for importer, path in modules.items():
        parent = importer if path.name == "__init__.py" else importer.rpartition(".")[0]
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node, at_once in statements(tree):
            for name in imported_names(node, parent):
                target = name
                while target and target not in modules:
                    target = target.rpartition(".")[0]
                if target and target != importer:
                    found.append(Import(importer, node.lineno, name, target, at_once))
    return found


def statements(tree: ast.AST, at_once: bool = True) -> Iterator[tuple[ast.AST, bool]]:
    """Walk a module's syntax tree; tell which nodes run when the module is imported."""
    for node in ast.iter_child_nodes(tree):
        yield node, at_once
        later = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) or (
            isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        )
        yield from statements(node, at_once and not later)


def imported_names(node: ast.AST, parent: str) -> list[str]:
    """List the full names that one import asks for: `import`, `from`, or `import_module("...")`."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        start = importlib.util.resolve_name("." * node.level + (node.module or ""), parent)
        return [f"{start}.{alias.name}" for alias in node.names]
    if isinstance(node, ast.Call) and node.args and is_text(node.args[0]):
        function = ast.unparse(node.func)
        if function.endswith("import_module") or function == "__import__":
            return [importlib.util.resolve_name(node.args[0].value, parent)]
    return []


# ------------------------------------------------------------------------------------ checking


def direction_violations(package: Path) -> list[str]:
    """Say which imports LAYERS forbids, and which modules have no place in it."""
    found = [
        f"{module} belongs to no group of LAYERS: give it its place"
        for module in modules_in(package)
        if group_of(module) is None
    ]
    for item in imports_in(package):
        importer, target = group_of(item.importer), group_of(item.target)
        if importer is None or target is None or importer == target:
            continue
        where = f"{item.importer}, line {item.line}: {importer} may not import"
        private = any(part.startswith("_") for part in item.name.split("."))
        if LEVEL[target] >= LEVEL[importer]:
            found.append(f"{where} {target} ({item.name})")
        elif private and importer in PUBLIC_NAMES_ONLY:
            found.append(f"{where} private names ({item.name})")
    return found


def find_cycle(package: Path) -> list[str]:
    """Find modules that import each other in a circle while they are being imported."""
    graph = graphlib.TopologicalSorter()
    for item in imports_in(package):
        if item.at_once:
            graph.add(item.importer, item.target)
    try:
        graph.prepare()
    except graphlib.CycleError as error:
        return error.args[1]
    return []


def sizes(package: Path) -> tuple[Counter, Counter]:
    """Count lines of code: by file, and by part of the engine."""
    files, parts = Counter(), Counter()
    for module, path in modules_in(package).items():
        lines = lines_of_code(path.read_text(encoding="utf-8"))
        files[str(path.relative_to(package.parent))] = lines
        if part := part_of(module):
            parts[part] += lines
    return files, parts


def over_budget(package: Path) -> list[str]:
    """Say which parts and which files are longer than BUDGETS allows."""
    files, parts = sizes(package)
    rows = [(part, lines, BUDGETS[limit_of(part)]) for part, lines in parts.items()]
    rows += [(file, lines, BUDGETS["each file"]) for file, lines in files.items()]
    return [
        f"{name} has {lines} lines of code; the limit is {limit}"
        for name, lines, limit in rows
        if lines > limit
    ]


def limit_of(part: str) -> str:
    """Name the row of BUDGETS that a part falls under."""
    return part.partition(":")[0] if "each backend:" in part else part


# --------------------------------------------------------------------------------------- tests


def test_sizes(request, capsys):
    files, parts = sizes(PACKAGE)
    assert files, f"no modules in {PACKAGE}"
    if request.config.get_verbosity() > 0:
        (longest, length), *_ = files.most_common(1)
        rows = [(part, lines, BUDGETS[limit_of(part)]) for part, lines in sorted(parts.items())]
        rows += [(f"longest file: {longest}", length, BUDGETS["each file"])]
        rows += [("all of minpy", files.total(), "")]
        with capsys.disabled():
            print("\n\nlines of code  limit")
            for name, lines, limit in rows:
                print(f"{lines:13}  {limit:5}  {name}")
    assert not over_budget(PACKAGE)


def test_import_directions():
    assert not direction_violations(PACKAGE)


def test_no_import_cycles():
    assert not find_cycle(PACKAGE)


# ------------------------------------------------------------- tests of the checks: small trees


@pytest.fixture
def tree(tmp_path):
    """Write a package from a dict of sources, and give its folder."""

    def write(sources):
        package = tmp_path / "minpy"
        for name, source in {"__init__.py": "", **sources}.items():
            path = package / name
            path.parent.mkdir(parents=True, exist_ok=True)
            (path.parent / "__init__.py").touch()
            path.write_text(source, encoding="utf-8")
        return package

    return write


def test_imports_to_the_left_are_allowed(tree):
    package = tree(
        {
            "backends/numpy.py": "import numpy",
            "tape.py": "from minpy.backends import numpy",
            "array.py": "from . import tape\nfrom .tape import record",
            "ops/elementwise.py": "from minpy.array import Array\nfrom minpy.ops import shape",
            "ops/shape.py": "def f():\n    from minpy.ops import elementwise",
            "nn/layers.py": "import minpy.numpy as np\nfrom minpy.ops.nn import conv",
            "numpy/__init__.py": "from minpy.ops.elementwise import exp",
            "ops/nn.py": "",
            "__init__.py": "from minpy import core\nfrom minpy.nn import layers",
            "core.py": "",
        }
    )
    assert direction_violations(package) == []
    assert find_cycle(package) == []


@pytest.mark.parametrize(
    "file, source, forbidden",
    [
        ("backends/numpy.py", "from minpy.array import Array", "array and tape"),
        ("tape.py", "import minpy.autograd", "autograd"),
        ("ops/shape.py", "import minpy.numpy as np", "numpy"),
        ("ops/shape.py", "from ..numpy import exp", "numpy"),
        ("ops/shape.py", "def f():\n    from minpy import numpy", "numpy"),
        ("ops/shape.py", "import importlib\nimportlib.import_module('minpy.numpy')", "numpy"),
        ("autograd.py", "from minpy import grad", "facades"),
        ("nn/io.py", "from minpy.datasets import mnist", "datasets"),
        ("nn/io.py", "from minpy.tape import _record", "private names"),
        ("numpy/fft.py", "import minpy.core", "facades"),
    ],
)
def test_a_forbidden_import_is_found(tree, file, source, forbidden):
    names = ("array", "tape", "autograd", "core", "numpy/__init__", "datasets/mnist")
    package = tree({**{f"{name}.py": "" for name in names}, file: source})
    (violation,) = direction_violations(package)
    assert f"may not import {forbidden} (" in violation
    assert f"line {source.count(chr(10)) + 1}:" in violation


def test_a_module_outside_the_layers_is_found(tree):
    (violation,) = direction_violations(tree({"helpers.py": ""}))
    assert violation.startswith("minpy.helpers belongs to no group")


@pytest.mark.parametrize(
    "back, has_cycle",
    [
        ("from minpy.array import Array", True),
        ("try:\n    from . import array\nexcept ImportError:\n    pass", True),
        ("def f():\n    from minpy.array import Array", False),
        ("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import minpy.array", False),
    ],
)
def test_a_cycle_is_found(tree, back, has_cycle):
    package = tree(
        {"array.py": "import minpy.views", "views.py": "import minpy.tape", "tape.py": back}
    )
    expected = {"minpy.array", "minpy.views", "minpy.tape"} if has_cycle else set()
    assert set(find_cycle(package)) == expected


@pytest.mark.parametrize(
    "files, expected",
    [
        ({"array.py": 396, "tape.py": 397, "autograd.py": 397}, []),
        ({"array.py": 397, "tape.py": 397, "autograd.py": 397}, ["engine: array, tape"]),
        ({f"ops/rules_{i}.py": 351 for i in range(4)}, ["gradient rules has 1404"]),
        ({f"ops/nn_{i}.py": 301 for i in range(3)}, ["network kernels has 903"]),
        ({"backends/a.py": 300, "backends/b.py": 300}, []),
        ({"backends/a/one.py": 300, "backends/a/two.py": 151}, ["each backend: a has 451"]),
        ({"nn/layers.py": 400}, ["minpy/nn/layers.py has 400"]),
    ],
)
def test_a_budget_overrun_is_found(tree, files, expected):
    package = tree({file: "x = 1\n" * lines for file, lines in files.items()})
    found = over_budget(package)
    assert len(found) == len(expected)
    assert all(text in message for text, message in zip(expected, found, strict=True))

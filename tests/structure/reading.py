"""Reading a tree of Python modules without running it: its imports, its circles, its size."""

from __future__ import annotations

import ast
import importlib.util
import io
import tokenize
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent.parent


class Import(NamedTuple):
    """One name that one module imports from another one of the same tree."""

    importer: str  # the module that imports
    line: int
    name: str  # all that was asked for: "minpy.tape.record"
    target: str  # the module that this name lives in: "minpy.tape"

    def __str__(self) -> str:
        return f"{self.importer}, line {self.line}, imports {self.name}"


def modules_in(*packages: Path) -> dict[str, Path]:
    """Map the dotted names of all modules of some packages to their files."""
    modules = {}
    for package in packages:
        for path in sorted(package.rglob("*.py")):
            parts = path.relative_to(package.parent).with_suffix("").parts
            modules[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return modules


def imports_in(*packages: Path) -> list[Import]:
    """List the imports between the modules of some packages.

    Late imports, inside functions, and those for type checkers alone are imports too.  That
    ``import a.b`` also runs ``a/__init__.py`` is left out: every package would be in a circle.
    """
    modules = modules_in(*packages)
    found = []
    for importer, path in modules.items():
        parent = importer if path.name == "__init__.py" else importer.rpartition(".")[0]
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            for name in imported_names(node, parent):
                if is_stub(name, packages):
                    continue
                target = name
                while target and target not in modules:
                    target = target.rpartition(".")[0]
                if target and target != importer:
                    found.append(Import(importer, node.lineno, name, target))
    return found


def is_stub(name: str, packages: tuple[Path, ...]) -> bool:
    """Whether a name is in a stub without a module, which only type checkers read."""
    paths = [package.parent.joinpath(*name.split(".")[:-1]) for package in packages]
    return any(path.with_suffix(".pyi").exists() for path in paths if not path.is_dir())


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


def circles(imports: list[Import]) -> list[list[str]]:
    """List the circles: the largest groups of modules of which each imports each, by some way."""
    graph: dict[str, set[str]] = {}
    for item in imports:
        graph.setdefault(item.importer, set()).add(item.target)
        graph.setdefault(item.target, set())
    reached = {module: set(reachable(graph, module)) for module in graph}
    groups = {
        frozenset({module, *(m for m in reached[module] if module in reached[m])})
        for module in graph
    }
    return sorted(sorted(group) for group in groups if len(group) > 1)


def reachable(graph: dict[str, set[str]], start: str) -> Iterator[str]:
    """Give every module that `start` imports, directly or through others."""
    seen: set[str] = set()
    waiting = list(graph[start])
    while waiting:
        module = waiting.pop()
        if module not in seen:
            seen.add(module)
            yield module
            waiting += graph[module]


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
    """Whether a node of the syntax tree is a literal string."""
    return isinstance(node, ast.Constant) and isinstance(node.value, str)

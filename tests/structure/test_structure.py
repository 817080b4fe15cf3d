"""The code keeps its order: layers, no import circles, and sizes that change on purpose.

``pytest -v tests/structure`` prints how many lines of code each part has.
"""

from collections import Counter

import pytest

from .layers import Layers, direction_violations, violations_between, written_layers
from .reading import ROOT, circles, imports_in
from .sizes import FILE, SIZES, complaints, measure

PACKAGES = {name: ROOT / name for name in ("minpy", "grading", "benchmarks")}


def test_import_directions():
    assert not direction_violations(PACKAGES["minpy"], written_layers())


def test_packages_use_public_names_of_minpy_and_nothing_of_each_other():
    assert not violations_between(PACKAGES)


def test_no_import_circles():
    assert circles(imports_in(*PACKAGES.values())) == []


def test_sizes(request, capsys):
    parts, files = measure(list(PACKAGES.values()), written_layers())
    if request.config.get_verbosity() > 0:
        (longest, length), *_ = files.most_common(1)
        rows = [(lines, SIZES.get(part, ""), part) for part, lines in sorted(parts.items())]
        rows += [(length, FILE, f"the longest file, {longest}"), (parts.total(), "", "all")]
        with capsys.disabled():
            print("\n\nlines of code  figure")
            for lines, figure, name in rows:
                print(f"{lines:13}  {figure:6}  {name}")
    assert not complaints(parts, files, SIZES)


# ------------------------------------------------------------- tests of the checks: small trees

LAYERS = Layers.read(
    """
    backends
    array, tape
    ops
    autograd
    numpy
    nn | datasets
    __init__, core
    """
)


@pytest.fixture
def tree(tmp_path):
    """Write packages from a dict of sources, and give their folders."""

    def write(sources):
        for name, source in {"minpy/__init__.py": "", **sources}.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            (path.parent / "__init__.py").touch()
            path.write_text(source, encoding="utf-8")
        return {path.name: path for path in sorted(tmp_path.iterdir())}

    return write


def test_imports_from_lower_layers_are_allowed(tree):
    packages = tree(
        {
            "minpy/backends/numpy.py": "import numpy",
            "minpy/tape.py": "from minpy.backends import numpy",
            "minpy/array.py": "from . import tape\nfrom .tape import record",
            "minpy/ops/exp.py": "from minpy.array import Array\nfrom minpy.ops import shape",
            "minpy/ops/shape.py": "",
            "minpy/nn/layers.py": "import minpy.numpy as np\nfrom minpy.ops.nn import conv",
            "minpy/numpy/__init__.py": "from minpy.ops.exp import exp",
            "minpy/ops/nn.py": "",
            "minpy/__init__.py": "from minpy import core\nfrom minpy.nn import layers",
            "minpy/core.py": "",
            "grading/judge.py": "from minpy.nn import layers\nimport grading.wire",
            "grading/wire.py": "",
        }
    )
    assert direction_violations(packages["minpy"], LAYERS) == []
    assert violations_between(packages) == []
    assert circles(imports_in(*packages.values())) == []


@pytest.mark.parametrize(
    "file, source, forbidden",
    [
        ("backends/numpy.py", "from minpy.array import Array", "array"),
        ("tape.py", "import minpy.autograd", "autograd"),
        ("ops/shape.py", "import minpy.numpy as np", "numpy"),
        ("ops/shape.py", "from ..numpy import exp", "numpy"),
        ("ops/shape.py", "def f():\n    from minpy import numpy", "numpy"),
        ("ops/shape.py", "import importlib\nimportlib.import_module('minpy.numpy')", "numpy"),
        ("autograd.py", "from minpy import grad", "__init__"),
        ("nn/io.py", "from minpy.datasets import mnist", "datasets"),
        ("nn/io.py", "from minpy.tape import _record", "private names"),
        ("numpy/fft.py", "import minpy.core", "__init__"),
    ],
)
def test_a_forbidden_import_is_found(tree, file, source, forbidden):
    names = ("array", "tape", "autograd", "core", "numpy/__init__", "datasets/mnist")
    packages = tree({**{f"minpy/{name}.py": "" for name in names}, f"minpy/{file}": source})
    (violation,) = direction_violations(packages["minpy"], LAYERS)
    assert violation.endswith(f"may not import {forbidden}")
    assert f"line {source.count(chr(10)) + 1}," in violation


def test_a_module_outside_the_layers_is_found(tree):
    packages = tree({"minpy/helpers.py": ""})
    (violation,) = direction_violations(packages["minpy"], LAYERS)
    assert violation.startswith("minpy.helpers belongs to no layer")


@pytest.mark.parametrize(
    "file, source",
    [
        ("minpy/core.py", "def f():\n    import grading.judge"),
        ("grading/judge.py", "from minpy.core import _secret"),
        ("benchmarks/run.py", "from grading import judge"),
    ],
)
def test_a_forbidden_import_between_packages_is_found(tree, file, source):
    packages = tree({"minpy/core.py": "", "grading/judge.py": "", file: source})
    (violation,) = violations_between(packages)
    assert violation.startswith(file.removesuffix(".py").replace("/", "."))


@pytest.mark.parametrize(
    "back",
    [
        "from minpy.array import Array",
        "try:\n    from . import array\nexcept ImportError:\n    pass",
        "def f():\n    from minpy.array import Array",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import minpy.array",
        "import importlib\nimportlib.import_module('minpy.array')",
    ],
)
def test_a_circle_is_found(tree, back):
    sources = {"array": "import minpy.views", "views": "import minpy.tape", "tape": back}
    packages = tree({f"minpy/{name}.py": source for name, source in sources.items()})
    (circle,) = circles(imports_in(packages["minpy"]))
    assert circle == ["minpy.array", "minpy.tape", "minpy.views"]


@pytest.mark.parametrize(
    "lines, expected",
    [
        ({"tape": 100, "core": 50}, []),
        ({"tape": 105, "core": 50}, []),
        ({"tape": 106, "core": 50}, ["the engine has 106 lines of code, over 105% of its 100"]),
        ({"tape": 60, "core": 50}, ["the engine has shrunk to 60"]),
        ({"tape": 100, "core": 50, "nn": 3}, ["minpy: nn has 3 lines of code and no figure"]),
        ({"tape": 100}, ["minpy: facades has a figure and no lines"]),
    ],
)
def test_a_size_that_changed_is_found(tree, lines, expected):
    sizes = {"minpy: the engine": 100, "minpy: facades": 50}
    packages = tree({f"minpy/{name}.py": "x = 1\n" * count for name, count in lines.items()})
    (packages["minpy"] / "__init__.py").unlink()
    parts, files = measure([packages["minpy"]], LAYERS)
    found = complaints(+parts, files, sizes)
    assert len(found) == len(expected)
    assert all(text in message for text, message in zip(expected, found, strict=True))


def test_a_file_that_is_too_long_is_found():
    (found,) = complaints(Counter(), Counter({"minpy.nn.solver": FILE + 1}), {})
    assert "minpy.nn.solver has 400 lines" in found

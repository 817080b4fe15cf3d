"""Type checkers and editors know what minpy has: mypy and pyright accept a student's page."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import minpy.numpy as np
from minpy.array import Array

from . import generate, page

PAGE = Path(page.__file__)
ROOT = PAGE.parents[2]


def misspelt_lines():
    """Return the numbers of the lines of the page that hold a misspelt name."""
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    return [number for number, line in enumerate(lines, 1) if "  # line of " in line]


def test_the_page_runs():
    history = page.train()
    assert len(history) == 10 and history[-1] < history[0]


def test_mypy_finds_the_misspelt_names_alone():
    pytest.importorskip("mypy", reason="mypy is not installed")
    command = [sys.executable, "-m", "mypy", "--check-untyped-defs", "--config-file=", str(PAGE)]
    printed = subprocess.run(
        [*command, "--follow-imports=silent", "--ignore-missing-imports"],
        capture_output=True,
        text=True,
        cwd=ROOT,
    ).stdout
    found = [int(line) for line in re.findall(r"page\.py:(\d+): error", printed)]
    assert found == misspelt_lines(), printed


def test_pyright_finds_the_misspelt_names_alone(tmp_path):
    pytest.importorskip("pyright", reason="pyright is not installed")
    (tmp_path / "page.py").write_text(PAGE.read_text(encoding="utf-8"), encoding="utf-8")
    settings = {"extraPaths": [str(ROOT)], "pythonVersion": "3.11", "typeCheckingMode": "basic"}
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(settings))
    command = [sys.executable, "-m", "pyright", "--outputjson", "--pythonpath", sys.executable]
    printed = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path).stdout
    found = json.loads(printed)["generalDiagnostics"]
    errors = [e["range"]["start"]["line"] + 1 for e in found if e["severity"] == "error"]
    assert errors == misspelt_lines(), found


@pytest.mark.parametrize("module", generate.MODULES, ids=lambda module: module.__name__)
def test_a_stub_has_every_name_of_its_module(module):
    stub = generate.entries(generate.MODULES[module].read_text(encoding="utf-8"))
    missing = set(generate.names_of(module)) - set(stub)
    assert not missing, "run make stubs"


def test_the_stub_of_arrays_has_every_name():
    text = generate.ARRAY_STUB.read_text(encoding="utf-8")
    declared = set(re.findall(r"def (\w+)\(", text))
    public = {name for name in dir(Array) if not name.startswith("_")}
    assert public <= declared, "run make stubs"
    assert {"__add__", "__rmatmul__", "__getitem__", "__lt__", "astype", "T"} <= declared


def test_an_unknown_name_is_not_in_the_stub():
    stub = generate.entries(generate.MODULES[np].read_text(encoding="utf-8"))
    assert "lnspace" not in stub and "linspace" in stub

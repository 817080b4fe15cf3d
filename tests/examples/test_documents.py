"""README.md and CONTRIBUTING.md say what is so: their example, their links, their commands."""

import contextlib
import io
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
DOCUMENTS = ["README.md", "CONTRIBUTING.md"]


def read(name):
    return (ROOT / name).read_text(encoding="utf-8")


def test_the_first_example_prints_what_the_readme_says():
    code, expected = re.search(
        r"```python\n(.*?)```\n\n```text\n(.*?)```", read("README.md"), re.DOTALL
    ).groups()
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(code, "README.md", "exec"), {"__name__": "readme"})
    assert printed.getvalue() == expected


def test_the_network_of_the_readme_learns():
    for needed in ("sklearn", "matplotlib"):
        pytest.importorskip(needed, reason=f"the network of the README needs {needed}")
    code = next(
        block
        for block in re.findall(r"```python\n(.*?)```", read("README.md"), re.DOTALL)
        if "Solver(" in block
    )
    names = {"__name__": "readme"}
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        exec(compile(code, "README.md", "exec"), names)
    assert names["solver"].best_val_acc > 0.97


@pytest.mark.parametrize("name", DOCUMENTS)
def test_links_and_paths_lead_somewhere(name):
    text = read(name)
    links = [link for link in re.findall(r"\]\(([^)]+)\)", text) if "://" not in link]
    paths = re.findall(r"`([\w.-]+/[\w./-]*)`", text)
    assert links or paths
    missing = [path for path in links + paths if not (ROOT / path).exists()]
    assert not missing


@pytest.mark.parametrize("name", DOCUMENTS)
def test_make_knows_the_commands(name):
    known = set(re.findall(r"^([a-z-]+):", read("Makefile"), re.MULTILINE))
    asked = set(re.findall(r"^make ([a-z-]+)|`make ([a-z-]+)", read(name), re.MULTILINE))
    assert {first or second for first, second in asked} <= known


def test_the_map_has_every_module_of_the_engine():
    text = read("CONTRIBUTING.md")
    modules = {path.name for path in (ROOT / "minpy").glob("*.py")} - {"__init__.py", "errors.py"}
    assert not {module for module in modules if f"`minpy/{module}`" not in text}

"""environment.yml gives conda users what `make setup` gives everyone else."""

import copy
import re
from pathlib import Path

import pytest

tomllib = pytest.importorskip("tomllib", reason="Python 3.10 has no TOML parser")
yaml = pytest.importorskip("yaml", reason="PyYAML belongs to the default environment")
requirements = pytest.importorskip("packaging.requirements")
specifiers = pytest.importorskip("packaging.specifiers")
canonicalize_name = pytest.importorskip("packaging.utils").canonicalize_name

ROOT = Path(__file__).parent.parent


@pytest.fixture
def project():
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


@pytest.fixture
def environment():
    return yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))


@pytest.fixture
def groups():
    """Give the optional groups of pyproject.toml that `make setup` installs."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    return re.search(r"^GROUPS := (.+)$", makefile, re.MULTILINE)[1].split(",")


def project_packages(project, groups):
    lines = list(project["dependencies"])
    for group in groups:
        lines += project["optional-dependencies"][group]
    return packages(lines)


def environment_packages(environment):
    (pip_lines,) = (item["pip"] for item in environment["dependencies"] if isinstance(item, dict))
    return packages(line for line in pip_lines if not line.startswith("-e "))


def packages(lines):
    """Map each package's name to its constraint on the version and its condition.

    >>> packages(["NumPy >= 1.26"])
    {'numpy': ('>=1.26', 'None')}
    """
    found = {}
    for line in lines:
        requirement = requirements.Requirement(line)
        name = canonicalize_name(requirement.name)
        assert name not in found, f"{name} is listed twice"
        found[name] = (str(requirement.specifier), str(requirement.marker))
    return found


def test_conda_users_get_the_same_packages(environment, project, groups):
    assert environment_packages(environment) == project_packages(project, groups)


def test_conda_users_get_minpy_itself(environment):
    assert environment["name"] == "minpy"
    assert environment["dependencies"][-1]["pip"][:2] == ["-e .", "-e ./grading"]


def test_conda_brings_a_python_that_minpy_supports(environment, project):
    (python,) = (item for item in environment["dependencies"] if "python=" in item)
    version = python.removeprefix("python=")
    assert version in specifiers.SpecifierSet(project["requires-python"])


@pytest.mark.parametrize(
    "old, new",
    [
        ("numpy>=1.26", "numpy>=2"),
        ("numpy>=1.26", "xarray"),
        ("nbgrader>=0.9", None),
        (None, "torch"),
    ],
)
def test_a_drift_is_found(environment, project, groups, old, new):
    drifted = copy.deepcopy(environment)
    pip_lines = drifted["dependencies"][-1]["pip"]
    if old:
        pip_lines.remove(old)
    if new:
        pip_lines.append(new)
    assert environment_packages(drifted) != project_packages(project, groups)

"""An ordinary run takes a sample of each slow family; ``--family`` runs one whole, and it alone."""

import shutil
import subprocess
import sys

import pytest

from .reading import ROOT

TESTS = """
import pytest

@pytest.mark.family("kills")
@pytest.mark.parametrize("number", range(50))
def test_slow(number):
    pass

def test_fast():
    pass

def test_skipped():
    pytest.skip("no such device")
"""


@pytest.fixture
def run(tmp_path):
    """Run tests with the project's conftest, and return what pytest prints."""
    shutil.copy(ROOT / "conftest.py", tmp_path)

    def run(*arguments, tests=TESTS):
        (tmp_path / "test_it.py").write_text(tests)
        command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-c", "/dev/null"]
        command += ["--rootdir", str(tmp_path), *arguments, str(tmp_path)]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
        return done.stdout + done.stderr

    return run


def test_a_sample_of_a_family_runs(run):
    printed = run()
    assert "2 passed, 1 skipped, 49 deselected" in printed
    assert "1 of 50 tests, 0 s: kills; make kills runs all" in printed
    assert "     1  .: no such device" in printed


def test_a_family_runs_whole_and_alone(run):
    printed = run("--family", "kills")
    assert "50 passed, 2 deselected" in printed
    assert "50 of 50 tests, 0 s: kills\n" in printed


def test_an_unknown_family_is_refused(run):
    assert "no family 'kils'" in run(tests=TESTS.replace('"kills"', '"kils"'))

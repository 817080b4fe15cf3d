"""`make example` shows a newcomer what it should."""

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import minpy
import minpy.numpy as np

ROOT = Path(__file__).parent.parent.parent
SCRIPT = ROOT / "examples" / "first_steps.py"


@pytest.fixture(scope="module")
def first_steps():
    spec = importlib.util.spec_from_file_location("first_steps", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run(*arguments):
    """Run the script as a user does; return what it printed, of which nothing is a warning."""
    done = subprocess.run(
        [sys.executable, "-W", "error", str(SCRIPT), *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        encoding="utf-8",
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert not done.stderr
    return done.stdout


def accuracies(text):
    return [float(percent) for percent in re.findall(r"accuracy on .* ([\d.]+)%", text)]


def has_matplotlib():
    return importlib.util.find_spec("matplotlib") is not None


def test_small(tmp_path):
    if has_matplotlib():
        pytest.importorskip("matplotlib.font_manager")  # builds its cache the first time, aloud
    picture = tmp_path / "new folder" / "picture.png"
    sizes = ("--points", 20, "--hidden", 8, "--steps", 30)
    text = run(*sizes, "--picture", picture)
    assert "agrees with finite differences" in text
    assert "step 30" in text and len(accuracies(text)) == 2
    assert "make lab" in text
    if has_matplotlib():
        assert picture.read_bytes().startswith(b"\x89PNG")
        assert str(picture) in text
    else:
        assert "No picture: it needs matplotlib" in text


@pytest.mark.slow
def test_as_it_comes(tmp_path):
    text = run("--picture", tmp_path / "picture.png")
    assert min(accuracies(text)) > 95


def test_help_names_every_option():
    text = run("--help")
    for option in ("--picture", "--points", "--hidden", "--steps", "--seed"):
        assert option in text


def test_a_wrong_size_is_refused(first_steps, capsys):
    with pytest.raises(SystemExit):
        first_steps.main(["--steps", "0"])
    assert "--steps must be at least 1, but is 0" in capsys.readouterr().err


def test_velocity_is_the_derivative_of_height(first_steps):
    velocity = minpy.grad(first_steps.height)
    assert velocity(0.25) == pytest.approx(5 - 9.81 * 0.25)
    after_one_bounce = 1.5 - 2 * 5 / 9.81
    assert velocity(1.5) == pytest.approx(4 - 9.81 * after_one_bounce)
    assert minpy.grad(velocity)(1.5) == pytest.approx(-9.81)


def test_training_lowers_the_loss(first_steps, capsys):
    rng = np.random.default_rng(0)
    x, y = first_steps.spirals(rng, 30)
    assert x.shape == (90, 2) and sorted(set(y.tolist())) == [0, 1, 2]
    params = first_steps.new_params(rng, hidden=20)
    losses = first_steps.train(params, x, y, steps=100)
    assert losses[-1] < 0.7 * losses[0]
    assert "step 100" in capsys.readouterr().out
    assert not any(minpy.is_recorded(value) for value in params.values())

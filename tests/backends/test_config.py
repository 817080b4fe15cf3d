"""show_config and ``python -m minpy``: what is installed, which devices, what runs where."""

import json
import os
import subprocess
import sys

import numpy as onp
import pytest

import minpy
from minpy import gpu
from minpy.__main__ import main
from minpy.config import Config, _report, find_config

CONFIG = Config(
    versions={"minpy": "1.0", "NumPy": "2.0"},
    missing={"Some": "Some is not installed: pip install some. It brings much."},
    blas="fastblas 1.0, up to 2 threads",
    devices={"cpu(0)": "2 cores"},
    no_gpu=["Some is not installed: pip install some.", "Other is" + " very" * 9 + " old."],
    policy="auto",
    context="cpu(0)",
    kernels={
        "nn.conv": {"float32": "fast", "float64": "fast"},
        "nn.pool": {"float32": "fast", "float64": "numpy"},
        "nn.conv_input": {"float32": "fast", "float64": "fast"},
    },
)


# ----- the facts


def test_versions():
    versions = find_config().versions
    assert versions["minpy"] == minpy.__version__
    assert versions["NumPy"] == onp.__version__
    assert sys.version.startswith(versions["Python"])


def test_with_pytorch(torch):
    config = find_config()
    assert torch.__version__.startswith(config.versions["PyTorch"].split("+")[0])
    assert "PyTorch" not in config.missing
    if not config.no_gpu:
        assert "by PyTorch" in config.devices["gpu(0)"]


def test_without_pytorch(no_torch):
    config = find_config()
    assert "PyTorch" not in config.versions
    assert "pip install 'minpy-edu[torch]'" in config.missing["PyTorch"]
    assert "convolutions" in config.missing["PyTorch"]
    assert list(config.devices) == ["cpu(0)"]
    assert "PyTorch is not installed" in config.no_gpu[0]
    assert {where for runs in config.kernels.values() for where in runs.values()} == {"numpy"}


@pytest.mark.filterwarnings("ignore:PyTorch is installed, but does not import")
def test_with_a_broken_pytorch(broken_torch):
    config = find_config()
    assert "PyTorch" not in config.versions
    assert "PyTorch is installed, but does not import (" in config.missing["PyTorch"]


def test_with_gpus(pretend, monkeypatch):
    monkeypatch.setattr("minpy.backends.kernels.FASTEST", {"float32": ("pretend",)})
    config = find_config()
    assert config.versions["Pretend"] == "1.0"
    assert config.devices["gpu(0)"] == "Pretend GPU, 1 GiB, by Pretend"
    assert config.devices["gpu(1)"] == "Pretend GPU, 2 GiB, by Pretend"
    assert config.no_gpu == []
    assert {where for runs in config.kernels.values() for where in runs.values()} == {"numpy"}


def test_policy_and_context_are_those_in_force(pretend, monkeypatch):
    monkeypatch.setattr("minpy.backends.kernels.FASTEST", {"float32": ("pretend",)})
    with minpy.use_policy("prefer_pretend"), gpu(1):
        config = find_config()
    assert (config.policy, config.context) == ("prefer_pretend", "gpu(1)")


@pytest.mark.parametrize("policy, where", [("auto", "torch"), ("only_numpy", "numpy")])
def test_kernels_run_where_the_policy_says(torch, policy, where):
    with minpy.use_policy(policy):
        config = find_config()
    assert config.kernels["nn.conv2d"] == {"float32": where, "float64": where}


def test_threads_are_those_of_the_environment(monkeypatch):
    for variable in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    assert find_config().blas.endswith(", OMP_NUM_THREADS=3")
    monkeypatch.delenv("OMP_NUM_THREADS")
    assert ", up to " in find_config().blas


# ----- what is printed


def test_the_report():
    assert _report(CONFIG) == (
        "minpy    1.0\n"
        "NumPy    2.0\n"
        "Some     Some is not installed: pip install some. It brings much.\n"
        "BLAS     fastblas 1.0, up to 2 threads\n"
        "cpu(0)   2 cores\n"
        "gpu(0)   none. Some is not installed: pip install some. Other is very very very very\n"
        "         very very very very very old.\n"
        "policy   auto\n"
        "context  cpu(0)\n"
        "kernels  on fast: nn.conv, nn.conv_input\n"
        "kernels  float32 on fast, float64 on numpy: nn.pool"
    )


def test_show_config_prints_it(capsys, no_torch):
    minpy.show_config()
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["minpy", minpy.__version__]
    assert any(line.startswith("gpu(0)") and "none" in line for line in lines)
    assert max(map(len, lines)) <= 100
    assert "".join(lines).isascii()  # for consoles of every kind


# ----- the command


def test_the_command_prints_the_same(capsys, no_torch):
    main([])
    by_command = capsys.readouterr().out
    minpy.show_config()
    assert capsys.readouterr().out == by_command


def test_the_command_in_json(capsys, no_torch):
    main(["--json"])
    assert Config(**json.loads(capsys.readouterr().out)) == find_config()


def run(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "minpy", *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, "COLUMNS": "80"},
    )


def test_the_command_runs():
    done = run()
    assert (done.returncode, done.stderr) == (0, "")
    assert "policy   auto" in done.stdout


def test_help_and_a_wrong_option():
    assert "--json" in run("--help").stdout
    wrong = run("--jason")
    assert wrong.returncode == 2
    assert "usage: python -m minpy" in wrong.stderr

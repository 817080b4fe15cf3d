"""The optional libraries: there or not, broken or not, and the kernels that run on them."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as onp
import pytest

import minpy
import minpy.numpy as np
from minpy import cpu, gpu
from minpy.backends import NUMPY, Backend, kernels, libraries
from minpy.backends.libraries import LIBRARIES, Library
from minpy.errors import DeviceError, NotInstalledError

ROOT = Path(__file__).parent.parent.parent
TORCH = LIBRARIES["torch"]


def library(load, name="json"):
    return Library(name, "Some", "pip install some", "much", load, list)


# ----- is it there


def test_what_is_installed_is_seen_without_importing_it():
    code = "import sys; from minpy.backends.libraries import LIBRARIES as L; "
    code += "print(L['torch'].installed(), 'torch' in sys.modules)"
    printed = subprocess.check_output([sys.executable, "-c", code], text=True).split()
    assert printed == [str(TORCH.installed()), "False"]


def test_its_version(torch):
    assert torch.__version__.startswith(TORCH.version().split("+")[0])


def test_a_library_without_metadata_has_no_version():
    assert library(None, "no_such_distribution").version() == "of unknown version"


def test_what_is_not_installed_says_how_to_install_it():
    missing = library(None, "no_such_library")
    assert not missing.installed()
    for device in (cpu(), gpu(0)):
        with pytest.raises(NotInstalledError, match=r"Some is not installed: pip install some\."):
            missing.backend_on(device)


def test_the_command_to_install_names_a_group_of_this_project():
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    for name, known in LIBRARIES.items():
        assert known.install == f"pip install 'minpy-edu[{name}]'"
        assert re.search(rf"^{name} = \[", project, re.MULTILINE)


# ----- does it import


@pytest.mark.parametrize("error", [ImportError("no libcudart"), OSError("WinError 126")])
def test_a_broken_library_is_imported_once(anew, error):
    tries = []

    def load():
        tries.append(1)
        raise error

    broken = library(load)
    for _ in range(3):
        with pytest.raises(ImportError, match=str(error)):
            broken.module()
        reason = re.escape(f"Some is installed, but does not import ({error}).")
        with pytest.raises(DeviceError, match=reason):
            broken.backend_on(cpu())
    assert len(tries) == 1


def test_a_fault_of_our_own_is_not_hidden(anew):
    with pytest.raises(ZeroDivisionError):
        library(lambda: 1 // 0).backend_on(cpu())


# ----- kernels on NumPy's arrays


@pytest.fixture
def double(monkeypatch):
    """A kernel of which each library says who ran it, by its sign."""
    monkeypatch.setattr(kernels, "every_kernel", [])
    run = kernels.kernel("nn.double", lambda x, factor=2: x * factor)
    assert kernels.every_kernel == ["nn.double"]
    return run


@pytest.fixture
def torch_has_it(torch, monkeypatch):
    from minpy.backends.torch import functions

    own = staticmethod(lambda x, factor=2: x * -factor)
    monkeypatch.setattr(functions, "nn_double", own, raising=False)
    backend = TORCH.backend_on(cpu())
    monkeypatch.setattr(backend, "_found", {})
    return backend


@pytest.mark.parametrize(
    "policy, dtype, sign",
    [
        ("auto", "float32", -1),
        ("auto", "float64", -1),
        ("auto", "float16", 1),
        ("auto", "complex128", 1),
        ("auto", "int64", 1),
        ("prefer_torch", "float32", -1),
        ("only_torch", "float64", -1),
        ("only_numpy", "float32", 1),
        ("only_numpy", "float64", 1),
    ],
)
def test_who_runs_a_kernel(double, torch_has_it, policy, dtype, sign):
    x = onp.array([1, 2], dtype)
    with minpy.use_policy(policy):
        out = double(x, factor=3)
        assert kernels.library_for("nn.double", dtype) == ("torch" if sign < 0 else "numpy")
    assert type(out) is onp.ndarray
    assert out.dtype == dtype
    assert out.tolist() == [3 * sign, 6 * sign]
    where = "torch" if sign < 0 else "numpy"
    assert np.policy.op_stat().ran == {("nn.double", where): 1}


def test_the_result_of_another_library_is_as_writable_as_any(double, torch_has_it):
    x = onp.array([1.0, 2.0])
    out = double(x)
    out += 1
    assert (out.tolist(), x.tolist()) == ([-1, -3], [1, 2])
    x.setflags(write=False)
    assert double(x).tolist() == [-2, -4]
    assert double(onp.array([1.0, 2.0])[::-1]).tolist() == [-4, -2]


def test_what_another_library_lacks_runs_on_numpy(double, torch):
    assert double(onp.array([1.0])).tolist() == [2]
    assert np.policy.op_stat().ran == {("nn.double", "numpy"): 1}


def test_without_another_library_kernels_run_on_numpy(double, no_torch):
    assert double(onp.array([1.0])).tolist() == [2]


def test_a_broken_library_is_warned_of_once(double, broken_torch):
    with pytest.warns(RuntimeWarning, match=r"PyTorch .* does not import .*; kernels run on NumPy"):
        assert double(onp.array([1.0])).tolist() == [2]
    assert double(onp.array([1.0])).tolist() == [2]  # another warning would be an error


def test_a_convolution_is_counted_where_it_ran(torch):
    from minpy.nn.functional import conv2d

    x, w = np.ones((1, 1, 4, 4)), np.ones((1, 1, 3, 3))
    np.policy.reset_op_stat()
    for policy, where in (("auto", "torch"), ("only_numpy", "numpy")):
        with minpy.use_policy(policy):
            assert conv2d(x, w).ravel()[0] == 9
        ran = np.policy.op_stat().ran
        assert {place: n for (op, place), n in ran.items() if op == "nn.conv2d"} == {where: 1}
        np.policy.reset_op_stat()


# ----- a backend of one's own


def test_a_library_of_ones_own(pretend):
    assert isinstance(libraries.LIBRARIES["pretend"].backend_on(gpu(1)), Backend)
    with pytest.raises(DeviceError, match=r"Pretend 1\.0 has 2 GPUs, but no gpu\(7\)\."):
        libraries.LIBRARIES["pretend"].backend_on(gpu(7))
    with minpy.use_policy("prefer_pretend"):
        assert np.ones(2)._backend is pretend(cpu())
    assert np.ones(2)._backend is NUMPY

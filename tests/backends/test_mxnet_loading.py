"""Importing MXNet beside a NumPy of today; most of it in processes of its own."""

import ast
import importlib.util
import platform
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as onp
import pytest

FILE = Path(__file__).parent.parent.parent / "minpy" / "backends" / "mxnet" / "loading.py"
needs_mxnet = pytest.mark.skipif(
    importlib.util.find_spec("mxnet") is None, reason="needs MXNet, which is not installed here"
)


@pytest.fixture
def loading():
    """The module by itself: its package imports MXNet."""
    spec = importlib.util.spec_from_file_location("loading_alone", FILE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    finders = list(sys.meta_path)
    yield module
    sys.meta_path[:] = finders


def run(*parts, flags=(), path=None):
    """Run a program in a process of its own, with `loading` at hand; return what it prints."""
    start = f"""
        import importlib.util, sys
        spec = importlib.util.spec_from_file_location("loading", {str(FILE)!r})
        loading = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(loading)
        {f"sys.path.insert(0, {str(path)!r})" if path else ""}
    """
    program = "".join(map(textwrap.dedent, (start, *parts)))
    command = [sys.executable, *flags, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.split(), done.stderr


# ----- the real MXNet


@needs_mxnet
def test_numpys_namespace_stays_as_it_was():
    """All along, also for threads that look while MXNet is being imported."""
    code = """
        import numpy, threading, types
        names = lambda: {k for k, v in vars(numpy).items() if not isinstance(v, types.ModuleType)}
        before, seen = names(), set()
        done = threading.Event()
        def watch():
            while not done.is_set():
                seen.update(names())
        watcher = threading.Thread(target=watch)
        watcher.start()
        mx = loading.load()
        done.set()
        watcher.join()
        print(seen - before, before - names(), mx.np.bool is bool, mx.__version__)
    """
    printed, _ = run(code)
    assert printed == ["set()", "set()", "True", "1.9.1"]


@needs_mxnet
def test_it_imports_without_a_warning():
    assert run("loading.load()", flags=("-W", "error"))[1] == ""


LATER = """
    with mx.util.np_shape(), mx.util.np_array():
        a = mx.np.array([3.0, 1.0])
        assert mx.np.full((2,), True).dtype == bool
        assert a[True].shape == (1, 2)
        assert mx.np.pad(a.reshape(2, 1), ((1, 0), (0, 0))).asnumpy().tolist() == [[0], [3], [1]]
        assert mx.np.msort(a).asnumpy().tolist() == [1, 3]
        assert float(mx.np.trapz(a)) == 2
        assert mx.np.in1d(a, mx.np.array([1.0])).asnumpy().tolist() == [False, True]
    assert mx.nd.array([[1.0, 2.0]]).shape == (1, 2)
    import mxnet.gluon.contrib.estimator, mxnet.onnx, mxnet.test_utils
    assert mxnet.test_utils.default_rtols()
"""


@needs_mxnet
def test_what_asks_for_left_out_names_later_finds_them():
    run("mx = loading.load()\n", LATER, flags=("-W", "error"))


@needs_mxnet
def test_an_import_that_failed_before_does_no_harm():
    code = """
        try:
            import mxnet
        except AttributeError:
            pass
        mx = loading.load()
    """
    run(code, LATER)


@needs_mxnet
def test_an_import_by_a_program_with_its_own_remedy_is_completed():
    code = """
        import numpy
        mine = {name: getattr(loading.numpy_for_mxnet(), name) for name in loading._LEFT_OUT}
        missing = [name for name in mine if name not in vars(numpy)]
        vars(numpy).update({name: mine[name] for name in missing})
        import mxnet
        for name in missing:
            delattr(numpy, name)
        mx = loading.load()
        assert mx is mxnet
    """
    run(code, LATER)


@needs_mxnet
def test_every_name_of_numpys_that_mxnet_writes_is_there(loading):
    """Read from its sources: what no test calls is found too."""
    (folder,) = importlib.util.find_spec("mxnet").submodule_search_locations
    asked = set()
    for path in Path(folder).rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        if "numpy" in text:
            asked |= names_of_numpys(ast.parse(text))
    assert len(asked) > 150
    there = loading.numpy_for_mxnet()
    assert [name for name in sorted(asked) if not hasattr(there, name)] == []


def names_of_numpys(tree):
    nodes = list(ast.walk(tree))
    imported = [alias for n in nodes if isinstance(n, ast.Import) for alias in n.names]
    called = {alias.asname or alias.name for alias in imported if alias.name == "numpy"}
    attributes = [n for n in nodes if isinstance(n, ast.Attribute) and type(n.value) is ast.Name]
    return {n.attr for n in attributes if n.value.id in called}


def test_the_names_are_numpys_and_those_it_left_out(loading):
    theirs = loading.numpy_for_mxnet()
    assert (theirs.bool, theirs.exp, theirs.PINF) == (bool, onp.exp, onp.inf)
    assert theirs.testing is onp.testing
    assert theirs.in1d([[1, 2], [3, 1]], [1]).tolist() == [True, False, False, True]
    with pytest.raises(RuntimeError, match=r"numpy_financial\.npv"):
        theirs.npv(0.1, [1])
    with pytest.raises(AttributeError):
        theirs.no_such_name  # noqa: B018


# ----- other people's warnings, and errors, with a package that is called MXNet


@pytest.fixture
def impostor(tmp_path):
    """Write a package called `mxnet`; return the folder for ``sys.path``."""

    def write(source):
        package = tmp_path / "mxnet"
        (package / "nd").mkdir(parents=True)
        (package / "__init__.py").write_text(textwrap.dedent(source), encoding="utf-8")
        for name in ("utils", "sparse"):
            (package / "nd" / f"{name}.py").write_text("spsp = None", encoding="utf-8")
        imports = "from . import utils, sparse"
        (package / "nd" / "__init__.py").write_text(imports, encoding="utf-8")
        (tmp_path / "noisy.py").write_text("import warnings; warnings.warn('noisy one')")
        return tmp_path

    return write


def test_a_deprecated_module_that_mxnet_imports_is_silenced(impostor):
    path = impostor("import old; from . import nd")
    warns = "import warnings; warnings.warn('old one', DeprecationWarning, 2)"
    (path / "old.py").write_text(warns, encoding="utf-8")
    _, printed = run("loading.load()", path=path, flags=["-W", "error"])
    assert not printed


def test_only_its_own_warnings_are_silenced(impostor):
    path = impostor("import warnings, noisy; from . import nd; warnings.warn('a quiet one')")
    _, printed = run("loading.load()", path=path)
    assert "noisy one" in printed
    assert "a quiet one" not in printed


def test_a_broken_build_is_an_import_error(impostor):
    path = impostor("raise OSError('libgomp.so.1: cannot open shared object file')")
    code = """
        try:
            loading.load()
        except ImportError as error:
            print(error)
    """
    message = " ".join(run(code, path=path)[0])
    assert f"MXNet is installed, but does not import beside NumPy {onp.__version__}" in message
    assert "OSError: libgomp.so.1: cannot open" in message
    assert "prefer_torch" in message


def test_what_it_needs_is_named(impostor):
    path = impostor("import no_such_package")
    code = """
        try:
            loading.load()
        except ImportError as error:
            print(error)
    """
    assert " ".join(run(code, path=path)[0]) == (
        "MXNet is installed, but no_such_package is not, which it needs: pip install it."
    )


@pytest.mark.parametrize(
    "system, machine, python, expected",
    [
        ("linux", "x86_64", (3, 11), "not installed: pip install mxnet==1.9.1. Without it"),
        ("linux", "aarch64", (3, 10), "not installed: pip install mxnet==1.9.1."),
        ("darwin", "x86_64", (3, 11), "not installed: pip install mxnet==1.9.1."),
        ("darwin", "arm64", (3, 11), "has no build for Darwin on arm64: its last release, 1.9.1,"),
        ("win32", "AMD64", (3, 10), "has no build for Windows on amd64"),
        ("linux", "x86_64", (3, 13), "tested here with Python 3.10 and 3.11: use one of these"),
    ],
)
def test_where_it_is_missing_the_error_says_why(
    loading, monkeypatch, system, machine, python, expected
):
    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setattr(sys, "version_info", python)
    monkeypatch.setattr(platform, "machine", lambda: machine)
    names = {"linux": "Linux", "darwin": "Darwin", "win32": "Windows"}
    monkeypatch.setattr(platform, "system", lambda: names[system])
    monkeypatch.setattr(sys, "path", [])
    for name in [name for name in sys.modules if name.partition(".")[0] == "mxnet"]:
        monkeypatch.delitem(sys.modules, name)
    with pytest.raises(ImportError) as caught:
        loading.load()
    assert "MXNet is not installed" in str(caught.value) or "has no build" in str(caught.value)
    assert expected in str(caught.value)
    assert "use_policy('prefer_torch')" in str(caught.value)


def test_without_distutils_setuptools_is_asked_for(impostor):
    path = impostor("import distutils")
    code = """
        sys.modules.update(distutils=None, setuptools=None)
        try:
            loading.load()
        except ImportError as error:
            print(error)
    """
    message = " ".join(run(code, path=path)[0])
    assert message.startswith("MXNet needs distutils")
    assert message.endswith("pip install setuptools")

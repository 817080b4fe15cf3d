"""Files of parameters: whole, portable, and refused with a reason when they are not."""

import os
import pickle
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as onp
import pytest

import minpy.numpy as np
from minpy.nn import parameters
from minpy.nn.parameters import ParameterFileError, load, save

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(params=["npz", "h5"])
def path(request, tmp_path):
    if request.param == "h5":
        pytest.importorskip("h5py", reason="needs h5py")
    return str(tmp_path / f"model.{request.param}")


TREE = {
    "params": {"w": onp.arange(6, dtype="f4").reshape(2, 3), "b/c": onp.zeros(0)},
    "histories": [0.1, 1e-300, float("inf"), -3],
    "random": ("MT19937", onp.array([1, 2**32 - 1], "u4"), 5, {"gauss": None}),
    "flags": [True, False],
    "scalar": onp.float32(0.1),
    "name": "naïve",
    "empty": {},
}


def same(a, b):
    assert type(a) is type(b)
    if isinstance(a, dict):
        assert list(a) == list(b)
        return all(same(a[key], b[key]) for key in a)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, onp.ndarray | onp.generic):
        return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    return a == b


def test_a_tree_comes_back_bit_by_bit(path):
    parameters.save(path, TREE)
    assert same(parameters.load(path), TREE)
    assert not same(parameters.load(path), {**TREE, "scalar": onp.float32(0.2)})


def test_minpys_arrays_come_back_as_numpys(path):
    parameters.save(path, {"w": np.ones(3)})
    assert type(parameters.load(path)["w"]) is onp.ndarray


def test_arrays_with_one_place_in_the_file_do_not_overwrite_each_other(tmp_path):
    tree = {"a/b": onp.zeros(1), "a": {"b": onp.ones(1)}, "structure": onp.ones(2)}
    parameters.save(tmp_path / "model.npz", tree)
    assert same(parameters.load(tmp_path / "model.npz"), tree)


def test_numpy_finds_the_arrays_in_an_npz_file_by_name(tmp_path):
    parameters.save(tmp_path / "model.npz", TREE)
    with onp.load(tmp_path / "model.npz", allow_pickle=False) as arrays:
        onp.testing.assert_array_equal(arrays["params/w"], TREE["params"]["w"])


@pytest.mark.parametrize(
    ("tree", "message"),
    [
        ({"a": [object()]}, r"a/0 is an object, and a file of parameters holds arrays"),
        ({"f": {"g": len}}, r"f/g is a builtin_function"),
        ({"w": onp.array([None, "x"])}, r"w is an ndarray of dtype object"),
        ({"a": {3: 1}}, r"a has the key 3; keys in a file of parameters are strings"),
        ({"$array": 1}, r"the tree has the key '\$array'"),
    ],
)
def test_what_does_not_fit_into_a_file_is_named_and_nothing_is_written(tmp_path, tree, message):
    with pytest.raises(TypeError, match=message):
        parameters.save(tmp_path / "model.npz", tree)
    assert list(tmp_path.iterdir()) == []


# ---------------------------------------------------------------------------- bad files


def test_a_truncated_file_is_refused_wherever_it_ends(path):
    parameters.save(path, TREE)
    with open(path, "rb") as file:
        whole = file.read()
    for length in [10, len(whole) // 3, len(whole) // 2, len(whole) - 30, len(whole) - 1]:
        with open(path, "wb") as file:
            file.write(whole[:length])
        with pytest.raises(ParameterFileError, match=r"model\.\w+ is damaged.*cut short"):
            parameters.load(path)


def test_a_flipped_bit_is_seen(tmp_path):
    path = tmp_path / "model.npz"
    parameters.save(path, {"w": onp.zeros(1000)})
    damaged = bytearray(path.read_bytes())
    damaged[1000] ^= 1
    path.write_bytes(damaged)
    with pytest.raises(ParameterFileError, match="is damaged and cannot be read"):
        parameters.load(path)


class Hostile:
    ran = []

    def __reduce__(self):
        return (Hostile.ran.append, ("code",))


def test_a_pickle_is_not_run(tmp_path):
    path = tmp_path / "model.npz"
    path.write_bytes(pickle.dumps(Hostile()))
    with pytest.raises(
        ParameterFileError, match="it looks like a pickle, which could run any code"
    ):
        parameters.load(path)
    onp.savez(path, structure=onp.array([Hostile()], dtype=object))
    with pytest.raises(ParameterFileError, match="is damaged and cannot be read"):
        parameters.load(path)
    assert Hostile.ran == []


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "it is empty"),
        (b"w,b\n1,2\n", r"it starts with b'w,b\\n1,2\\n'"),
    ],
)
def test_other_files_are_named_for_what_they_are(tmp_path, content, message):
    path = tmp_path / "model.npz"
    path.write_bytes(content)
    with pytest.raises(ParameterFileError, match=f"model.npz is no file of parameters: {message}"):
        parameters.load(path)


def test_a_foreign_npz_file_is_refused_with_the_way_to_use_it(tmp_path):
    onp.savez(tmp_path / "other.npz", w=onp.ones(2))
    with pytest.raises(ParameterFileError, match=r"that minpy did not write: it holds w\. To use"):
        parameters.load(tmp_path / "other.npz")


def test_a_foreign_hdf5_file_is_refused(tmp_path):
    h5py = pytest.importorskip("h5py", reason="needs h5py")
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file.create_dataset("w", data=onp.ones(2))
    with pytest.raises(ParameterFileError, match="HDF5 file that minpy did not write"):
        parameters.load(tmp_path / "other.h5")


def test_a_file_of_a_later_version_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(parameters, "VERSION", 2)
    parameters.save(tmp_path / "model.npz", {})
    monkeypatch.undo()
    with pytest.raises(ParameterFileError, match="written by a later minpy"):
        parameters.load(tmp_path / "model.npz")


def test_a_missing_file_names_those_that_are_there(tmp_path):
    parameters.save(tmp_path / "epoch3.npz", {})
    with pytest.raises(FileNotFoundError, match=r"there are epoch3\.npz"):
        parameters.load(tmp_path / "epoch4.npz")


def test_without_h5py_the_message_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(
        ImportError, match=r"needs h5py: pip install h5py\. A name that ends in \.npz"
    ):
        parameters.save(tmp_path / "model.h5", {})


# ---------------------------------------------------------------------------- all or nothing


def test_an_error_while_writing_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "model.npz"
    parameters.save(path, {"epoch": 1})

    def full(*args, **kwargs):
        raise OSError("no space left on device")

    monkeypatch.setattr(onp.lib.format, "write_array", full)
    with pytest.raises(OSError, match="no space left"):
        parameters.save(path, {"epoch": 2})
    assert parameters.load(path) == {"epoch": 1}
    assert [each.name for each in tmp_path.iterdir()] == ["model.npz"]


def test_the_new_file_takes_the_place_of_the_old_one_in_one_step(tmp_path, monkeypatch):
    path = tmp_path / "model.npz"
    parameters.save(path, {"epoch": 1})
    replace = os.replace
    steps = []

    def watched(source, target):
        steps.append((parameters.load(source), parameters.load(target)))
        replace(source, target)

    monkeypatch.setattr(os, "replace", watched)
    parameters.save(path, {"epoch": 2})
    assert steps == [({"epoch": 2}, {"epoch": 1})]
    assert parameters.load(path) == {"epoch": 2}


WRITE_FOREVER = """
import itertools
import sys

import numpy

from minpy.nn import parameters

for epoch in itertools.count():
    parameters.save(sys.argv[1], {"epoch": epoch, "w": numpy.full(200_000, epoch)})
"""


def test_a_kill_never_leaves_half_a_file(tmp_path):
    path = tmp_path / "model.npz"
    process = subprocess.Popen([sys.executable, "-c", WRITE_FOREVER, str(path)], cwd=ROOT)
    try:
        while not path.exists():
            assert process.poll() is None
            time.sleep(0.01)
        for delay in (0.0, 0.013, 0.029):
            time.sleep(delay)
            tree = parameters.load(path)  # also while the next one is being written
            assert (tree["w"] == tree["epoch"]).all()
    finally:
        process.kill()
        process.wait()
    tree = parameters.load(path)
    assert (tree["w"] == tree["epoch"]).all()


def test_threads_may_save_under_one_name(tmp_path):
    path = tmp_path / "model.npz"
    trees = [{"w": onp.full(20_000, float(i))} for i in range(8)]
    errors = []
    together = threading.Barrier(len(trees))

    def write(tree):
        try:
            for _ in range(10):
                together.wait(30)
                save(path, tree)
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=write, args=[tree]) for tree in trees]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    found = load(path)["w"]
    assert (found == found[0]).all()
    assert [file.name for file in tmp_path.iterdir()] == ["model.npz"]

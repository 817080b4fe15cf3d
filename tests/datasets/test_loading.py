"""Files in all their places; truncated, corrupted and hostile ones are refused."""

import gzip
import os
import pickle
import tarfile

import numpy as onp
import pytest

import minpy
from minpy import datasets
from minpy.datasets import CorruptDataError, MissingDataError, files

from .conftest import idx, pack, write_cifar10, write_mnist

MNISTS = {"mnist": "mnist", "fashion-mnist": "fashion-mnist"}


def is_mnist(data, arrays):
    """Whether a data set is the one that was written."""
    pairs = zip(
        (data.x_train, data.y_train, data.x_test, data.y_test), arrays.values(), strict=True
    )
    return all((got.reshape(there.shape) == there).all() for got, there in pairs)


# ----- where files are found


@pytest.mark.parametrize("name", MNISTS)
@pytest.mark.parametrize("compressed", [True, False])
def test_mnist_and_its_kin(place, mnist_arrays, name, compressed):
    write_mnist(place / MNISTS[name], mnist_arrays, compressed)
    data = datasets.load(name, dtype="uint8")
    assert is_mnist(data, mnist_arrays)
    assert data.x_train.shape == (30, 1, 28, 28) and data.y_train.dtype == onp.int64
    scaled = datasets.load(name)
    assert scaled.x_test.dtype == onp.float32
    assert onp.allclose(scaled.x_test * 255, data.x_test)
    with minpy.use_default_dtype("float64"):
        assert datasets.load(name).x_train.dtype == onp.float64


@pytest.mark.parametrize("name, folder", [("mnist", "MNIST"), ("fashion-mnist", "FashionMNIST")])
def test_the_layout_of_torchvision(place, mnist_arrays, name, folder):
    write_mnist(place / folder / "raw", mnist_arrays, compressed=False)
    assert is_mnist(datasets.load(name, dtype="uint8"), mnist_arrays)


def test_fashion_mnist_is_not_taken_for_mnist(place, mnist_arrays):
    write_mnist(place / "fashion-mnist", mnist_arrays)
    with pytest.raises(MissingDataError):
        datasets.load_mnist(download=False)


def test_several_folders_are_searched_in_order(place, mnist_arrays, tmp_path, monkeypatch):
    write_mnist(tmp_path / "second" / "mnist", mnist_arrays)
    monkeypatch.setenv("MINPY_DATA", f"{tmp_path / 'first'}{os.pathsep}{tmp_path / 'second'}")
    assert is_mnist(datasets.load_mnist(dtype="uint8"), mnist_arrays)


def test_debians_place(place, mnist_arrays, tmp_path, monkeypatch):
    monkeypatch.setattr(files, "DEBIANS", tmp_path / "debian")
    write_mnist(tmp_path / "debian" / "fashion-mnist", mnist_arrays)
    assert is_mnist(datasets.load_fashion_mnist(dtype="uint8"), mnist_arrays)


def test_the_real_fashion_mnist_of_debian():
    if not (files.DEBIANS / "fashion-mnist").exists():
        pytest.skip("needs the package dataset-fashion-mnist of Debian")
    data = datasets.load_fashion_mnist(download=False)
    assert data.x_train.shape == (60000, 1, 28, 28) and data.x_test.shape == (10000, 1, 28, 28)
    assert (onp.bincount(data.y_train) == 6000).all()
    assert data.x_train.mean() == pytest.approx(0.286, abs=0.001)


@pytest.mark.parametrize("where", ["folder", "archive", "cifar10/folder", "cifar10/archive"])
@pytest.mark.parametrize("protocol", [2, 4])
def test_cifar10(place, cifar10_arrays, where, protocol):
    folder = place / where.rpartition("/")[0] / "cifar-10-batches-py"
    write_cifar10(folder, cifar10_arrays, protocol)
    if where.endswith("archive"):
        pack(folder, folder.parent / "cifar-10-python.tar.gz")
        for file in folder.iterdir():
            file.unlink()
        folder.rmdir()
    data = datasets.load_cifar10(dtype="uint8")
    assert data.x_train.shape == (20, 3, 32, 32) and data.x_test.shape == (4, 3, 32, 32)
    pixels, labels = cifar10_arrays["data_batch_2"]
    assert (data.x_train[4:8].reshape(4, -1) == pixels).all()
    assert data.y_train[4:8].tolist() == labels
    assert data.classes[0] == "airplane" and data.classes[9] == "truck"


def test_cifar10_as_python_2_wrote_it(place, cifar10_arrays):
    """Protocol 2 of Python 2 has strings where Python 3 has bytes; the published files are so."""
    write_cifar10(place / "cifar-10-batches-py", cifar10_arrays)
    data, labels = cifar10_arrays["test_batch"]
    text = data.tobytes()
    old = (
        b"\x80\x02}(U\x04data"
        b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R"
        b"(K\x01K\x04M\x00\x0c\x86cnumpy\ndtype\nU\x02u1K\x00K\x01\x87R"
        b"(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89T"
        + len(text).to_bytes(4, "little") + text
        + b"tbU\x06labels](" + b"".join(b"K" + bytes([x]) for x in labels) + b"eu."
    )  # fmt: skip
    assert (pickle.loads(old, encoding="bytes")[b"data"] == data).all()  # NumPy agrees
    (place / "cifar-10-batches-py" / "test_batch").write_bytes(old)
    read = datasets.load_cifar10(dtype="uint8")
    assert (read.x_test.reshape(4, -1) == data).all() and read.y_test.tolist() == labels


def test_digits_are_split_once_for_all():
    pytest.importorskip("sklearn", reason="digits come with scikit-learn")
    data, again = datasets.load_digits(), datasets.load_digits()
    assert repr(data).startswith("digits: 1437 training and 360 test images of shape (1, 8, 8)")
    assert (data.x_train == again.x_train).all()
    assert data.x_train.max() == 1 and data.x_train.min() == 0
    assert data.y_test[:8].tolist() == [7, 9, 4, 7, 0, 2, 6, 1]  # the split never changes
    rows = {x.tobytes() for x in data.x_train}
    assert sum(x.tobytes() in rows for x in data.x_test) == 0


def test_what_is_available_needs_no_download(place, mnist_arrays, cifar10_arrays):
    there = set(datasets.available()) - {"digits"}
    assert there == set()
    write_mnist(place / "fashion-mnist", mnist_arrays)
    write_cifar10(place / "cifar-10-batches-py", cifar10_arrays)
    assert set(datasets.available()) - {"digits"} == {"fashion-mnist", "cifar10"}


def test_a_dtype_that_holds_no_image_is_refused(place, mnist_arrays):
    write_mnist(place / "mnist", mnist_arrays)
    with pytest.raises(ValueError, match="int32 was asked for"):
        datasets.load_mnist(dtype="int32")


# ----- files that are not what they should be


def spoilt_idx(kind, array):
    content = idx(array)
    return {
        "empty": b"",
        "truncated": content[: len(content) // 2],
        "header only": content[:6],
        "longer": content + b"more",
        "another type": b"\0\0\x0d" + content[3:],
        "a page": b"<html>404</html>",
        "huge": content[:4] + b"\xff\xff\xff\xff" + content[8:],
        "other shape": idx(array.reshape(-1, 14, 56)),
    }[kind]


@pytest.mark.parametrize("compressed", [True, False])
@pytest.mark.parametrize(
    "kind, message",
    [
        ("empty", "begins with nothing"),
        ("truncated", "truncated"),
        ("header only", "ends before"),
        ("longer", "has more"),
        ("another type", "00 00 0d 03"),
        ("a page", "3c 68 74 6d"),
        ("huge", "more than any"),
        ("other shape", r"\(30, 14, 56\)"),
    ],
)
def test_a_spoilt_idx_file_is_named(place, mnist_arrays, kind, message, compressed):
    write_mnist(place / "mnist", mnist_arrays, compressed)
    path = place / "mnist" / f"train-images-idx3-ubyte{'.gz' if compressed else ''}"
    content = spoilt_idx(kind, mnist_arrays["train-images-idx3-ubyte"])
    path.write_bytes(gzip.compress(content) if compressed else content)
    with pytest.raises(CorruptDataError, match=message) as caught:
        datasets.load_mnist()
    assert str(path) in str(caught.value) and "Delete it" in str(caught.value)


@pytest.mark.parametrize(
    "spoil", [lambda c: c[:-9], lambda c: c[:50] + b"xx" + c[52:], lambda c: b"no"]
)
def test_a_spoilt_gzip_file_is_named(place, mnist_arrays, spoil):
    write_mnist(place / "mnist", mnist_arrays)
    path = place / "mnist" / "t10k-images-idx3-ubyte.gz"
    path.write_bytes(spoil(path.read_bytes()))
    with pytest.raises(CorruptDataError, match=r"t10k-images-idx3-ubyte\.gz cannot be used"):
        datasets.load_mnist()


def test_labels_that_belong_to_no_image_are_refused(place, mnist_arrays):
    labels = mnist_arrays["train-labels-idx1-ubyte"]
    for wrong, message in ((labels[:-1], "29 labels for 30"), (labels + 10, "label 1")):
        write_mnist(place / "mnist", {**mnist_arrays, "train-labels-idx1-ubyte": wrong})
        with pytest.raises(CorruptDataError, match=message):
            datasets.load_mnist()


class Runs:
    """A pickle that runs code when it is loaded by `pickle`."""

    def __init__(self, function, *args):
        self.call = (function, args)

    def __reduce__(self):
        return self.call


HOSTILE = {
    "runs a command": lambda mark: Runs(os.system, f"touch {mark}"),
    "writes a file": lambda mark: Runs(open, str(mark), "w"),
    "evaluates": lambda mark: Runs(eval, f"open({str(mark)!r}, 'w')"),
    "in the data": lambda mark: {b"data": Runs(os.mkdir, str(mark)), b"labels": []},
    "imports": lambda mark: Runs(__import__, "antigravity"),
    "gets an attribute": lambda mark: Runs(getattr, "text", "upper"),
    "another codec": lambda mark: {b"data": Runs(__import__("_codecs").encode, "x", "rot13")},
    "a large array": lambda mark: Runs(onp.zeros, 10**9),
    "objects": lambda mark: {b"data": onp.array([object], object), b"labels": [1]},
}


@pytest.mark.parametrize("kind", HOSTILE)
@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_a_hostile_pickle_does_not_run(place, cifar10_arrays, tmp_path, kind, protocol):
    mark = tmp_path / "mark"
    write_cifar10(place / "cifar-10-batches-py", cifar10_arrays)
    path = place / "cifar-10-batches-py" / "data_batch_3"
    path.write_bytes(pickle.dumps(HOSTILE[kind](mark), protocol=protocol))
    with pytest.raises(CorruptDataError, match="data_batch_3"):
        datasets.load_cifar10()
    assert not mark.exists()


def test_the_hostile_pickles_are_hostile(tmp_path):
    for kind in ("runs a command", "writes a file", "evaluates"):
        mark = tmp_path / kind.replace(" ", "_")
        opened = pickle.loads(pickle.dumps(HOSTILE[kind](mark)))
        assert mark.exists()
        if hasattr(opened, "close"):
            opened.close()


def test_what_a_hostile_pickle_asks_for_is_named(place, cifar10_arrays):
    write_cifar10(place / "cifar-10-batches-py", cifar10_arrays)
    (place / "cifar-10-batches-py" / "test_batch").write_bytes(pickle.dumps(Runs(os.system, "")))
    with pytest.raises(CorruptDataError, match=r"asks for (posix|nt)\.system, .* could run code"):
        datasets.load_cifar10()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data, labels: (data, labels[:-1]),
        lambda data, labels: (data[:, :-1], labels),
        lambda data, labels: (data.astype("f8"), labels),
        lambda data, labels: (data, [10, *labels[1:]]),
        lambda data, labels: (data, [0.5, *labels[1:]]),
        lambda data, labels: (data, onp.array(labels)),
        lambda data, labels: (data.tobytes(), labels),
        lambda data, labels: (data.ravel(), labels),
    ],
)
def test_a_batch_of_another_kind_is_refused(place, cifar10_arrays, spoil):
    cifar10_arrays["data_batch_1"] = spoil(*cifar10_arrays["data_batch_1"])
    write_cifar10(place / "cifar-10-batches-py", cifar10_arrays)
    with pytest.raises(CorruptDataError, match="data_batch_1"):
        datasets.load_cifar10()


@pytest.mark.parametrize("keep", [0.0, 0.1, 0.5, 0.99])
def test_truncated_batches_and_archives_are_refused(place, cifar10_arrays, keep):
    folder = place / "cifar-10-batches-py"
    write_cifar10(folder, cifar10_arrays)
    archive = pack(folder, place / "cifar-10-python.tar.gz")
    whole = (folder / "data_batch_4").read_bytes()
    (folder / "data_batch_4").write_bytes(whole[: int(len(whole) * keep)])
    with pytest.raises(CorruptDataError, match="data_batch_4"):
        datasets.load_cifar10()
    (folder / "data_batch_4").unlink()
    with pytest.raises(CorruptDataError, match="data_batch_4"):
        datasets.load_cifar10()
    for file in folder.iterdir():
        file.unlink()
    folder.rmdir()
    archive.write_bytes(archive.read_bytes()[: int(archive.stat().st_size * keep)])
    with pytest.raises(CorruptDataError, match=r"cifar-10-python\.tar\.gz cannot be used"):
        datasets.load_cifar10()


def test_an_archive_whose_members_are_links_is_refused(place, tmp_path):
    with tarfile.open(place / "cifar-10-python.tar.gz", "w:gz") as archive:
        member = tarfile.TarInfo("cifar-10-batches-py/data_batch_1")
        member.type = tarfile.SYMTYPE
        member.linkname = "/etc/passwd"
        archive.addfile(member)
    with pytest.raises(CorruptDataError, match="is no file in it"):
        datasets.load_cifar10()

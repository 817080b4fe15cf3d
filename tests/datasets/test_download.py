"""Downloads: checked, gone on with, and a clear word when there is no network."""

import gzip
import hashlib
import sys

import pytest

from minpy import datasets
from minpy.datasets import MissingDataError, catalog, files

from .conftest import idx, pack, write_cifar10
from .test_loading import is_mnist

pytest.importorskip("pooch", reason="downloads need pooch")


@pytest.fixture
def served(place, server, mnist_arrays, monkeypatch):
    """The files of Fashion-MNIST on a server; `place` and the cache are empty."""
    monkeypatch.setattr("time.sleep", lambda seconds: None)  # pooch waits before it tries again
    monkeypatch.setattr(files, "CHUNK", 50)
    raw = {name: idx(array) for name, array in mnist_arrays.items()}
    server.content = {f"{name}.gz": gzip.compress(content) for name, content in raw.items()}
    monkeypatch.setattr(catalog, "FASHION_URL", server.url)
    monkeypatch.setattr(catalog, "FASHION_MD5", [hashlib.md5(c).hexdigest() for c in raw.values()])
    monkeypatch.setattr(catalog, "MNIST_URL", server.url)
    monkeypatch.setattr(
        catalog, "MNIST_MD5", [hashlib.md5(c).hexdigest() for c in server.content.values()]
    )
    return server


@pytest.mark.parametrize("name", ["mnist", "fashion-mnist"])
def test_files_arrive_once(served, mnist_arrays, name):
    assert is_mnist(datasets.load(name, dtype="uint8"), mnist_arrays)
    assert len(served.asked) == 4
    served.content = {}
    assert is_mnist(datasets.load(name, dtype="uint8"), mnist_arrays)
    assert len(served.asked) == 4


@pytest.mark.parametrize("name", ["mnist", "fashion-mnist"])
@pytest.mark.parametrize("knows_ranges", [True, False])
def test_a_broken_download_is_gone_on_with(served, mnist_arrays, name, knows_ranges, tmp_path):
    served.break_at, served.knows_ranges = 100, knows_ranges
    assert is_mnist(datasets.load(name, dtype="uint8"), mnist_arrays)
    assert served.asked[:2] == [
        ("train-images-idx3-ubyte.gz", None),
        ("train-images-idx3-ubyte.gz", "bytes=100-"),
    ]
    assert not list(tmp_path.rglob("*.part"))


def test_a_later_program_goes_on_where_one_was_killed(served, mnist_arrays, tmp_path):
    content = served.content["train-images-idx3-ubyte.gz"]
    (tmp_path / "cache" / "mnist").mkdir(parents=True)
    part = tmp_path / "cache" / "mnist" / "train-images-idx3-ubyte.gz.part"
    part.write_bytes(content[:500])
    assert is_mnist(datasets.load_mnist(dtype="uint8"), mnist_arrays)
    assert served.asked[0] == ("train-images-idx3-ubyte.gz", "bytes=500-")


def test_one_that_was_killed_at_the_very_end_is_whole(served, mnist_arrays, tmp_path):
    content = served.content["train-images-idx3-ubyte.gz"]
    (tmp_path / "cache" / "fashion-mnist").mkdir(parents=True)
    part = tmp_path / "cache" / "fashion-mnist" / "train-images-idx3-ubyte.gz.part"
    part.write_bytes(content)
    assert is_mnist(datasets.load_fashion_mnist(dtype="uint8"), mnist_arrays)


@pytest.mark.parametrize("name", ["mnist", "fashion-mnist"])
def test_a_beginning_of_something_else_is_replaced(served, mnist_arrays, name, tmp_path):
    (tmp_path / "cache" / name).mkdir(parents=True)
    part = tmp_path / "cache" / name / "train-images-idx3-ubyte.gz.part"
    part.write_bytes(b"<html>please log in</html>")
    assert is_mnist(datasets.load(name, dtype="uint8"), mnist_arrays)


@pytest.mark.parametrize("name", ["mnist", "fashion-mnist"])
@pytest.mark.parametrize("wrong", [b"<html>please log in</html>", gzip.compress(b"other", mtime=0)])
def test_a_wrong_file_is_not_kept(served, name, wrong, tmp_path):
    served.content["t10k-labels-idx1-ubyte.gz"] = wrong
    with pytest.raises(MissingDataError, match=r"t10k-labels-idx1-ubyte\.gz"):
        datasets.load(name)
    kept = {path.name for path in (tmp_path / "cache" / name).iterdir()}
    assert kept == {f"{part}.gz" for part in list(catalog.PARTS)[:3]}


def test_without_a_network_it_says_which_file_to_put_where(served, monkeypatch, tmp_path):
    monkeypatch.setattr(catalog, "FASHION_URL", "http://127.0.0.1:9/")
    with pytest.raises(MissingDataError) as caught:
        datasets.load_fashion_mnist()
    message = str(caught.value)
    assert "could not be downloaded: there is no connection" in message
    assert "a folder fashion-mnist/ below one that MINPY_DATA names" in message
    assert str(tmp_path / "cache") in message
    for name in catalog.PARTS:
        assert f"{name}.gz  from http://127.0.0.1:9/{name}.gz" in message
    assert "apt install dataset-fashion-mnist" in message
    assert "0x" not in message


def test_without_the_file_on_the_server_it_says_so(served):
    served.content = {}
    with pytest.raises(MissingDataError, match="404"):
        datasets.load_mnist()


def test_without_pooch_it_says_what_to_install(served, monkeypatch):
    monkeypatch.setitem(sys.modules, "pooch", None)
    with pytest.raises(MissingDataError, match=r"pooch is not installed .*pip install"):
        datasets.load_mnist()


def test_nothing_is_downloaded_unasked(served):
    for name in ("mnist", "fashion-mnist", "cifar10"):
        with pytest.raises(MissingDataError, match="looked in"):
            datasets.load(name, download=False)
    assert served.asked == []


def test_cifar10_is_read_from_the_archive(served, cifar10_arrays, monkeypatch, tmp_path):
    folder = tmp_path / "published" / "cifar-10-batches-py"
    write_cifar10(folder, cifar10_arrays)
    content = pack(folder, tmp_path / "archive").read_bytes()
    served.content = {"cifar-10-python.tar.gz": content}
    remote = catalog.Remote(
        "cifar-10-python.tar.gz",
        f"{served.url}cifar-10-python.tar.gz",
        hashlib.md5(content).hexdigest(),
    )
    monkeypatch.setattr(catalog, "CIFAR10_FILE", remote)
    for _ in range(2):
        assert datasets.load_cifar10().x_train.shape == (20, 3, 32, 32)
    assert len(served.asked) == 1


def test_progress_is_shown_and_cleared(served, capsys):
    datasets.load_mnist()
    shown = capsys.readouterr().err
    assert "MNIST: train-images-idx3-ubyte.gz" in shown
    assert shown.endswith("\r")

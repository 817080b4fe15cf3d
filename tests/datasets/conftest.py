"""Fixtures: small data sets on disk in the published formats, and a server to download from."""

import gzip
import http.server
import pickle
import tarfile
import threading

import numpy as onp
import pytest

from minpy.datasets import catalog, files


def idx(array):
    """An array of bytes in the IDX format."""
    lengths = b"".join(n.to_bytes(4, "big") for n in array.shape)
    return bytes([0, 0, 8, array.ndim]) + lengths + array.tobytes()


@pytest.fixture
def rng():
    return onp.random.default_rng(0)


@pytest.fixture
def mnist_arrays(rng):
    """A tiny MNIST: its four arrays by the names of their files."""
    arrays = {}
    for name, shape in catalog.PARTS.items():
        length = 30 if name.startswith("train") else 20
        largest = 10 if "labels" in name else 256
        arrays[name] = rng.integers(0, largest, (length, *shape[1:])).astype(onp.uint8)
    return arrays


@pytest.fixture
def cifar10_arrays(rng):
    """A tiny CIFAR-10: data and labels by the names of their files."""
    names = [*(f"data_batch_{i}" for i in range(1, 6)), "test_batch"]
    return {
        name: (rng.integers(0, 256, (4, 3072)).astype(onp.uint8), rng.integers(0, 10, 4).tolist())
        for name in names
    }


@pytest.fixture
def place(tmp_path, monkeypatch):
    """The one folder in which data sets are looked for; the cache is another, and empty."""
    folder = tmp_path / "data"
    folder.mkdir()
    monkeypatch.setenv("MINPY_DATA", str(folder))
    monkeypatch.setattr(files, "DEBIANS", tmp_path / "nothing")
    monkeypatch.setattr(files, "cache_folder", lambda: tmp_path / "cache")
    return folder


def write_mnist(folder, arrays, compressed=True):
    folder.mkdir(parents=True, exist_ok=True)
    for name, array in arrays.items():
        content = gzip.compress(idx(array)) if compressed else idx(array)
        (folder / f"{name}{'.gz' if compressed else ''}").write_bytes(content)


def write_cifar10(folder, arrays, protocol=2):
    folder.mkdir(parents=True, exist_ok=True)
    for name, (data, labels) in arrays.items():
        batch = {b"batch_label": b"a batch", b"labels": labels, b"data": data}
        (folder / name).write_bytes(pickle.dumps(batch, protocol=protocol))


def pack(folder, path):
    with tarfile.open(path, "w:gz") as archive:
        archive.add(folder, folder.name)
    return path


class Server:
    """Serves bytes by path, in parts when asked; notes what it was asked for."""

    def __init__(self):
        self.content = {}
        self.asked = []
        self.break_at = None  # after so many bytes, once
        self.knows_ranges = True
        server = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                server.answer(self)

            def log_message(self, *args):
                pass

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}/"
        threading.Thread(target=self.http.serve_forever, args=(0.01,), daemon=True).start()

    def answer(self, request):
        wanted = request.headers.get("Range")
        self.asked.append((request.path.rpartition("/")[2], wanted))
        content = self.content.get(self.asked[-1][0])
        if content is None:
            return request.send_error(404)
        start = int(wanted[6:-1]) if wanted and self.knows_ranges else 0
        if start >= len(content):
            return request.send_error(416)
        request.send_response(206 if start else 200)
        request.send_header("Content-Length", str(len(content) - start))
        request.end_headers()
        if self.break_at is not None:
            content, self.break_at = content[: self.break_at], None
        request.wfile.write(content[start:])


@pytest.fixture
def server():
    made = Server()
    yield made
    made.http.shutdown()
    made.http.server_close()

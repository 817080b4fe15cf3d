"""Where the files of data sets are, and how they get there.

They are looked for, in this order, in

1. the folders that ``MINPY_DATA`` names (several are separated as in ``PATH``),
2. ``/usr/share/datasets``, where Debian keeps them,
3. the cache, which `cache_folder` names.

In each the layout is that of the archives as they are published, and of torchvision::

    cifar-10-batches-py/data_batch_1 ...     or  cifar-10-python.tar.gz
    mnist/train-images-idx3-ubyte.gz ...     or  MNIST/raw/... , with or without .gz
    fashion-mnist/t10k-labels-idx1-ubyte.gz  or  FashionMNIST/raw/...

A download goes on where an earlier one broke off, and is kept only if its checksum is right.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["CorruptDataError", "MissingDataError", "cache_folder", "download", "find", "reading"]

DEBIANS = Path("/usr/share/datasets")
CHUNK = 1 << 16


class MissingDataError(FileNotFoundError):
    """A data set is not on this machine, and could not be downloaded."""

    def __str__(self) -> str:
        return str(self.args[0])

    def _render_traceback_(self) -> list[str]:
        """Return what IPython shows: the message says what to do, and frames say nothing more."""
        return [f"{type(self).__name__}: {self}"]


class CorruptDataError(ValueError):
    """A file is not what it should be: truncated, of another kind, or hostile."""


@dataclass(frozen=True)
class Remote:
    """A file that can be downloaded.

    Attributes
    ----------
    name : str
    url : str
    md5 : str
    unpacked : bool
        Whether the checksum is that of what the file holds when it is decompressed.
    """

    name: str
    url: str
    md5: str
    unpacked: bool = False


def cache_folder() -> Path:
    """Return the folder into which data sets are downloaded, by default the user's cache.

    Raises
    ------
    ImportError
        If pooch is not installed, which knows where that is.
    """
    import pooch

    return Path(pooch.os_cache("minpy"))


def roots() -> list[Path]:
    """Return the folders in which data sets are looked for."""
    named = [Path(part) for part in os.environ.get("MINPY_DATA", "").split(os.pathsep) if part]
    try:
        cache = [cache_folder()]
    except ImportError:  # then nothing was ever downloaded
        cache = []
    return [*(folder.expanduser() for folder in named), DEBIANS, *cache]


def find(candidates: Iterable[str]) -> Path | None:
    """Return the first of some paths that is there, below the first root that has one of them."""
    candidates = list(candidates)
    for root in roots():
        for candidate in candidates:
            if (root / candidate).exists():
                return root / candidate
    return None


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn what goes wrong while a file is read into an error that names it and says what to do."""
    try:
        yield
    except Exception as error:  # a hostile file can make a reader raise anything
        if isinstance(error, PermissionError):
            raise
        reason = str(error) or type(error).__name__
        raise CorruptDataError(
            f"{path} cannot be used: {reason}. Delete it, and the data set is looked for elsewhere "
            "or downloaded again; or put a good copy in its place."
        ) from error


# ----- downloads


def download(title: str, folder: str, remotes: Iterable[Remote], hint: str = "") -> Path:
    """Download files into a folder of the cache, unless they are there; return that folder.

    Parameters
    ----------
    title : str
        What messages call the data set.
    folder : str
        The folder's name, which is also the one that is looked for below ``MINPY_DATA``.
    remotes : iterable of Remote
    hint : str
        Another way to get the files.

    Raises
    ------
    MissingDataError
        If that is not possible; it says which file to put where.
    """
    remotes = list(remotes)
    try:
        import pooch
        import requests
    except ImportError as error:
        reason = f"{error.name} is not installed (pip install 'minpy-edu[course]')"
        raise _missing(title, folder, remotes, reason, hint) from None
    pooch.get_logger().setLevel("WARNING")  # the progress bar says what happens
    target = cache_folder() / folder
    store = pooch.create(
        path=target,
        base_url="",
        registry={file.name: None if file.unpacked else f"md5:{file.md5}" for file in remotes},
        urls={file.name: file.url for file in remotes},
        retry_if_failed=2,
    )
    for file in remotes:
        check = _unpacked_check(file) if file.unpacked else None
        fetch = _Resuming(target / f"{file.name}.part", f"{title}: {file.name}", check)
        try:
            store.fetch(file.name, downloader=fetch)
        except (OSError, ValueError, requests.RequestException) as error:
            raise _missing(title, folder, remotes, _in_short(error), hint) from None
    return target


class _Resuming:
    """A downloader for pooch that goes on where an earlier one broke off."""

    def __init__(self, part: Path, title: str, check: Callable[[Path], None] | None) -> None:
        self.part = part
        self.title = title
        self.check = check

    def __call__(self, url: str, output_file: Any, pooch: Any) -> None:
        import requests

        there = self.part.stat().st_size if self.part.exists() else 0
        # identity: the bytes as they are, since a server may think that .gz is an encoding
        headers = {"Accept-Encoding": "identity"}
        if there:
            headers["Range"] = f"bytes={there}-"
        with requests.get(url, headers=headers, stream=True, timeout=30) as response:
            if response.status_code != requests.codes.range_not_satisfiable:  # then it is whole
                response.raise_for_status()
                goes_on = response.status_code == requests.codes.partial_content
                self._write(response, there if goes_on else 0)
        try:
            if self.check is not None:
                self.check(self.part)
        finally:  # a wrong one is not gone on with
            shutil.move(self.part, output_file)

    def _write(self, response: Any, start: int) -> None:
        import requests
        from tqdm.auto import tqdm

        length = response.headers.get("Content-Length")
        total = None if length is None else start + int(length)
        units = {"unit": "B", "unit_scale": True, "unit_divisor": 1024}
        with (
            tqdm(desc=self.title, total=total, initial=start, leave=False, **units) as bar,
            open(self.part, "ab" if start else "wb") as out,
        ):
            for chunk in response.iter_content(CHUNK):
                out.write(chunk)
                bar.update(len(chunk))
        size = self.part.stat().st_size
        if total is not None and size < total:
            raise requests.ConnectionError(f"the connection broke at {size:,} of {total:,} bytes")


def _unpacked_check(file: Remote) -> Callable[[Path], None]:
    def check(path: Path) -> None:
        digest = hashlib.md5(usedforsecurity=False)
        try:
            with gzip.open(path) as stream:
                while chunk := stream.read(CHUNK):
                    digest.update(chunk)
        except (OSError, EOFError) as error:
            raise ValueError(f"{file.name} is no whole gzip file ({error})") from error
        if digest.hexdigest() != file.md5:
            raise ValueError(
                f"the checksum (md5) of what {file.name} holds is {digest.hexdigest()}, but should "
                f"be {file.md5}"
            )

    return check


def _in_short(error: Exception) -> str:
    """Return why a download failed, without the addresses in memory that requests prints."""
    if type(error).__name__ in ("ConnectionError", "ConnectTimeout", "ReadTimeout", "Timeout"):
        text = str(error)
        return text if text.startswith("the connection broke") else "there is no connection to it"
    return str(error)


def _missing(
    title: str, folder: str, remotes: list[Remote], reason: str, hint: str
) -> MissingDataError:
    lines = [f"{title} is not on this machine, and could not be downloaded: {reason}."]
    lines.append(f"Put into a folder {folder}/ below one that MINPY_DATA names")
    try:
        lines[-1] += f", or below {cache_folder()}"
    except ImportError:
        pass  # then there is no cache to speak of
    lines[-1] += ":"
    lines += [f"    {file.name}  from {file.url}" for file in remotes]
    if hint:
        lines.append(hint)
    return MissingDataError("\n".join(lines))

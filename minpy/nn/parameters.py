"""Parameters and checkpoints in one file, without pickle.

What is saved is a tree: nested dicts, lists and tuples of arrays, numbers, strings, booleans and
None.  Its arrays become entries of an npz file, named after their place in the tree, and what
holds them together becomes one entry of JSON::

    {"params": {"w": array}, "epoch": 3}

    params/w.npy      the array; numpy.load("model.npz")["params/w"] finds it too
    structure.npy     {"tree": {"params": {"w": {"$array": "params/w"}}, "epoch": 3}, ...}

A name that ends in ``.h5`` or ``.hdf5`` gives the same entries in an HDF5 file.

A file is written beside its place and then moved there, which is one step for the file system:
whatever happens meanwhile, under its name there is the old file or the new one, whole.  And reading
a file never runs code from it, which is what pickle would do.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any

import numpy as onp

from minpy.errors import kind_of

__all__ = ["ParameterFileError", "load", "save"]

STRUCTURE = "structure"
FORMAT = "minpy"
VERSION = 1
HDF5_NAMES = (".h5", ".hdf5")
HDF5_START = b"\x89HDF\r\n\x1a\n"
ZIP_START = b"PK\x03\x04"
# what reading a damaged file may raise, from zipfile, zlib, NumPy's header parser and h5py
DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    KeyError,
    ValueError,
    TypeError,
    SyntaxError,
    NotImplementedError,
    RuntimeError,
    MemoryError,
    OSError,
)


class ParameterFileError(ValueError):
    """A file of parameters cannot be used: it is damaged, or no such file at all."""


def save(path: str | os.PathLike, tree: Any) -> None:
    """Write a tree of arrays into a file, all of it or nothing.

    Parameters
    ----------
    path : str or path
        HDF5, which needs h5py, if it ends in ``.h5`` or ``.hdf5``; otherwise npz.
    tree : dict, list or tuple, nested
        Of arrays, numbers, strings, booleans and None; the keys of dicts are strings.

    Raises
    ------
    TypeError
        If something in the tree is of another kind.

    Examples
    --------
    >>> import os, tempfile, minpy.numpy as np
    >>> path = os.path.join(tempfile.mkdtemp(), "model.npz")
    >>> save(path, {"params": {"w": np.ones(2)}, "epoch": 3})
    >>> load(path)
    {'params': {'w': array([1., 1.])}, 'epoch': 3}
    """
    path = os.fspath(path)
    arrays: dict[str, onp.ndarray] = {}
    described = {"format": FORMAT, "version": VERSION, "tree": _described(tree, "", arrays)}
    text = json.dumps(described)
    write = _write_hdf5 if path.endswith(HDF5_NAMES) else _write_npz
    with _replace_whole(path) as temporary:
        write(temporary, text, arrays)


def load(path: str | os.PathLike) -> Any:
    """Read what `save` wrote; the arrays are NumPy's.

    Parameters
    ----------
    path : str or path
        What kind of file it is, its first bytes tell.

    Returns
    -------
    dict, list or tuple, nested

    Raises
    ------
    FileNotFoundError
        If there is none; the message names files of parameters that are there.
    ParameterFileError
        If the file is damaged, or was not written by `save`.
    """
    path = os.fspath(path)
    start = _start_of(path)
    if start == HDF5_START:
        read = _read_hdf5
    elif start.startswith(ZIP_START):
        read = _read_npz
    else:
        raise ParameterFileError(f"{path} is no file of parameters: {_kind_of(start)}")
    try:
        return read(path)
    except (ParameterFileError, ImportError):
        raise
    except DAMAGE as error:
        raise ParameterFileError(
            f"{path} is damaged and cannot be read ({type(error).__name__}: {error}). Was a copy "
            "or a download of it cut short? Get it anew, or use an earlier checkpoint"
        ) from error


# ----- the tree


def _described(value: Any, place: str, arrays: dict[str, onp.ndarray]) -> Any:
    """Return what JSON holds of `value`, and put its arrays into `arrays`."""
    if value is None or isinstance(value, bool | int | float | str):
        return value.item() if isinstance(value, onp.generic) else value
    if isinstance(value, dict):
        _check_keys(value, place)
        return {key: _described(item, _below(place, key), arrays) for key, item in value.items()}
    if isinstance(value, list | tuple):
        items = [_described(item, _below(place, i), arrays) for i, item in enumerate(value)]
        return {"$tuple": items} if isinstance(value, tuple) else items
    if hasattr(value, "asnumpy"):
        value = value.asnumpy()
    if isinstance(value, onp.ndarray | onp.generic) and value.dtype.kind not in "OV":
        entry = _free_name(place or "array", arrays)
        arrays[entry] = onp.asarray(value)
        return {"$scalar" if isinstance(value, onp.generic) else "$array": entry}
    raise TypeError(
        f"{place or 'the tree'} is {kind_of(value)}, and a file of parameters holds arrays of "
        "numbers, numbers, strings, booleans and None, in dicts, lists and tuples"
    )


def _check_keys(value: dict, place: str) -> None:
    for key in value:
        if not isinstance(key, str) or key.startswith("$"):
            raise TypeError(
                f"{place or 'the tree'} has the key {key!r}; keys in a file of parameters are "
                "strings that do not start with $"
            )


def _below(place: str, key: Any) -> str:
    return f"{place}/{key}" if place else str(key)


def _free_name(name: str, taken: dict[str, onp.ndarray]) -> str:
    while name in taken or name == STRUCTURE:
        name += "'"
    return name


def _rebuilt(value: Any, arrays: Any) -> Any:
    """Return the tree that `_described` described."""
    if isinstance(value, list):
        return [_rebuilt(item, arrays) for item in value]
    if not isinstance(value, dict):
        return value
    if "$array" in value:
        return onp.asarray(arrays[value["$array"]])
    if "$scalar" in value:
        return onp.asarray(arrays[value["$scalar"]])[()]
    if "$tuple" in value:
        return tuple(_rebuilt(item, arrays) for item in value["$tuple"])
    return {key: _rebuilt(item, arrays) for key, item in value.items()}


def _opened(path: str, text: str, arrays: Any) -> Any:
    described = json.loads(text)
    if not isinstance(described, dict) or described.get("format") != FORMAT:
        raise ParameterFileError(f"{path} was not written by minpy: its structure is unknown")
    if described["version"] > VERSION:
        raise ParameterFileError(
            f"{path} was written by a later minpy (version {described['version']} of the format, "
            f"and this one knows {VERSION}); update minpy to read it"
        )
    return _rebuilt(described["tree"], arrays)


# ----- npz


def _write_npz(path: str, text: str, arrays: dict[str, onp.ndarray]) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for name, array in {**arrays, STRUCTURE: onp.array(text)}.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as entry:
                onp.lib.format.write_array(entry, array, allow_pickle=False)


def _read_npz(path: str) -> Any:
    # opened here, because NumPy leaves a damaged file open
    with open(path, "rb") as file, onp.load(file, allow_pickle=False) as arrays:
        if STRUCTURE not in arrays:
            names = ", ".join(list(arrays)[:6]) or "nothing"
            raise ParameterFileError(
                f"{path} is an npz file that minpy did not write: it holds {names}. To use its "
                "arrays: model.params[name] = np.array(numpy.load(path)[name])"
            )
        return _opened(path, str(arrays[STRUCTURE][()]), arrays)


# ----- HDF5


def _h5py(path: str) -> Any:
    try:
        import h5py
    except ImportError as error:
        raise ImportError(
            f"{path} is an HDF5 file, which needs h5py: pip install h5py. A name that ends in .npz "
            "needs nothing more than NumPy"
        ) from error
    return h5py


def _write_hdf5(path: str, text: str, arrays: dict[str, onp.ndarray]) -> None:
    with _h5py(path).File(path, "w") as file:
        for name, array in arrays.items():
            file.create_dataset(name, data=array)
        file.create_dataset(STRUCTURE, data=text)


def _read_hdf5(path: str) -> Any:
    with _h5py(path).File(path, "r") as file:
        if STRUCTURE in file:
            return _opened(path, file[STRUCTURE][()].decode(), file)
        if all(name.startswith(("param_", "aux_param_")) for name in file):
            return _of_2017(file)
        raise ParameterFileError(f"{path} is an HDF5 file that minpy did not write")


def _of_2017(file: Any) -> Any:
    """Return the parameters in a file that the minpy of 2017 wrote."""
    tree: dict[str, dict] = {"params": {}, "aux_params": {}}
    for name, values in file.items():
        kind = "aux_params" if name.startswith("aux_param_") else "params"
        tree[kind][name.partition("param_")[2]] = onp.asarray(values)
    return tree


# ----- files


@contextlib.contextmanager
def _replace_whole(path: str) -> Iterator[str]:
    """Give the name of a temporary file, and move it to `path` once it is on the disk."""
    folder = os.path.dirname(path)
    if folder:
        os.makedirs(folder, exist_ok=True)
    # a name that nobody else has: not another thread, and no process of another machine either
    temporary = f"{path}.{secrets.token_hex(8)}.part"
    try:
        yield temporary
        with open(temporary, "rb+") as file:
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.remove(temporary)


def _start_of(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read(8)
    except FileNotFoundError:
        folder = os.path.dirname(path) or "."
        names = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
        there = [name for name in names if name.endswith((".npz", ".params", *HDF5_NAMES))]
        beside = f"there are {', '.join(there[:6])}" if there else "nor any other"
        raise FileNotFoundError(
            f"there is no file of parameters {path!r}; in its folder {beside}"
        ) from None


def _kind_of(start: bytes) -> str:
    if not start:
        return "it is empty. Was the disk full when it was written? Use an earlier one"
    if start[:1] == b"\x80":
        return (
            "it looks like a pickle, which could run any code when it is read, so minpy never "
            "does. Whoever wrote it can read it and save its arrays with model.save"
        )
    return f"it starts with {start!r}, and an npz or HDF5 file does not"

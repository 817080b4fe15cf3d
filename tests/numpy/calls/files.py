"""Reading and writing files, strings and settings; questions about types; printing."""

import io

import numpy as onp

from .call import File, call
from .data import (
    COMPLEX,
    DAYS,
    FLAGS,
    INTEGERS,
    ROW,
    ROW2,
    SINGLE,
    SQUARE,
    VECTOR,
    WEEKDAYS,
    WORDS,
    X,
    Y,
)


def saved(*arrays: onp.ndarray) -> io.BytesIO:
    """The bytes of a .npy file with one array, or of a .npz file with several."""
    file = io.BytesIO()
    if len(arrays) == 1:
        onp.save(file, arrays[0])
    else:
        onp.savez(file, *arrays)
    return io.BytesIO(file.getvalue())


FILES = {
    "DataSource": [call(None)],
    "fromfile": [call(File(X.tobytes())), call(File(b"1 2 3"), int, sep=" ")],
    "fromregex": [call(io.StringIO("1 a\n2 b\n"), r"(\d+) (\w)", [("n", int), ("c", "U1")])],
    "genfromtxt": [
        call(io.StringIO("1,2\n3,\n"), delimiter=","),
        call(io.StringIO("1 2\n3 4"), names="a,b"),
    ],
    "load": [call(saved(X)), call(saved(X, Y)), call(saved(INTEGERS))],
    "loadtxt": [
        call(io.StringIO("1 2\n3 4")),
        call(io.StringIO("1,2\n3,4"), delimiter=",", unpack=True, dtype=int),
    ],
    "memmap": [call(File(X.tobytes()), dtype=float, mode="r", shape=(2, 3))],
    "recfromcsv": [call(io.BytesIO(b"a,b\n1,2\n3,4\n"))],
    "recfromtxt": [call(io.BytesIO(b"1 2\n3 4\n"))],
    "save": [call(io.BytesIO(), X), call(io.BytesIO(), INTEGERS)],
    "savetxt": [call(io.StringIO(), X), call(io.StringIO(), ROW, fmt="%.2f", header="h")],
    "savez": [call(io.BytesIO(), X, y=Y)],
    "savez_compressed": [call(io.BytesIO(), x=X)],
}

TYPES = {
    "can_cast": [call(onp.int32, float), call("f8", "i4", casting="unsafe")],
    "common_type": [call(X, SINGLE), call(X, COMPLEX)],
    "find_common_type": [call([onp.float32], [onp.int64])],
    "finfo": [call(onp.float32), call("f8")],
    "format_parser": [call(["f8", "i4"], ["a", "b"], [])],
    "iinfo": [call(onp.int16), call("i8")],
    "isdtype": [call(onp.dtype("f4"), "real floating"), call(onp.dtype("i4"), ("bool", "numeric"))],
    "issctype": [call(onp.float64), call(2)],
    "issubclass_": [call(onp.float64, onp.floating)],
    "issubdtype": [call(onp.float32, onp.floating), call("i4", onp.floating)],
    "issubsctype": [call("i4", onp.integer)],
    "maximum_sctype": [call(onp.float32)],
    "min_scalar_type": [call(300), call(ROW), call(1e50)],
    "mintypecode": [call(["f", "d"])],
    "obj2sctype": [call("f4")],
    "promote_types": [call("f4", "i8")],
    "result_type": [call(X, SINGLE), call("i4", onp.float32), call(INTEGERS, 2.5)],
    "sctype2char": [call(onp.float32)],
    "typename": [call("d")],
}

# What is set is what was set, so that other tests meet NumPy as it is.
SETTINGS = {
    "errstate": [call(over="ignore")],
    "get_printoptions": [call()],
    "getbufsize": [call()],
    "geterr": [call()],
    "geterrcall": [call()],
    "geterrobj": [call()],
    "printoptions": [call(precision=3)],
    "set_numeric_ops": [call()],
    "set_printoptions": [call(precision=8)],
    "set_string_function": [call(None)],
    "setbufsize": [call(8192)],
    "seterr": [call(over="warn")],
    "seterrcall": [call(None)],
    "seterrobj": [call([8192, 521, None])],
}

INFORMATION = {
    "array2string": [call(X), call(SINGLE, precision=2, separator=", "), call(INTEGERS)],
    "array_repr": [call(X), call(SINGLE), call(WORDS)],
    "array_str": [call(X), call(DAYS)],
    "base_repr": [call(13, 3)],
    "binary_repr": [call(5, width=8), call(-3)],
    "busday_count": [
        call("2024-02-26", "2024-03-11"),
        call(WEEKDAYS, WEEKDAYS + onp.timedelta64(10, "D")),
    ],
    "busday_offset": [call("2024-02-26", 3), call(WEEKDAYS, onp.array([1, 2]), roll="forward")],
    "busdaycalendar": [call("1111000")],
    "chararray": [call((2,), itemsize=3)],
    "compare_chararrays": [call(WORDS, WORDS, "==", True)],
    "datetime_as_string": [call(WEEKDAYS), call(DAYS, unit="M")],
    "datetime_data": [call(onp.dtype("datetime64[D]"))],
    "deprecate": [call(len)],
    "deprecate_with_doc": [call("why")],
    "disp": [call("text", io.StringIO())],
    "format_float_positional": [call(0.31), call(onp.float32(0.1), precision=4)],
    "format_float_scientific": [call(1234.5, precision=2)],
    "get_array_wrap": [call(X)],
    "get_include": [call()],
    "info": [call(onp.exp, output=io.StringIO())],
    "is_busday": [call("2024-02-26"), call(WEEKDAYS)],
    "isfortran": [call(X), call(X.T)],
    "isscalar": [call(2.5), call(X), call("a")],
    "iterable": [call(X), call(3)],
    "matrix": [call([[1.0, 2.0]]), call(X)],
    "may_share_memory": [call(X, Y), call(X[0], X)],
    "ndim": [call(X), call(2.5), call([[1, 2]])],
    "poly1d": [call([1.0, 2.0, 3.0]), call(ROW)],
    "recarray": [call((2,), dtype=[("a", float), ("b", int)])],
    "safe_eval": [call("[1, 2.5]")],
    "shape": [call(X), call([[1, 2]]), call(VECTOR)],
    "shares_memory": [call(X, Y), call(SQUARE, SQUARE)],
    "size": [call(X), call(X, 1), call(FLAGS)],
    "who": [call({"rows": ROW, "more": ROW2})],
}

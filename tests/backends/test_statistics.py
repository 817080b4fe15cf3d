"""Statistics: what ran where and how often, fallbacks, bytes copied; exact, also with threads."""

import threading
import time

import numpy as onp
import pytest

import minpy
import minpy.numpy as np
from minpy import gpu
from minpy.backends import statistics


def shown(capsys, **options):
    np.policy.show_op_stat(**options)
    return capsys.readouterr().out.splitlines()


# ----- what is counted


def test_ops_operators_methods_and_numpys_functions_are_counted():
    x = np.ones(3)
    np.policy.reset_op_stat()
    np.exp(x)
    x + x
    x.sum()
    onp.exp(x)
    np.i0(x)  # without a gradient rule
    assert np.policy.op_stat().on("numpy") == {"exp": 2, "add": 1, "sum": 1, "i0": 1}


@pytest.mark.parametrize(
    "name, call",
    [
        ("reshape", lambda x: np.reshape(x, (3, 1))),
        ("reshape", lambda x: x.reshape(3, 1)),
        ("transpose", np.transpose),
        ("transpose", lambda x: x.T),
        ("ones_like", np.ones_like),
    ],
)
def test_each_call_is_counted_once(name, call):
    x = np.ones(3)
    np.policy.reset_op_stat()
    call(x)
    assert np.policy.op_stat().ran == {(name, "numpy"): 1}


def test_the_backward_pass_is_counted_on_other_libraries(pretend):
    with gpu(0):
        x = np.ones(3)
    np.policy.reset_op_stat()
    minpy.grad(lambda x: np.exp(x).sum())(x)
    ran = np.policy.op_stat().on("pretend on gpu(0)")
    assert ran["exp"] == ran["sum"] == 1
    assert ran["multiply"] >= 1


def test_places_are_kept_apart(pretend):
    with gpu(0):
        x = np.ones(3)
    with gpu(1):
        y = np.ones(3)
    np.policy.reset_op_stat()
    for _ in range(3):
        np.exp(x)
    np.exp(y)
    np.exp(np.ones(3))
    stat = np.policy.op_stat()
    assert stat.on("pretend on gpu(0)") == {"exp": 3}
    assert stat.on("pretend on gpu(1)") == {"exp": 1}
    assert stat.on("numpy") == {"exp": 1, "ones": 1}


def test_fallbacks_are_counted_as_such(pretend):
    with gpu(1):
        x = np.ones(3)
    np.policy.reset_op_stat()
    np.sqrt(x)
    np.sqrt(x)
    np.i0(x)
    stat = np.policy.op_stat()
    assert stat.on("numpy for pretend on gpu(1)") == {"sqrt": 2, "i0": 1}
    assert not stat.on("numpy") and not stat.on("pretend on gpu(1)")


def test_bytes_copied(pretend):
    with gpu(1):
        x = np.zeros((10, 10))  # made on the host, and copied
    stat = np.policy.op_stat()
    assert (stat.bytes_copied, stat.copies) == ({"to gpu(1)": 800}, {"to gpu(1)": 1})
    np.sqrt(x)  # there and back again
    x.asnumpy()
    stat = np.policy.op_stat()
    assert stat.bytes_copied == {"to gpu(1)": 1600, "from gpu(1)": 1600}
    assert stat.copies == {"to gpu(1)": 2, "from gpu(1)": 2}
    np.exp(x + 1)  # stays there
    assert np.policy.op_stat().bytes_copied == stat.bytes_copied


def test_on_the_cpu_nothing_is_copied(pretend):
    with minpy.use_policy("prefer_pretend"):
        np.sqrt(np.zeros(3)).asnumpy()
    assert not np.policy.op_stat().bytes_copied


def test_reset(pretend):
    with gpu(1):
        np.sqrt(np.ones(3))
    assert np.policy.op_stat().ran and np.policy.op_stat().copies
    np.policy.reset_op_stat()
    assert np.policy.op_stat() == ({}, {}, {})
    np.policy.reset_op_stat()
    x = np.ones(3)
    x + x
    assert np.policy.op_stat().on("numpy") == {"ones": 1, "add": 1}


def test_what_was_returned_does_not_change():
    x = np.ones(3)
    stat = np.policy.op_stat()
    x + x
    assert stat.on("numpy") == {"ones": 1}


# ----- threads


def test_counts_are_exact_with_threads(pretend):
    with gpu(0):
        there = np.zeros(2)
    here = np.zeros(2)
    np.policy.reset_op_stat()
    together = threading.Barrier(8, timeout=30)

    def work():
        together.wait()
        for _ in range(500):
            here + here
            np.exp(there)
            np.sqrt(there)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    stat = np.policy.op_stat()
    assert stat.ran == {
        ("add", "numpy"): 4000,
        ("exp", "pretend on gpu(0)"): 4000,
        ("sqrt", "numpy for pretend on gpu(0)"): 4000,
    }
    assert stat.copies == {"from gpu(0)": 4000, "to gpu(0)": 4000}
    assert stat.bytes_copied == {"from gpu(0)": 64_000, "to gpu(0)": 64_000}


def test_reading_does_not_disturb_counting():
    x = np.zeros(2)
    np.policy.reset_op_stat()
    done = threading.Event()

    def work():
        for _ in range(2000):
            x + x
        done.set()

    thread = threading.Thread(target=work)
    thread.start()
    seen = [0]
    while not done.is_set():
        seen.append(np.policy.op_stat().on("numpy").get("add", 0))
        time.sleep(0)
    thread.join()
    assert seen == sorted(seen)
    assert np.policy.op_stat().on("numpy") == {"add": 2000}


# ----- what is printed


def test_what_makes_programs_slow_comes_first(pretend, capsys):
    with gpu(0):
        x = np.zeros((100, 100))
        for _ in range(3):
            x = np.sqrt(x)
        np.i0(x)
        for _ in range(5):
            np.exp(x)
    x.asnumpy()
    lines = shown(capsys)
    assert lines[:5] == [
        "Copied to gpu(0): 400 kB, 5 times.",
        "Copied from gpu(0): 400 kB, 5 times.",
        "sqrt: pretend on gpu(0) has none, so NumPy ran it, 3 times.",
        "i0: pretend on gpu(0) has none, so NumPy ran it, once.",
        "",
    ]
    assert lines[5].split() == ["op", "where", "times", "share"]
    assert lines[6].split() == ["exp", "pretend", "on", "gpu(0)", "5", "50.0%"]
    assert lines[7].split() == ["sqrt", "numpy", "for", "pretend", "on", "gpu(0)", "3", "30.0%"]
    assert len({len(line) for line in lines[5:]}) == 1  # the columns are aligned


def test_when_all_is_well(capsys):
    x = np.ones(3)
    for _ in range(1499):
        x = x + 1
    assert shown(capsys) == [
        "Copied between host and device: nothing.",
        "Ran on NumPy for want of an implementation elsewhere: nothing.",
        "",
        "op    where  times  share",
        "add   numpy  1,499  99.9%",
        "ones  numpy      1   0.1%",
    ]


def test_when_nothing_ran(capsys):
    assert shown(capsys)[-1] == "Nothing ran."


def test_the_table_may_be_short(capsys):
    x = np.ones(3)
    x + x, x + x, np.exp(x), np.sin(x)
    assert shown(capsys, top=1)[-2:] == ["add  numpy      2  40.0%", "and 3 more, 3 times"]


@pytest.mark.parametrize(
    "size, text",
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (8000, "8 kB"),
        (1_234_000, "1.23 MB"),
        (999_900, "1 MB"),
        (5_000_000_000, "5.0 GB"),
        (12_345_000_000_000, "12,345.0 GB"),
    ],
)
def test_sizes(size, text):
    assert statistics._readable(size) == text

"""`minpy.profile`: counts what runs, adds up to what the block took, and leaves nothing behind."""

import threading
import time

import numpy as onp
import pytest

import minpy
import minpy.numpy as np
from minpy.extend import defvjp, primitive
from minpy.tape import every_op

X = onp.random.default_rng(0).normal(size=(3, 4))


@primitive
def slow(x):
    time.sleep(0.02)
    return 2 * x


def slow_rule(ans, x):
    def pull(g):
        time.sleep(0.03)
        return slow(g)

    return pull


defvjp(slow, slow_rule)


def rows_of(prof):
    return {row.name: row for row in prof.rows}


def test_it_counts_ops_and_gradient_rules(capsys):
    with minpy.profile() as prof:
        minpy.grad(lambda x: np.sum(np.tanh(x @ x.T)))(np.array(X))
    rows = rows_of(prof)
    assert rows["matmul"].calls == rows["tanh"].calls == 1
    assert rows["the gradient of matmul"].calls == 2  # one for each argument
    assert capsys.readouterr().out.startswith("all: ")


def test_times_are_without_what_has_a_line_of_its_own(capsys):
    with minpy.profile("slow") as prof:
        minpy.grad(lambda x: np.sum(slow(x)))(np.array(X))
    rows = rows_of(prof)
    assert rows["slow"].calls == 2  # once more in the gradient
    assert 0.04 <= rows["slow"].seconds < 0.06
    assert 0.03 <= rows["the gradient of slow"].seconds < 0.05
    assert sum(row.seconds for row in prof.rows) <= prof.seconds
    assert [row.name for row in prof.rows][:2] == ["slow", "the gradient of slow"]
    assert capsys.readouterr().out.splitlines()[3].startswith("slow")


def test_only_the_outermost_call_prints(capsys):
    @minpy.profile
    def count_down(n):
        return np.exp(np.zeros(2)) if n == 0 else count_down(n - 1)

    count_down(3)
    out = capsys.readouterr().out
    assert out.count("count_down: ") == 1 and "exp" in out
    count_down(0)
    assert capsys.readouterr().out.count("count_down: ") == 1


def test_the_table_ends_somewhere(capsys):
    with minpy.profile("short", top=2) as prof:
        minpy.grad(lambda x: np.sum(np.tanh(x @ x.T) ** 2))(np.array(X))
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2 + 1 + 2 + 1 + 1
    assert lines[-2].startswith(f"{len(prof.rows) - 2} more")


def test_what_runs_on_plain_arrays_has_its_lines_too(capsys):
    with minpy.profile("plain") as prof:
        np.argsort(np.random.rand(3)).sum()
    assert {"argsort", "random.rand", "sum"} <= rows_of(prof).keys()


def test_blocks_nest(capsys):
    with minpy.profile("outer") as outer:
        np.exp(np.array(X))
        with minpy.profile("inner") as inner:
            np.exp(np.array(X))
    assert rows_of(inner)["exp"].calls == 1
    assert rows_of(outer)["exp"].calls == 2


def test_it_works_inside_of_detect_nan(capsys):
    with minpy.detect_nan(), minpy.profile("both") as prof:
        np.exp(np.array(X))
        with pytest.raises(minpy.NanError, match="log"), np.errstate(invalid="ignore"):
            np.log(np.array([-1.0]))
    assert rows_of(prof)["exp"].calls == 1


def test_afterwards_all_is_as_it_was_also_after_an_error(capsys):
    before = {name: (record.run, record.rules) for name, record in every_op.items()}
    with pytest.raises(KeyError), minpy.profile("failing"):
        raise KeyError("on purpose")
    after = {name: (record.run, record.rules) for name, record in every_op.items()}
    assert before == after
    assert capsys.readouterr().out.startswith("failing: ")


def test_other_libraries_are_timed_too(capsys):
    pytest.importorskip("torch", reason="needs PyTorch")
    with minpy.use_policy("prefer_torch"), minpy.profile("torch") as prof:
        minpy.grad(lambda x: np.sum(np.tanh(x)))(np.array(X))
    assert rows_of(prof)["tanh"].calls == 1
    assert rows_of(prof)["the gradient of tanh"].calls == 1


def test_threads_are_counted_together(capsys):
    def work():
        for _ in range(100):
            np.exp(x)

    x = np.array(X)
    with minpy.profile("threads") as prof:
        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert rows_of(prof)["exp"].calls == 400

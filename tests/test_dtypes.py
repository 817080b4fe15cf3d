"""The dtype of networks: one switch, for all threads or for a block."""

import threading

import numpy as onp
import pytest

import minpy


def test_a_block_puts_back_what_was_there_also_when_it_fails():
    with pytest.raises(KeyError), minpy.use_default_dtype("float64"):
        assert minpy.get_default_dtype() == onp.float64
        raise KeyError
    assert minpy.get_default_dtype() == onp.float32


def test_other_threads_see_the_switch_and_not_the_block():
    seen = []

    def look():
        seen.append(minpy.get_default_dtype())

    def in_a_thread():
        thread = threading.Thread(target=look)
        thread.start()
        thread.join()

    with minpy.use_default_dtype("float64"):
        in_a_thread()
    minpy.set_default_dtype(onp.float64)
    try:
        in_a_thread()
    finally:
        minpy.set_default_dtype("float32")
    assert seen == [onp.float32, onp.float64]


@pytest.mark.parametrize("dtype", ["int64", bool, "complex64"])
def test_what_is_not_floating_is_refused_by_name(dtype):
    with pytest.raises(ValueError, match="floating one"):
        minpy.set_default_dtype(dtype)
    assert minpy.get_default_dtype() == onp.float32

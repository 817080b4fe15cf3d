"""Where the suite's tests do not hold on another library than NumPy, and why.

A key is a test, or one of its parametrised cases.  A test in `test_backends` keeps the lists short.
"""

from dataclasses import dataclass, field

import pytest


@dataclass
class Deviations:
    """What is different on a library.

    Attributes
    ----------
    share : float
        What part of its tests may deviate.
    failing : dict of str
        Tests that must fail, with the reason.
    meaningless : dict of str
        Tests that do not run, because on this library they say nothing, with the reason.
    programs : tuple of str
        The random programs that it runs, by the ends of the tests' names: it takes its time with
        small arrays.
    of_each : int
        How many programs of such a test.
    seeds : dict of int
        And of those, not these, with the reason.
    """

    share: float
    failing: dict[str, str]
    meaningless: dict[str, str]
    programs: tuple[str, ...]
    of_each: int = 100
    seeds: dict[int, str] = field(default_factory=dict)


LAYOUT = "where NumPy's reshape copies, because of the order in memory, {}'s makes a view"
C_ORDER = "MXNet's arrays are in C order, and where NumPy's are not, its reshape makes a copy"
NO_COMPLEX = "MXNet has no complex numbers"
COUNTS = "it counts NumPy's arrays that are kept"
WATCHES = "it watches NumPy's arrays, of which MXNet has copies"
THE_SAME = "it says nothing of a library, and takes 10 seconds on MXNet"
MEMORY = "it measures memory with tracemalloc, which does not see {}'s"
NO_READ_ONLY = "{} has no read-only arrays, and so it gets a copy"


def _of_memory(title):
    return dict.fromkeys(
        (
            "test_a_loop_of_writes_costs_what_its_steps_cost",
            "test_checkpoint_saves_memory",
            "test_the_meter_sees_quadratic_cost",
            "test_the_peak_of_memory_is_that_of_the_forward_pass",
        ),
        MEMORY.format(title),
    )


RANDOM_PROGRAMS = "test_random_programs"

DEVIATIONS = {
    "torch": Deviations(
        share=0.03,
        failing={"test_a_read_only_array_stays_read_only": NO_READ_ONLY.format("PyTorch")},
        meaningless={**_of_memory("PyTorch"), "test_a_logistic_keeps_two_arrays": COUNTS},
        programs=tuple(f"[torch-{first}]" for first in (*range(0, 500, 100), 100_000, 100_100)),
        seeds=dict.fromkeys((306, 100_096), LAYOUT.format("PyTorch")),
    ),
    "mxnet": Deviations(
        share=0.25,
        failing={
            "test_a_read_only_array_stays_read_only": NO_READ_ONLY.format("MXNet"),
            "test_values_and_gradients[mxnet-fft]": NO_COMPLEX,
            "test_a_function_that_returns_complex_numbers": NO_COMPLEX,
            "test_nested_value_mixes_dtypes": NO_COMPLEX,
            "test_holomorphic_grad": NO_COMPLEX,
            "test_complex_arguments_follow_the_convention_of_autograd": NO_COMPLEX,
            "test_a_real_argument_of_a_complex_computation_has_a_real_gradient": NO_COMPLEX,
            "test_idiom[mxnet-FFF-x.reshape(-1)[::2] = 0.5]": C_ORDER,
            "test_idiom[mxnet-FFF-a0 = x.reshape(2, 6)]": C_ORDER,
            "test_idiom[mxnet-FFF-a0 = x.ravel()]": C_ORDER,
        },
        meaningless={
            **_of_memory("MXNet"),
            "test_a_logistic_keeps_two_arrays": COUNTS,
            "test_a_vjp_keeps_the_graph_until_it_is_dropped": WATCHES,
            "test_a_dropped_vjp_frees_the_graph_at_once": WATCHES,
            "test_memory_is_freed_as_the_backward_pass_goes": WATCHES,
            "test_a_long_chain_through_two_paths_and_to_second_order": THE_SAME,
            "test_a_long_chain_that_nobody_differentiates_is_freed_without_recursion": THE_SAME,
            "test_a_long_chain_in_a_dropped_vjp_is_freed_without_recursion": THE_SAME,
            "test_a_wrong_gradient_is_found_and_shrunk": THE_SAME,
        },
        programs=("[mxnet-0]", "[mxnet-100000]"),
        of_each=20,
    ),
}

# How many tests are listed, and run, on each library.
COUNTED = pytest.StashKey[dict[str, tuple[int, int]]]()

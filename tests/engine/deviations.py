"""Where the suite's tests do not hold on PyTorch, and why.

A key is a test, or one of its parametrised cases.  A test in `test_backends` keeps the lists short.
"""

import pytest

NUMPYS_MEMORY = "it measures memory with tracemalloc, which does not see PyTorch's"
NO_READ_ONLY = "PyTorch has no read-only arrays, and so it gets a copy"

# These must fail: what they say does not hold on PyTorch.
FAILING = {
    "test_a_read_only_array_stays_read_only": NO_READ_ONLY,
}

# These do not run: on PyTorch they say nothing.
MEANINGLESS = {
    "test_a_loop_of_writes_costs_what_its_steps_cost": NUMPYS_MEMORY,
    "test_checkpoint_saves_memory": NUMPYS_MEMORY,
    "test_the_meter_sees_quadratic_cost": NUMPYS_MEMORY,
    "test_the_peak_of_memory_is_that_of_the_forward_pass": NUMPYS_MEMORY,
}

# PyTorch takes its time with small arrays: of the random programs it runs these alone.
RANDOM_PROGRAMS = "test_random_programs"
SOME_OF_THEM = ("[torch-0]", "[torch-100000]")

# And of those, not these; by their seeds.
LAYOUT = "where NumPy's reshape copies, because of the order in memory, PyTorch's makes a view"
SEEDS = {306: LAYOUT, 100_096: LAYOUT}

DEVIATING = pytest.StashKey[tuple[int, int]]()  # how many tests are listed, and run, on PyTorch

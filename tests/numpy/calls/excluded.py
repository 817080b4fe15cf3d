"""Public callables that the table does not call, each with the reason."""

RUNS_TESTS = "runs NumPy's own tests"
BUILD = "writes a docstring while NumPy itself is being imported"
NOT_MADE = "a type whose instances only NumPy makes"
REPORT = "prints a report on the installation"

EXCLUDED = {
    "add_docstring": BUILD,
    "add_newdoc": BUILD,
    "add_newdoc_ufunc": BUILD,
    "byte_bounds": "gives addresses in memory",
    "fft.test": RUNS_TESTS,
    "flatiter": NOT_MADE,
    "linalg.test": RUNS_TESTS,
    "lookfor": "imports all of NumPy to search its docstrings",
    "ndarray": "minpy's own class: test_array_object.py",
    "ndarray.resize": "refused, memory is never resized under other arrays: test_array_object.py",
    "random.BitGenerator": "an abstract class",
    "random.set_bit_generator": "replaces the stream of the whole process: test_random.py",
    "random.test": RUNS_TESTS,
    "show_config": REPORT,
    "show_runtime": REPORT,
    "source": "prints the source of a function",
    "test": RUNS_TESTS,
    "ufunc": NOT_MADE,
}

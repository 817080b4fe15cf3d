"""What every run of the tests shares: slow families, of which a part runs, and a table of skips.

A *family* is a group of tests that takes minutes, such as all attacks on the grader.  Its tests are
marked ``@pytest.mark.family("red-team")``.  An ordinary run takes a sample of each family, the same
one each time; ``pytest --family red-team`` runs the whole family and nothing else.
"""

import gc
import importlib.util
import zlib
from collections import Counter, defaultdict
from pathlib import Path

import pytest

# How many tests of each family an ordinary run takes: at most a minute's worth.
FAMILIES = {
    "grader-accuracy": 3,  # all listed answers to a question, graded
    "red-team": 40,  # attacks on the grader
    "kills": 1,  # runs of the grader that are killed and resumed
    "symbols": 60,  # operators of MXNet, called through Function
    "programs": 40,  # random programs that write arrays in place
}

# Modules that need an optional library, which are not collected where it is not installed.
NEEDS = {
    "minpy/backends/mxnet": "mxnet",
    "minpy/backends/torch": "torch",
    "minpy/checking/steps.py": "matplotlib",
    "minpy/course/pictures.py": "matplotlib",
    "minpy/nn/modules/symbolic.py": "mxnet",
    "minpy/plotting/images.py": "matplotlib",
    "minpy/plotting/predictions.py": "matplotlib",
    "minpy/plotting/training.py": "matplotlib",
    "minpy/symbol/function.py": "mxnet",
    "tests/assignments/notebook.py": "nbclient",
    "tests/old_programs/mlp_with_symbol.py": "mxnet",
    "tests/old_programs/solver_with_symbol.py": "mxnet",
}

collect_ignore = [path for path, name in NEEDS.items() if not importlib.util.find_spec(name)]

TOTALS = pytest.StashKey()  # of each family: how many tests it has


def pytest_addoption(parser):
    parser.addoption(
        "--family",
        choices=sorted(FAMILIES),
        help="run all tests of a slow family, and no others",
    )


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config, items):
    """Keep a sample of each slow family; or one family alone, and whole."""
    families = defaultdict(list)
    for item in items:
        families[family_of(item)].append(item)
    config.stash[TOTALS] = {name: len(found) for name, found in families.items() if name}
    if chosen := config.getoption("family"):
        kept = set(families[chosen])
    else:
        kept = set(families.pop(None, ()))
        for name, found in families.items():
            kept.update(sample(found, FAMILIES[name]))
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = [item for item in items if item in kept]


@pytest.fixture(scope="module", autouse=True)
def few_objects_to_walk():
    """Keep the garbage collector from walking what pytest has of thousands of tests.

    The engine asks it for all objects, where a recording left an array behind.
    """
    gc.collect()
    gc.freeze()


def family_of(item):
    """Return the name of the family that a test belongs to, or None."""
    marker = item.get_closest_marker("family")
    if marker is None:
        return None
    (name,) = marker.args
    if name not in FAMILIES:
        raise pytest.UsageError(f"{item.nodeid}: no family {name!r}; there are {sorted(FAMILIES)}")
    item.user_properties.append(("family", name))
    return name


def sample(items, count):
    """Return `count` of some tests: always the same ones, spread over all of them."""
    return sorted(items, key=lambda item: zlib.crc32(item.nodeid.encode()))[:count]


def pytest_terminal_summary(terminalreporter, config):
    """Say how long each family took, and what was skipped for which reason."""
    families = times_of_families(terminalreporter.stats)
    if families:
        terminalreporter.section("slow families")
        for name, (count, seconds) in sorted(families.items()):
            total = config.stash.get(TOTALS, {}).get(name)
            whole = "" if config.getoption("family") else f"; make {name} runs all"
            of = f" of {total}" if total else ""
            terminalreporter.write_line(f"{count:6}{of} tests, {seconds:.0f} s: {name}{whole}")
    reasons = reasons_of_skips(terminalreporter.stats.get("skipped", ()))
    if reasons:
        terminalreporter.section("skipped, and why")
        for (reason, folder), count in reasons.most_common():
            terminalreporter.write_line(f"{count:6}  {folder}: {reason}")


def times_of_families(stats):
    """Return how many tests of each family ran, and their seconds."""
    found = {}
    for report in (report for reports in stats.values() for report in reports):
        name = dict(getattr(report, "user_properties", ())).get("family")
        if name and hasattr(report, "when"):  # a deselected test is no report
            count, seconds = found.get(name, (0, 0.0))
            found[name] = (count + (report.when == "call"), seconds + report.duration)
    return found


def reasons_of_skips(reports):
    """Count skipped tests by the first line of the reason, and by folder."""
    found = Counter()
    for report in reports:
        where, _, reason = report.longrepr if isinstance(report.longrepr, tuple) else ("", 0, "")
        reason = str(reason).removeprefix("Skipped: ").partition("\n")[0]
        folder = Path(getattr(report, "nodeid", where).partition("::")[0]).parent
        found[reason, str(folder)] += 1
    return found

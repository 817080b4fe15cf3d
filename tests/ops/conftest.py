"""The number of rows, at the end of a run: what workers print is lost."""

from .rows import ROWS


def pytest_terminal_summary(terminalreporter):
    calls = sum(len(row.cases) for row in ROWS)
    names = len({row.name for row in ROWS})
    terminalreporter.write_line(f"tests/ops: {len(ROWS)} rows, {calls} calls, for {names} ops")

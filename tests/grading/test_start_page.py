"""The first page of the course says what the notebooks beside it say."""

from pathlib import Path

import pytest

nbformat = pytest.importorskip("nbformat", reason="the page is made of notebooks")

from grading.start_page import NAME, start_page  # noqa: E402

FOLDER = Path(__file__).parents[2] / "assignments"


def test_the_committed_page_is_made_of_the_notebooks():
    written = (FOLDER / NAME).read_text(encoding="utf-8")
    assert written == start_page(FOLDER), "`make release` writes it anew"


def test_it_links_every_notebook_and_adds_up_to_100_points():
    page = start_page(FOLDER)
    for path in FOLDER.glob("*/*.ipynb"):
        assert f"({path.relative_to(FOLDER)})" in page
    for folder in FOLDER.glob("*/"):
        assert f"## {folder.name}: 100 points" in page


def test_every_notebook_says_its_time():
    rows = [line for line in start_page(FOLDER).splitlines() if line.startswith("| [")]
    assert rows
    for row in rows:
        _, _, about, time, points, _ = row.split("|")
        assert about.strip()
        assert "hours" in time
        assert float(points) > 0

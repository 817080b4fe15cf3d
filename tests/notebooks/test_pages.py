"""The committed pages show the tutorials of today, with their pictures, and are small."""

import importlib.util
from pathlib import Path

import pytest

nbformat = pytest.importorskip("nbformat", reason="pages are notebooks")
pytest.importorskip("nbclient", reason="docs/render.py runs notebooks")
pytest.importorskip("PIL", reason="docs/render.py makes pictures smaller")

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))

spec = importlib.util.spec_from_file_location("render", ROOT / "docs" / "render.py")
render = importlib.util.module_from_spec(spec)
spec.loader.exec_module(render)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_page_is_made_of_the_notebook(path):
    page = nbformat.read(render.PAGES / path.name, as_version=4)
    source = nbformat.read(path, as_version=4)
    assert page.metadata.made_of == render.digest(source), (
        f"docs/tutorials/{path.name} is out of date: `make pages` writes it anew"
    )
    assert [cell.source for cell in page.cells] == [cell.source for cell in source.cells]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_page_has_pictures_and_is_small(path):
    page = render.PAGES / path.name
    outputs = [o for cell in nbformat.read(page, 4).cells for o in cell.get("outputs", ())]
    assert sum("image/png" in output.get("data", {}) for output in outputs) >= 5
    assert not [o for o in outputs if o.output_type == "error"]
    assert page.stat().st_size < 500_000


def test_every_page_has_a_notebook():
    assert {p.name for p in render.PAGES.iterdir()} == {path.name for path in NOTEBOOKS}

"""Run the tutorials, and write them with their pictures into docs/tutorials/, as GitHub shows them.

    python docs/render.py               # all; `make pages` does the same
    python docs/render.py 05_train_a_net

The sources in notebooks/ stay without outputs. Each page notes a digest of the cells that it was
made of, so that a test finds pages that are out of date.
"""

import argparse
import base64
import hashlib
import io
import os
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from PIL import Image

ROOT = Path(__file__).parent.parent
PAGES = ROOT / "docs" / "tutorials"
COLOURS = 128  # of a picture: a quarter of the bytes, and nobody sees the difference
ENVIRONMENT = {
    "MINPY_SIZE": "tiny",  # the same numbers and pictures on every machine
    "MINPY_DATA": "",
    "PYTHONPATH": str(ROOT),
}


def digest(notebook):
    """Return a digest of what a reader sees of a notebook's source: its cells in order."""
    cells = [[cell.cell_type, cell.source] for cell in notebook.cells]
    return hashlib.sha256(repr(cells).encode()).hexdigest()


def render(path):
    """Return a notebook with its outputs."""
    notebook = nbformat.read(path, as_version=4)
    made_of = digest(notebook)
    resources = {"metadata": {"path": str(path.parent)}}
    client = NotebookClient(notebook, timeout=600, resources=resources, record_timing=False)
    client.execute(env={**os.environ, **ENVIRONMENT})
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            data = output.get("data", {})
            if "image/png" in data:
                data["image/png"] = smaller(data["image/png"])
    notebook.metadata = {
        "kernelspec": notebook.metadata.kernelspec,
        "language_info": {"name": "python"},
        "made_of": made_of,
    }
    return notebook


def smaller(picture):
    """Return a picture, a PNG in base 64, with fewer colours."""
    image = Image.open(io.BytesIO(base64.b64decode(picture))).convert("RGB")
    written = io.BytesIO()
    image.quantize(COLOURS).save(written, "PNG", optimize=True)
    return base64.b64encode(written.getvalue()).decode()


def main(arguments=None):
    """Render the tutorials that were asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", help="of notebooks; all by default")
    names = parser.parse_args(arguments).names
    PAGES.mkdir(exist_ok=True)
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        if not names or path.stem in names:
            page = PAGES / path.name
            nbformat.write(render(path), page)
            print(f"{page.relative_to(ROOT)}: {page.stat().st_size / 1e3:.0f} kB")
    return 0


if __name__ == "__main__":
    sys.exit(main())

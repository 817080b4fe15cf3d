"""What comes back is put into order again, whatever became of it."""

import gzip
import json

import pytest

nbformat = pytest.importorskip("nbformat", reason="notebooks are read with nbformat")
hypothesis = pytest.importorskip("hypothesis")
from hypothesis import strategies as st  # noqa: E402

from grading.canonical import MOST_BYTES, Unreadable, canonicalise, read  # noqa: E402

STUB = "def f(x):\n    raise NotImplementedError"
STUB_G = "def g(x):\n    raise NotImplementedError"
ANSWER = "def f(x):\n    return 2 * x"
ANSWER_G = "def g(x):\n    return 3 * x"


def cell(source, name="", solution=False, grade=False, kind="code", id=""):
    metadata = {}
    if name:
        metadata = {"nbgrader": {"grade_id": name, "solution": solution, "grade": grade}}
    return {
        "cell_type": kind,
        "source": source,
        "metadata": metadata,
        "id": id or name or source[:9],
    }


def release():
    cells = [
        cell("# Title", kind="markdown", id="title"),
        cell("import numpy as np", id="imports"),
        cell(STUB, "f", solution=True),
        cell("checks.f()", "check_f", grade=True),
        cell(STUB_G, "g", solution=True),
        cell("checks.g()", "check_g", grade=True),
        cell("*Your answer here.*", "why", solution=True, grade=True, kind="markdown"),
    ]
    made = nbformat.v4.new_notebook()
    for one in cells:
        new = (
            nbformat.v4.new_code_cell
            if one["cell_type"] == "code"
            else nbformat.v4.new_markdown_cell
        )
        made.cells.append(new(one["source"], metadata=one["metadata"], id=one["id"]))
    return made


def answered():
    """The cells as dicts, with the right answers in."""
    cells = json.loads(nbformat.writes(release()))["cells"]
    for one in cells:
        one["source"] = "".join(one["source"])
    cells[2]["source"], cells[4]["source"], cells[6]["source"] = ANSWER, ANSWER_G, "Because."
    return cells


def put_in_order(cells):
    content = json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
    return canonicalise(release(), read(content.encode()))


def sources(made):
    """The sources of the cells of the release, by grade_id."""
    nbformat.validate(made.notebook)
    return {
        one.metadata.nbgrader.grade_id: one.source
        for one in made.notebook.cells
        if "nbgrader" in one.metadata
    }


RIGHT = {
    "f": ANSWER,
    "check_f": "checks.f()",
    "g": ANSWER_G,
    "check_g": "checks.g()",
    "why": "Because.",
}


def test_what_was_written_is_put_in():
    made = put_in_order(answered())
    assert sources(made) == RIGHT
    assert made.repairs == []
    assert made.unchanged == {"check_f", "check_g"}


def test_what_was_not_touched_is_known():
    made = put_in_order(json.loads(nbformat.writes(release()))["cells"])
    assert made.unchanged == {"f", "g", "check_f", "check_g", "why"}


def without_metadata(cells):
    return [{**one, "metadata": {}} for one in cells]


def without_metadata_and_ids(cells):
    return [
        {"cell_type": one["cell_type"], "source": one["source"], "metadata": {}} for one in cells
    ]


def with_a_copy_of_the_stub(cells):
    return [*cells[:3], {**cells[2], "source": STUB}, *cells[3:]]


def with_an_older_version(cells):
    return [*cells[:2], {**cells[2], "source": "def f(x):\n    return 0"}, *cells[2:]]


def with_checks_weakened(cells):
    return [{**one, "source": "2"} if "checks." in one["source"] else one for one in cells]


def without_checks(cells):
    return [one for one in cells if "checks." not in one["source"]]


def with_points_changed(cells):
    return [
        {**one, "metadata": {"nbgrader": {**one["metadata"].get("nbgrader", {}), "points": 99}}}
        for one in cells
    ]


def with_lines_as_lists(cells):
    return [{**one, "source": one["source"].splitlines(keepends=True)} for one in cells]


DAMAGE = [
    (without_metadata, "had lost its metadata"),
    (without_metadata_and_ids, "was found by its function, f"),
    (with_a_copy_of_the_stub, "is there 2 times"),
    (with_an_older_version, "is there 2 times"),
    (with_checks_weakened, "the locked cell 'check_f' was edited"),
    (without_checks, ""),
    (with_points_changed, ""),
    (with_lines_as_lists, ""),
    (lambda cells: cells[::-1], ""),
]


@pytest.mark.parametrize("damage, said", DAMAGE, ids=lambda x: getattr(x, "__name__", ""))
def test_damage_is_repaired_and_reported(damage, said):
    made = put_in_order(damage(answered()))
    assert sources(made) == RIGHT
    assert said in " ".join(made.repairs)
    assert bool(made.repairs) == bool(said)
    for one in made.notebook.cells:
        assert "points" not in one.metadata.get("nbgrader", {})


def test_a_missing_cell_counts_as_not_written():
    made = put_in_order([one for one in answered() if one["source"] != ANSWER])
    assert sources(made) == {**RIGHT, "f": STUB}
    assert "the cell 'f' is missing" in made.repairs[0]


def run(made):
    """Run the code cells in order and return what f(1) and g(1) give."""
    scope = {"checks": __import__("types").SimpleNamespace(f=lambda: 0, g=lambda: 0)}
    for one in made.notebook.cells:
        if one.cell_type == "code" and "np" not in one.source:
            exec(one.source, scope)
    return [scope[name](1) for name in "fg"]


def all_in_one_cell(cells):
    cells[2]["source"] = f"{ANSWER}\n\n{ANSWER_G}"
    return cells


def all_in_one_cell_and_the_other_gone(cells):
    return [one for one in all_in_one_cell(cells) if one["source"] != ANSWER_G]


def moved_to_a_cell_of_its_own(cells):
    cells[2]["source"] = STUB
    return [*cells[:2], {"cell_type": "code", "source": ANSWER, "metadata": {}}, *cells[2:]]


def in_the_cell_of_the_other(cells):
    cells[2]["source"], cells[4]["source"] = STUB, f"{ANSWER_G}\n\n{ANSWER}"
    return cells


def renamed(cells):
    for one in cells:
        if "nbgrader" in one["metadata"]:
            one["metadata"]["nbgrader"]["grade_id"] += "-renamed"
        one.pop("id", None)
    return cells


def split_in_two(cells):
    helper = "def twice(x):\n    return 2 * x"
    cells[2]["source"] = "def f(x):\n    return twice(x)"
    return [*cells[:2], {**cells[2], "source": helper}, *cells[2:]]


def helper_in_a_check(cells):
    cells[2]["source"] = "def f(x):\n    return twice(x)"
    cells[3]["source"] += "\ndef twice(x):\n    return 2 * x"
    return cells


@pytest.mark.parametrize(
    "damage, said",
    [
        (all_in_one_cell, ""),
        (all_in_one_cell_and_the_other_gone, "was written elsewhere: g"),
        (moved_to_a_cell_of_its_own, "was written elsewhere: f"),
        (in_the_cell_of_the_other, "was written elsewhere: f"),
        (renamed, "was found by its function, f"),
        (split_in_two, "define different functions, and count"),
        (helper_in_a_check, "what it defines runs all the same: twice"),
    ],
    ids=lambda x: getattr(x, "__name__", ""),
)
def test_what_was_written_somewhere_else_counts(damage, said):
    cells = [one for one in answered() if one["cell_type"] == "code"]
    made = put_in_order(damage([answered()[0], *cells]))
    assert run(made) == [2, 3]
    assert said in " ".join(made.repairs)


def test_text_in_other_encodings_is_read():
    text = json.dumps({"cells": [{"cell_type": "code", "source": ANSWER, "metadata": {}}]})
    for content in (
        text.encode("utf-16"),
        text.encode("utf-16-le"),
        text.encode("utf-16-be"),
        gzip.compress(text.encode()),
        text.encode() + b"\0" * 512,
    ):
        assert read(content)[0].source == ANSWER
    for content, said in [
        (gzip.compress(bytes(MOST_BYTES + 2)), "unpacks to more"),
        (gzip.compress(text.encode())[:12] + b"x" * 20, "compressed and damaged"),
    ]:
        with pytest.raises(Unreadable, match=said):
            read(content)


def test_a_renamed_function_is_found_by_its_place():
    cells = without_metadata_and_ids(answered())
    cells[2]["source"] = "def my_f(x):\n    return 2 * x\nf = my_f"
    made = put_in_order(cells)
    assert sources(made)["f"] == cells[2]["source"]
    assert "was found by its position" in " ".join(made.repairs)


def test_cells_of_the_student_run_where_they_stood():
    cells = answered()
    cells.insert(
        2, {"cell_type": "code", "source": "def double(x):\n    return 2 * x", "metadata": {}}
    )
    cells[1]["source"] += "\nimport math"  # an open cell that was changed
    made = put_in_order(cells)
    code = [one.source for one in made.notebook.cells if one.cell_type == "code"]
    assert code[:4] == ["import numpy as np", "import numpy as np\nimport math", code[2], ANSWER]
    assert "double" in code[2]
    assert sources(made) == RIGHT


@pytest.mark.parametrize(
    "content, said",
    [
        (b"", "is empty"),
        (b"{", "not JSON"),
        (b"[1, 2]", "no cells"),
        (b'{"cells": {}}', "no cells"),
        (b'{"cells": []}', "no cells"),
        (b"\x00" * 10, "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b" " * (MOST_BYTES + 1), "more than a notebook has"),
    ],
)
def test_what_cannot_be_read_is_said(content, said):
    with pytest.raises(Unreadable, match=said):
        read(content)


def test_old_formats_and_marks_of_byte_order_are_read():
    old = {"worksheets": [{"cells": [{"cell_type": "code", "input": ANSWER, "metadata": {}}]}]}
    (one,) = read(b"\xef\xbb\xbf" + json.dumps(old).encode())
    assert one.source == ANSWER


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)
odd_cells = st.fixed_dictionaries(
    {},
    optional={
        "cell_type": st.sampled_from(["code", "markdown", "raw", 7, None]),
        "source": st.sampled_from([STUB, ANSWER, ANSWER_G, "checks.f()", "\ud800"]) | json_values,
        "metadata": json_values
        | st.builds(
            lambda name: {"nbgrader": {"grade_id": name}}, st.sampled_from(["f", "g", "x", 3])
        ),
        "id": st.sampled_from(["f", "g", "title"]) | json_values,
    },
)


@hypothesis.settings(max_examples=150, deadline=None)
@hypothesis.given(st.lists(odd_cells | json_values, max_size=8))
def test_nothing_is_raised_but_unreadable(cells):
    try:
        found = read(json.dumps({"cells": cells}).encode())
    except Unreadable:
        assert not cells
        return
    made = canonicalise(release(), found)
    assert list(sources(made)) == list(RIGHT)
    assert sources(made)["check_f"] == "checks.f()"
    json.dumps(nbformat.writes(made.notebook)).encode()

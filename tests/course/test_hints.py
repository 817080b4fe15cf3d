"""Hints come one after the other, and an unknown name is told with the known ones."""

import pytest

from minpy import course


@pytest.fixture
def hint(tmp_path):
    text = "# f\n- A *question*\n  in two lines?\n- A sketch.\n\n# g\n- What?\n- So.\n"
    (tmp_path / "a_hints.md").write_text(text, encoding="utf-8")
    return course.Hints(tmp_path / "a.py")


def test_each_call_gives_the_next_and_the_last_one_stays(hint):
    assert [hint("f").text for _ in range(3)] == [
        "A *question* in two lines?", "A sketch.", "A sketch."
    ]  # fmt: skip
    assert hint("g").text == "What?"


def test_a_hint_says_which_one_it_is(hint):
    first, last = hint("f"), hint("f")
    assert repr(first) == "f, hint 1 of 2 (call again for the next): A *question* in two lines?"
    assert last._repr_markdown_() == "**`f`, hint 2 of 2 (the last one).** A sketch."


def test_an_unknown_name_gets_the_known_ones(hint):
    with pytest.raises(ValueError, match="no hints for 'h'; there are for f, g"):
        hint("h")

"""Every sentence is in the table, and another language can take its place."""

import ast
import re
from pathlib import Path

import numpy as onp
import pytest

import minpy
from minpy.checking import Card, NotWrittenYet, compare, raised, set_texts, unwritten, use_texts
from minpy.checking.comparison import VERDICTS, Comparison
from minpy.checking.diagnosis import TABLE
from minpy.checking.texts import ENGLISH, Message, cleaned, number, plain, say, values_in

FOLDER = Path(minpy.__file__).parent / "checking"
NOT_SHOWN = {"texts", "nan", "profiling", "instrument", "forbid", "spec"}
MODULES = sorted(path for path in FOLDER.glob("*.py") if path.stem not in NOT_SHOWN)
RIGHT = onp.random.default_rng(0).normal(size=(4, 10))


def everything():
    """Cards in which each verdict is, and each kind of sentence."""
    wrong = RIGHT.copy()
    wrong[:, 3] = 7
    return [
        Card("f", [compare("a", RIGHT, RIGHT)], 1, 1),
        Card("f", [unwritten("a")], 0, 2),
        Card("f", []),
        Card("f", [compare("a", -RIGHT, RIGHT), compare("b", wrong, RIGHT)], 0, 3),
        Card("f", [compare("a", value, RIGHT) for value in (None, "1", [[1], [2, 3]], RIGHT.T)]),
        Card("f", [compare("a", value, RIGHT) for value in (RIGHT * 1j, RIGHT.astype(object), 1)]),
        Card("f", [raised("a", "1", "2"), *(Comparison("a", verdict) for verdict in VERDICTS)]),
        Card("f", [compare("a", 2.0, 1.0)], about="gradients"),
    ]


def test_nothing_is_said_that_is_not_in_the_table():
    with use_texts(dict.fromkeys(ENGLISH, "¤")):
        for card in everything():
            shown = [str(card), re.sub("<[^>]*>", " ", card.html())]
            shown += re.findall('aria-label="([^"]*)"', card.html())
            for text in shown:
                words = set(re.findall("[^\\W\\d]+", text)) - {"f", "a", "b", "e"}
                assert words <= {"complex", "float", "object", "int"}, text


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_no_sentence_stands_in_the_code(path):
    """Strings of several words are docstrings, the errors of programmers, or markup."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    excused = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr | ast.Raise):  # docstrings; errors of who calls it wrongly
            excused |= {id(inner) for inner in ast.walk(node)}
        if isinstance(node, ast.Assign) and path.stem == "card_html":
            excused |= {id(inner) for inner in ast.walk(node) if "STYLE" in ast.unparse(node)}
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in excused
        ):
            text = re.sub('<[^>]*>?|[a-z-]+="[^"]*"?', "", node.value)
            said = re.search("[A-Za-z]{2,} +[a-z]{2,}", text)
            assert not said, f"{path.name}, line {node.lineno}: {node.value!r}"


def test_every_text_is_used_and_every_key_has_one():
    folders = (FOLDER, FOLDER.parent / "course")
    source = "".join(p.read_text(encoding="utf-8") for f in folders for p in f.glob("*.py"))
    source += "".join(f'"reason.{verdict}" "verdict.{verdict}"' for verdict in VERDICTS)
    source += "".join(f'"diagnosis.{hypothesis.key}"' for hypothesis in TABLE)
    made = tuple(re.findall('f"([a-z_]+[.][a-z_]*){', source))  # f"check.no_{what}"
    for key in ENGLISH:
        assert source.count(f'"{key}"') > 1 or key.startswith(made), key
    for verdict in VERDICTS:
        assert f"verdict.{verdict}" in ENGLISH and f"reason.{verdict}" in ENGLISH
    for hypothesis in TABLE:
        assert f"diagnosis.{hypothesis.key}" in ENGLISH


def test_another_language():
    found = compare("db", None, RIGHT)
    german = {"reason.missing": "`{name}` ist None.", "verdict.missing": "fehlt"}
    before = str(Card("f", [found]))
    with use_texts(german):
        assert "db ist None." in str(Card("f", [found]))
        assert "fehlt" in Card("f", [found]).html()
    assert str(Card("f", [found])) == before  # what was found is kept, and said again
    set_texts(german)
    try:
        assert found.reason == "`db` ist None."
    finally:
        set_texts({})
    assert str(Card("f", [found])) == before


@pytest.mark.parametrize(
    "translation, said",
    [({"no.such": "x"}, "no text 'no.such'"), ({"reason.missing": "{shape}"}, r"uses \['shape'\]")],
)
def test_a_translation_that_does_not_fit_is_refused(translation, said):
    with pytest.raises(ValueError, match=said):
        set_texts(translation)


def test_values_are_never_templates():
    name = "{name.__class__} {0} {"
    assert say("reason.missing", name=name).startswith("`{name.__class__} {0} {`")
    assert str(Message("received.type", {"kind": "{x}"})) == "{x}"
    with pytest.raises(KeyError):
        say("no.such")


@pytest.mark.parametrize(
    "value, words",
    [
        (0.0, "0"),
        (1e-9, "1e-9"),
        (0.1234567, "0.1235"),
        (123456.0, "1.235e5"),
        (-2.5e-11, "-2.5e-11"),
        (float("inf"), "inf"),
        (3, "3"),
        (True, "True"),
        (1 - 2j, "1-2j"),
    ],
)
def test_numbers_are_short(value, words):
    assert number(value) == words


def test_cleaned():
    assert cleaned("a\n  b\tc") == "a b c"
    assert cleaned("x" * 1000, 10) == "x" * 9 + "…"
    assert plain("`a` b") == "a b"
    assert values_in("{a} {b:1} {{c}}") == {"a", "b"}


def test_unfinished_work_is_one_line():
    error = NotWrittenYet("two_layer_loss")
    assert isinstance(error, NotImplementedError)
    assert str(error) == "two_layer_loss is not written yet."
    assert error._render_traceback_() == ["○ two_layer_loss is not written yet."]


def test_unfinished_work_is_one_line_in_a_notebook(capsys):
    shell = pytest.importorskip("IPython.core.interactiveshell", reason="IPython is not installed")
    shell.InteractiveShell.clear_instance()
    session = shell.InteractiveShell.instance()
    try:
        with session.builtin_trap:
            code = "from minpy.checking import NotWrittenYet\nraise NotWrittenYet('svm_loss')"
            result = session.run_cell(code, store_history=False)
        assert isinstance(result.error_in_exec, NotWrittenYet)  # the cell has failed
        assert capsys.readouterr().out.strip() == "○ svm_loss is not written yet."
    finally:
        shell.InteractiveShell.clear_instance()

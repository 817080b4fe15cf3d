"""The card: the same in text and HTML, safe to show, and readable without colour or style."""

import re
from html.parser import HTMLParser

import numpy as onp
import pytest

from minpy.checking import Card, Comparison, compare, raised, unwritten
from minpy.checking.card_html import SAFE, STYLE

RIGHT = onp.random.default_rng(0).normal(size=(4, 10))
MIXED = [
    compare("dW1", RIGHT, RIGHT),
    compare("dW2", 50 * RIGHT, RIGHT),
    compare("db1", RIGHT, RIGHT[0]),
    compare("db2", None, RIGHT[0]),
    raised("predict", "ValueError", "shapes differ"),
]


class Reader(HTMLParser):
    """Reads HTML strictly: which tags with which attributes, what text, and all closed."""

    def __init__(self, source):
        super().__init__()
        self.open, self.tags, self.words = [], [], []
        self.feed(source)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attributes):
        self.open.append(tag)
        self.tags.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)

    def all(self, tag):
        return [attributes for name, attributes in self.tags if name == tag]


def test_text():
    card = Card("two_layer_loss", MIXED, points=2, out_of=10, notes=["3 more checks run later."])
    text = str(card)
    assert text.splitlines()[0] == ("✗ two_layer_loss: 4 of 5 outputs are wrong (2 of 10 points)")
    for words in ("✓ dW1", "✗ dW2", "wrong values", "(4, 10)", "allowed 1e-6", "3 more checks"):
        assert words in text
    assert "expected is" in text and "db1 has shape (4, 10), but must have shape (10,)." in text
    assert max(map(len, text.splitlines())) <= 100
    assert repr(card) == text


def test_of_what_is_right_there_is_one_line():
    card = Card("f", MIXED[:1] * 3)
    assert len(str(card).splitlines()) == 4
    assert "minpy-card-why" not in card.html()


def test_long_words_are_wrapped_or_cut():
    card = Card("t" * 500, [raised("n" * 500, "E" * 500, "m " * 500)], notes=["note " * 500])
    assert max(map(len, str(card).splitlines())) <= 100
    assert len(str(card).splitlines()) < 30


@pytest.mark.parametrize("comparisons", [MIXED, MIXED[:1], [unwritten("f")], []])
def test_html_says_what_the_text_says(comparisons):
    card = Card("two_layer_loss", comparisons, points=1, out_of=1, notes=["A note."])
    words = " ".join(" ".join(Reader(card.html()).words).split())
    for line in str(card).splitlines()[1:]:
        for cell in re.split(r"  +|error |, allowed ", line.strip()):
            assert all(word in words for word in cell.split()), cell
    assert "1 of 1 point" in words


def test_passed():
    assert Card("f", MIXED[:1]).passed
    assert not Card("f", MIXED)
    assert not Card("f", [])  # nothing was compared: that is no success
    assert not Card("f", [unwritten("f")])
    assert str(Card("f", [unwritten("f")])).startswith("○ f: not written yet")


def test_accessible():
    page = Reader(Card("f", MIXED, points=0, out_of=2).html())
    (group,) = [tag for tag in page.all("div") if tag.get("role") == "group"]
    assert group["aria-label"] == "f: 4 of 5 outputs are wrong"
    headers = page.all("th")
    assert all(header["scope"] in ("col", "row") for header in headers)
    assert [header["scope"] for header in headers].count("row") == 5
    (heat,) = [tag for tag in page.all("table") if tag.get("role") == "img"]
    assert heat["aria-label"] == "Where dW2 is wrong: All 40 entries are wrong."
    assert "✗ wrong values" in page.words and "✓ right" in page.words  # not by colour alone


HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</style><svg onload=alert(1)>",
    "`</code><b>`",
    "&lt;b&gt;",
    "{name}{0.__class__}",
    "\x1b[2J\u202e\ud800\x00",
    "</table></div>",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_of_a_students_becomes_markup(text):
    found = [
        raised(text, text, text),
        Comparison(text, "missing"),
        compare(text, type(text.replace("\x00", "").replace("\ud800", ""), (), {})(), RIGHT),
        compare(text, onp.zeros(2, dtype=[("<b>", "f8")]), RIGHT),
        compare(text, RIGHT + 1, RIGHT),
    ]
    card = Card.from_json(Card(text, found, 1, 2, [text]).to_json())
    page = Reader(card.html())
    allowed = {(tag, name) for tag, names in SAFE.items() for name in names}
    assert {tag for tag, _ in page.tags} <= set(SAFE)
    assert {(tag, name) for tag, attributes in page.tags for name in attributes} <= allowed
    str(card).encode("utf-8")
    card.html().encode("utf-8")
    assert "\x1b" not in str(card) and "\u202e" not in str(card)
    assert card._repr_html_().count("</style>") == 1


def test_a_sanitiser_leaves_it_as_it_is():
    nh3 = pytest.importorskip(
        "nh3", reason="nh3, the sanitiser of feedback pages, is not installed"
    )
    card = Card("f", MIXED, points=0, out_of=2, notes=["`code` & <b>"])
    cleaned = nh3.clean(card.html(), tags=set(SAFE), attributes=SAFE)
    assert [*Reader(cleaned).tags] == [*Reader(card.html()).tags]
    assert "".join(Reader(cleaned).words) == "".join(Reader(card.html()).words)


def test_the_style_follows_the_theme():
    assert "prefers-color-scheme:dark" in STYLE
    assert "[data-jp-theme-light=true]" in STYLE and "[data-jp-theme-light=false]" in STYLE
    assert not re.search("url|import|expression|http", STYLE)
    selectors = re.findall(r"([^{}]+)\{[^{}]*\}", STYLE)
    assert all(".minpy-" in part for group in selectors for part in group.split(","))


def test_self_contained_and_compact():
    html = Card("f", MIXED)._repr_html_()
    assert html.startswith("<style>") and "<script" not in html and "style=" not in html
    big = Card("f", [compare("dW", RIGHT[:1] + onp.ones((64, 10)), onp.ones((64, 10)))] * 5)
    assert len(big.html()) < 40_000


def test_json_and_back():
    card = Card("f", MIXED, points=2.5, out_of=10, notes=["a note"])
    again = Card.from_json(card.to_json())
    assert again == card and again.html() == card.html() and str(again) == str(card)
    for wrong in ("[]", "{}", '{"title": 1}', '{"comparisons": [1]}'):
        with pytest.raises(ValueError):
            Card.from_json(wrong)


def test_show_prints_and_returns_the_points(capsys):
    card = Card("f", MIXED, points=2, out_of=3)
    assert card.show() == 2
    assert capsys.readouterr().out == f"{card}\n"


def test_show_displays_in_a_notebook(capsys):
    shell = pytest.importorskip("IPython.core.interactiveshell", reason="IPython is not installed")
    shell.InteractiveShell.clear_instance()
    session = shell.InteractiveShell.instance()
    try:
        with session.builtin_trap:
            published = []
            session.display_pub.publish = lambda data, *args, **kwargs: published.append(data)
            assert Card("f", MIXED, points=2, out_of=3).show() == 2
        assert set(published[0]) == {"text/plain", "text/html"}
        assert published[0]["text/plain"].startswith("✗ f:")
    finally:
        shell.InteractiveShell.clear_instance()

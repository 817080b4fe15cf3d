"""`minpy.draw_graph`: names, shapes, constants, long recordings; as a table and as a picture."""

import shutil
import xml.etree.ElementTree

import numpy as onp
import pytest

import minpy
import minpy.numpy as np
from minpy.plotting.graph_figure import draw_boxes

needs_dot = pytest.mark.skipif(shutil.which("dot") is None, reason="graphviz is not installed")


def loss(params, x, labels, rate=0.5):
    hidden = np.maximum(x @ params["W"], 0)
    scores = hidden + params["layers"][0]
    return rate * scores[np.arange(len(labels)), labels].sum()


@pytest.fixture
def graph():
    params = {"W": np.ones((4, 3)), "layers": [np.zeros(3)]}
    return minpy.draw_graph(loss, params, np.ones((5, 4)), onp.array([0, 1, 2, 0, 1]), 0.25)


def edges(graph):
    """Return the edges as (from, to, shape)."""
    return [(source.text, box.text, shape) for box in graph.boxes for source, shape in box.sources]


def loop(x, steps):
    for _ in range(steps):
        x = np.tanh(2.0 * x)
    return x


def test_shapes_are_on_the_edges(graph):
    found = edges(graph)
    for edge in [
        ("x", "matmul", (5, 4)),
        ("params['W']", "matmul", (4, 3)),
        ("matmul", "maximum", (5, 3)),
        ("0", "maximum", None),
        ("params['layers'][0]", "add", (3,)),
        ("getitem", "sum", (5,)),
        ("rate", "multiply", ()),
        ("multiply", "result", ()),
    ]:
        assert edge in found
    assert graph.ops == 6


def test_kinds_are_told_apart(graph):
    kinds = {box.text: box.kind for box in graph.boxes}
    assert kinds["x"] == kinds["rate"] == "input"
    assert kinds["params['W']"] == kinds["params['layers'][0]"] == "parameter"
    assert kinds["0"] == "constant" and kinds["result"] == "result"


def test_the_table_is_readable():
    graph = minpy.draw_graph(lambda x, w: np.exp(x[:, 0] * w), np.ones((2, 3)), np.ones(2))
    assert str(graph).splitlines() == [
        "<lambda>: 3 ops",
        "",
        "  box          shape   from   how",
        "  x            (2, 3)  input",
        "  w            (2,)    input",
        "  #1 getitem   (2,)    x      [:, 0]",
        "  #2 multiply  (2,)    #1, w",
        "  #3 exp       (2,)    #2",
        "  result       (2,)    #3",
    ]
    assert repr(graph) == str(graph)


def test_an_input_that_does_nothing_is_named():
    graph = minpy.draw_graph(lambda x, y: 2 * x, 1.0, 3.0)
    (y,) = (box for box in graph.boxes if box.text == "y")
    assert not y.used
    assert "input, not used" in str(graph) and "not used, ()" in graph.dot


def test_functions_without_names_for_their_arguments():
    class Product:
        __signature__ = "unknown"  # as of functions written in C: inspect gives up

        def __call__(self, *args):
            return args[0] * args[1]

    assert "argument 1" in str(minpy.draw_graph(Product(), 2.0, 3.0))

    def total(*parts):
        return parts[0] + parts[1]

    assert "parts[1]" in str(minpy.draw_graph(total, 1.0, 2.0))


def test_ops_with_several_results():
    graph = minpy.draw_graph(lambda a: np.linalg.qr(a)[1].sum(), np.ones((3, 2)))
    assert ("linalg.qr", "part", None) in edges(graph)
    assert ("part", "sum", (2, 2)) in edges(graph)
    assert any(box.how == "1 of 2" for box in graph.boxes)


@pytest.mark.parametrize(
    "index, written",
    [
        (slice(1, None), "[1:]"),
        ((Ellipsis, -1), "[..., -1]"),
        (slice(None, None, -1), "[::-1]"),
        ((None, 0), "[None, 0]"),
        ([0, 2], "[array (2,)]"),
        (onp.array([True, False, True]), "[array (3,)]"),
    ],
)
def test_an_index_is_written_as_in_python(index, written):
    graph = minpy.draw_graph(lambda x: x[index].sum(), np.ones(3))
    assert [box.how for box in graph.boxes if box.text == "getitem"] == [written]


def test_a_gradient_is_a_graph_too():
    graph = minpy.draw_graph(minpy.grad(lambda x: np.sin(x)), 2.0)
    assert "cos" in {box.text for box in graph.boxes}


# ----- long recordings


def test_a_long_recording_has_one_box_for_what_is_between():
    graph = minpy.draw_graph(loop, np.ones(2), 100, limit=6)
    kinds = [box.kind for box in graph.boxes]
    assert kinds.count("op") == 6 and kinds.count("group") == 1
    (group,) = (box for box in graph.boxes if box.kind == "group")
    assert group.text == "194 ops: 97 tanh, 97 multiply"
    assert [source.text for source, _ in group.sources] == ["multiply"]
    assert "the first 3 and the last 3 are drawn; limit=200 draws all" in graph.title
    assert len(graph.dot.splitlines()) < 40
    drawn = {id(box) for box in graph.boxes}
    assert all(id(source) in drawn for box in graph.boxes for source, _ in box.sources)


def test_the_limit_can_be_raised():
    graph = minpy.draw_graph(loop, np.ones(2), 100, limit=200)
    assert graph.ops == 200 and not graph.note
    with pytest.raises(ValueError, match="limit must be at least 2, but is 1"):
        minpy.draw_graph(loop, np.ones(2), 3, limit=1)


def test_what_is_used_across_the_gap_arrives_there():
    def rnn(x, w):
        h = x[0]
        for t in range(1, 20):
            h = np.tanh(h @ w + x[t])
        return h.sum()

    graph = minpy.draw_graph(rnn, np.ones((20, 3)), np.ones((3, 3)), limit=4)
    (group,) = (box for box in graph.boxes if box.kind == "group")
    arriving = {source.text for source, _ in group.sources}
    assert {"x", "w"} <= arriving


def test_a_very_long_recording_is_drawn_at_once():
    def branching(x):
        for _ in range(2000):
            x = np.tanh(x) * x  # as a tree it would have 2 to the power of 2000 leaves
        return x

    graph = minpy.draw_graph(branching, 0.5, limit=10)
    assert graph.ops == 4000
    assert len(graph.boxes) == 13
    assert len(graph.dot.splitlines()) < 50


def test_recordings_of_another_library():
    pytest.importorskip("torch", reason="PyTorch's arrays have shapes of their own")
    with minpy.use_policy("prefer_torch"):
        w, other = np.ones((3, 2)), np.array([1.0, 2.0])
        graph = minpy.draw_graph(lambda w: (np.exp(w)[np.array([0, 2])] * other).sum(), w)
    assert ("w", "exp", (3, 2)) in edges(graph)
    assert ("float64 (2,)", "multiply", None) in edges(graph)
    assert "[array (2,)]" in str(graph)


# ----- errors


def test_nothing_to_draw_is_an_error():
    with pytest.raises(TypeError, match="does not depend on floating arguments"):
        minpy.draw_graph(lambda n: n + 1, 3)


# ----- the picture


@needs_dot
def test_graphviz_draws_it(graph, tmp_path):
    picture = graph._repr_svg_()
    texts = "".join(xml.etree.ElementTree.fromstring(picture).itertext())
    for text in ("matmul", "(5, 4)", "params['W']", "result"):
        assert text in texts
    for ending, start in {".svg": b"<?xml", ".png": b"\x89PNG", ".pdf": b"%PDF"}.items():
        assert graph.save(tmp_path / f"graph{ending}").read_bytes().startswith(start)


@needs_dot
def test_names_cannot_break_the_picture():
    odd = {'a"b\\<&>\n{}|': np.ones(2)}
    picture = minpy.draw_graph(lambda params: sum(params.values()).sum(), odd).svg()
    assert "&lt;&amp;&gt;" in picture
    xml.etree.ElementTree.fromstring(picture)


def test_without_graphviz_matplotlib_draws_it(graph, tmp_path, monkeypatch):
    pytest.importorskip("matplotlib", reason="it draws the graph")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert graph._repr_svg_() is None
    assert graph._repr_png_().startswith(b"\x89PNG")
    (ax,) = draw_boxes(graph.boxes, graph.title).axes
    texts = {text.get_text().strip(): text for text in ax.texts}
    for text in ("matmul", "(5, 4)", "params['W']", "result"):
        assert text in texts
    assert ax.get_title() == graph.title
    lowest = min(text.get_position()[1] for text in texts.values())
    assert texts["result"].get_position()[1] == lowest
    assert texts["params['W']"].get_position()[1] > texts["matmul"].get_position()[1]
    places = [text.get_position() for text in ax.texts if text.get_bbox_patch() is not None]
    assert len(set(places)) == len(places), "two boxes in one place"


def test_a_long_graph_is_a_table():
    def chain(x):
        for _ in range(50):
            x = np.sin(x)
        return x

    assert draw_boxes(minpy.draw_graph(chain, 1.0).boxes, "chain") is None


def test_without_graphviz_there_is_the_table(graph, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert graph._repr_svg_() is None
    with pytest.raises(FileNotFoundError, match=r"dot was not found: .*; print\(graph\) needs"):
        graph.save(tmp_path / "graph.svg")
    assert graph.save(tmp_path / "graph.dot").read_text().startswith("digraph {")
    assert graph.save(str(tmp_path / "graph.txt")).read_text() == f"{graph}\n"
    with pytest.raises(ValueError, match=r"\.svg, \.png, .* but the path ends in '\.jpg'"):
        graph.save(tmp_path / "graph.jpg")

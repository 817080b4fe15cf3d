"""In a real browser: a student opens the notebook, writes a wrong gradient, and then the right one.

Chromium runs without a screen. With MINPY_SCREENSHOTS=FOLDER the pictures of it are kept.
"""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from minpy.checking.texts import plain, say

sync_api = pytest.importorskip("playwright.sync_api", reason="the browser is driven by Playwright")
pytest.importorskip("jupyterlab", reason="the browser opens JupyterLab")
pytest.importorskip("sklearn", reason="the digits come with scikit-learn")

ROOT = Path(__file__).parents[2]
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--no-sandbox",  # Chromium's own needs rights that root in a container lacks
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
TOKEN = "of-this-test-alone"

FORWARD = """\
out = x.reshape(len(x), -1) @ w + b"""
WRONG = """\
dx = (dout @ w.T).reshape(x.shape)
dw = x.reshape(len(x), -1).T @ dout
db = dout.sum(axis=0) / len(x)"""
RIGHT = WRONG.replace(" / len(x)", "")

pytestmark = [pytest.mark.notebook, pytest.mark.slow]


@pytest.fixture(scope="module")
def chromium():
    """The path of a browser."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        pytest.skip("there is no Chromium here: apt-get install chromium")
    return found


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """JupyterLab on a copy of what students get, on this machine alone; its address."""
    home = tmp_path_factory.mktemp("home")
    for name, source in (("course", "assignments"), ("tutorials", "notebooks")):
        shutil.copytree(ROOT / source, home / "root" / name)
    settings = home / "settings" / "@jupyterlab"
    write(settings / "notebook-extension/tracker.jupyterlab-settings", '{"windowingMode": "none"}')
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "jupyter", "lab", "--no-browser", "--allow-root"]
    options = {
        "ServerApp.ip": "127.0.0.1",
        "ServerApp.port": port,
        "ServerApp.root_dir": home / "root",
        "IdentityProvider.token": TOKEN,
        "LabApp.expose_app_in_browser": True,
        "LabApp.user_settings_dir": home / "settings",
        "LabApp.workspaces_dir": home / "workspaces",
    }
    environment = {
        **os.environ,
        "HOME": str(home),
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_CONFIG_PATH": str(ROOT / ".jupyter"),  # as in the Makefile
        "IPYTHONDIR": str(home / "ipython"),
        "PYTHONPATH": str(ROOT),
        "MINPY_SIZE": "tiny",
    }
    log = home / "lab.log"
    with log.open("w") as output:
        server = subprocess.Popen(
            [*command, *(f"--{name}={value}" for name, value in options.items())],
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            address = f"http://127.0.0.1:{port}"
            wait_for(f"{address}/api/status?token={TOKEN}", server, log)
            yield address
        finally:
            server.terminate()  # it ends its kernels first
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def wait_for(address, server, log):
    end = time.monotonic() + 60
    while time.monotonic() < end and server.poll() is None:
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    pytest.fail(f"JupyterLab did not start:\n{log.read_text()}")


@pytest.fixture(scope="module")
def page(chromium, lab, tmp_path_factory):
    """The notebook, open in JupyterLab, with a kernel."""
    with sync_api.sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            tmp_path_factory.mktemp("profile"),
            executable_path=chromium,
            headless=True,
            args=list(FLAGS),
            viewport={"width": 1100, "height": 1000},
        )
        page = context.pages[0]
        page.set_default_timeout(40_000)
        page.goto(f"{lab}/lab/tree/course/a1-linear/two_layer.ipynb?token={TOKEN}")
        page.locator(".jp-RenderedMarkdown h1").first.wait_for()
        page.wait_for_function(
            "window.jupyterapp.shell.currentWidget.context.sessionContext.session?.kernel?.status"
            " === 'idle'"
        )
        yield page
        context.close()


def command(page, name, **arguments):
    """Run one of JupyterLab's commands, those of its menus."""
    page.evaluate(
        "([name, given]) => window.jupyterapp.commands.execute(name, given).then(() => {})",
        [name, arguments],
    )


def cell(page, text):
    """Return the code cell that holds a text."""
    return page.locator(".jp-Notebook .jp-CodeCell").filter(has_text=text).first


def run(page, found):
    """Run a cell, as a student does."""
    found.locator(".cm-content").click()
    page.keyboard.press("Control+Enter")


def type_in(page, found, line, code):
    """Type code in place of a line of a cell, and run the cell."""
    found.locator(".cm-line").filter(has_text=line).first.click()
    page.keyboard.press("Home")  # to the first letter
    page.keyboard.press("Shift+End")
    for number, text in enumerate(code.splitlines()):
        if number:
            page.keyboard.press("Enter")  # the editor indents the next line like this one
        page.keyboard.type(text)
    run(page, found)


def card_of(page, name, text):
    """Run a check, wait for a card with some text in it, and return what it says."""
    found = cell(page, f"checks.{name}()")
    run(page, found)
    card = found.locator(".jp-OutputArea-output.jp-RenderedHTMLCommon").first
    card.get_by_text(text).first.wait_for()
    return found, card.inner_text()


def keep_picture(page, found, name):
    """Take a picture of a cell in both themes, if somebody wants to look at it."""
    folder = os.environ.get("MINPY_SCREENSHOTS")
    if folder is None:
        return
    for theme in ("Light", "Dark"):
        command(page, "apputils:change-theme", theme=f"JupyterLab {theme}")
        page.wait_for_timeout(1000)
        found.scroll_into_view_if_needed()
        page.screenshot(path=f"{folder}/{name}-{theme.lower()}.png")
    command(page, "apputils:change-theme", theme="JupyterLab Light")


def test_students_see_nothing_made_for_instructors(page):
    assert page.locator("[title*='Create Assignment'], [title*='Formgrader']").count() == 0
    assert page.locator(".Toastify__toast").count() == 0, "a message covers the notebook"
    tabs = page.locator("#jp-main-dock-panel .lm-TabBar-tabLabel").all_inner_texts()
    assert tabs == ["two_layer.ipynb"]
    command(page, "filebrowser:activate")
    page.locator(".jp-BreadCrumbs-home").click()
    names = page.locator(".jp-DirListing-itemText")
    names.filter(has_text="tutorials").wait_for()
    assert names.all_inner_texts() == ["course", "tutorials"]
    keep_picture(page, names.first, "first-page")
    command(page, "application:toggle-left-area")


def test_the_start_page_lists_the_course(page):
    command(page, "docmanager:open", path="course/README.md")
    table = page.locator(".jp-MarkdownViewer table").first
    table.get_by_text("A network with two layers").wait_for()
    assert "points" in table.inner_text()
    keep_picture(page, table, "start-page")
    command(page, "application:close")


def test_a_wrong_gradient_and_then_the_right_one(page):
    run(page, cell(page, "from checks import two_layer as checks"))
    check = cell(page, "checks.affine_backward()")
    run(page, check)
    check.get_by_text("affine_forward is not defined: run the cell that defines it.").wait_for()
    forward, backward = cell(page, "def affine_forward"), cell(page, "def affine_backward")
    run(page, forward)
    run(page, backward)
    run(page, check)
    check.get_by_text("affine_forward is not written yet.").wait_for()
    assert "Traceback" not in check.inner_text()
    keep_picture(page, check, "unwritten")

    type_in(page, forward, "raise NotImplementedError", FORWARD)
    type_in(page, backward, "raise NotImplementedError", WRONG)
    check, said = card_of(page, "affine_backward", "2.67 of 4 points")
    assert plain(say("diagnosis.extra_mean", name="db", batch=3, error=0.0)) in said
    keep_picture(page, check, "wrong")

    type_in(page, backward, "db = ", RIGHT.splitlines()[-1])
    check, said = card_of(page, "affine_backward", "4 of 4 points")
    assert said.count("✓ right") == 3
    assert check.locator(".jp-OutputArea-executeResult").inner_text().strip().endswith("4.0")
    keep_picture(page, check, "right")

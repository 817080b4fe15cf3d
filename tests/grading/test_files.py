"""Whatever a student handed in is found, under any name and in any folder, and nothing else is."""

import os

import pytest

from grading.files import Submission


def hand_in(folder, *names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return Submission("ada", "tiny", folder)


@pytest.mark.parametrize(
    "names, found, odd",
    [
        (["affine.IPYNB"], "affine.IPYNB", "is named affine.IPYNB"),
        (["affine.ipynb.txt"], "affine.ipynb.txt", "is named"),
        (["affine.ipynb.json"], "affine.ipynb.json", "is named"),
        (["work/affine.ipynb"], "work/affine.ipynb", "the file is work/affine.ipynb"),
        (["affine.ipynb", "old/affine.ipynb"], "affine.ipynb", "of 2 files, affine.ipynb"),
        (["._affine.ipynb", "affine (1).ipynb"], "affine (1).ipynb", "is named"),
        ([".ipynb_checkpoints/affine.ipynb"], None, "nothing that can be read"),
        (["report.pdf", "data.csv"], None, "there is data.csv, report.pdf"),
    ],
)
def test_a_notebook_is_found(tmp_path, names, found, odd):
    path, said = hand_in(tmp_path, *names).find("affine", ["affine", "other"])
    assert (path and path.relative_to(tmp_path).as_posix()) == found
    assert odd in said


def test_the_copy_that_was_worked_on_is_preferred(tmp_path):
    submission = hand_in(tmp_path, "affine.ipynb", "affine-Copy1.ipynb")
    path, said = submission.find("affine", ["affine"], lambda path: path.name == "affine.ipynb")
    assert path.name == "affine-Copy1.ipynb"
    assert said == "affine-Copy1.ipynb was graded, since affine.ipynb is as it was released"


def test_files_beside_are_found_as_generously(tmp_path):
    submission = hand_in(tmp_path, "net (1).npz", "deep/er/b.NPZ", "deep/helper.py", "._net.npz")
    assert submission.files() == {
        "net (1).npz": b"net (1).npz",
        "net.npz": b"net (1).npz",
        "b.NPZ": b"deep/er/b.NPZ",
        "b.npz": b"deep/er/b.NPZ",
        "helper.py": b"deep/helper.py",
    }


def test_links_and_pipes_are_not_read(tmp_path):
    (tmp_path / "secret").write_text("secret")
    folder = tmp_path / "ada"
    submission = hand_in(folder, "real.npz")
    os.symlink(tmp_path / "secret", folder / "affine.ipynb")
    os.link(tmp_path / "secret", folder / "hard.ipynb")
    os.mkfifo(folder / "pipe.ipynb")
    os.symlink(tmp_path, folder / "up.npz")
    assert [path.name for path in submission.paths()] == ["real.npz"]
    assert submission.find("affine")[0] is None
    assert list(submission.files()) == ["real.npz"]


def test_a_linked_folder_is_not_a_submission(course, hand_in):
    hand_in("ada")
    os.symlink(course.root / "submitted" / "ada", course.root / "submitted" / "eve")
    os.mkdir(course.root / "submitted" / "bob")
    os.symlink(
        course.root / "submitted" / "ada" / "tiny", course.root / "submitted" / "bob" / "tiny"
    )
    (course.root / "submitted" / "late.ipynb").write_text("{}")
    assert [one.student for one in course.submissions()] == ["ada"]
    assert {path.name for path in course.strays()} >= {"eve", "tiny", "late.ipynb"}


def test_the_digest_changes_with_every_file(tmp_path):
    submission = hand_in(tmp_path, "affine.ipynb", "net.npz")
    first = submission.digest()
    assert submission.digest() == first
    (tmp_path / "net.npz").write_text("net.npy")
    second = submission.digest()
    hand_in(tmp_path, "more.txt")
    assert len({first, second, submission.digest()}) == 3

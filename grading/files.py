"""The files that a student handed in, whatever they are named and wherever they lie."""

from __future__ import annotations

import hashlib
import re
import stat
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

MOST_FILE = 64 * 2**20  # bytes of a file beside a submitted notebook
MOST_NAMED = 5  # files that a reason names
BESIDE = (".npz", ".npy", ".py")
NOTEBOOK = re.compile(r"(.+?)\.ipynb(\.txt|\.json|\.gz)?", re.IGNORECASE)
COPY = re.compile(r"[ _-]*(\(\d+\)|copy ?\d*)$", re.IGNORECASE)  # what browsers and Jupyter add
IGNORED = (".ipynb_checkpoints", "__MACOSX", "__pycache__")


@dataclass(frozen=True)
class Submission:
    """What a student handed in for an assignment.

    Attributes
    ----------
    student, assignment : str
    folder : Path
    """

    student: str
    assignment: str
    folder: Path

    def paths(self) -> list[Path]:
        """Return all regular files, those in the folder itself before those in folders below."""
        found = [
            path
            for path in self.folder.rglob("*")
            if not path.name.startswith("._")
            and not any(part in IGNORED for part in path.relative_to(self.folder).parts)
            and is_regular_file(path)
        ]
        return sorted(found, key=lambda path: (len(path.parts), path))

    def files(self) -> dict[str, bytes]:
        """Return the arrays and modules that were handed in beside the notebooks, by name.

        One in a folder below counts where none in a higher one has its name, and
        ``net (1).npz`` counts as ``net.npz`` where there is no other.
        """
        paths = [
            path
            for path in self.paths()
            if path.suffix.lower() in BESIDE and path.stat().st_size <= MOST_FILE
        ]
        found: dict[str, bytes] = {}
        for name_of in (lambda path: path.name, plain_name):
            for path in paths:
                if name_of(path) not in found:
                    found[name_of(path)] = path.read_bytes()
        return found

    def digest(self) -> str:
        """Return a number that changes with any file of the submission."""
        made = hashlib.sha256()
        for path in self.paths():
            made.update(f"{path.relative_to(self.folder)}\0{path.stat().st_size}\0".encode())
            with path.open("rb") as file:
                while part := file.read(2**20):
                    made.update(part)
        return made.hexdigest()

    def find(
        self,
        notebook: str,
        others: Sequence[str] = (),
        untouched: Callable[[Path], bool] = lambda path: False,
    ) -> tuple[Path | None, str]:
        """Return the file of a notebook, and what is odd about it.

        It is a file of that name; else one that differs in case, or by what browsers add to a
        second download; else the only one that is no other notebook of the assignment. Of several,
        one that was worked on is preferred to one as it was released, and a higher to a deeper one.

        Parameters
        ----------
        notebook : str
        others : sequence of str
            The names of all notebooks of the assignment.
        untouched : callable
            Whether a file is as it was released.
        """
        files = [path for path in self.paths() if NOTEBOOK.fullmatch(path.name)]
        exact = [path for path in files if path.name == f"{notebook}.ipynb"]
        alike = [path for path in files if path not in exact and _is_like(path, notebook)]
        rest = [path for path in files if stem(path) not in others]
        candidates = [*exact, *alike] or (rest if len(rest) == 1 else [])
        if not candidates:
            return None, f"there is no {notebook}.ipynb{self._others()}"
        chosen = next((path for path in candidates if not untouched(path)), candidates[0])
        return chosen, self._odd(chosen, notebook, exact, candidates)

    def _odd(
        self, chosen: Path, notebook: str, exact: Sequence[Path], candidates: Sequence[Path]
    ) -> str:
        name = chosen.relative_to(self.folder).as_posix()
        if chosen not in exact and len(candidates) == 1:
            return f"the file is named {name}, not {notebook}.ipynb"
        if chosen != candidates[0]:
            first = candidates[0].relative_to(self.folder).as_posix()
            return f"{name} was graded, since {first} is as it was released"
        if chosen not in exact or len(exact) > 1:
            return f"of {len(candidates)} files, {name} was graded"
        return f"the file is {name}" if chosen.parent != self.folder else ""

    def _others(self) -> str:
        names = [path.relative_to(self.folder).as_posix() for path in self.paths()]
        if not names:
            return "; nothing that can be read was handed in"
        more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
        return f"; there is {', '.join(names[:MOST_NAMED])}{more}"


def stem(path: Path) -> str:
    """Return the name of a notebook's file without its endings.

    >>> stem(Path("net.IPYNB")), stem(Path("net.ipynb.txt"))
    ('net', 'net')
    """
    found = NOTEBOOK.fullmatch(path.name)
    return found[1] if found else path.stem


def plain_name(path: Path) -> str:
    """Return a file's name without what browsers add to a second download.

    >>> plain_name(Path("net (1).npz")), plain_name(Path("net-Copy1.NPZ"))
    ('net.npz', 'net.npz')
    """
    return COPY.sub("", path.stem) + path.suffix.lower()


def is_regular_file(path: Path) -> bool:
    """Whether it may be read: no folder, pipe or device, and no link, symbolic or hard."""
    try:
        found = path.lstat()
    except OSError:
        return False
    return stat.S_ISREG(found.st_mode) and found.st_nlink == 1


def _is_like(path: Path, notebook: str) -> bool:
    return notebook.lower() in stem(path).lower().replace(" ", "_")

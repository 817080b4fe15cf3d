"""The command ``python -m minpy.course``: hand in an assignment, or merge a mended release."""

from __future__ import annotations

import argparse
import getpass
from collections.abc import Sequence

from minpy.course.hand_in import hand_in
from minpy.course.merge import merge

DESCRIPTION = "Hand in an assignment, or merge a corrected release into your notebook."


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m minpy.course", description=DESCRIPTION)
    commands = parser.add_subparsers(dest="command", required=True)

    handing_in = commands.add_parser(
        "hand-in", help="run the checks once more, say what is missing, and make one zip"
    )
    handing_in.add_argument("folder", help="of the assignment, such as course/a1-linear")
    handing_in.add_argument("--student", default=getpass.getuser(), help="your name (%(default)s)")
    handing_in.add_argument("--no-run", action="store_true", help="do not run the checks")

    merging = commands.add_parser(
        "merge", help="put your work into a mended release, and keep every line of yours"
    )
    merging.add_argument("mine", help="your notebook; it is replaced, and a copy kept")
    merging.add_argument("new", help="the notebook of the new release")
    merging.add_argument("--old", help="the notebook of the release that you began with")

    options = parser.parse_args(arguments)
    try:
        if options.command == "hand-in":
            print(hand_in(options.student, options.folder, run=not options.no_run))
        else:
            print(merge(options.mine, options.new, options.old))
    except OSError as error:  # a file or a folder that is not there
        parser.exit(1, f"{error}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

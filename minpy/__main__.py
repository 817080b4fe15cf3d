"""``python -m minpy`` says what is installed, which devices there are, and what runs where."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence

from minpy.config import find_config, show_config


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the configuration, as the command line asks."""
    parser = argparse.ArgumentParser(
        prog="python -m minpy",
        description="Say what is installed, what to install for more, which devices there are, "
        "and which library runs what.",
    )
    parser.add_argument("--json", action="store_true", help="as JSON, for programs")
    if parser.parse_args(arguments).json:
        print(json.dumps(find_config()._asdict(), indent=2))
    else:
        show_config()


if __name__ == "__main__":
    main()

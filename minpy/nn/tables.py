"""Tables that read well in a terminal and in Jupyter."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence

__all__ = ["Table"]


class Table:
    """Rows of text under a header; numbers stand on the right.

    Examples
    --------
    >>> print(Table(["name", "count"], [["weight", "640"], ["bias", "10"]], ["all", "650"]))
    name    count
    ------  -----
    weight    640
    bias       10
    ------  -----
    all       650
    """

    def __init__(
        self,
        header: Sequence[str],
        rows: Iterable[Sequence[str]],
        total: Sequence[str] | None = None,
    ) -> None:
        self.header = list(header)
        self.rows = [list(row) for row in rows]
        self.total = None if total is None else list(total)

    def _is_number(self, column: int) -> bool:
        cells = [row[column] for row in self.rows]
        return any(cells) and all(cell == "" or cell[0] in "-0123456789" for cell in cells)

    def __str__(self) -> str:
        rows = [self.header, *self.rows] + ([self.total] if self.total else [])
        columns = range(len(self.header))
        widths = [max(len(row[i]) for row in rows) for i in columns]
        rule = ["-" * width for width in widths]
        rows = [self.header, rule, *self.rows] + ([rule, self.total] if self.total else [])
        lines = []
        for row in rows:
            cells = [
                cell.rjust(width) if self._is_number(i) else cell.ljust(width)
                for i, (cell, width) in enumerate(zip(row, widths))
            ]
            lines.append("  ".join(cells).rstrip())
        return "\n".join(lines)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        sides = ["right" if self._is_number(i) else "left" for i in range(len(self.header))]

        def row(cells: list[str], tag: str) -> str:
            made = [
                f'<{tag} style="text-align: {side}">{html.escape(cell)}</{tag}>'
                for cell, side in zip(cells, sides)
            ]
            return f"<tr>{''.join(made)}</tr>"

        head = f"<thead>{row(self.header, 'th')}</thead>"
        body = "".join(row(cells, "td") for cells in self.rows)
        foot = f"<tfoot>{row(self.total, 'th')}</tfoot>" if self.total else ""
        return f"<table>{head}<tbody>{body}</tbody>{foot}</table>"

"""A card as HTML: calm, compact, light and dark, and readable without colour and without style.

The style is one block of its own, `STYLE`, so that a page of many cards has it once, and the cards
themselves pass through a sanitiser without it.  The sanitiser must let pass the tags and the
attributes in `SAFE`, and nothing else: there is no script, no link and no inline style.
"""

from __future__ import annotations

import html
import re
from typing import Protocol

from minpy.checking import card_text
from minpy.checking.comparison import Comparison
from minpy.checking.texts import plain, say


class Shown(Protocol):
    """What is shown as a card: a `minpy.checking.card.Card`."""

    title: str
    comparisons: tuple[Comparison, ...]
    about: str
    notes: tuple[str, ...]

    @property
    def summary(self) -> str:
        """How many outputs are right, in words."""

    @property
    def state(self) -> str:
        """Whether it is right, wrong or unwritten."""

    @property
    def points_in_words(self) -> str:
        """The points, or nothing."""


SAFE: dict[str, set[str]] = {
    "code": set(),
    "div": {"class", "role", "aria-label"},
    "p": {"class"},
    "span": {"class"},
    "strong": {"class"},
    "table": {"class", "role", "aria-label"},
    "tbody": set(),
    "td": {"class", "colspan"},
    "th": {"class", "scope"},
    "thead": set(),
    "tr": {"class"},
}
"""What a sanitiser must let pass: the attributes of each tag."""

FINE = 8  # rows of a heat map that are drawn in full size
LEVELS = (0.01, 0.1, 0.5)  # relative errors between which the shades of a heat map change

_LIGHT = (
    "--text:#1f2328;--quiet:#59636e;--line:#d8dee4;--page:#ffffff;--soft:#f6f8fa;"
    "--right:#1a7f37;--wrong:#c4291c;"
    "--h0:#e9edf1;--h1:#fbd3a8;--h2:#f39a59;--h3:#d9552f;--h4:#9c1c12"
)
_DARK = (
    "--text:#e6e8eb;--quiet:#9aa4af;--line:#3a414a;--page:#1b1f24;--soft:#242a31;"
    "--right:#56c271;--wrong:#ff7b6b;"
    "--h0:#30363d;--h1:#6b3a1c;--h2:#a8521f;--h3:#e5793c;--h4:#ffc48a"
)

# The class is doubled so that a notebook's own rules for tables give way.
STYLE = (
    """
.minpy-card{LIGHT}
@media (prefers-color-scheme:dark){.minpy-card{DARK}}
[data-jp-theme-light=true] .minpy-card,.vscode-light .minpy-card{LIGHT}
[data-jp-theme-light=false] .minpy-card,.vscode-dark .minpy-card{DARK}
CARD{max-width:46rem;margin:.4rem 0;border:1px solid var(--line);border-left:4px solid var(--wrong);
border-radius:6px;background:var(--page);color:var(--text);overflow-x:auto;
font:13px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
CARD.minpy-card-right{border-left-color:var(--right)}
CARD.minpy-card-unwritten{border-left-color:var(--quiet)}
CARD p{margin:0 0 .15rem;color:inherit}
CARD p:last-child{margin-bottom:0}
CARD code{font:12.5px/1.4 ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;
background:var(--soft);color:inherit;padding:.05em .3em;border:0;border-radius:3px}
CARD .minpy-card-head{display:flex;flex-wrap:wrap;gap:.2rem .7rem;align-items:baseline;
padding:.45rem .8rem}
CARD .minpy-card-title{font-size:14px;font-weight:600}
CARD .minpy-card-quiet{color:var(--quiet)}
CARD .minpy-card-points{margin-left:auto;font-weight:600;font-variant-numeric:tabular-nums}
CARD table{border-collapse:collapse;border:0;margin:0;width:100%;table-layout:auto;
font-size:13px;color:inherit;background:none}
CARD tr,CARD tr:nth-child(n),CARD tr:nth-child(n):hover{background:none}
CARD th,CARD td{text-align:left;vertical-align:top;padding:.22rem .8rem;border:0;
font-weight:400;white-space:nowrap;max-width:none;line-height:1.5;color:inherit}
CARD thead th{color:var(--quiet);font-size:12px;padding-top:0}
CARD thead tr{border:0}
CARD .minpy-card-row{border-top:1px solid var(--line)}
CARD .minpy-card-number{text-align:right;font-variant-numeric:tabular-nums}
CARD .minpy-card-is-right{color:var(--right)}
CARD .minpy-card-is-wrong{color:var(--wrong);font-weight:600}
CARD .minpy-card-is-unwritten{color:var(--quiet)}
CARD .minpy-card-why{white-space:normal;padding:0 .8rem .4rem}
CARD .minpy-card-parts{display:flex;flex-wrap:wrap;gap:.4rem 1.2rem;align-items:flex-start;
justify-content:space-between}
CARD .minpy-card-words{flex:1 1 20rem}
CARD .minpy-card-diagnosis{font-weight:600}
CARD .minpy-card-heat{width:auto;border-collapse:separate;border-spacing:1px}
CARD .minpy-card-heat td{width:8px;height:8px;min-width:8px;padding:0;line-height:0;font-size:0}
CARD .minpy-card-heat tr{height:auto}
CARD .minpy-card-fine td{width:5px;height:5px;min-width:5px}
CARD .minpy-card-legend{display:flex;gap:.35em;align-items:center;font-size:11px;
color:var(--quiet);padding-left:1px}
CARD .minpy-card-legend span{width:8px;height:8px;display:inline-block}
CARD .minpy-h0{background:var(--h0)}
CARD .minpy-h1{background:var(--h1)}
CARD .minpy-h2{background:var(--h2)}
CARD .minpy-h3{background:var(--h3)}
CARD .minpy-h4{background:var(--h4)}
CARD .minpy-card-notes{border-top:1px solid var(--line);padding:.35rem .8rem;color:var(--quiet)}
""".replace("CARD", "div.minpy-card.minpy-card")
    .replace("LIGHT", _LIGHT)
    .replace("DARK", _DARK)
)

_COLUMNS = ("result", "shape", "dtype", "error", "tolerance")


def card_html(card: Shown) -> str:
    """Return a card as HTML, without `STYLE`; all text in it is escaped."""
    mark = say(f"sign.{card.state}")
    points = card.points_in_words
    head = (
        f'<div class="minpy-card-head">'
        f'<span class="minpy-card-is-{card.state}">{marked(mark)}</span>'
        f'<strong class="minpy-card-title">{marked(card.title)}</strong>'
        f'<span class="minpy-card-quiet">{marked(card.summary)}</span>'
        + (f'<span class="minpy-card-points">{marked(points)}</span>' if points else "")
        + "</div>"
    )
    notes = "".join(f"<p>{marked(note)}</p>" for note in card.notes)
    return (
        f'<div class="minpy-card minpy-card-{card.state}" role="group" '
        f'aria-label="{_attribute(card.title)}: {_attribute(card.summary)}">'
        + head
        + _table(card.comparisons, card.about)
        + (f'<div class="minpy-card-notes">{notes}</div>' if notes else "")
        + "</div>"
    )


def _table(comparisons: tuple[Comparison, ...], about: str) -> str:
    if not comparisons:
        return ""
    first = "argument" if about == "gradients" else "output"
    cells = [
        f'<th scope="col"{_numeric(column)}>{marked(say(f"card.{column}"))}</th>'
        for column in (first, *_COLUMNS)
    ]
    rows = "".join(_row(found) for found in comparisons)
    return f"<table><thead><tr>{''.join(cells)}</tr></thead><tbody>{rows}</tbody></table>"


def _row(found: Comparison) -> str:
    state = found.verdict if found.verdict in ("right", "unwritten") else "wrong"
    result = f"{card_text.sign(found)} {card_text.verdict(found)}"
    cells = [
        f'<th scope="row"><code>{marked(found.name)}</code></th>',
        f'<td class="minpy-card-is-{state}">{marked(result)}</td>',
        f"<td>{_or_none(card_text.shape(found))}</td>",
        f"<td>{_or_none(found.dtype)}</td>",
        f"<td{_numeric('error')}>{_or_none(card_text.error(found))}</td>",
        f"<td{_numeric('tolerance')}>{_or_none(card_text.tolerance(found))}</td>",
    ]
    row = f'<tr class="minpy-card-row">{"".join(cells)}</tr>'
    said = card_text.sentences(found)
    if not said:
        return row
    first = ' class="minpy-card-diagnosis"' if found.diagnosis else ""
    words = f"<p{first}>{marked(said[0])}</p>" + "".join(f"<p>{marked(s)}</p>" for s in said[1:])
    parts = f'<div class="minpy-card-words">{words}</div>{_heat(found)}'
    return (
        f'{row}<tr><td class="minpy-card-why" colspan="{1 + len(_COLUMNS)}">'
        f'<div class="minpy-card-parts">{parts}</div></td></tr>'
    )


def _heat(found: Comparison) -> str:
    if found.heat is None:
        return ""
    rows = "".join(
        "<tr>" + "".join(f'<td class="minpy-h{_level(e, found)}"></td>' for e in row) + "</tr>"
        for row in found.heat
    )
    label = plain(say("card.heat", name=found.name))
    label += f": {found.where}" if found.where else ""
    shades = "".join(f'<span class="minpy-h{level}"></span>' for level in range(len(LEVELS) + 2))
    fine = " minpy-card-fine" if len(found.heat) > FINE else ""
    return (
        f'<div><table class="minpy-card-heat{fine}" role="img" aria-label="{_attribute(label)}">'
        f"<tbody>{rows}</tbody></table>"
        f'<div class="minpy-card-legend">{marked(say("card.heat_right"))}{shades}'
        f"{marked(say('card.heat_wrong'))}</div></div>"
    )


def _level(error: float, found: Comparison) -> int:
    """Return the shade of an error: 0 within the tolerance, and at most 4."""
    if error <= found.tolerance:
        return 0
    return 1 + sum(error >= limit for limit in LEVELS)


def marked(text: str) -> str:
    """Escape text for HTML; what stands between backticks is code.

    >>> marked("`dW1` <script>")
    '<code>dW1</code> &lt;script&gt;'
    """
    return re.sub(r"`([^`]*)`", r"<code>\1</code>", html.escape(text))


def _attribute(text: str) -> str:
    return html.escape(plain(text))


def _or_none(text: str | None) -> str:
    return marked(text or say("card.none"))


def _numeric(column: str) -> str:
    return ' class="minpy-card-number"' if column in ("error", "tolerance") else ""

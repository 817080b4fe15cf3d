"""Work that is not there yet: one tidy line instead of a traceback."""

from __future__ import annotations

from minpy.checking.texts import cleaned, plain, say


class NotWrittenYet(NotImplementedError):
    """A function that a student is to write is not written yet.

    A cell that raises it has failed, so that ``nbgrader validate`` does not call it a success; but
    IPython shows its message alone, without a traceback.

    Parameters
    ----------
    what : str
        What is to be written, such as the name of the function.
    defined : bool
        Whether it is there at all; else its cell was not run.

    Examples
    --------
    >>> raise NotWrittenYet("two_layer_loss")
    Traceback (most recent call last):
    minpy.checking.unfinished.NotWrittenYet: two_layer_loss is not written yet.
    >>> raise NotWrittenYet("two_layer_loss", defined=False)
    Traceback (most recent call last):
    minpy.checking.unfinished.NotWrittenYet: two_layer_loss is not defined: run the cell that ...
    """

    def __init__(self, what: str, defined: bool = True) -> None:
        key = "unwritten" if defined else "unwritten.undefined"
        super().__init__(plain(say(key, what=cleaned(what))))

    def _render_traceback_(self) -> list[str]:
        """Return the lines that IPython prints."""
        return [f"{say('sign.unwritten')} {self}"]

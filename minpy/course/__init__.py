"""What every notebook of a course needs: data, live curves, pictures, a network that is handed in.

A notebook has a file of checks beside it, ``checks/two_layer.py``.  That file says what is special
about the notebook: how many images it uses, how good its network must be, and its checks.  All
else is here, once for all notebooks.

*Data.*  A `Settings` is a table of numbers by data set and size.  ``train``, ``val`` and ``test``
are numbers of images; the other columns are the notebook's own:

>>> from minpy import course
>>> settings = course.Settings.from_text('''
...     data    size     train  val  test  epochs
...     digits  tiny       600  150   150       5
...     digits  default   1187  250   360      30
... ''')
>>> settings["digits", "tiny"]["epochs"]
5

The notebook chooses its size and data set in its first cell, and loads the images::

    size = course.chosen_size()         # "tiny", "default" or "full", from MINPY_SIZE
    name = course.best_data(size)       # the largest data set on this machine, or MINPY_COURSE_DATA
    data = course.load_images(name, checks.settings[name, size])

*Known values.*  Where those of the checks are many, they are in a file of their own beside the
checks, here ``checks/two_layer_known.py``::

    known = course.known_values(__file__)
    relu = Check("relu", ..., known=[known.RELU])

*Hints.*  A Markdown file beside the checks has two or three hints for each function, from a
question to a sketch.  With ``hint = course.Hints(__file__)`` in the checks, students ask for them
one by one::

    checks.hint("relu")

*While it trains.*  `LiveCurves` shows the losses and accuracies as they grow::

    live = course.LiveCurves()
    live.show(history, last=epoch == epochs - 1)    # history: lists "loss", "train", "val"

`draw_trials` draws the networks that a search tried.

*Handing in.*  A `ParameterFile` names the file that students hand in and the arrays in it.  The
notebook saves the best network, and `trained` makes the check that gives points for its accuracy::

    # checks/two_layer.py
    network_file = course.ParameterFile("two_layer.npz", ["W1", "b1", "W2", "b2"])
    trained = course.trained(
        network_file,
        settings,
        forward="scores = predict_scores(params, x)",
        thresholds={"digits": 0.93},
        tiny=0.75,
        points=2,
    )

    # the notebook
    checks.network_file.save(best, name, size)
    checks.trained()

    # hidden/two_layer.py: the forward pass, from the parameters and x
    grading.spec.HiddenTrained(checks.trained, network_scores)

The check in the notebook looks at the validation images; the grader computes the scores of the test
images itself, from the file.

`hand_in` runs the checks of a folder once more, says what is missing, and makes one zip.
``python -m minpy.course`` does the same, and merges a mended release into a student's notebook
(`minpy.course.merge`).

Nothing here draws, reads or downloads anything when it is imported.
"""

from minpy.course.data import SIZES, Settings, best_data, chosen_size, known_values, load_images
from minpy.course.exercises import check_exercise
from minpy.course.hand_in import hand_in
from minpy.course.hints import Hint, Hints
from minpy.course.parameter_file import ParameterFile
from minpy.course.pictures import LiveCurves, draw_trials
from minpy.course.trained import TrainedCheck, trained

__all__ = [
    "SIZES",
    "Hint",
    "Hints",
    "LiveCurves",
    "ParameterFile",
    "Settings",
    "TrainedCheck",
    "best_data",
    "check_exercise",
    "chosen_size",
    "draw_trials",
    "hand_in",
    "known_values",
    "load_images",
    "trained",
]

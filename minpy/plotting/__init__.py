"""Pictures: of data, weights, predictions, training, and of what a function recorded.

The functions draw with Matplotlib and share a few habits.

*Where.* Each makes a figure and returns it.  Given a place, ``ax`` or ``figure``, it draws there
and returns the axes.  Figures are made without ``matplotlib.pyplot``: nothing is left open, threads
and machines without a screen do not matter, and Jupyter shows a figure once, when it is the last
expression of a cell or given to ``display``.  ``figure.savefig("name.png")`` keeps it.

*What.* Arrays may be minpy's or NumPy's.  Images have their channels first, as convolutions take
them: shape (N, C, H, W), or (N, H, W) in grey.  Labels come before predictions.

*For whom.* The colours are told apart by the colour-blind, and nothing is said by colour alone.

`draw_graph` draws with graphviz if that is installed, else with Matplotlib, and prints a table.
"""

from minpy.plotting.graph import Graph, draw_graph
from minpy.plotting.images import image_grid, saliency_overlay, weight_images
from minpy.plotting.predictions import confusion_matrix, wrong_predictions
from minpy.plotting.training import gradient_histograms, training_curves

__all__ = [
    "image_grid",
    "weight_images",
    "saliency_overlay",
    "confusion_matrix",
    "wrong_predictions",
    "training_curves",
    "gradient_histograms",
    "Graph",
    "draw_graph",
]

"""Hidden checks of the tiny assignment."""

from grading.spec import HiddenCheck, Trial, checks_beside

checks = checks_beside(__file__)


def reference_affine(x, w, b):
    """Return x w + b."""
    return x @ w + b


hidden = [
    HiddenCheck(
        checks.affine_forward,
        reference_affine,
        cases=[Trial("no bias at all", checks.SIZES, factors={"b": 0.0})],
    ),
    HiddenCheck(
        checks.affine_backward, reference_affine, large={"N": 1, "D": 400, "M": 400}, seconds=2.0
    ),
]

"""`numpy.random`; the tests seed the stream before each call."""

import numpy as onp

from .call import call, each
from .data import INTEGERS, PAIR, POSITIVE, ROW, SYMMETRIC, VECTOR, WEIGHTS, X

ONE_PARAMETER = "chisquare poisson power pareto rayleigh standard_gamma standard_t weibull"
TWO_PARAMETERS = (
    "beta f gamma gumbel laplace logistic lognormal noncentral_chisquare normal vonmises wald"
)

RANDOM = (
    each(ONE_PARAMETER, call(2.5), call(2.5, (2, 3)), call(POSITIVE), call(POSITIVE, size=(2, 3)))
    | each(TWO_PARAMETERS, call(1.5, 2.5), call(1.5, 2.5, 4), call(POSITIVE, POSITIVE[0]))
    | each("exponential", call(), call(2.0, 3), call(POSITIVE), call(scale=POSITIVE))
    | each("geometric logseries", call(0.4), call(0.4, (2, 2)), call(PAIR))
    | each("random random_sample ranf sample", call(), call(4), call((2, 3)))
    | each("standard_cauchy standard_exponential standard_normal", call(), call((2, 3)))
    | each("MT19937 PCG64 PCG64DXSM Philox SFC64 SeedSequence RandomState", call(5))
    | {
        "Generator": [call(onp.random.PCG64(5))],
        "binomial": [call(5, 0.4), call(5, 0.4, (2, 3)), call(10, PAIR)],
        "bytes": [call(4)],
        "choice": [
            call(5),
            call(5, 3, replace=False),
            call(VECTOR, 4),
            call([1, 2, 3], (2, 2), True, [0.2, 0.5, 0.3]),
            call(3, 4, p=WEIGHTS),
        ],
        "default_rng": [call(5), call()],
        "dirichlet": [call([1.0, 2.0, 3.0]), call(POSITIVE[0], 2)],
        "get_bit_generator": [call()],
        "get_state": [call(), call(legacy=False)],
        "hypergeometric": [call(5, 4, 3), call(5, 4, 3, 6), call(INTEGERS + 1, 4, 2)],
        "multinomial": [call(6, [0.2, 0.5, 0.3]), call(6, WEIGHTS, 2)],
        "multivariate_normal": [call([0.0, 1.0], [[1.0, 0.2], [0.2, 2.0]]), call(ROW, SYMMETRIC)],
        "negative_binomial": [call(3, 0.4), call(3, 0.4, 4), call(3, PAIR)],
        "noncentral_f": [call(2.5, 3.5, 1.5), call(2.5, 3.5, 1.5, 4), call(POSITIVE, 3.0, 0.5)],
        "permutation": [call(5), call(VECTOR), call(X), call([1, 2, 3])],
        "rand": [call(), call(4), call(2, 3)],
        "randint": [call(5), call(1, 9, (2, 3)), call(0, 200, 4, dtype=onp.uint8)],
        "randn": [call(), call(4), call(2, 3)],
        "random_integers": [call(5, size=3)],
        "seed": [call(3), call([1, 2]), call()],
        "set_state": [call(onp.random.RandomState(5).get_state())],
        "shuffle": [call(VECTOR), call(X), call([1, 2, 3])],
        "triangular": [call(0.0, 0.5, 1.0), call(0.0, 0.5, 1.0, 4), call(-2.0, X, 2.0)],
        "uniform": [call(), call(1.0, 2.0, (2, 3)), call(X, POSITIVE), call(low=-(ROW**2))],
        "zipf": [call(2.5), call(2.5, 3), call(POSITIVE)],
    }
)

"""Writes values.json: functions of one number and their first three derivatives, with mpmath.

    python -m pip install mpmath==1.3.0 numpy && python tests/numerics/generate.py

Arguments are rounded to the dtype first. Derivatives come of 4000 bits, by differences whose step is far below every argument;
results are rounded once, to `float64` or `float32`, and written as their shortest decimals (None: there is none).
"""

import json
import pathlib

import mpmath as mp
import numpy as np

mp.mp.prec = 4000
STEP = mp.mpf(2) ** -900


def sigmoid(x):
    return 1 / (1 + mp.exp(-x))


FUNCTIONS = {
    "exp": (mp.exp, [0, 1e-30, -1e-30, 1, -20, 80]),
    "log": (mp.log, [1e-30, 1e-10, 0.7, 1.5, 1e30]),
    "log1p": (lambda x: mp.log(1 + x), [0, 1e-30, -0.999, 0.5, 1e30]),
    "sqrt": (mp.sqrt, [1e-30, 0.3, 2, 1e30]),
    "sin": (mp.sin, [0, 1e-30, 0.5, 2, 1e4]),
    "cos": (mp.cos, [0, 1e-30, 0.5, 2, 1e4]),
    "tan": (mp.tan, [0, 1e-30, 0.5, 1.4, 100]),
    "tanh": (mp.tanh, [0, 1e-30, 0.3, -2, 9.5, 20, -20, 40]),
    "sigmoid": (sigmoid, [0, 1e-30, 0.3, -2, 17, 37.43, -37.43, 80]),
    "softplus": (lambda x: mp.log(1 + mp.exp(x)), [0, 1e-30, 0.3, -2, 17, 37.43, -37.43, 80]),
    "log_sigmoid": (lambda x: -mp.log(1 + mp.exp(-x)), [0, 0.3, -2, 17, 37.43, -37.43, 80]),
    "swish": (lambda x: x * sigmoid(x), [0, 1e-30, 0.3, -2, 17, 37.43, -37.43, 80]),
    "elu": (lambda x: mp.exp(x) - 1 if x < 0 else x, [-1e-30, -0.3, -20, 0.5, 1000]),
    "square": (lambda x: x * x, [0, 1e-15, -3, 1e15]),
    "reciprocal": (lambda x: 1 / x, [1e-9, -0.3, 3, 1e9]),
    "quotient_below": (lambda x: mp.mpf(3) / (x * x + 1), [0, 1e-30, 0.7, -2, 1e5]),
    "power_1": (lambda x: x, [0, 1e-30, 2]),
    "power_2": (lambda x: x**2, [0, 1e-15, -2]),
    "power_3": (lambda x: x**3, [0, 1e-9, -2]),
    "power_0": (lambda x: mp.mpf(1), [0, 2]),
    "power_half": (mp.sqrt, [1e-30, 0.3, 1e30]),
    "power_minus_2": (lambda x: x**-2, [1e-7, 0.3, -3, 1e7]),
    "power_of_2": (lambda x: mp.mpf(2) ** x, [0, 0.5, -20, 60]),
    "powers": (lambda x: sum(x**k for k in range(5)), [0, 0.5]),
    "norm": (lambda x: mp.sqrt(x * x + 1), [0, 1e-30, 0.5, -3]),
    "norm_of_small": (lambda x: mp.sqrt(x * x + mp.mpf(2) ** -166), [1e-25, -3e-25]),
    "softmax": (sigmoid, [0, 0.3, 17, 37.43, -37.43]),
    "log_softmax": (lambda x: -mp.log(1 + mp.exp(-x)), [0, 0.3, 17, 37.43, -37.43]),
    "cross_entropy": (lambda x: mp.log(1 + mp.exp(-x)), [0, 0.3, 17, 37.43, -37.43]),
}


def derivatives(f, x):
    """f, f', f'' and f''' by differences of exact values."""
    at = [f(x + k * STEP) for k in range(-2, 3)]
    first = (at[3] - at[1]) / (2 * STEP)
    second = (at[3] - 2 * at[2] + at[1]) / STEP**2
    third = (at[4] - 2 * at[3] + 2 * at[1] - at[0]) / (2 * STEP**3)
    return [at[2], first, second, third]


def rounded(value, dtype):
    # What differences leave of a zero.
    if abs(value) < mp.mpf(2) ** -1200:
        return 0.0
    with mp.workprec(53 if dtype is np.float64 else 24):
        value = +value
    with np.errstate(over="ignore"):
        return float(dtype(float(value))) if abs(value) < mp.mpf(2) ** 1023 else float("inf") * int(mp.sign(value))


def records():
    for dtype in (np.float32, np.float64):
        for name, (f, points) in FUNCTIONS.items():
            for point in points:
                x = float(dtype(point))
                values = [rounded(value, dtype) for value in derivatives(f, mp.mpf(x))]
                text = [str(value) if np.isinf(value) else value for value in values]
                yield {"function": name, "dtype": dtype.__name__, "x": x, "orders": text}


path = pathlib.Path(__file__).parent / "values.json"
lines = ",\n".join(json.dumps(record) for record in records())
path.write_text(f"[\n{lines}\n]\n")

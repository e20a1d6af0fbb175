"""Writes the values that the tests of the functions of this folder compare with, by mpmath: `python make.py`.

A line of f32.txt or f64.txt holds the name of a function, its arguments and its result as bits in hexadecimal, and what the
result, rounded to that type, is less than the exact one, in units in its last place.
"""

import math
import random
import struct
from pathlib import Path

import mpmath

mpmath.mp.prec = 400


class Type:
    def __init__(self, name, format, digits, least, most):
        self.name, self.format, self.digits, self.least, self.most = name, format, digits, least, most

    def round(self, x):
        """The nearest value of this type; mpmath has no subnormal numbers, so they are rounded here."""
        if mpmath.isnan(x) or mpmath.isinf(x) or x == 0:
            return float(x)
        unit = self.unit(x)
        scaled = x / unit
        nearest = mpmath.nint(scaled) * unit
        return float(mpmath.sign(x)) * float("inf") if abs(nearest) >= mpmath.mpf(2) ** (self.most + 1) else float(nearest)

    def unit(self, x):
        exponent = min(max(mpmath.frexp(x)[1] - 1, self.least), self.most)
        return mpmath.mpf(2) ** (exponent - self.digits)

    def bits(self, x):
        return struct.pack(">" + self.format, x).hex()


F32 = Type("f32", "f", 23, -126, 127)
F64 = Type("f64", "d", 52, -1022, 1023)


def sigmoid(x):
    return 1 / (1 + mpmath.exp(-x)) if x > 0 else mpmath.exp(x) / (1 + mpmath.exp(x))


def softplus(x):
    return mpmath.log1p(mpmath.exp(x)) if x < 0 else x + mpmath.log1p(mpmath.exp(-x))


# By function: the exact one, and the ends between which its arguments are drawn; besides, those of any size.
FUNCTIONS = {
    "exp": (mpmath.exp, -110, 90),
    "expm1": (mpmath.expm1, -40, 90),
    "log": (mpmath.log, 0, 4),
    "log1p": (mpmath.log1p, -1, 4),
    "tanh": (mpmath.tanh, -12, 12),
    "sigmoid": (sigmoid, -110, 40),
    "softplus": (softplus, -110, 40),
    "erf": (mpmath.erf, -5, 5),
    "erfc": (mpmath.erfc, -6, 28),
    "sin": (mpmath.sin, -100, 100),
    "cos": (mpmath.cos, -100, 100),
    "tan": (mpmath.tan, -100, 100),
    "rsqrt": (lambda x: 1 / mpmath.sqrt(x), 0, 10),
}
SATURATED = {"exp", "expm1", "tanh", "sigmoid", "softplus", "erf", "erfc"}
POSITIVE = {"log", "rsqrt"}
GREATEST = {F32: 3.4028234663852886e38, F64: 1.7976931348623157e308}


def arguments(type, name, least, most):
    scale = 8 if type is F64 else 1
    ends = [0.0, 2.0**type.least, 2.0 ** (type.least - type.digits), 1.0, GREATEST[type], float("inf")]
    yield from [sign * x for x in ends for sign in (1, -1)]
    yield from [float("nan"), 0.625, 0.75, -0.75, 88.72283, 88.72284, -87.33655, -103.97208, 709.782712893384, -745.1332191019411]
    yield from [1048575.9, 1048576.1, 1e10, -1e22, 1.5707963267948966, 3.141592653589793, 6381956970095103.0 * 2.0**60]
    for _ in range(120):
        yield random.uniform(least, most * (scale if name.startswith("exp") else 1))
    for _ in range(60):
        yield random.choice((1, -1)) * random.uniform(1, 2) * 2.0 ** random.uniform(-20, 3)
    for _ in range(40):
        yield random.choice((1, -1)) * random.uniform(1, 2) * 2.0 ** random.randrange(type.least - type.digits, type.most)


def of_exact(function, x):
    if x != x:
        return mpmath.nan
    if x in (float("inf"), float("-inf")):
        at_infinity = {
            "exp": (0, mpmath.inf), "expm1": (-1, mpmath.inf), "log": (mpmath.nan, mpmath.inf),
            "log1p": (mpmath.nan, mpmath.inf), "tanh": (-1, 1), "sigmoid": (0, 1), "softplus": (0, mpmath.inf),
            "erf": (-1, 1), "erfc": (2, 0), "rsqrt": (mpmath.nan, 0),
        }  # fmt: skip
        return mpmath.mpf(at_infinity.get(function, (mpmath.nan, mpmath.nan))[x > 0])
    if function in POSITIVE and x <= 0:
        zero = mpmath.inf if function == "rsqrt" and math.copysign(1, x) > 0 else -mpmath.inf
        return zero if x == 0 else mpmath.nan
    if function == "log1p" and x <= -1:
        return -mpmath.inf if x == -1 else mpmath.nan
    # Beyond these ends the result is the same number of either type, and mpmath takes long or fails.
    if function in SATURATED:
        x = max(x, -2000.0) if function == "softplus" else min(max(x, -2000.0), 2000.0)
    return FUNCTIONS[function][0](mpmath.mpf(x))


def line(type, function, arguments, exact):
    nearest = type.round(exact)
    finite = mpmath.isfinite(exact) and abs(nearest) != float("inf")
    rest = float((exact - mpmath.mpf(nearest)) / type.unit(exact)) if finite and exact != 0 else 0.0
    bits = " ".join(type.bits(x) for x in (*arguments, nearest))
    return f"{function} {bits} {rest:.4f}\n"


def powers(type):
    for _ in range(300):
        x = random.uniform(1, 2) * 2.0 ** random.randrange(-type.most // 4, type.most // 4)
        limit = 1.02 * type.most / max(abs(mpmath.log(x, 2)), 0.01)
        yield x, random.uniform(-limit, limit)
    for _ in range(60):
        yield random.uniform(0.5, 2), random.uniform(-40, 40)
        yield -random.uniform(0, 30), float(random.randrange(-20, 20))
    for _ in range(40):
        yield random.uniform(0.999, 1.001), random.uniform(-1e5, 1e5)
        yield random.uniform(1, 2) * 2.0 ** random.randrange(type.least - type.digits, type.least), random.uniform(-1, 1)


def write(type):
    with open(Path(__file__).parent / f"{type.name}.txt", "w") as file:
        for function, (_, least, most) in FUNCTIONS.items():
            for x in arguments(type, function, least, most):
                x = struct.unpack(type.format, struct.pack(type.format, x))[0] if abs(x) <= GREATEST[type] else x
                if type is F32 and abs(x) > GREATEST[type] and x not in (float("inf"), float("-inf")):
                    continue
                exact = of_exact(function, x)
                if exact == 0 and x != float("-inf") and x != float("inf"):
                    # A zero of the sign of the argument.
                    file.write(f"{function} {type.bits(x)} {type.bits(x if x == 0 else float(0))} 0\n")
                    continue
                if abs(exact) < mpmath.mpf(2) ** (type.least - type.digits - 2) and mpmath.isfinite(exact):
                    exact = mpmath.mpf(0)
                file.write(line(type, function, [x], exact))
        for x, y in powers(type):
            x, y = (struct.unpack(type.format, struct.pack(type.format, v))[0] for v in (x, y))
            file.write(line(type, "pow", [x, y], mpmath.power(mpmath.mpf(x), mpmath.mpf(y))))


random.seed(12)
write(F32)
write(F64)

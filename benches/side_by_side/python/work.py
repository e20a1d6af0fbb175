"""The numbers that the work begins with; the same as in `src/work.rs`."""

import numpy as np

DENSE = (256, 512, 512)
LOGITS = (512, 1000)
BATCH = 128
SIGNS = (784, 512, 256, 10)
TANH = (784, 512, 10)
CHAIN = 10_000
X_OF_CHAIN = 0.9999
LEARNING_RATE = 1e-3
EPSILON = 1e-7


def values(shape, seed, scale):
    mask = 0xFFFFFFFF
    hashed = (np.arange(np.prod(shape), dtype=np.uint64) + seed * 0x9E3779B9) & mask
    hashed = ((hashed ^ (hashed >> 16)) * 0x85EBCA6B) & mask
    hashed = ((hashed ^ (hashed >> 13)) * 0xC2B2AE35) & mask
    hashed ^= hashed >> 16
    return ((hashed / 2.0**31 - 1.0) * scale).astype(np.float32).reshape(shape)


def labels(size, classes):
    return np.arange(size) * 7 % classes


def x(size):
    return values((size,), 1, 3.0)


def dense():
    rows, inputs, outputs = DENSE
    return values((rows, inputs), 1, 1.0), values((inputs, outputs), 2, 0.1), values((outputs,), 3, 0.1)


def logits():
    return values(LOGITS, 1, 3.0)


def signs():
    """Weights and biases of each layer in turn."""
    parameters = []
    for k, (inputs, outputs) in enumerate(zip(SIGNS, SIGNS[1:])):
        parameters.append(values((inputs, outputs), 2 + k, (3.0 / inputs) ** 0.5))
        parameters.append(np.zeros(outputs, np.float32))
    return parameters


def tanh():
    """The weights of both layers, and a direction for each."""
    inputs, hidden, outputs = TANH
    return [
        [values((inputs, hidden), seed, scale), values((hidden, outputs), seed + 1, scale)]
        for seed, scale in ((2, 0.05), (4, 1.0))
    ]


def images():
    return values((BATCH, 784), 1, 1.0)

"""Writes TensorFlow's own numbers to values.json, next to this file.

They were computed with TensorFlow 2.21.0 and Keras 3.15.1 on a CPU, with the package `tensorflow-cpu`; the script
refuses any other version, so that a change of version is a decision. Run it as `python generate.py`.

The file holds, one record a line:

* `operations`: an operation, its inputs and options, an upstream gradient, the value and the gradients; where asked
  for, the second derivatives: the gradients of Σ weights · gradients with respect to the inputs and the upstream;
* `values`: operations of or to integers and bool, which have no gradient;
* `rows`: what custom rules and tapes do, as lists of numbers; their names begin with section and row of the notes on
  TensorFlow's behaviour that this library follows;
* `optimizers`: the variable after each step.

Tensors are `{"shape", "values"}` in row-major order; NaN and infinities are strings; `null` stands for None.
"""

import json
import os
import pathlib

# Other rounding, depending on the processor, is what oneDNN's kernels would give.
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import keras
import numpy as np
import tensorflow as tf

assert tf.__version__ == "2.21.0", tf.__version__
assert keras.__version__ == "3.15.1", keras.__version__

NAN, INF = float("nan"), float("inf")


# Plain data


def number(value):
    """The shortest decimal that reads back as the same value; a string where JSON has none."""
    if isinstance(value, (np.bool_, np.integer)):
        return value.item()
    if not np.isfinite(value):
        return str(float(value))
    return float(str(value))


def plain(tensor):
    """A tensor as shape and values."""
    if tensor is None:
        return None
    array = np.asarray(tf.convert_to_tensor(tensor) if isinstance(tensor, tf.IndexedSlices) else tensor)
    return {"shape": list(array.shape), "values": [number(value) for value in array.reshape(-1)]}


def cycle(values, shape, dtype):
    """Fixed numbers without pattern, in the given shape."""
    return tf.constant(np.resize(np.array(values), shape), dtype)


def integers(record, dtype="int32"):
    """The tensor of integers that an option holds."""
    return tf.reshape(tf.constant(record["values"], dtype), record["shape"])


def upstream_of(y):
    return cycle([1.0, -2.0, 0.5, 3.0, -0.25, 1.5, 2.25], y.shape, y.dtype)


def weights_of(gradients):
    return [cycle([0.5, 1.25, -1.0, 2.0, -0.75], g.shape, g.dtype) for g in gradients]


# Operations with gradients

OPERATIONS = {
    "add": lambda x, o: tf.add(*x),
    "subtract": lambda x, o: tf.subtract(*x),
    "multiply": lambda x, o: tf.multiply(*x),
    "divide": lambda x, o: tf.divide(*x),
    "maximum": lambda x, o: tf.maximum(*x),
    "minimum": lambda x, o: tf.minimum(*x),
    "clip_by_value": lambda x, o: tf.clip_by_value(*x),
    "negative": lambda x, o: tf.negative(x[0]),
    "abs": lambda x, o: tf.abs(x[0]),
    "sign": lambda x, o: tf.sign(x[0]),
    "square": lambda x, o: tf.square(x[0]),
    "exp": lambda x, o: tf.exp(x[0]),
    "log": lambda x, o: tf.math.log(x[0]),
    "log1p": lambda x, o: tf.math.log1p(x[0]),
    "sqrt": lambda x, o: tf.sqrt(x[0]),
    "tanh": lambda x, o: tf.tanh(x[0]),
    "sigmoid": lambda x, o: tf.sigmoid(x[0]),
    "round": lambda x, o: tf.round(x[0]),
    "identity": lambda x, o: tf.identity(x[0]),
    "stop_gradient": lambda x, o: tf.stop_gradient(x[0]),
    "where_": lambda x, o: tf.where(np.array(o["condition"]["values"], bool).reshape(o["condition"]["shape"]), *x),
    "where_log": lambda x, o: tf.where(x[0] > 0, tf.math.log(x[0]), 0.0),
    "where_reciprocal": lambda x, o: tf.where(x[0] > 0, 1 / x[0], 0.0),
    "where_sqrt": lambda x, o: tf.where(x[0] > 0, tf.sqrt(x[0]), 0.0),
    "reshape": lambda x, o: tf.reshape(x[0], o["shape"]),
    "transpose": lambda x, o: tf.transpose(x[0]),
    "transpose_with": lambda x, o: tf.transpose(x[0], perm=o["perm"]),
    "broadcast_to": lambda x, o: tf.broadcast_to(x[0], o["shape"]),
    "matmul": lambda x, o: tf.matmul(*x),
    "matmul_turned": lambda x, o: tf.matmul(*x, **o),
    "reduce_sum": lambda x, o: tf.reduce_sum(x[0], **o),
    "reduce_mean": lambda x, o: tf.reduce_mean(x[0], **o),
    "reduce_max": lambda x, o: tf.reduce_max(x[0], **o),
    "reduce_min": lambda x, o: tf.reduce_min(x[0], **o),
    "reduce_prod": lambda x, o: tf.reduce_prod(x[0], **o),
    "sin": lambda x, o: tf.sin(x[0]),
    "cos": lambda x, o: tf.cos(x[0]),
    "tan": lambda x, o: tf.tan(x[0]),
    "floor": lambda x, o: tf.floor(x[0]),
    "ceil": lambda x, o: tf.math.ceil(x[0]),
    "pow": lambda x, o: tf.pow(*x),
    "divide_no_nan": lambda x, o: tf.math.divide_no_nan(*x),
    "add_n": lambda x, o: tf.add_n(x),
    "elu": lambda x, o: tf.nn.elu(x[0]),
    "swish": lambda x, o: tf.nn.swish(x[0]),
    "softplus": lambda x, o: tf.nn.softplus(x[0]),
    "gather": lambda x, o: tf.gather(x[0], integers(o["indices"]), axis=o["axis"]),
    "slice": lambda x, o: tf.slice(x[0], o["begin"], o["size"]),
    "pad": lambda x, o: tf.pad(x[0], o["paddings"]),
    "concat": lambda x, o: tf.concat(x, o["axis"]),
    "stack": lambda x, o: tf.stack(x, o["axis"]),
    "expand_dims": lambda x, o: tf.expand_dims(x[0], o["axis"]),
    "squeeze": lambda x, o: tf.squeeze(x[0], o["axis"]),
    "norm": lambda x, o: tf.norm(x[0], **o),
    "clip_by_norm": lambda x, o: tf.clip_by_norm(x[0], o["clip_norm"], o["axis"]),
    "global_norm": lambda x, o: tf.linalg.global_norm(x),
    "clip_by_global_norm": lambda x, o: tf.concat(tf.clip_by_global_norm(x, o["clip_norm"])[0], 0),
    "relu": lambda x, o: tf.nn.relu(x[0]),
    "softmax": lambda x, o: tf.nn.softmax(x[0]),
    "softmax_along": lambda x, o: tf.nn.softmax(x[0], axis=o["axis"]),
    "log_softmax": lambda x, o: tf.nn.log_softmax(x[0]),
    "log_softmax_along": lambda x, o: tf.nn.log_softmax(x[0], axis=o["axis"]),
    "cross_entropy": lambda x, o: tf.nn.sparse_softmax_cross_entropy_with_logits(
        labels=integers(o["labels"], o["dtype"]), logits=x[0]
    ),
}


def second_derivatives(function, inputs):
    """The gradients of Σ weights · gradients with respect to the inputs and to the upstream gradient."""
    with tf.GradientTape() as outer:
        outer.watch(inputs)
        with tf.GradientTape() as inner:
            inner.watch(inputs)
            y = function(inputs)
        upstream = upstream_of(y)
        outer.watch(upstream)
        first = [tf.convert_to_tensor(g) for g in inner.gradient(y, inputs, output_gradients=upstream) if g is not None]
    return outer.gradient(first, inputs + [upstream], output_gradients=weights_of(first))


def operation(name, case, *inputs, second=True, dtypes=("float32", "float64"), **options):
    """Records of one operation at the given inputs, one for each dtype."""
    for dtype in dtypes:
        x = [tf.constant(value, dtype) for value in inputs]
        function = lambda x: OPERATIONS[name](x, options)
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = function(x)
        upstream = upstream_of(y)
        record = {
            "operation": name,
            "case": case,
            "dtype": dtype,
            "options": options,
            "inputs": [plain(value) for value in x],
            "upstream": plain(upstream),
            "output": plain(y),
            "gradients": [plain(g) for g in tape.gradient(y, x, output_gradients=upstream)],
        }
        if second:
            record["second"] = [plain(g) for g in second_derivatives(function, x)]
        yield record


def unary_operations():
    points = [-2.5, -1.0, -0.5, -0.125, 0.3, 1.0, 2.5]
    special = [0.0, -0.0, NAN, INF, -INF]
    for name in ["negative", "abs", "sign", "square", "exp", "tanh", "sigmoid", "identity", "relu"]:
        yield from operation(name, "points", points)
        yield from operation(name, "special values", special, second=False)
        yield from operation(name, "matrix", [[0.5, -1.5], [2.0, -0.1]])
        yield from operation(name, "scalar", 0.75)
        yield from operation(name, "empty", np.zeros([0, 3]), second=False)
    for name in ["sin", "cos", "tan", "elu", "swish", "softplus"]:
        yield from operation(name, "points", points)
        yield from operation(name, "matrix", [[0.5, -1.5], [2.0, -0.1]])
        yield from operation(name, "scalar", 0.75)
    for name in ["elu", "softplus"]:
        yield from operation(name, "special values", [NAN, INF, -INF], second=False)
    for name in ["swish", "softplus"]:
        yield from operation(name, "large, row 2.109", [-50.0, 0.0, 100.0], second=False)
    yield from operation("elu", "kink", [-1.0, 0.0, 1.0], second=False)
    for name in ["abs", "sign", "relu"]:
        yield from operation(name, "kink, rows 2.97 and 2.99", [-1.0, 0.0, 1.0])
    for name in ["log", "log1p", "sqrt"]:
        yield from operation(name, "points", [0.01, 0.3, 1.0, 2.5, 40.0])
        yield from operation(name, "special values", special + [-1.0, -2.0], second=False)
        yield from operation(name, "scalar", 0.75)
    yield from operation("sqrt", "zero, row 2.100", [0.0, 4.0], second=False)
    yield from operation("log1p", "near zero", [1e-12, -1e-12, 1e-6], second=False)
    yield from operation("exp", "large", [-1000.0, -80.0, 20.0, 88.0, 1000.0], second=False)
    yield from operation("exp", "overflow of the second", [80.0, 60.0])
    for name in ["tanh", "sigmoid"]:
        yield from operation(name, "large", [-1000.0, -80.0, -20.0, -5.0, 5.0, 20.0, 80.0, 1000.0], second=False)
        # In float32 TensorFlow's tanh is exactly ±1 here, and its gradient exactly 0.
        dtypes = ("float64",) if name == "tanh" else ("float32", "float64")
        yield from operation(name, "nearly saturated", [-9.0, 9.0], second=False, dtypes=dtypes)
    for name in ["floor", "ceil"]:
        yield from operation(name, "points", [0.4, 0.6, -2.7, 3.0, 1e10, NAN, INF, -INF], second=False)
    for name in ["round", "stop_gradient"]:
        yield from operation(name, "halves to even, row 2.106", [0.5, 1.5, 2.5, -0.5, -1.5], second=False)
        yield from operation(name, "points", [0.4, 0.6, -2.7, 1e10, NAN, INF, -INF], second=False)


def binary_operations():
    a, b = [[0.5, -1.5, 2.0], [3.0, 0.1, -0.7]], [[2.0, 0.25, -1.0], [0.3, -4.0, 1.5]]
    shapes = {
        "equal shapes": (a, b),
        "row": (a, b[0]),
        "row on the left": (a[0], b),
        "column": (a, [[2.0], [-0.5]]),
        "both stretched": ([[0.5], [-2.0]], [b[0]]),
        "scalars": (1.5, -0.4),
        "scalar on the right": (a, 2.5),
        "scalar on the left": (0.3, b),
        "rank 3": ([a, b], [[b[0]], [a[1]]]),
        "single elements": ([[1.5]], [2.0, 4.0]),
    }
    for name in ["add", "subtract", "multiply", "divide", "maximum", "minimum"]:
        for case, (x, y) in shapes.items():
            yield from operation(name, case, x, y)
        yield from operation(name, "special values", [0.0, 1.0, 0.0, INF, INF, NAN, 1.0], [0.0, 0.0, INF, INF, -INF, 1.0, NAN], second=False)
        yield from operation(name, "empty", np.zeros([0, 3]), [1.0, 2.0, 3.0], second=False)
        yield from operation(name, "stretched to nothing", np.zeros([0, 1]), [[1.0, 2.0]], second=False)
    base, exponent = [[0.5, 1.5, 2.0], [3.0, 0.1, 0.7]], [[2.0, 0.25, -1.0], [0.3, -4.0, 1.5]]
    yield from operation("pow", "equal shapes", base, exponent)
    yield from operation("pow", "stretched", base, exponent[0])
    yield from operation("pow", "scalar on the right", base, 3.5)
    yield from operation("pow", "scalar on the left", 2.5, exponent)
    yield from operation("pow", "zero, row 2.105", 0.0, 2.0)
    yield from operation("pow", "negative base", [-2.0, -0.5], [3.0, 2.0])
    yield from operation("pow", "special values", [0.0, 0.0, INF, NAN, 1.0], [0.0, -1.0, 0.5, 1.0, INF], second=False)
    yield from operation("divide_no_nan", "points", a, b)
    yield from operation("divide_no_nan", "zero, row 2.105", [1.0, 0.0, 2.0], [0.0, 0.0, 4.0])
    yield from operation("divide_no_nan", "stretched", a, [2.0, 0.0, -1.0])
    yield from operation("add_n", "three matrices", a, b, a)
    for name in ["maximum", "minimum"]:
        yield from operation(name, "ties, row 2.101", [1.0, 2.0, 0.0, -0.0], [1.0, 3.0, -0.0, 0.0])
        yield from operation(name, "tie with a scalar", [[1.0, 2.0], [0.0, 1.0]], 1.0)


def selections():
    clip = lambda *arguments, **options: operation("clip_by_value", *arguments, **options)
    yield from clip("bounds, row 2.103", [-1.0, 0.0, 0.5, 1.0, 2.0], 0.0, 1.0)
    yield from clip("limits of the shape of x", [[-1.0, 0.5], [3.0, 0.0]], [[0.0, 0.0], [1.0, 0.0]], [[1.0, 1.0], [2.0, 0.0]])
    yield from clip("limits broadcast", [[-1.0, 0.5], [3.0, 0.0]], [0.0, 0.6], [[1.0], [2.0]])
    yield from clip("equal limits", [0.0, 1.0, 2.0], 1.0, 1.0)
    yield from clip("limits the wrong way round", [0.0, 1.0, 1.5, 2.0, 3.0], 2.0, 1.0, second=False)
    yield from clip("special values", [NAN, INF, -INF], 0.0, 1.0, second=False)
    yield from clip("special limits", [0.5, 0.5, 0.5], [NAN, -INF, 0.0], [1.0, INF, NAN], second=False)

    condition = plain(np.array([True, False, True, False]))
    where = lambda *arguments, **options: operation("where_", *arguments, **options)
    yield from where("equal shapes", [1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0], condition=condition)
    yield from where("scalars", 1.0, 2.0, condition=condition)
    yield from where("scalar on the left", 1.0, [5.0, 6.0, 7.0, 8.0], condition=condition)
    yield from where("everything stretched", [[1.0], [2.0]], 3.0, condition=condition)
    yield from where("condition stretched", [[1.0, 2.0], [3.0, 4.0]], [5.0, 6.0], condition=plain(np.array([[True], [False]])))
    yield from where("the branch not taken is NaN", [1.0, NAN, 3.0, INF], [NAN, 6.0, -INF, 8.0], condition=condition, second=False)
    for name in ["where_log", "where_reciprocal", "where_sqrt"]:
        yield from operation(name, "zero in the branch not taken, row 2.104", [0.0, 2.0, -1.0], second=False)


def shapings():
    x = np.arange(1.0, 25.0).reshape([2, 3, 4])
    for shape in [[24], [4, 6], [-1, 2], [2, 1, 12]]:
        yield from operation("reshape", f"to {shape}", x, shape=shape)
    yield from operation("reshape", "to a scalar", [[2.5]], shape=[])
    yield from operation("reshape", "of a scalar", 2.5, shape=[1, 1])
    yield from operation("reshape", "empty", np.zeros([0, 3]), shape=[3, -1], second=False)
    yield from operation("transpose", "rank 3", x)
    yield from operation("transpose", "matrix", x[0])
    yield from operation("transpose", "vector", [1.0, 2.0])
    yield from operation("transpose", "scalar", 1.0)
    for perm in [[1, 0, 2], [2, 0, 1], [0, 2, 1]]:
        yield from operation("transpose_with", f"{perm}", x, perm=perm)
    for value, shape in [([1.0, 2.0, 3.0], [2, 3]), ([1.5], [2, 3]), (2.5, [2]), ([[1.0], [2.0]], [3, 2, 4]), ([1.0], [0])]:
        yield from operation("broadcast_to", f"{np.shape(value)} to {shape}", value, shape=shape, second=0 not in shape)


def parts():
    x = np.arange(1.0, 25.0).reshape([2, 3, 4])
    for indices, axis in [([0, 1, 0], 0), ([2, 0], 1), ([[3, 3], [0, 1]], 2), (1, 1), ([1], -1)]:
        yield from operation("gather", f"{indices} along {axis}", x, indices=plain(np.array(indices)), axis=axis)
    for begin, size in [([0, 1, 2], [2, 2, 1]), ([1, 0, 0], [-1, -1, -1]), ([0, 3, 0], [2, 0, 4])]:
        yield from operation("slice", f"{size} at {begin}", x, begin=begin, size=size, second=0 not in size)
    yield from operation("pad", "both sides", x[0], paddings=[[1, 0], [2, 3]])
    for axis in [0, 1, -1]:
        yield from operation("concat", f"axis {axis}", x, -x, axis=axis)
        yield from operation("stack", f"axis {axis}", x[0], -x[0], x[1], axis=axis)
        yield from operation("expand_dims", f"axis {axis}", x[0], axis=axis)
    yield from operation("concat", "of different sizes", x[0], x[1, :1], axis=0)
    for axis in [None, 0, [0, -1]]:
        yield from operation("squeeze", f"axis {axis}", [[[1.0], [2.0]]], axis=axis)


def norms():
    x = [[3.0, 4.0, 0.5], [-1.0, 2.0, -2.0]]
    for axis in [None, 0, -1, [0, 1]]:
        for keepdims in [False, True]:
            yield from operation("norm", f"axis {axis}, keepdims {keepdims}", x, axis=axis, keepdims=keepdims)
    clip = lambda *arguments, **options: operation("clip_by_norm", *arguments, **options)
    yield from clip("above, row 2.107", [3.0, 4.0], clip_norm=1.0, axis=None)
    yield from clip("below", [0.3, 0.4], clip_norm=1.0, axis=None, second=False)
    yield from clip("zeros", [0.0, 0.0, 0.0], clip_norm=1.0, axis=None, second=False)
    yield from clip("negative", [3.0, 4.0], clip_norm=-1.0, axis=None, second=False)
    yield from clip("rows", x, clip_norm=3.5, axis=1, second=False)
    yield from operation("global_norm", "row 2.108", [3.0], [4.0])
    yield from operation("clip_by_global_norm", "above, row 2.108", [3.0], [4.0], clip_norm=1.0)
    yield from operation("clip_by_global_norm", "below", [0.3], [0.4], clip_norm=1.0, second=False)
    yield from operation("clip_by_global_norm", "not finite", [INF], [4.0], clip_norm=1.0, second=False)


def products():
    fill = lambda *shape: np.resize([0.5, -1.25, 2.0, 3.5, -0.75, 1.0, -2.5, 0.25, 4.0, -3.0, 1.75], shape)
    shapes = {
        "matrices": ((2, 3), (3, 4)),
        "row by column": ((1, 3), (3, 1)),
        "batches": ((2, 2, 3), (2, 3, 2)),
        "batch by matrix": ((2, 2, 3), (3, 2)),
        "matrix by batch": ((2, 3), (2, 3, 2)),
        "batches stretched": ((2, 1, 2, 3), (3, 3, 1)),
        "no inner size": ((2, 0), (0, 3)),
        "no rows": ((0, 3), (3, 2)),
    }
    for case, (a, b) in shapes.items():
        yield from operation("matmul", case, fill(*a), fill(*b), second=0 not in a)
        for turn_a, turn_b in [(True, False), (False, True), (True, True)]:
            x = np.swapaxes(fill(*a), -1, -2) if turn_a else fill(*a)
            y = np.swapaxes(fill(*b), -1, -2) if turn_b else fill(*b)
            turns = {"transpose_a": turn_a, "transpose_b": turn_b}
            yield from operation("matmul_turned", case, x, y, second=0 not in a, **turns)


def reductions():
    x = np.resize([0.5, -1.25, 2.0, 3.5, -0.75, 1.0, -2.5, 0.25, 4.0, -3.0, 1.75], [2, 3, 4])
    for name in ["reduce_sum", "reduce_mean", "reduce_max", "reduce_min", "reduce_prod"]:
        for axis in [None, 0, 1, -1, [0, 2], [1, 2], [-3, 1], []]:
            for keepdims in [False, True]:
                # TensorFlow's second derivative of a product of one factor is 0, where others have none.
                second = name != "reduce_prod" or axis != []
                case = f"axis {axis}, keepdims {keepdims}"
                yield from operation(name, case, x, second=second, axis=axis, keepdims=keepdims)
        yield from operation(name, "scalar", 2.5, second=name != "reduce_prod", axis=None, keepdims=False)
        yield from operation(name, "nothing to reduce", np.zeros([2, 0]), axis=1, keepdims=False, second=False)
        yield from operation(name, "nothing left", np.zeros([2, 0]), axis=0, keepdims=True, second=False)
        special = [[1.0, NAN, 2.0], [INF, 1.0, INF], [-INF, -INF, -INF], [INF, -INF, 0.0]]
        yield from operation(name, "special values", special, axis=1, keepdims=False, second=False)
    yield from operation("reduce_max", "ties, row 2.102", [1.0, 1.0], axis=None, keepdims=False)
    yield from operation("reduce_max", "ties in rows", [[3.0, 1.0, 3.0], [2.0, 2.0, 2.0]], axis=1, keepdims=False)
    yield from operation("reduce_min", "ties", [1.0, 1.0, 2.0], axis=None, keepdims=False)
    yield from operation("reduce_prod", "zeros, row 2.105", [0.0, 2.0, 3.0], axis=None, keepdims=False, second=False)
    yield from operation("reduce_prod", "two zeros", [0.0, 2.0, 0.0], axis=None, keepdims=False, second=False)
    yield from operation("reduce_max", "signed zeros", [0.0, -0.0, -1.0], axis=0, keepdims=False)


def softmaxes():
    x = [[0.5, -1.0, 2.0, 0.0], [1.0, 1.0, 1.0, 1.0], [-3.0, 4.0, 0.25, 1.5]]
    large = [[1000.0, 0.0, -1000.0], [-1000.0, -1000.0, -1000.0], [90.0, 89.0, 88.0]]
    special = [[-INF, 0.0, 1.0], [-INF, -INF, -INF], [INF, 0.0, 1.0], [NAN, 0.0, 1.0]]
    for name in ["softmax", "log_softmax"]:
        yield from operation(name, "matrix", x)
        yield from operation(name, "vector", x[0])
        yield from operation(name, "rank 3", [x, x[::-1]])
        yield from operation(name, "one class", [[3.0], [-2.0]])
        yield from operation(name, "large", large)
        yield from operation(name, "special values", special, second=False)
        for axis in [0, 1, -2]:
            yield from operation(name + "_along", f"axis {axis}", x, axis=axis)
        yield from operation(name + "_along", "rank 3, axis 0", [x, x[::-1]], axis=0)
    cross_entropy = lambda *arguments, **options: operation("cross_entropy", *arguments, **options)
    for dtype in ["int32", "int64"]:
        yield from cross_entropy(f"rows, {dtype} labels", x, labels=plain(np.array([2, 0, 3])), dtype=dtype)
    yield from cross_entropy("one row", x[0], labels=plain(np.array(1)), dtype="int32")
    yield from cross_entropy("rank 3", [x, x[::-1]], labels=plain(np.array([[0, 1, 2], [3, 2, 1]])), dtype="int64")
    yield from cross_entropy("large", large, labels=plain(np.array([0, 1, 2])), dtype="int32")
    yield from cross_entropy("large, the wrong class", large[:1], labels=plain(np.array([2])), dtype="int32")
    yield from cross_entropy("special values", special, labels=plain(np.array([1, 0, 1, 1])), dtype="int32", second=False)
    yield from cross_entropy("no rows", np.zeros([0, 3]), labels=plain(np.zeros([0], int)), dtype="int32", second=False)


# Operations without gradients


def value(name, case, function, *inputs):
    """A record of one operation of or to integers or bool."""
    x = [tf.constant(array, dtype) for array, dtype in inputs]
    return {
        "operation": name,
        "case": case,
        "inputs": [plain(tensor) for tensor in x],
        "output": plain(function(*x)),
    }


def comparisons():
    a, b = [1.0, 2.0, 3.0, NAN, 0.0, INF], [2.0, 2.0, 2.0, NAN, -0.0, INF]
    for name in ["less", "less_equal", "greater", "greater_equal", "equal", "not_equal"]:
        function = getattr(tf, name)
        yield value(name, "float32", function, (a, "float32"), (b, "float32"))
        yield value(name, "float64", function, (a, "float64"), (b, "float64"))
        yield value(name, "int32, stretched", function, ([[1], [2]], "int32"), ([1, 2, 3], "int32"))


def integer_operations():
    a, b = [7, -7, 0, 3], [2, 2, 5, -1]
    for name in ["add", "subtract", "multiply", "maximum", "minimum"]:
        yield value(name, "int32", getattr(tf, name), (a, "int32"), (b, "int32"))
    for name in ["negative", "abs", "sign", "square"]:
        yield value(name, "int32", getattr(tf, name), (a, "int32"))
    yield value("relu", "int32", tf.nn.relu, (a, "int32"))
    yield value("truncatediv", "int32", tf.truncatediv, (a, "int32"), (b, "int32"))
    most, least = 2**31 - 1, -(2**31)
    for name in ["add", "subtract", "multiply"]:
        yield value(name, "overflow of int32", getattr(tf, name), ([most, least], "int32"), ([1, -1], "int32"))
        yield value(name, "overflow of uint8", getattr(tf, name), ([200, 3], "uint8"), ([100, 5], "uint8"))
    for name in ["negative", "abs", "square"]:
        yield value(name, "overflow of int32", getattr(tf, name), ([most, least], "int32"))
    yield value("reduce_sum", "overflow of int32", tf.reduce_sum, ([most, 1], "int32"))
    yield value("clip_by_value", "int32", tf.clip_by_value, (a, "int32"), (-1, "int32"), (4, "int32"))
    for name in ["reduce_sum", "reduce_mean", "reduce_max"]:
        yield value(name, "int32", getattr(tf, name), (a, "int32"))
        yield value(name, "int32, negative", getattr(tf, name), ([-1, -2], "int32"))


def casts():
    numbers = [0.0, 0.9, -0.9, 1.5, -2.5, 1e6]
    yield value("cast", "float32 to int32", lambda x: tf.cast(x, tf.int32), (numbers, "float32"))
    yield value("cast", "float32 to int64", lambda x: tf.cast(x, tf.int64), (numbers, "float32"))
    yield value("cast", "float32 to bool", lambda x: tf.cast(x, tf.bool), (numbers + [NAN], "float32"))
    yield value("cast", "bool to float32", lambda x: tf.cast(x, tf.float32), ([True, False], "bool"))
    yield value("cast", "int64 to float32", lambda x: tf.cast(x, tf.float32), ([3, -4, 2**24 + 1], "int64"))
    yield value("cast", "float64 to float32", lambda x: tf.cast(x, tf.float32), ([0.1, 1e300, -1e-300], "float64"))
    yield value("cast", "int32 to uint8", lambda x: tf.cast(x, tf.uint8), ([0, 7, 255, 256, -1], "int32"))
    yield value("cast", "int64 to int32", lambda x: tf.cast(x, tf.int32), ([5, 2**31, -(2**31) - 1], "int64"))
    yield value("cast", "int32 to bool", lambda x: tf.cast(x, tf.bool), ([0, 1, -3], "int32"))


def argmaxes():
    x = [[1.0, 3.0, 3.0], [5.0, 2.0, 5.0], [-1.0, -2.0, -INF]]
    for axis in [0, 1, -1]:
        yield value("argmax", f"axis {axis}", lambda x: tf.argmax(x, axis=axis), (x, "float32"))
    yield value("argmax", "rank 3, axis 1", lambda x: tf.argmax(x, axis=1), ([x, x[::-1]], "float32"))
    yield value("argmax", "NaN, axis 1", lambda x: tf.argmax(x, axis=1), ([[1.0, NAN, 2.0], [NAN, 1.0, 2.0], [1.0, 2.0, NAN]], "float32"))
    yield value("argmax", "-inf alone, axis 0", lambda x: tf.argmax(x, axis=0), ([-INF, -INF], "float32"))


# Custom rules and tapes

ROWS = []


def row(function):
    """Registers a function that gives the numbers of a row: its docstring is the row's name."""
    ROWS.append(function)
    return function


def differentiated(function, *at, target=None, **options):
    """Gradients of the target, or of the function's value, with respect to each number in `at`."""
    x = [tf.constant(value) for value in at]
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = function(*x)
        y = target(y) if target else y
    return tape.gradient(y, x, **options)


def twice_differentiated(function, at):
    """The first and second derivative of a function of one number."""
    x = tf.constant(at)
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            y = function(x)
        first = inner.gradient(y, x)
    return [first, outer.gradient(first, x)]


def ten(x):
    """x² with the rule 10 · dy."""
    return tf.custom_gradient(lambda x: (x * x, lambda dy: 10.0 * dy))(x)


def triple(x):
    """The identity with the rule 3 · dy."""
    return tf.custom_gradient(lambda x: (x, lambda dy: 3.0 * dy))(x)


def two_outputs(x):
    """(2x, 3x) with a rule that tells the upstreams apart."""
    return tf.custom_gradient(lambda x: ((2.0 * x, 3.0 * x), lambda d0, d1: 10.0 * d0 + 100.0 * d1))(x)


class Counted:
    """x² with its true rule, which counts its calls."""

    def __init__(self):
        self.calls = 0.0

    def __call__(self, x):
        @tf.custom_gradient
        def f(x):
            def grad(dy):
                self.calls += 1.0
                return dy * 2.0 * x

            return x * x, grad

        return f(x)


@row
def leaky_relu():
    """5a leaky_relu"""

    @tf.custom_gradient
    def leaky_relu(x):
        y = tf.where(x > 0, x, x * 0.2)

        def grad(dy):
            return tf.where(x > 0, dy, dy * 0.2)

        return y, grad

    x = tf.constant([-1.0, 0.0, 1.0])
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = leaky_relu(x)
    return [y, tape.gradient(y, x)]


@row
def positive_weight_layer():
    """5b PositiveWeightLayer"""

    class PositiveWeightLayer(keras.layers.Layer):
        def build(self, shape):
            self.w = self.add_weight(shape=(shape[-1], 3))

        @tf.custom_gradient
        def call(self, inputs):
            w_pos = tf.nn.relu(self.w)

            def grad(dy, variables=None):
                dw = tf.matmul(inputs, dy, transpose_a=True)
                return tf.matmul(dy, w_pos, transpose_b=True), [tf.where(w_pos > 0, dw, 0.0)]

            return tf.matmul(inputs, w_pos), grad

    layer = PositiveWeightLayer()
    inputs = tf.constant([[1.0], [2.0], [3.0]])
    layer(inputs)
    layer.w.assign([[0.5, -0.25, 1.0]])
    results = []
    for loss in [tf.reduce_sum, lambda y: tf.reduce_sum(y * y)]:
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            out = layer(inputs)
            target = loss(out)
        results += [out, target, *tape.gradient(target, [inputs, layer.w.value])]
    return results


@row
def quantize():
    """5c quantize"""

    @tf.custom_gradient
    def quantize(x):
        def grad(dy):
            return dy

        return tf.round(x), grad

    x = tf.constant([1.2, 2.7, 3.5, 0.5, 1.5, 2.5, -0.5, -1.5])
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = quantize(x)
    return [y, tape.gradient(y, x), *differentiated(quantize, [1.2, 2.5], target=lambda y: y * y)]


@row
def no_tape():
    """1.8 no tape"""
    f = Counted()
    return [f(tf.constant(3.0)), f.calls]


@row
def several_inputs():
    """1.11 several inputs"""
    f = tf.custom_gradient(lambda x, y: (x * y, lambda dy: (dy * y, dy * x)))
    return differentiated(f, 2.0, 3.0)


@row
def same_tensor_twice():
    """1.15 the same tensor twice"""
    f = tf.custom_gradient(lambda x, y: (x * y, lambda dy: (2.0 * dy, 3.0 * dy)))
    return differentiated(lambda x: f(x, x), 4.0)


@row
def variable_as_argument():
    """1.24 a variable as argument"""
    v = tf.Variable(3.0)
    with tf.GradientTape() as tape:
        y = ten(v)
    return [y, tape.gradient(y, v)]


@row
def method():
    """1.33 a method"""

    class Scaled:
        factor = 7.0

        @tf.custom_gradient
        def call(self, x):
            return self.factor * x, lambda dy: 100.0 * dy

    return [Scaled().call(tf.constant(2.0)), *differentiated(Scaled().call, 2.0)]


@row
def upstream():
    """1.38 the upstream gradient"""
    return [
        *differentiated(ten, [1.0, 2.0]),
        *differentiated(ten, [1.0, 2.0], output_gradients=tf.constant([3.0, 5.0])),
        *differentiated(ten, [1.0, 2.0], target=lambda y: y * y),
    ]


@row
def output_is_input():
    """1.40 the output is the input"""
    x = tf.constant(5.0)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = triple(x)
        z = triple(y)
    return [tape.gradient(z, x), tape.gradient([x, y], x), tape.gradient(y, [x, y])[1]]


@row
def several_outputs():
    """1.41 several outputs"""
    return differentiated(two_outputs, 2.0, target=lambda y: y[0] + 2.0 * y[1])


@row
def unused_output():
    """1.43 an output that is not used"""
    return [
        *differentiated(two_outputs, 2.0, target=lambda y: y[0]),
        *differentiated(two_outputs, 2.0, target=lambda y: y[1] * y[1]),
    ]


@row
def output_with_none():
    """1.44 an output whose consumer lets no gradient through"""
    return differentiated(two_outputs, 2.0, target=lambda y: y[0] + tf.round(y[1]))


@row
def no_upstream():
    """1.45 no output gets a gradient"""
    f = Counted()
    return [*differentiated(f, 2.0, target=tf.round), f.calls]


@row
def output_used_often():
    """1.53 an output used several times"""
    f = Counted()
    return [*differentiated(f, 3.0, target=lambda y: y + y * y), f.calls]


@row
def not_between():
    """1.54 not between target and source"""
    f = Counted()
    return [*differentiated(lambda x: (f(x), 5.0 * x)[1], 3.0), f.calls]


@row
def none_for_an_input():
    """1.58 None for an input"""
    f = tf.custom_gradient(lambda x, y: (x * y, lambda dy: (dy * y, None)))
    return [
        *differentiated(f, 2.0, 3.0),
        *differentiated(f, 2.0, 3.0, unconnected_gradients="zero"),
        *differentiated(lambda x, y: f(x, y) + 4.0 * y, 2.0, 3.0),
    ]


@row
def nonlinear_rule():
    """1.65 a rule that is not linear"""
    f = tf.custom_gradient(lambda x: (x * x, lambda dy: tf.clip_by_value(dy, -1.0, 1.0)))
    return differentiated(f, [2.0, 3.0, 4.0], target=lambda y: y * tf.constant([5.0, 0.5, -2.0]))


@row
def variables():
    """1.67 variables"""
    c = tf.Variable(3.0)

    @tf.custom_gradient
    def f(x):
        def grad(dy, variables=None):
            return 4.0 * c * dy, [100.0 * x * dy]

        return x * c, grad

    x = tf.constant(6.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = f(x)
    return [y, *tape.gradient(y, [x, c])]


@row
def none_for_a_variable():
    """1.69 None for a variable"""
    c = tf.Variable(3.0)

    @tf.custom_gradient
    def f(x):
        def grad(dy, variables=None):
            return c * dy, [None]

        return x * c, grad

    x = tf.constant(6.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = f(x)
    return tape.gradient(y, [x, c])


@row
def not_trainable():
    """1.72 a variable that is not trainable"""
    c = tf.Variable(3.0, trainable=False)
    f = tf.custom_gradient(lambda x: (x * c, lambda dy: dy * c))
    x = tf.constant(6.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = f(x)
    return tape.gradient(y, [x, c])


@row
def rule_in_a_rule():
    """1.77 the outer rule hides the inner one"""
    inner = tf.custom_gradient(lambda x: (x * x, lambda dy: 100.0 * dy))
    outer = tf.custom_gradient(lambda x: (inner(x), lambda dy: 7.0 * dy))
    return differentiated(outer, 3.0)


@row
def second_order():
    """1.79 second order through the rule"""
    f = tf.custom_gradient(lambda x: (x * x * x, lambda dy: dy * 3.0 * x * x))
    return twice_differentiated(f, 2.0)


@row
def captured_value():
    """1.80 second order through a captured value"""

    @tf.custom_gradient
    def f(x):
        y = x * x * x
        return y, lambda dy: dy * y

    @tf.custom_gradient
    def stopped(x):
        y = x * x * x
        kept = tf.stop_gradient(y)
        return y, lambda dy: dy * kept

    return [*twice_differentiated(f, 2.0), *twice_differentiated(stopped, 2.0)]


@row
def captured_value_of_an_inner_rule():
    """1.80b second order through a captured value of another rule"""
    inner = tf.custom_gradient(lambda x: (x * x, lambda dy: 100.0 * dy))

    @tf.custom_gradient
    def f(x):
        h = inner(x)
        return h * x, lambda dy: dy * h

    return twice_differentiated(f, 2.0)


@row
def constant_rule():
    """1.81 a constant rule"""
    return twice_differentiated(ten, 2.0)


@row
def rule_of_a_rule():
    """1.83 a second rule"""

    @tf.custom_gradient
    def first(x):
        return -1.1 * tf.ones_like(x), lambda dy: dy * -2.1

    @tf.custom_gradient
    def f(x):
        return x + 10.0, lambda dy: dy * first(x)

    return twice_differentiated(lambda x: f(x) ** 2 * f(x) ** 2, 1.0)


@row
def rule_of_x_and_dy():
    """1.84 a second rule of x and dy"""

    @tf.custom_gradient
    def backward(x, dy):
        return 2.1 * dy, lambda d: (2.2 * d, 3.1 * d)

    f = tf.custom_gradient(lambda x: (2.0 * x, lambda dy: backward(x, dy)))
    x, dy = tf.constant(1.0), tf.constant(1.0)
    with tf.GradientTape() as outer:
        outer.watch([x, dy])
        with tf.GradientTape() as inner:
            inner.watch(x)
            y = f(x)
        first = inner.gradient(y, x, output_gradients=dy)
    return [y, first, *outer.gradient(first, [x, dy])]


def ten_cubed(x):
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = 10.0 * x * x * x
    return y, tape.gradient(y, x)


@row
def tape_in_the_rule():
    """1.85 a tape in the rule"""
    f = tf.custom_gradient(lambda x: (ten_cubed(x)[0], lambda dy: dy * ten_cubed(x)[1]))
    return twice_differentiated(f, 2.0)


@row
def tape_in_the_body():
    """1.86 a tape in the body"""

    @tf.custom_gradient
    def f(x):
        y, dy_dx = ten_cubed(x)
        return y, lambda dy: dy * dy_dx

    return twice_differentiated(f, 2.0)


@row
def persistent_calls():
    """1.87 a persistent tape asked twice"""
    f, x = Counted(), tf.constant(3.0)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = f(x)
    return [tape.gradient(y, x), tape.gradient(y, x), f.calls]


@row
def two_tapes():
    """1.88 two tapes"""
    f, x = Counted(), tf.constant(3.0)
    with tf.GradientTape() as a, tf.GradientTape() as b:
        a.watch(x)
        b.watch(x)
        y = f(x)
    return [a.gradient(y, x), b.gradient(y, x), f.calls]


@row
def stopped():
    """1.103 stop_gradient"""
    sg = tf.stop_gradient
    return [
        *differentiated(sg, 3.0),
        *differentiated(sg, 3.0, unconnected_gradients="zero"),
        *differentiated(lambda x: x * sg(x), 3.0),
        *differentiated(lambda x: x + sg(tf.round(x) - x), [1.2, 2.5]),
    ]


@row
def swapped():
    """3a a swapped rule"""
    f = tf.custom_gradient(lambda x, y: (x * y, lambda dy: (x * dy, y * dy)))
    return differentiated(f, 3.0, 5.0)


@row
def cached_value():
    """3a a rule on a variable's value"""
    f = tf.custom_gradient(lambda x: (x * x, lambda dy: 2.0 * x * dy + 1.0))
    v = tf.Variable(3.0)
    with tf.GradientTape() as tape:
        y = f(v)
    return [tape.gradient(y, v)]


@row
def descent():
    """3a five steps of descent"""
    f = tf.custom_gradient(lambda x: (x * x, lambda dy: 4.0 * tf.sign(x) * tf.ones_like(x) * dy))
    v, losses = tf.Variable(5.0), []
    for _ in range(5):
        with tf.GradientTape() as tape:
            loss = f(v)
        losses.append(loss)
        v.assign_sub(0.25 * tape.gradient(loss, v))
    return losses


@row
def unwatched():
    """2.1 not watched"""
    x = tf.constant(3.0)
    with tf.GradientTape() as tape:
        y = x * x
    return [tape.gradient(y, x)]


@row
def watched_by_itself():
    """2.2 variables are watched by themselves"""
    results = []
    for trainable, watch in [(True, True), (False, True), (True, False)]:
        v = tf.Variable(3.0, trainable=trainable)
        with tf.GradientTape(watch_accessed_variables=watch) as tape:
            y = v * v
        results.append(tape.gradient(y, v))
    v = tf.Variable(3.0)
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(v)
        y = v * v
    return [*results, tape.gradient(y, v)]


@row
def watched_late():
    """2.4 watched after use"""
    x = tf.constant(3.0)
    with tf.GradientTape() as tape:
        y = x * x
        tape.watch(x)
        z = x * y
    return [tape.gradient(z, x)]


@row
def watched_between():
    """2.5 an intermediate watched"""
    x = tf.constant(3.0)
    with tf.GradientTape() as tape:
        y = x * x
        tape.watch(y)
        z = y * y
    return tape.gradient(z, [y, x])


@row
def equal_values():
    """2.11 equal values are two sources"""
    a, b = tf.constant(3.0), tf.constant(3.0)
    with tf.GradientTape() as tape:
        tape.watch([a, b])
        y = a * a
    return tape.gradient(y, [a, b])


@row
def no_operation():
    """2.12 operations that change nothing make other tensors"""
    x = tf.constant(3.0)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        others = [x + 0.0, x * 1.0, tf.identity(x)]
        y = 2.0 * x + 3.0 * others[0] + 5.0 * others[1] + 7.0 * others[2]
    return tape.gradient(y, [x, *others])


@row
def without_gradient():
    """2.15 round and sign"""
    return [*differentiated(tf.round, 1.2), *differentiated(tf.sign, 1.2)]


@row
def assigned_between():
    """2.17 a variable changed between two reads"""
    v = tf.Variable(3.0)
    with tf.GradientTape(persistent=True) as tape:
        a = v * v
        v.assign_add(1.0)
        b = v * v
        c = a + b
    return [tape.gradient(y, v) for y in [a, b, c]]


@row
def long_chain():
    """2.27 a long chain"""
    x = tf.constant(1.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = x
        for _ in range(5000):
            y = y + x * 0.5
    return [y, tape.gradient(y, x)]


@row
def not_scalar():
    """2.29 a target of several elements"""
    return differentiated(lambda x: x * x, [1.0, 2.0])


@row
def several_targets():
    """2.30 several targets"""
    x = tf.constant(2.0)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        a, b = x * x, 5.0 * x
    targets = [[a, b], [a, [b, a]], [a, a]]
    return [tape.gradient(target, x) for target in targets]


@row
def target_is_source():
    """2.31 the target is a source"""
    x = tf.constant(2.0)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = x * x
    return [tape.gradient(x, x), tape.gradient([x, y], x)]


@row
def variable_as_target():
    """2.32 a variable as target"""
    v, w = tf.Variable(2.0), tf.Variable(3.0)
    with tf.GradientTape(persistent=True) as tape:
        _ = v * w
    return tape.gradient(v, [v, w])


@row
def nested_sources():
    """2.33 nested and repeated sources"""
    x, y = tf.constant(2.0), tf.constant(3.0)
    with tf.GradientTape() as tape:
        tape.watch([x, y])
        z = x * x * y
    (dx, (dy, again)) = tape.gradient(z, (x, (y, x)))
    return [dx, dy, again]


@row
def source_between():
    """2.34 an intermediate as source"""
    x = tf.constant(3.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        a = x * x
        z = 2.0 * a
    return tape.gradient(z, [x, a])


@row
def computed_outside():
    """2.35 a target computed before the tape or after it"""
    x = tf.constant(3.0)
    before = x * x
    with tf.GradientTape() as tape:
        tape.watch(x)
    return [tape.gradient(before, x)]


@row
def no_targets():
    """2.39 no targets"""
    x = tf.constant(3.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        _ = x * x
    return [tape.gradient([], x)]


@row
def output_gradients():
    """2.43 output gradients"""
    x = tf.constant([1.0, 2.0])
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y, z = x * x, tf.reduce_sum(x)
    seeds = [tf.constant([1.0, 10.0]), tf.constant(3.0)]
    return [
        tape.gradient(y, x, output_gradients=seeds[0]),
        tape.gradient(y, x, output_gradients=tf.constant(5.0)),
        tape.gradient([y, z], x, output_gradients=seeds),
    ]


@row
def unconnected():
    """2.49 unconnected sources"""
    x, w = tf.constant([1.0, 2.0]), tf.constant([[1.0], [2.0]])
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([x, w])
        y = x * x
    return [*tape.gradient(y, [x, w]), *tape.gradient(y, [x, w], unconnected_gradients="zero")]


@row
def inside_the_block():
    """2.53 a gradient while the tape records"""
    x = tf.constant(3.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        first = tape.gradient(x * x, x)
    return [first]


@row
def three_orders():
    """2.54 three orders from one tape"""
    x = tf.constant(2.0)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        first = tape.gradient(x * x * x, x)
        second = tape.gradient(first, x)
        third = tape.gradient(second, x)
    return [first, second, third]


@row
def nested_tapes():
    """2.57 nested tapes"""
    x = tf.constant(2.0)
    with tf.GradientTape() as outer:
        with tf.GradientTape() as inner:
            inner.watch(x)
            y = x * x * x
        first = inner.gradient(y, x)
    return [*twice_differentiated(lambda x: x * x, 3.0), first, outer.gradient(first, x)]


@row
def cast_there_and_back():
    """2.a a gradient through cast"""
    x = tf.constant([1.5, -2.0])
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        wide = tf.cast(x, tf.float64)
        y = tf.cast(wide * wide, tf.float32)
        z = tf.cast(tf.cast(x, tf.int32), tf.float32)
    return [y, tape.gradient(y, x), tape.gradient(z, x)]


# Optimizers


def optimizer_steps(name, optimizer, scale=1.0):
    """A variable before and after each of three steps with fixed gradients."""
    variable = keras.Variable([1.0, -2.0, 0.5, 0.0])
    gradients = [[0.5, -1.0, 2.0, 3.0], [0.25, 4.0, -0.5, 0.0], [-1.5, 0.125, 1.0, -2.0]]
    gradients = scale * np.array(gradients, np.float32)
    states = [plain(variable.numpy())]
    for gradient in gradients:
        optimizer.apply([tf.constant(gradient)], [variable])
        states.append(plain(variable.numpy()))
    return {"name": name, "gradients": [plain(tf.constant(g)) for g in gradients], "states": states}


def optimizers():
    sgd, adam = keras.optimizers.SGD, keras.optimizers.Adam
    yield optimizer_steps("sgd", sgd())
    yield optimizer_steps("sgd 0.5", sgd(0.5))
    yield optimizer_steps("momentum", sgd(0.1, momentum=0.9))
    yield optimizer_steps("nesterov", sgd(0.1, momentum=0.9, nesterov=True))
    yield optimizer_steps("adam", adam())
    yield optimizer_steps("adam, gradients near epsilon", adam(), scale=np.float32(2.0**-20))
    yield optimizer_steps("adam options", adam(0.01, beta_1=0.8, beta_2=0.99, epsilon=1e-3))


def named_row(function):
    values = [plain(None if v is None else np.asarray(v, np.float32)) for v in function()]
    return {"name": function.__doc__, "values": values}


def sections():
    groups = [
        unary_operations,
        binary_operations,
        selections,
        shapings,
        parts,
        norms,
        products,
        reductions,
        softmaxes,
    ]
    yield "operations", [record for group in groups for record in group()]
    yield "values", [record for group in [comparisons, integer_operations, casts, argmaxes] for record in group()]
    yield "rows", [named_row(function) for function in ROWS]
    yield "optimizers", list(optimizers())


def main():
    parts = [f'"tensorflow": "{tf.__version__}"', f'"keras": "{keras.__version__}"']
    for name, records in sections():
        lines = ",\n".join(json.dumps(record, allow_nan=False) for record in records)
        parts.append(f'"{name}": [\n{lines}\n]')
        print(f"{len(records):5} {name}")
    path = pathlib.Path(__file__).with_name("values.json")
    path.write_text("{\n" + ",\n".join(parts) + "\n}\n")


if __name__ == "__main__":
    main()

"""A system as a process of its own: `serve.py SYSTEM`. `src/serve.rs` says which words it speaks."""

import os
import sys
import time
import traceback

import numpy as np

PLACES = 4


def system(name):
    """What a system is called with its version, and a function that prepares work as a function without arguments."""
    library, kind = name.split(" ")
    if library == "TensorFlow":
        import in_tensorflow

        return in_tensorflow.version(), lambda work, size: in_tensorflow.prepare(work, size, compiled=kind == "XLA")
    if library == "JAX":
        import in_jax

        return in_jax.version(), in_jax.prepare
    if library == "PyTorch":
        import in_torch

        return in_torch.version(), lambda work, size: in_torch.prepare(work, size, compiled=kind == "compiled")
    raise SystemExit(f"there is no system {name}")


def numbers(result):
    values = np.asarray(result, np.float64).reshape(-1)
    last = values.size - 1
    some = [values[last * k // (PLACES - 1)] for k in range(PLACES)]
    return " ".join(repr(float(value)) for value in [values.mean(), *some])


def prepared(prepare, work, size):
    try:
        run = prepare(work, size)
        return run, run and run()
    except Exception:
        # A compiler that cannot do some work: no reason to measure nothing at all.
        traceback.print_exc()
        return None, None


def main():
    # What libraries print goes to the other stream.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    version, prepare = system(sys.argv[1])
    print(version, file=answers, flush=True)
    run = None
    for line in sys.stdin:
        match line.split():
            case ["prepare", work, size]:
                run = None
                run, results = prepared(prepare, work, int(size))
                answer = "ready " + ";".join(numbers(result) for result in results) if run else "none"
                print(answer, file=answers, flush=True)
            case ["time", runs]:
                start = time.perf_counter()
                for _ in range(int(runs)):
                    run()
                print((time.perf_counter() - start) / int(runs), file=answers, flush=True)


main()

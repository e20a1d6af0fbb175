//! The systems that are compared.

mod burn;
mod candle;
mod dfdx;
mod gradcore;
mod hand;
mod polynomials;

use crate::serve::Ready;

/// A system that is a part of this program.
pub(crate) struct Own {
    pub(crate) name: &'static str,
    pub(crate) version: &'static str,
    pub(crate) prepare: fn(&str, usize) -> Option<Ready>,
}

pub(crate) const OWN: [Own; 6] = [
    Own { name: "by hand", version: "loops into buffers that are used again", prepare: hand::prepare },
    Own { name: "gradcore", version: "this commit", prepare: gradcore::of_tensors },
    Own { name: "gradcore, elementwise", version: "this commit", prepare: gradcore::elementwise },
    Own { name: "candle", version: "candle-core 0.11.1", prepare: candle::prepare },
    Own { name: "burn", version: "burn 0.22.1 (flex)", prepare: burn::prepare },
    Own { name: "dfdx", version: "dfdx 0.13.0", prepare: dfdx::prepare },
];

/// Systems that `python/serve.py` knows.
pub(crate) const PYTHON: [&str; 5] =
    ["TensorFlow eager", "TensorFlow XLA", "JAX jit", "PyTorch eager", "PyTorch compiled"];

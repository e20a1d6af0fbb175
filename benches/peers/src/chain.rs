//! A chain of operations on scalars: y ← y · x and y ← y + x in turn, and the gradient of x.

use std::error::Error;
use std::hint::black_box;

use candle_core::{Device, Var};
use dfdx::prelude::{AsArray, Cpu, Rank0, TensorFrom, Trace};
use dfdx::tensor_ops::Backward;
use gradcore::prelude::{GradientTape, tf};
use reverse::Gradient;

use crate::{Peer, Run, Times, timed};

pub(crate) const LENGTH: u32 = 10_000;
const X: f32 = 0.9999;

pub(crate) const PEERS: [Peer; 4] = [
    Peer { name: "gradcore", run: with_gradcore },
    Peer { name: "dfdx 0.13.0", run: with_dfdx },
    Peer { name: "candle-core 0.11.1", run: with_candle },
    Peer { name: "reverse 0.2.2 (f64, no tensors)", run: with_reverse },
];

/// The derivative, carried forward.
fn expected() -> f64 {
    let x = f64::from(X);
    let step = |(y, dy): (f64, f64), k| if k % 2 == 0 { (y * x, dy * x + y) } else { (y + x, dy + 1.0) };
    (0..LENGTH).fold((x, 1.0), step).1
}

fn check(gradient: f64) -> Result<(), Box<dyn Error>> {
    let expected = expected();
    match (gradient / expected - 1.0).abs() < 1e-3 {
        true => Ok(()),
        false => Err(format!("a chain has the gradient {expected}, found {gradient}").into()),
    }
}

fn with_gradcore() -> Run {
    type Tensor = gradcore::Tensor;
    let chain = |x: &Tensor| (0..LENGTH).fold(tf::identity(x), |y, k| if k % 2 == 0 { &y * x } else { &y + x });
    let x = tf::constant(X);
    let (_, plain) = timed(|| black_box(chain(&x)));
    let tape = GradientTape::new();
    tape.watch(&x);
    let (y, forward) = timed(|| chain(&x));
    let (gradient, backward) = timed(|| tape.gradient(&y, &x));
    check(gradient?.item().into())?;
    Ok(Times { plain: Some(plain), forward, backward })
}

fn with_dfdx() -> Run {
    type Plain = dfdx::tensor::Tensor<Rank0, f32, Cpu>;
    let x: Plain = Cpu::default().tensor(X);
    // Two closures, because with and without a tape are two types.
    let (_, plain) = timed(|| {
        let step = |y: Plain, k| if k % 2 == 0 { y * x.clone() } else { y + x.clone() };
        black_box((0..LENGTH).fold(x.clone(), step))
    });
    // The backward pass of dfdx panics at `x * x`, where the chain begins.
    let start = x.leaky_trace() * 1.0;
    let (y, forward) = timed(|| (0..LENGTH).fold(start, |y, k| if k % 2 == 0 { y * x.clone() } else { y + x.clone() }));
    let (gradients, backward) = timed(|| y.backward());
    check(gradients.get(&x).array().into())?;
    Ok(Times { plain: Some(plain), forward, backward })
}

fn with_candle() -> Run {
    type Tensor = candle_core::Tensor;
    let chain = |x: &Tensor| (0..LENGTH).try_fold(x.clone(), |y, k| if k % 2 == 0 { &y * x } else { &y + x });
    let constant = Tensor::new(X, &Device::Cpu)?;
    let (y, plain) = timed(|| chain(&constant));
    black_box(y?);
    let x = Var::new(X, &Device::Cpu)?;
    let (y, forward) = timed(|| chain(&x));
    let y = y?;
    let (gradients, backward) = timed(|| y.backward());
    let gradients = gradients?;
    check(gradients.get(&x).ok_or("candle has no gradient")?.to_scalar::<f32>()?.into())?;
    Ok(Times { plain: Some(plain), forward, backward })
}

fn with_reverse() -> Run {
    let tape = reverse::Tape::new();
    let x = tape.add_var(X.into());
    let (y, forward) = timed(|| (0..LENGTH).fold(x, |y, k| if k % 2 == 0 { y * x } else { y + x }));
    let (gradients, backward) = timed(|| y.grad());
    check(gradients.wrt(&x))?;
    Ok(Times { plain: None, forward, backward })
}

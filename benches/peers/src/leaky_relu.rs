//! The sum of leaky_relu, whose backward function the user has written.

use std::error::Error;
use std::hint::black_box;
use std::sync::LazyLock;

use candle_core::{CpuStorage, CustomOp1, Device, Layout, Shape, Var};
use gradcore::prelude::*;

use crate::{Peer, Run, Times, timed};

const SIZE: usize = 1_000_000;

pub(crate) const PEERS: [Peer; 3] = [
    Peer { name: "gradcore, of tensors", run: || with_gradcore(of_tensors) },
    Peer { name: "gradcore, `elementwise`", run: || with_gradcore(elementwise) },
    Peer { name: "candle-core 0.11.1, `CustomOp1`", run: with_candle },
];

/// Of either sign, without a pattern.
static VALUES: LazyLock<Vec<f32>> = LazyLock::new(|| tf::random::normal([SIZE], seed(1)).to_vec());

fn check(gradient: &[f32]) -> Result<(), Box<dyn Error>> {
    let is_right = |(x, dx): (&f32, &f32)| *dx == if *x > 0.0 { 1.0 } else { 0.2 };
    match gradient.len() == SIZE && VALUES.iter().zip(gradient).all(is_right) {
        true => Ok(()),
        false => Err("a wrong gradient of leaky_relu".into()),
    }
}

#[custom_gradient]
fn of_tensors(x: &Tensor) -> Tensor {
    let y = tf::where_(x > 0, x, x * 0.2);
    let grad = |dy| tf::where_(x > 0, dy, dy * 0.2);
    (y, grad)
}

#[custom_gradient(elementwise)]
fn elementwise<T: Real>(x: T) -> T {
    let y = if x > 0.0 { x } else { 0.2 * x };
    let grad = |dy| if x > 0.0 { dy } else { 0.2 * dy };
    (y, grad)
}

fn with_gradcore(leaky_relu: fn(&Tensor) -> Tensor) -> Run {
    let x = Tensor::from_vec(&[SIZE], VALUES.clone())?;
    let loss = || tf::reduce_sum(leaky_relu(&x), ..);
    let (_, plain) = timed(|| black_box(loss()));
    let tape = GradientTape::new();
    tape.watch(&x);
    let (y, forward) = timed(loss);
    let (gradient, backward) = timed(|| tape.gradient(&y, &x));
    check(&gradient?.to_vec())?;
    Ok(Times { plain: Some(plain), forward, backward })
}

struct LeakyRelu;

impl CustomOp1 for LeakyRelu {
    fn name(&self) -> &'static str {
        "leaky_relu"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> candle_core::Result<(CpuStorage, Shape)> {
        let (start, end) = layout.contiguous_offsets().expect("the input is contiguous");
        let x = &storage.as_slice::<f32>()?[start..end];
        let y = x.iter().map(|&x| if x > 0.0 { x } else { 0.2 * x }).collect();
        Ok((CpuStorage::F32(y), layout.shape().clone()))
    }

    fn bwd(
        &self,
        x: &candle_core::Tensor,
        _: &candle_core::Tensor,
        dy: &candle_core::Tensor,
    ) -> candle_core::Result<Option<candle_core::Tensor>> {
        Ok(Some(x.gt(0.0)?.where_cond(dy, &(dy * 0.2)?)?))
    }
}

fn with_candle() -> Run {
    let constant = candle_core::Tensor::from_vec(VALUES.clone(), SIZE, &Device::Cpu)?;
    let loss = |x: &candle_core::Tensor| x.apply_op1(LeakyRelu)?.sum_all();
    let (y, plain) = timed(|| loss(&constant));
    black_box(y?);
    let x = Var::from_vec(VALUES.clone(), SIZE, &Device::Cpu)?;
    let (y, forward) = timed(|| loss(&x));
    let y = y?;
    let (gradients, backward) = timed(|| y.backward());
    check(&gradients?.get(&x).ok_or("candle has no gradient")?.to_vec1()?)?;
    Ok(Times { plain: Some(plain), forward, backward })
}

//! dfdx, with its own operations.
//!
//! It differentiates scalars alone, so results are summed first; and once only.

use std::hint::black_box;

use dfdx::prelude::*;

use crate::serve::{Ready, Seen};
use crate::work::{self, CHAIN, DENSE, LOGITS, X_OF_CHAIN};

type Values<S> = dfdx::tensor::Tensor<S, f32, Cpu>;
type Taped<S> = dfdx::tensor::Tensor<S, f32, Cpu, OwnedTape<f32, Cpu>>;

pub(crate) fn prepare(work: &str, size: usize) -> Option<Ready> {
    match work {
        "leaky_relu" => Some(function(size, leaky_relu)),
        "log1pexp" => Some(function(size, |x| (x.exp() + 1.0).ln())),
        "gelu" => Some(function(size, gelu)),
        "sum_leaky_relu" => Some(sum(size)),
        "chain" => Some(chain()),
        "dense" => Some(dense()),
        "cross_entropy" => Some(cross_entropy()),
        _ => None,
    }
}

fn leaky_relu(x: Taped<(usize,)>) -> Taped<(usize,)> {
    x.prelu(0.2)
}

fn gelu(x: Taped<(usize,)>) -> Taped<(usize,)> {
    let again = || x.retaped::<OwnedTape<f32, Cpu>>();
    let cube = (again() * 0.044_715) * again() * again();
    let t = ((cube + again()) * 0.797_884_6).tanh();
    (t + 1.0) * (x * 0.5)
}

fn see<S: Shape>(seen: &mut Option<&mut Seen>, result: Values<S>) {
    match seen {
        Some(seen) => seen.result(&result.as_vec()),
        None => drop(black_box(result)),
    }
}

fn function(size: usize, f: fn(Taped<(usize,)>) -> Taped<(usize,)>) -> Ready {
    let x: Values<(usize,)> = Cpu::default().tensor_from_vec(work::x(size), (size,));
    Box::new(move |mut seen| {
        let y = f(x.leaky_trace());
        let (value, tape) = y.split_tape();
        let gradients = value.clone().put_tape(tape).sum().backward();
        see(&mut seen, value);
        see(&mut seen, gradients.get(&x));
    })
}

fn sum(size: usize) -> Ready {
    let x: Values<(usize,)> = Cpu::default().tensor_from_vec(work::x(size), (size,));
    Box::new(move |mut seen| {
        let (value, tape) = leaky_relu(x.leaky_trace()).sum::<Rank0, _>().split_tape();
        let gradients = value.clone().put_tape(tape).backward();
        see(&mut seen, value);
        see(&mut seen, gradients.get(&x));
    })
}

fn chain() -> Ready {
    let x: Values<Rank0> = Cpu::default().tensor(X_OF_CHAIN);
    Box::new(move |mut seen| {
        // Its backward pass panics at `x * x`, where the chain begins.
        let start = x.leaky_trace() * 1.0;
        let y = (0..CHAIN).fold(start, |y, k| if k % 2 == 0 { y * x.clone() } else { y + x.clone() });
        let (value, tape) = y.split_tape();
        let gradients = value.clone().put_tape(tape).backward();
        see(&mut seen, value);
        see(&mut seen, gradients.get(&x));
    })
}

fn dense() -> Ready {
    const ROWS: usize = DENSE[0];
    const INPUTS: usize = DENSE[1];
    const OUTPUTS: usize = DENSE[2];
    let cpu = Cpu::default();
    let [x, w, b] = work::dense();
    let x: Values<Rank2<ROWS, INPUTS>> = cpu.tensor_from_vec(x, Default::default());
    let w: Values<Rank2<INPUTS, OUTPUTS>> = cpu.tensor_from_vec(w, Default::default());
    let b: Values<Rank1<OUTPUTS>> = cpu.tensor_from_vec(b, Default::default());
    Box::new(move |mut seen| {
        let biases = b.leaky_trace().broadcast::<Rank2<ROWS, OUTPUTS>, _>();
        let (value, tape) = (x.leaky_trace().matmul(w.clone()) + biases).relu().split_tape();
        let gradients = value.clone().put_tape(tape).sum::<Rank0, _>().backward();
        see(&mut seen, value);
        see(&mut seen, gradients.get(&x));
        see(&mut seen, gradients.get(&w));
        see(&mut seen, gradients.get(&b));
    })
}

fn cross_entropy() -> Ready {
    const ROWS: usize = LOGITS[0];
    const CLASSES: usize = LOGITS[1];
    let cpu = Cpu::default();
    let x: Values<Rank2<ROWS, CLASSES>> = cpu.tensor_from_vec(work::logits(), Default::default());
    let mut chosen = vec![0.0; ROWS * CLASSES];
    work::labels(ROWS, CLASSES)
        .iter()
        .enumerate()
        .for_each(|(row, &label)| chosen[row * CLASSES + label as usize] = 1.0);
    let chosen: Values<Rank2<ROWS, CLASSES>> = cpu.tensor_from_vec(chosen, Default::default());
    Box::new(move |mut seen| {
        let loss = cross_entropy_with_logits_loss(x.leaky_trace(), chosen.clone());
        let (value, tape) = loss.split_tape();
        let gradients = value.clone().put_tape(tape).backward();
        see(&mut seen, value);
        see(&mut seen, gradients.get(&x));
    })
}

//! candle, with a `CustomOp1` for `leaky_relu` and its own operations for the rest.
//!
//! A backward pass begins with ones that candle makes itself. It has no second order without a switch of the whole process.

use std::hint::black_box;

use candle_core::{CpuStorage, CustomOp1, D, Device, Error, Layout, Result, Shape, Tensor, Var};

use crate::serve::{Ready, Seen};
use crate::work::{self, BATCH, BETAS, CHAIN, DENSE, EPSILON, LEARNING_RATE, LOGITS, SIGNS, X_OF_CHAIN};

pub(crate) fn prepare(work: &str, size: usize) -> Option<Ready> {
    let ready = match work {
        "leaky_relu" => function(size, leaky_relu),
        "log1pexp" => function(size, |x| (x.exp()? + 1.0)?.log()),
        "gelu" => function(size, gelu),
        "sum_leaky_relu" => function(size, |x| leaky_relu(x)?.sum_all()),
        "chain" => chain(),
        "dense" => dense(),
        "cross_entropy" => cross_entropy(),
        "signs" => signs(),
        _ => return None,
    };
    Some(ready.expect("candle prepares its work"))
}

struct LeakyRelu;

impl CustomOp1 for LeakyRelu {
    fn name(&self) -> &'static str {
        "leaky_relu"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let (start, end) = layout.contiguous_offsets().expect("the input is contiguous");
        let x = &storage.as_slice::<f32>()?[start..end];
        let y = x.iter().map(|&x| if x > 0.0 { x } else { 0.2 * x }).collect();
        Ok((CpuStorage::F32(y), layout.shape().clone()))
    }

    fn bwd(&self, x: &Tensor, _: &Tensor, dy: &Tensor) -> Result<Option<Tensor>> {
        Ok(Some(x.gt(0.0)?.where_cond(dy, &(dy * 0.2)?)?))
    }
}

fn leaky_relu(x: &Tensor) -> Result<Tensor> {
    x.apply_op1(LeakyRelu)
}

fn gelu(x: &Tensor) -> Result<Tensor> {
    let cube = (((x * 0.044_715)? * x)? * x)?;
    let t = ((x + cube)? * 0.797_884_6)?.tanh()?;
    (x * 0.5)? * (t + 1.0)?
}

/// The negative logarithms of the probabilities of the labels, on average.
fn mean_cross_entropy(logits: &Tensor, labels: &Tensor) -> Result<Tensor> {
    let shifted = logits.broadcast_sub(&logits.max_keepdim(D::Minus1)?.detach())?;
    let log = shifted.broadcast_sub(&shifted.exp()?.sum_keepdim(D::Minus1)?.log()?)?;
    log.gather(labels, D::Minus1)?.mean_all()?.neg()
}

fn see(seen: Option<&mut Seen>, results: &[&Tensor]) -> Result<()> {
    match seen {
        Some(seen) => {
            results.iter().try_for_each(|it| it.flatten_all()?.to_vec1().map(|it: Vec<f32>| seen.result(&it)))
        }
        None => {
            black_box(results);
            Ok(())
        }
    }
}

/// Work that may fail, which it does not.
fn ready(mut run: impl FnMut(Option<&mut Seen>) -> Result<()> + 'static) -> Result<Ready> {
    Ok(Box::new(move |seen| run(seen).expect("candle does its work")))
}

fn variable(values: Vec<f32>, shape: &[usize]) -> Result<Var> {
    Var::from_vec(values, shape, &Device::Cpu)
}

fn missing() -> Error {
    Error::Msg("candle has no gradient".into())
}

fn function(size: usize, f: fn(&Tensor) -> Result<Tensor>) -> Result<Ready> {
    let x = variable(work::x(size), &[size])?;
    ready(move |seen| {
        let y = f(&x)?;
        let gradients = y.backward()?;
        see(seen, &[&y, gradients.get(&x).ok_or_else(missing)?])
    })
}

fn chain() -> Result<Ready> {
    let x = Var::new(X_OF_CHAIN, &Device::Cpu)?;
    ready(move |seen| {
        let step = |y: Tensor, k| if k % 2 == 0 { &y * x.as_tensor() } else { &y + x.as_tensor() };
        let y = (0..CHAIN).try_fold(x.as_tensor().clone(), step)?;
        let gradients = y.backward()?;
        see(seen, &[&y, gradients.get(&x).ok_or_else(missing)?])
    })
}

fn dense() -> Result<Ready> {
    let [rows, inputs, outputs] = DENSE;
    let [x, w, b] = work::dense();
    let (x, w, b) = (variable(x, &[rows, inputs])?, variable(w, &[inputs, outputs])?, variable(b, &[outputs])?);
    ready(move |seen| {
        let y = x.matmul(&w)?.broadcast_add(&b)?.relu()?;
        let gradients = y.backward()?;
        let of = |it: &Var| gradients.get(it).ok_or_else(missing);
        see(seen, &[&y, of(&x)?, of(&w)?, of(&b)?])
    })
}

fn labels(size: usize, classes: usize) -> Result<Tensor> {
    Tensor::from_vec(work::labels(size, classes), (size, 1), &Device::Cpu)
}

fn cross_entropy() -> Result<Ready> {
    let (x, labels) = (variable(work::logits(), &LOGITS)?, labels(LOGITS[0], LOGITS[1])?);
    ready(move |seen| {
        let loss = mean_cross_entropy(&x, &labels)?;
        let gradients = loss.backward()?;
        see(seen, &[&loss, gradients.get(&x).ok_or_else(missing)?])
    })
}

/// A sign with the gradient of clipping.
fn sign(x: &Tensor) -> Result<Tensor> {
    let clipped = x.clamp(-1f32, 1f32)?;
    let sign = ((x.ge(0f32)?.to_dtype(x.dtype())? * 2.0)? - 1.0)?;
    &clipped + (sign - &clipped)?.detach()
}

fn signs() -> Result<Ready> {
    let mut parameters = Vec::new();
    for (widths, [weights, biases]) in SIGNS.windows(2).zip(work::signs()) {
        parameters.push(variable(weights, widths)?);
        parameters.push(variable(biases, &widths[1..])?);
    }
    let mut means = Vec::new();
    for parameter in &parameters {
        means.push([parameter.zeros_like()?, parameter.zeros_like()?]);
    }
    let images = Tensor::from_vec(work::images(), (BATCH, SIGNS[0]), &Device::Cpu)?;
    let labels = labels(BATCH, 10)?;
    let mut steps = 0;
    ready(move |seen| {
        let [one, two, three] = [0, 2, 4].map(|k| (&parameters[k], &parameters[k + 1]));
        let dense = |x: &Tensor, (weights, biases): (&Var, &Var)| x.matmul(weights)?.broadcast_add(biases);
        let features = sign(&dense(&sign(&dense(&images, one)?)?, two)?)?;
        let loss = mean_cross_entropy(&dense(&features, three)?, &labels)?;
        let gradients = loss.backward()?;
        steps += 1;
        let [beta_1, beta_2] = BETAS.map(f64::from);
        let rate = f64::from(LEARNING_RATE) * (1.0 - beta_2.powi(steps)).sqrt() / (1.0 - beta_1.powi(steps));
        for (parameter, [first, second]) in parameters.iter().zip(&mut means) {
            let gradient = gradients.get(parameter).ok_or_else(missing)?;
            *first = ((&*first * beta_1)? + (gradient * (1.0 - beta_1))?)?;
            *second = ((&*second * beta_2)? + (gradient.sqr()? * (1.0 - beta_2))?)?;
            let change = ((&*first * rate)? / (second.sqrt()? + f64::from(EPSILON))?)?;
            parameter.set(&(parameter.as_tensor() - change)?)?;
        }
        let gradient = gradients.get(&parameters[0]).ok_or_else(missing)?;
        see(seen, &[&loss, gradient, &parameters[0], &parameters[5]])
    })
}

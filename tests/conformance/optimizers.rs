//! Three steps of each optimizer with fixed gradients, against Keras.

use gradcore::prelude::*;

use crate::common::assert_close;
use crate::records::{section, tensors};

/// Compares the variable after each step, `step` being one `apply_gradients`.
fn conform(name: &str, mut step: impl FnMut(Tensor, &mut Variable) -> Result<(), Error>) -> Result<(), Error> {
    let record = section("optimizers").iter().find(|record| record["name"] == name).expect("a record of this name");
    let states = tensors::<f32>(&record["states"]);
    let mut variable = Variable::new(&states[0]);
    for (number, gradient) in tensors(&record["gradients"]).into_iter().enumerate() {
        step(gradient, &mut variable)?;
        assert_close(&format!("{name}, step {number}"), &variable, &states[number + 1]);
    }
    Ok(())
}

fn sgd(name: &str, mut optimizer: optimizers::Sgd) -> Result<(), Error> {
    conform(name, |gradient, variable| optimizer.apply_gradients([(gradient, variable)]))
}

fn adam(name: &str, mut optimizer: optimizers::Adam) -> Result<(), Error> {
    conform(name, |gradient, variable| optimizer.apply_gradients([(gradient, variable)]))
}

#[test]
fn sgd_with_defaults() -> Result<(), Error> {
    sgd("sgd", optimizers::Sgd::default())
}

#[test]
fn sgd_of_another_rate() -> Result<(), Error> {
    sgd("sgd 0.5", optimizers::Sgd::new(0.5))
}

#[test]
fn sgd_with_momentum() -> Result<(), Error> {
    sgd("momentum", optimizers::Sgd::new(0.1).momentum(0.9))
}

#[test]
fn sgd_with_momentum_of_nesterov() -> Result<(), Error> {
    sgd("nesterov", optimizers::Sgd::new(0.1).momentum(0.9).nesterov(true))
}

#[test]
fn adam_with_defaults() -> Result<(), Error> {
    adam("adam", optimizers::Adam::default())
}

#[test]
fn adam_with_gradients_near_epsilon() -> Result<(), Error> {
    adam("adam, gradients near epsilon", optimizers::Adam::default())
}

#[test]
fn adam_with_options() -> Result<(), Error> {
    adam("adam options", optimizers::Adam::new(0.01).beta_1(0.8).beta_2(0.99).epsilon(1e-3))
}

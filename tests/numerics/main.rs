//! Derivatives of the first three orders beside values of 4000 bits, at 0, in tails, and where squares over- and underflow.
//! `generate.py` made the values.

#![allow(clippy::float_cmp, reason = "what is exact")]

mod extremes;

use std::collections::BTreeMap;

use functional::grad;
use gradcore::Real;
use gradcore::prelude::*;
use serde_json::Value;

fn records() -> Vec<Value> {
    serde_json::from_str(include_str!("values.json")).expect("generate.py writes JSON")
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| value.as_str().and_then(|text| text.parse().ok()).expect("a number"))
}

/// A function of a scalar by its name in `generate.py`.
fn function<T: Real>(name: &str, x: &Tensor<T>) -> Tensor<T> {
    let of = |value: f64| tf::constant(T::of(value));
    let with_zero = || tf::stack([x, &of(0.0)], 0);
    let first = |row: Tensor<T>| tf::reshape(tf::slice(row, [0], [1]), []);
    match name {
        "exp" => tf::exp(x),
        "log" => tf::log(x),
        "log1p" => tf::log1p(x),
        "sqrt" => tf::sqrt(x),
        "sin" => tf::sin(x),
        "cos" => tf::cos(x),
        "tan" => tf::tan(x),
        "tanh" => tf::tanh(x),
        "sigmoid" => tf::sigmoid(x),
        "softplus" => tf::nn::softplus(x),
        "log_sigmoid" => -tf::nn::softplus(-x),
        "swish" => tf::nn::swish(x),
        "elu" => tf::nn::elu(x),
        "square" => tf::square(x),
        "reciprocal" => of(1.0) / x,
        "quotient_below" => of(3.0) / (x * x + of(1.0)),
        "power_1" => tf::pow(x, of(1.0)),
        "power_2" => tf::pow(x, of(2.0)),
        "power_3" => tf::pow(x, of(3.0)),
        "power_0" => tf::pow(x, of(0.0)),
        "power_half" => tf::pow(x, of(0.5)),
        "power_minus_2" => tf::pow(x, of(-2.0)),
        "power_of_2" => tf::pow(of(2.0), x),
        "powers" => (1..5).fold(of(1.0), |sum, k| sum + tf::pow(x, of(f64::from(k)))),
        "norm" => tf::norm(tf::stack([x, &of(1.0)], 0), ..),
        "norm_of_small" => tf::norm(tf::stack([x, &of(f64::powi(2.0, -83))], 0), ..),
        "softmax" => first(tf::nn::softmax(with_zero(), ..)),
        "log_softmax" => first(tf::nn::log_softmax(with_zero(), ..)),
        "cross_entropy" => {
            let logits = tf::reshape(with_zero(), [1, 2]);
            tf::reshape(tf::nn::sparse_softmax_cross_entropy_with_logits(tf::constant([0i64]), logits), [])
        }
        other => panic!("no function is called {other}"),
    }
}

/// The function and its derivatives of orders 1 to 3.
fn orders<T: Real>(name: &str, x: &Tensor<T>) -> Result<[f64; 4], Error> {
    let f = |x: &Tensor<T>| function(name, x);
    let first = |x: &Tensor<T>| grad(f, x);
    let second = |x: &Tensor<T>| grad(first, x);
    let values = [Ok(f(x)), first(x), second(x), grad(second, x)];
    let mut numbers = [0.0; 4];
    for (number, value) in numbers.iter_mut().zip(values) {
        *number = value?.item().to_f64();
    }
    Ok(numbers)
}

/// How far a number is off, in units in the last place of what is right.
fn error<T: Real>(found: f64, exact: f64) -> f64 {
    // What overflows need not be ∞: its parts may.
    if found == exact || (exact.is_infinite() && !found.is_finite()) {
        return 0.0;
    }
    // Below the smallest normal number all have the same distance.
    let size = exact.abs().max(T::MIN_POSITIVE.to_f64());
    let ulp = size.log2().floor().exp2() * T::EPSILON.to_f64();
    let error = (found - exact).abs() / ulp;
    if error.is_nan() { f64::INFINITY } else { error }
}

/// What is off by more than 4 units, with the most: e to the power of a rounded logarithm is off by as many units as that is
/// large; the rest has several roundings on the way, and sums of terms that are larger than they.
const LESS_EXACT: [(&str, f64); 10] = [
    ("log_softmax, order 1", 16.0),
    ("log_softmax, order 2", 16.0),
    ("log_softmax, order 3", 16.0),
    ("norm_of_small, order 2", 8.0),
    ("quotient_below, order 2", 8.0),
    ("quotient_below, order 3", 16.0),
    ("sqrt, order 3", 8.0),
    ("tan, order 3", 8.0),
    ("norm, order 2", 8.0),
    ("norm, order 3", 32.0),
];

fn errors<T: Real>(record: &Value) -> Result<[f64; 4], Error> {
    let name = record["function"].as_str().expect("a name");
    let found = orders(name, &tf::constant(T::of(number(&record["x"]))))?;
    let exact = record["orders"].as_array().expect("four numbers");
    let mut errors = [0.0; 4];
    for (k, error_of_order) in errors.iter_mut().enumerate() {
        *error_of_order = error::<T>(found[k], number(&exact[k]));
    }
    Ok(errors)
}

#[test]
fn derivatives_are_exact() -> Result<(), Error> {
    let mut worst: BTreeMap<String, (f64, f64)> = BTreeMap::new();
    for record in records() {
        let errors = match record["dtype"].as_str() {
            Some("float32") => errors::<f32>(&record)?,
            _ => errors::<f64>(&record)?,
        };
        let name = record["function"].as_str().expect("a name");
        for (order, error) in errors.into_iter().enumerate() {
            let worst = worst.entry(format!("{name}, order {order}")).or_default();
            if error > worst.0 {
                *worst = (error, number(&record["x"]));
            }
        }
    }
    let mut beyond = Vec::new();
    for (what, (error, x)) in &worst {
        println!("{error:>12.2} {what} at {x:e}");
        let most = LESS_EXACT.iter().find(|(name, _)| name == what).map_or(4.0, |(_, most)| *most);
        beyond.extend((error > &most).then(|| format!("{what} at {x:e}: {error:.1} units, at most {most}")));
    }
    assert!(beyond.is_empty(), "{}", beyond.join("\n"));
    Ok(())
}

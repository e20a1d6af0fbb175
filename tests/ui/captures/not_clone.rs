//! `grad` runs later, so it needs its own copy.
use gradcore::prelude::*;

struct Config {
    slope: f32,
}

fn slope(config: &Config) -> f32 {
    config.slope
}

#[custom_gradient]
fn leaky(x: &Tensor, config: &Config) -> Tensor {
    (x * 1.0, |dy| dy * slope(config))
}

fn main() {}

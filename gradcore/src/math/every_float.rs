//! The functions of `f32` at every number, beside those of `f64` from elsewhere. (Miri would take hours, and finds nothing where
//! nothing is unsafe.)

#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::float_cmp,
    reason = "numbers are compared bit by bit"
)]

use rayon::prelude::*;

use super::{Power, cos, erf, erfc, exp, expm1, log, log1p, rsqrt, sigmoid, sin, softplus, tan, tanh};

/// The error of a result; ∞ if it is NaN or infinite where the exact one is not, or a zero of the other sign.
fn error(found: f32, exact: f64) -> f64 {
    let nearest = exact as f32;
    match found == nearest || (found.is_nan() && nearest.is_nan()) {
        true if nearest == 0.0 && found.is_sign_negative() != exact.is_sign_negative() => f64::INFINITY,
        true if !nearest.is_finite() => 0.0,
        _ if found.is_finite() && !exact.is_nan() => (f64::from(found) - exact).abs() / ulp(exact),
        _ => f64::INFINITY,
    }
}

/// The distance of neighbours of type `f32` around a number.
fn ulp(x: f64) -> f64 {
    let exponent = (x.abs().to_bits() >> 52).clamp(1023 - 126, 1023 + 127);
    f64::from_bits((exponent - 23) << 52)
}

/// Compares a function of `f32` with the same of `f64` from elsewhere, at every `stride`th number.
fn compare(function: fn(f32) -> f32, exact: fn(f64) -> f64, most: f64, stride: u64) {
    let worst = (0..1u64 << 12).into_par_iter().map(|block| {
        let start = (block << 20).next_multiple_of(stride);
        let numbers = (start..(block + 1) << 20).step_by(usize::try_from(stride).expect("a stride is small"));
        let errors = numbers.map(|bits| {
            let x = f32::from_bits(u32::try_from(bits).expect("below 2^32"));
            (error(function(x), exact(f64::from(x))), x)
        });
        errors.fold((0.0, 0.0), |worst: (f64, f32), error| if error.0 > worst.0 { error } else { worst })
    });
    let (error, x) = worst.reduce(|| (0.0, 0.0), |a, b| if a.0 < b.0 { b } else { a });
    println!("{error:.3} units in the last place, at {x:e}");
    assert!(error <= most, "{:e} at {x:e}, exactly {:e}: {error:.2} units", function(x), exact(f64::from(x)));
}

/// A test of some numbers and one of all for each function: its name, itself, the exact one and the greatest error promised.
macro_rules! of_floats {
    ($($name:ident $function:expr, $exact:expr, $most:literal;)+) => {
        mod some {
            use super::*;
            $(#[test] fn $name() { compare($function, $exact, $most, 10_007); })+
        }
        mod all {
            use super::*;
            $(
                #[test]
                #[ignore = "minutes, optimized: cargo test --release --package gradcore --lib -- --ignored every_float --nocapture"]
                fn $name() { compare($function, $exact, $most, 1); }
            )+
        }
    };
}
of_floats! {
    of_exp exp, f64::exp, 2.0;
    of_expm1 expm1, f64::exp_m1, 2.0;
    of_log log, f64::ln, 2.0;
    of_log1p log1p, f64::ln_1p, 2.0;
    of_tanh tanh, f64::tanh, 2.0;
    of_sigmoid sigmoid, |x| if x < 0.0 { x.exp() / (1.0 + x.exp()) } else { 1.0 / (1.0 + (-x).exp()) }, 2.0;
    of_softplus softplus, |x| if x < 0.0 { x.exp().ln_1p() } else { x + (-x).exp().ln_1p() }, 2.0;
    of_erf erf, libm::erf, 2.0;
    of_erfc erfc, libm::erfc, 4.0;
    of_sin sin, f64::sin, 2.0;
    of_cos cos, f64::cos, 2.0;
    of_tan tan, f64::tan, 4.0;
    of_rsqrt rsqrt, |x| 1.0 / x.sqrt(), 2.0;
    of_a_power |x| x.pow(1.7), |x| x.powf(f64::from(1.7f32)), 4.0;
    of_a_negative_power |x| x.pow(-3.0), |x| x.powf(-3.0), 4.0;
    of_a_base |x| 0.3.pow(x), |x| f64::from(0.3f32).powf(x), 4.0;
}

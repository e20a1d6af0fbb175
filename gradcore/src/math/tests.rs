//! The functions beside values of higher precision.

#![allow(
    clippy::cast_lossless,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    clippy::float_cmp,
    reason = "numbers are compared bit by bit"
)]

use super::{Power, cos, erf, erfc, exp, expm1, log, log1p, rsqrt, sigmoid, sin, softplus, tan, tanh};

/// What the functions give for a type of floats, beside what `reference/make.py` found.
macro_rules! against_reference {
    ($float:ident $bits:ident) => {
        let mut worst = std::collections::BTreeMap::new();
        let mut wrong = Vec::new();
        let lines = include_str!(concat!("reference/", stringify!($float), ".txt")).lines();
        for line in lines.step_by(if cfg!(miri) { 50 } else { 1 }) {
            let words: Vec<&str> = line.split(' ').collect();
            let [name, arguments @ .., exact, rest] = &words[..] else { panic!("a line of no values: {line}") };
            let number = |bits: &str| $float::from_bits($bits::from_str_radix(bits, 16).expect("bits in hexadecimal"));
            let (exact, rest): (_, f64) = (number(exact), rest.parse().expect("a number"));
            let (x, y) = (number(arguments[0]), arguments.get(1).map_or(0.0, |y| number(y)));
            let found = match *name {
                "exp" => exp(x),
                "expm1" => expm1(x),
                "log" => log(x),
                "log1p" => log1p(x),
                "tanh" => tanh(x),
                "sigmoid" => sigmoid(x),
                "softplus" => softplus(x),
                "erf" => erf(x),
                "erfc" => erfc(x),
                "sin" => sin(x),
                "cos" => cos(x),
                "tan" => tan(x),
                "rsqrt" => rsqrt(x),
                "pow" => x.pow(y),
                _ => panic!("{name} is no function of this folder"),
            };
            let most = if ["erfc", "tan", "pow"].contains(name) { 4.0 } else { 2.0 };
            let error = match (found.to_bits() as i64).wrapping_sub(exact.to_bits() as i64) {
                _ if found.is_nan() && exact.is_nan() => 0.0,
                distance if found.is_sign_negative() == exact.is_sign_negative() => (distance as f64 - rest).abs(),
                _ => f64::INFINITY,
            };
            let greatest = worst.entry(name.to_string()).or_insert((0.0, 0.0, 0.0));
            if error > greatest.0 {
                *greatest = (error, x, y);
            }
            if error > most {
                wrong.push(format!("{name}({x:e}, {y:e}) = {found:e}: {error:.2} ulp, exactly {exact:e}"));
            }
        }
        println!("{worst:#.3?}");
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    };
}

#[test]
fn f32_agrees_with_the_reference() {
    against_reference!(f32 u32);
}

#[test]
fn f64_agrees_with_the_reference() {
    against_reference!(f64 u64);
}

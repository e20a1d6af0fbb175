// A macro as the end of a function: it may give the pair, which is not seen, or the value alone.
use gradcore::prelude::*;

macro_rules! pair {
    ($x:ident) => {
        ($x * 2, |dy| dy * 2)
    };
}

#[custom_gradient]
fn doubled(x: &Tensor) -> Tensor {
    pair!(x)
}

#[custom_gradient]
fn one_of_two(x: &Tensor, n: i32) -> Tensor {
    match n {
        0 => pair!(x),
        1 => panic!("one"),
        _ => (x * n, |dy| dy * n),
    }
}

fn main() {}

// rustc's own lints are of what stays.
#![deny(unused)]
use gradcore::prelude::*;

#[custom_gradient]
fn called_by_nobody(x: &Tensor, #[cfg(all())] n: i32) -> Tensor {
    #[cfg(all())]
    let twice = x * 2;
    (x * 2, |dy| dy * 2)
}

fn main() {}

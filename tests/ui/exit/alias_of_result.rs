//! The macro sees no further than the written type.
use gradcore::prelude::*;

type Fallible = Result<Tensor, String>;

#[custom_gradient]
fn f(x: &Tensor) -> Fallible {
    Ok((x * 2.0, |dy| dy * 2.0))
}

fn main() {}

//! What `grad` returns in `Err` must be an error.
use gradcore::prelude::*;

#[derive(Debug)]
struct Code(i32);

#[custom_gradient]
fn f(x: &Tensor) -> Tensor {
    fn grad(dy: &Tensor) -> Result<Tensor, Code> {
        if dy.rank() == 0 { Err(Code(1)) } else { Ok(dy * 2.0) }
    }
    (x * 2.0, grad)
}

fn main() {}

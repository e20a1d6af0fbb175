// What is left out counts for nothing, and what stays is told of once.
use gradcore::prelude::*;

#[custom_gradient]
fn product(x: &Tensor, #[cfg(all())] y: &Tensor, #[cfg(any())] z: &Tensor) -> Tensor {
    #[cfg(any())]
    {
        (x * z, |dy| (dy * z, dy * x))
    }
    #[cfg(not(any()))]
    {
        (x * y, |dy| dy * y)
    }
}

fn main() {
    product(&tf::constant(1.0), &tf::constant(2.0));
}

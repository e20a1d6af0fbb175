// A local function that is called moves into the closure, unless it is `Copy`.
use gradcore::prelude::*;

fn main() {
    let slopes = vec![2.0];
    let scaled = move |x: &Tensor| x * slopes[0];
    #[custom_gradient(closure)]
    fn rule(x: &Tensor) -> Tensor {
        (scaled(x), |dy| scaled(dy))
    }
    rule(&tf::constant(1.0));
    scaled(&tf::constant(1.0));
}

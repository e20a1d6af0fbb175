// A rule over a function that is passed asks of it what `grad` asks of a capture.
use gradcore::prelude::*;

fn applied(x: &Tensor, f: impl Fn(&Tensor) -> Tensor) -> Tensor {
    #[custom_gradient(closure)]
    fn rule(x: &Tensor) -> Tensor {
        (f(x), |dy| f(dy))
    }
    rule(x)
}

fn main() {
    applied(&tf::constant(1.0), |x| x * 2);
}

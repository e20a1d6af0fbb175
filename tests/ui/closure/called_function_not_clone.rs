// `grad` takes the local functions that it calls with it, so each call needs a clone of them.
use gradcore::prelude::*;

struct Slope(f32);

fn main() {
    let slope = Slope(2.0);
    let scaled = move |x: &Tensor| {
        let Slope(slope) = &slope;
        x * *slope
    };
    #[custom_gradient(closure)]
    fn rule(x: &Tensor) -> Tensor {
        (scaled(x), |dy| scaled(dy))
    }
    rule(&tf::constant(1.0));
}

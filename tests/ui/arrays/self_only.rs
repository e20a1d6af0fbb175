use gradcore::prelude::*;
use ndarray::Array1;

struct Layer {
    w: Variable,
}

impl Layer {
    #[custom_gradient(arrays)]
    fn weights(&self) -> Array1<f32> {
        (Array1::from(self.w.to_vec()), |dy| dy)
    }
}

fn main() {
    Layer { w: Variable::new([1.0]) }.weights();
}

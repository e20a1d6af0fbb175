use gradcore::prelude::*;

struct Leaky {
    slope: f32,
}

impl Leaky {
    #[custom_gradient(elementwise)]
    fn call(&self, x: f32) -> f32 {
        (x * self.slope, |dy| dy * self.slope)
    }
}

fn main() {}

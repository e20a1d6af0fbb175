//! Each gradient has its own copy of a cell, so a count would be lost.
use std::cell::{Cell, RefCell};

use gradcore::prelude::*;

struct Layer {
    count: Cell<u32>,
    average: RefCell<Tensor>,
}

impl Layer {
    #[custom_gradient]
    fn observed(&self, x: &Tensor) -> Tensor {
        let grad = |dy| {
            self.count.set(self.count.get() + 1);
            self.average.replace(dy.clone());
            dy * 2.0
        };
        (x * 2.0, grad)
    }
}

fn main() {}

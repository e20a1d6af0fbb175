//! Whatever stands for the cell in `grad`.
use std::cell::{Cell, RefCell};

use gradcore::prelude::*;

struct Layer {
    count: Cell<u32>,
    log: RefCell<String>,
}

impl Layer {
    #[custom_gradient(recompute)]
    fn observed(&self, x: &Tensor) -> Tensor {
        let grad = |dy: &Tensor| {
            let count = &self.count;
            Cell::set(count, 1);
            std::fmt::Write::write_str(&mut *self.log.borrow_mut(), "ran").expect("a string");
            dy * 2.0
        };
        (x * 2.0, grad)
    }
}

fn main() {}

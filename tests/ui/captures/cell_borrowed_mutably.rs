//! As a parameter, and as a local of the body.
use std::cell::{Cell, RefCell};

use gradcore::prelude::*;

#[custom_gradient]
fn logged(x: &Tensor, log: &RefCell<Vec<f32>>) -> Tensor {
    let runs = Cell::new(0);
    let grad = |dy| {
        log.borrow_mut().push(dy.item());
        runs.update(|runs| runs + 1);
        dy * 2.0
    };
    (x * 2.0, grad)
}

fn main() {}

//! Cells in a list are copied with it.
use std::cell::Cell;

use gradcore::prelude::*;

#[custom_gradient]
fn counted(x: &Tensor, counts: Vec<Cell<u32>>, more: &[Cell<u32>], rest: [Cell<usize>; 2]) -> Tensor {
    let grad = |dy| {
        let last = counts.len() - 1;
        counts[last].set(1);
        more.iter().for_each(|count| count.set(2));
        for (number, count) in rest.iter().enumerate() {
            count.set(number);
        }
        dy * 2.0
    };
    (x * 2.0, grad)
}

fn main() {}

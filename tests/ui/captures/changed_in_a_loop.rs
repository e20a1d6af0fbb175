//! A field changes in one branch of a loop that goes on to the pair.
use gradcore::prelude::*;

#[derive(Clone)]
struct State {
    scale: f32,
    steps: u32,
}

#[custom_gradient(recompute)]
fn stepped(x: &Tensor, n: u32) -> Tensor {
    let mut state = State { scale: 1.0, steps: 0 };
    let rule = |dy| dy * state.scale;
    while state.steps < n {
        state.steps += 1;
        if state.steps > 2 {
            state.scale = 2.0 * state.scale;
        }
    }
    (x * state.scale, rule)
}

fn main() {}

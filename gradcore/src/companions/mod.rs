//! The companions of `custom_gradient`: functions that change how others are differentiated.

mod pass_through;
mod prevent;
mod recompute;

pub use pass_through::grad_pass_through;
pub use prevent::prevent_gradient;
pub use recompute::recompute_grad;

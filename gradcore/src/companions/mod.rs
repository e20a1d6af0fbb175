//! The companions of `custom_gradient`: functions that change how others are differentiated.

mod recompute;

pub use recompute::recompute_grad;

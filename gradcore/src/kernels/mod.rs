//! Loops over contiguous slices. No tensor, no tape: whatever calls a kernel has settled the shapes.
//!
//! Each is a function from input slices to an output slice; `loops` says how it runs, `elementwise` what of.

pub(crate) mod elementwise;
pub(crate) mod fingerprint;
pub(crate) mod fused;
pub(crate) mod layout;
pub(crate) mod loops;
pub(crate) mod matmul;
pub(crate) mod parts;
pub(crate) mod reduce;
pub(crate) mod rows;

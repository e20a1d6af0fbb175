//! Functions that take derivatives of functions: `functional::grad(f, &x)?`.
//!
//! They compose, with each other and with tapes, to any order: `f` may call them. A function takes its arguments as
//! references, in the structure in which they are given, and returns a tensor, a tuple, array or vector of tensors, or a
//! `Result` of these with an [`Error`]. A closure that is bound by `let` needs the types of its parameters, `|x: &Tensor|`;
//! one written in the call does not.
//!
//! ```
//! use gradcore::prelude::*;
//! use functional::{grad, hvp, jvp};
//!
//! let f = |x: &Tensor<f64>| tf::reduce_sum(x * x * x, ..);
//! let x = tf::constant([1.0, 2.0]);
//! assert_eq!(grad(f, &x)?.to_vec(), [3.0, 12.0]);
//! // Along v = [1, 0] the gradient changes by 6x·v.
//! let v = tf::constant([1.0, 0.0]);
//! assert_eq!(hvp(f, &x, &v)?.to_vec(), [6.0, 0.0]);
//! let (gradient, change) = jvp(|x| grad(f, x), &x, &v)?;
//! assert_eq!((gradient.to_vec(), change.to_vec()), (vec![3.0, 12.0], vec![6.0, 0.0]));
//! # Ok::<(), Error>(())
//! ```
//!
//! * Derivatives are taken with respect to the arguments alone. A tensor or a variable that `f` captures is a constant;
//!   outer tapes and outer forms see it all the same.
//! * `f` receives new tensors, so that the derivative of an inner function is never taken for that of an outer one, even
//!   where both are given the same tensor.
//! * Where the result does not depend on an argument, or by comparisons alone, the derivative is zero. Where operations
//!   stand between them through which no gradient flows, such as `round` or `stop_gradient`, it is
//!   [`Error::Unconnected`], which names them. Forward forms cannot tell what such an operation leads to: where one result
//!   has a tangent, the others that have none have zeros, and where none has, every such operation on the arguments counts.
//! * A function that returns something else beside its result, such as metrics, is given to [`value_and_grad_with_aux`] and its
//!   like (`has_aux` in JAX).
//! * A rule that fails gives its error, and one that is not linear in its upstream [`Error::NotLinear`] in [`jvp`],
//!   [`linearize`] and [`hvp`].

mod arguments;
mod auxiliary;
mod grad;
mod hvp;
mod jacobian;
mod jvp;
mod linearize;
mod returned;
mod vjp;

pub use arguments::Arguments;
pub use auxiliary::{ReturnedWithAux, grad_with_aux, jvp_with_aux, value_and_grad_with_aux, vjp_with_aux};
pub use grad::{grad, value_and_grad};
pub use hvp::hvp;
pub use jacobian::{hessian, jacobian};
pub use jvp::jvp;
pub use linearize::{Linear, linearize};
pub use returned::Returned;
pub use vjp::{CotangentsOf, Pullback, vjp};

#[cfg(doc)]
use crate::Error;

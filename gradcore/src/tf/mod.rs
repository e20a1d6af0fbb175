//! TensorFlow's names, for ports that read like the original: argument conventions, and nothing else.
//!
//! * Wherever TensorFlow converts, these functions do: they take tensors, references, variables, scalars, arrays.
//! * `where` is [`where_`], because Rust keeps the word.
//! * What Python passes by keyword is the last argument, `..` for the defaults: see [`options`].
//! * TensorFlow's `tf.math.f` is `f` here.
//! * A shape that does not fit is a panic that names the operation and the shapes, at the caller's line.

mod clipping;
mod indices;
mod lists;
pub mod nn;
pub mod options;
mod parts;
pub mod random;
mod reductions;
mod shaping;

use std::borrow::Borrow;
use std::marker::PhantomData;

use crate::element::{Element, Number, Real};
use crate::error::or_refuse;
use crate::ops;
use crate::shape::Shape;
use crate::tensor::Operand;
use options::MatmulOptions;

pub use options::{axis, keepdims, maxval, mean, minval, perm, seed, stddev, transpose_a, transpose_b};

pub use indices::Indices;

pub use clipping::{clip_by_global_norm, clip_by_norm, global_norm, norm};
pub use parts::{concat, expand_dims, gather, one_hot, pad, slice, squeeze, stack};
pub use reductions::{add_n, argmax, reduce_max, reduce_mean, reduce_min, reduce_prod, reduce_sum};
pub use shaping::{broadcast_to, reshape, sum_to, transpose};

pub use crate::companions::{grad_pass_through, prevent_gradient, recompute_grad};
pub use crate::tensor::{Tensor, constant};
pub use crate::variable::Variable;
pub use crate::{GradientTape, custom_gradient};

pub use crate::element::DType;

macro_rules! dtypes {
    ($($name:ident $type:ident)+) => { $(
        #[doc = concat!("The dtype of `", stringify!($type), "`.")]
        #[allow(non_upper_case_globals, reason = "TensorFlow's name")]
        pub const $name: DType<$type> = DType(PhantomData);
    )+ };
}
dtypes!(float32 f32 float64 f64 int32 i32 int64 i64 uint8 u8);

/// The dtype of `bool`.
#[allow(non_upper_case_globals, reason = "TensorFlow's name")]
pub const bool: DType<std::primitive::bool> = DType(PhantomData);

/// Defines functions that pass their operands on to `ops`.
macro_rules! elementwise {
    ($($(#[$doc:meta])* $name:ident<$bound:ident>($($operand:ident),+);)+) => { $(
        $(#[$doc])*
        #[track_caller]
        #[must_use]
        pub fn $name<T: $bound>($($operand: impl Operand<T>),+) -> Tensor<T> {
            ops::$name($($operand.held().borrow()),+)
        }
    )+ };
}
elementwise! {
    /// x + y, broadcast.
    ///
    /// # Panics
    /// Panics if the shapes do not broadcast.
    add<Number>(x, y);
    /// x - y, broadcast.
    ///
    /// # Panics
    /// Panics if the shapes do not broadcast.
    subtract<Number>(x, y);
    /// x · y element by element, broadcast.
    ///
    /// # Panics
    /// Panics if the shapes do not broadcast.
    multiply<Number>(x, y);
    /// x / y, broadcast; for integers the quotient is truncated (TensorFlow's `truncatediv`; its `divide` gives floats).
    ///
    /// # Panics
    /// Panics if the shapes do not broadcast, or an integer is divided by 0.
    divide<Number>(x, y);
    /// x / y, broadcast, but 0 where y is 0, and so are the gradients there.
    ///
    /// # Panics
    /// Panics if the shapes do not broadcast.
    divide_no_nan<Real>(x, y);
    /// xʸ, broadcast. The gradient of y is 0 where x is not positive.
    ///
    /// # Panics
    /// Panics if the shapes do not broadcast.
    pow<Real>(x, y);
    /// The greater of x and y, broadcast. Where they are equal the gradient goes to x.
    ///
    /// # Panics
    /// Panics if the shapes do not broadcast.
    maximum<Number>(x, y);
    /// The lesser of x and y, broadcast. Where they are equal the gradient goes to x.
    ///
    /// # Panics
    /// Panics if the shapes do not broadcast.
    minimum<Number>(x, y);
    /// x limited to the range from `clip_value_min` to `clip_value_max`, which broadcast to the shape of x. The
    /// gradient of x is 1 within the range, the ends included.
    ///
    /// # Panics
    /// Panics if the limits do not broadcast to the shape of x.
    clip_by_value<Number>(x, clip_value_min, clip_value_max);
    /// -x.
    negative<Number>(x);
    /// |x|. Its gradient at 0 is 0.
    abs<Number>(x);
    /// -1, 0 or 1. Its gradient is 0.
    sign<Number>(x);
    /// x².
    square<Number>(x);
    /// eˣ.
    exp<Real>(x);
    /// Natural logarithm.
    log<Real>(x);
    /// ln(1 + x), exact near 0.
    log1p<Real>(x);
    /// √x. Its gradient at 0 is infinite.
    sqrt<Real>(x);
    /// Sine, of radians.
    sin<Real>(x);
    /// Cosine, of radians.
    cos<Real>(x);
    /// Tangent, of radians.
    tan<Real>(x);
    /// Hyperbolic tangent.
    tanh<Real>(x);
    /// 1 / (1 + e⁻ˣ), without overflow.
    sigmoid<Real>(x);
    /// The nearest integer, ties to even. No gradient flows through it: asking for one is an error that says so.
    round<Real>(x);
    /// The greatest integer that is not above. No gradient flows through it.
    floor<Real>(x);
    /// The least integer that is not below. No gradient flows through it.
    ceil<Real>(x);
    /// x as another tensor.
    identity<Element>(x);
    /// The value of x as a constant, through which no gradient flows.
    stop_gradient<Element>(x);
}

/// x where the condition holds, else y, broadcast (TensorFlow's `where`).
///
/// # Panics
/// Panics if the shapes do not broadcast.
#[track_caller]
#[must_use]
pub fn where_<T: Number>(
    condition: impl Operand<std::primitive::bool>,
    x: impl Operand<T>,
    y: impl Operand<T>,
) -> Tensor<T> {
    ops::where_(condition.held().borrow(), x.held().borrow(), y.held().borrow())
}

macro_rules! comparisons {
    ($($(#[$doc:meta])* $name:ident)+) => { $(
        $(#[$doc])*
        ///
        /// # Panics
        /// Panics if the shapes do not broadcast.
        #[track_caller]
        #[must_use]
        pub fn $name<T: Element>(x: impl Operand<T>, y: impl Operand<T>) -> Tensor<std::primitive::bool> {
            ops::$name(x.held().borrow(), y.held().borrow())
        }
    )+ };
}
comparisons! {
    /// x < y element by element, broadcast.
    less
    /// x ≤ y element by element, broadcast.
    less_equal
    /// x > y element by element, broadcast.
    greater
    /// x ≥ y element by element, broadcast.
    greater_equal
    /// x = y element by element, broadcast.
    equal
    /// x ≠ y element by element, broadcast.
    not_equal
}

macro_rules! logical {
    ($($(#[$doc:meta])* $name:ident($($operand:ident),+);)+) => { $(
        $(#[$doc])*
        #[track_caller]
        #[must_use]
        pub fn $name($($operand: impl Operand<std::primitive::bool>),+) -> Tensor<std::primitive::bool> {
            ops::$name($($operand.held().borrow()),+)
        }
    )+ };
}
logical! {
    /// Both, element by element, broadcast; also `x & y`.
    ///
    /// # Panics
    /// Panics if the shapes do not broadcast.
    logical_and(x, y);
    /// Either or both, element by element, broadcast; also `x | y`.
    ///
    /// # Panics
    /// Panics if the shapes do not broadcast.
    logical_or(x, y);
    /// The opposite of each element; also `!x`.
    logical_not(x);
}

/// x in another dtype, as in `tf::cast(x, tf::float32)`: truncated towards zero for integers.
#[track_caller]
#[must_use]
pub fn cast<T: Element, U: Element>(x: impl Operand<T>, _dtype: DType<U>) -> Tensor<U> {
    ops::cast(x.held().borrow())
}

/// Zeros of the shape and dtype of x.
#[must_use]
#[track_caller]
pub fn zeros_like<T: Element>(x: impl Operand<T>) -> Tensor<T> {
    Tensor::zeros("zeros_like", x.held().borrow().shared_shape())
}

/// Ones of the shape and dtype of x.
#[must_use]
#[track_caller]
pub fn ones_like<T: Element>(x: impl Operand<T>) -> Tensor<T> {
    Tensor::filled("ones_like", x.held().borrow().shared_shape(), T::ONE)
}

/// Zeros of the given shape.
///
/// # Panics
/// Panics if no tensor can have that shape, or memory for it cannot be had.
#[track_caller]
#[must_use]
pub fn zeros<T: Element>(shape: impl AsRef<[usize]>) -> Tensor<T> {
    Tensor::zeros("zeros", or_refuse(Shape::new("zeros", shape.as_ref())))
}

/// Ones of the given shape.
///
/// # Panics
/// Panics if no tensor can have that shape, or memory for it cannot be had.
#[track_caller]
#[must_use]
pub fn ones<T: Element>(shape: impl AsRef<[usize]>) -> Tensor<T> {
    Tensor::filled("ones", or_refuse(Shape::new("ones", shape.as_ref())), T::ONE)
}

/// a · b of the last two axes (`..`), or either transposed first: `matmul(a, b, transpose_b(true))`. The axes before
/// them broadcast.
///
/// # Panics
/// Panics if an operand has fewer than 2 axes, or the shapes do not match.
#[track_caller]
#[must_use]
pub fn matmul<T: Real>(a: impl Operand<T>, b: impl Operand<T>, options: impl Into<MatmulOptions>) -> Tensor<T> {
    let MatmulOptions { transpose_a, transpose_b } = options.into();
    ops::matmul(a.held().borrow(), b.held().borrow(), transpose_a, transpose_b)
}

impl<T: Real> Tensor<T> {
    /// As [`matmul`] with its defaults, for those who write it as a method.
    ///
    /// # Panics
    /// Panics if the shapes do not fit.
    #[track_caller]
    #[must_use]
    pub fn matmul(&self, other: impl Operand<T>) -> Tensor<T> {
        ops::matmul(self, other.held().borrow(), false, false)
    }
}

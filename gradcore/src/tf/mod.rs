//! TensorFlow's names, for ports that read like the original: argument conventions, and nothing else.
//!
//! * Wherever TensorFlow converts, these functions do: they take tensors, references, variables, scalars, arrays.
//! * `where` is [`where_`], because Rust keeps the word.
//! * What Python passes by keyword is the last argument, `..` for the defaults: see [`options`].
//! * TensorFlow's `tf.math.f` is `f` here.
//! * A shape that does not fit is a panic that names the operation and the shapes, at the caller's line.

mod clipping;
mod lists;
pub mod nn;
pub mod options;
mod parts;
pub mod random;

use std::borrow::Borrow;
use std::marker::PhantomData;

use crate::element::{Element, Number, Real};
use crate::error::{Error, or_refuse, refuse};
use crate::ops;
use crate::shape::{Shape, axis_index, axis_indices};
use crate::tensor::Operand;
use options::{Axes, MatmulOptions, Permutation, Sizes};

pub use clipping::{clip_by_global_norm, clip_by_norm, global_norm, norm};
pub use parts::{concat, expand_dims, gather, one_hot, pad, slice, squeeze, stack};

pub use crate::companions::{grad_pass_through, prevent_gradient, recompute_grad};
pub use crate::tensor::{Tensor, constant};
pub use crate::variable::Variable;
pub use crate::{GradientTape, custom_gradient};

/// A dtype as an argument, as in `tf::cast(x, tf::float32)`.
#[derive(Clone, Copy, Debug)]
pub struct DType<T>(PhantomData<T>);

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

/// x under another shape of equal size: integers, or another tensor's `shape()`. One size may be -1, and is what is left
/// over.
///
/// # Panics
/// Panics if the sizes do not multiply to that of x.
#[track_caller]
#[must_use]
pub fn reshape<T: Element>(x: impl Operand<T>, shape: impl Sizes) -> Tensor<T> {
    let (x, sizes) = (x.held(), shape.listed());
    let x = x.borrow();
    let Some(shape) = resolved(&sizes, x.size()) else {
        refuse(&Error::Argument {
            operation: "reshape",
            expected: format!(
                "a shape of {} elements, as `x` of shape {:?} has, with at most one -1",
                x.size(),
                x.shape()
            ),
            found: format!("{sizes:?}"),
        })
    };
    ops::reshape(x, &shape)
}

/// A shape of so many elements, in which -1 stands for what is left over.
///
/// # Panics
/// Panics if the sizes multiply to more than any shape has.
#[track_caller]
fn resolved(sizes: &[isize], count: usize) -> Option<Shape> {
    let is_open = |size: &&isize| **size == -1;
    let known = Shape::of("reshape", sizes.iter().filter_map(|&size| usize::try_from(size).ok())).size();
    let open = sizes.iter().filter(is_open).count();
    if open > 1 || sizes.iter().any(|size| *size < -1) || (open == 1 && known == 0) {
        return None;
    }
    let left_over = count.checked_div(known).unwrap_or(0);
    let shape = Shape::of("reshape", sizes.iter().map(|&size| usize::try_from(size).unwrap_or(left_over)));
    (shape.size() == count).then_some(shape)
}

/// x with its axes in reverse order (`..`), or in another: `transpose(x, perm([1, 0, 2]))`.
///
/// # Panics
/// Panics unless `perm` names each axis once.
#[track_caller]
#[must_use]
pub fn transpose<T: Element>(x: impl Operand<T>, options: impl Into<Permutation>) -> Tensor<T> {
    let (x, Permutation(axes)) = (x.held(), options.into());
    ops::transpose(x.borrow(), &ops::permutation(axes.as_deref(), x.borrow().shape()))
}

/// x stretched to a shape that it broadcasts to.
///
/// # Panics
/// Panics if it does not.
#[track_caller]
#[must_use]
pub fn broadcast_to<T: Number>(x: impl Operand<T>, shape: impl AsRef<[usize]>) -> Tensor<T> {
    ops::broadcast_to(x.held().borrow(), &or_refuse(Shape::new("broadcast_to", shape.as_ref())))
}

/// x summed to the shape of `like`, from which it was broadcast: what the gradient of a broadcast input needs.
///
/// # Panics
/// Panics if `like` does not broadcast to the shape of x.
///
/// ```
/// use gradcore::prelude::*;
///
/// let bias: Tensor = tf::constant([1.0, 2.0]);
/// let upstream: Tensor = tf::ones([3, 2]);
/// assert_eq!(tf::sum_to(upstream, bias).to_vec(), [3.0, 3.0]);
/// ```
#[track_caller]
#[must_use]
pub fn sum_to<T: Number>(x: impl Operand<T>, like: impl Operand<T>) -> Tensor<T> {
    ops::sum_to(x.held().borrow(), &like.held().borrow().shared_shape())
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

macro_rules! reductions {
    ($($(#[$doc:meta])* $name:ident)+) => { $(
        $(#[$doc])*
        ///
        /// # Panics
        /// Panics if an axis is out of range or named twice.
        #[track_caller]
        #[must_use]
        pub fn $name<T: Number>(x: impl Operand<T>, axes: impl Into<Axes>) -> Tensor<T> {
            let (x, axes) = (x.held(), axes.into());
            let x = x.borrow();
            ops::$name(x, &reduced_axes(stringify!($name), &axes, x.shape()), axes.keepdims)
        }
    )+ };
}
reductions! {
    /// Σ x along axes: `..` for all, or `axis(1)`, `axis([0, 1]).keepdims(true)`.
    reduce_sum
    /// The mean of x along axes: `..` for all, or `axis(1)`, `axis([0, 1]).keepdims(true)`.
    reduce_mean
    /// The greatest element along axes: `..` for all, or `axis(1)`, `axis([0, 1]).keepdims(true)`. Where several
    /// are greatest the gradient is split evenly.
    reduce_max
    /// The least element along axes: `..` for all, or `axis(1)`, `axis([0, 1]).keepdims(true)`. Where several are
    /// least the gradient is split evenly.
    reduce_min
    /// The product of x along axes: `..` for all, or `axis(1)`, `axis([0, 1]).keepdims(true)`. The gradient is right
    /// where elements are 0, at every order.
    reduce_prod
}

/// The sum of tensors of one shape.
///
/// # Panics
/// Panics if there are none, or the shapes differ.
#[track_caller]
#[must_use]
pub fn add_n<T: Number, X: Operand<T>>(inputs: impl IntoIterator<Item = X>) -> Tensor<T> {
    let inputs = lists::all_held("add_n", inputs);
    lists::expect_alike("add_n", &inputs, None);
    ops::add_n(&inputs.iter().collect::<Vec<_>>())
}

#[track_caller]
fn reduced_axes(operation: &'static str, axes: &Axes, shape: &[usize]) -> Vec<usize> {
    let Some(axes) = &axes.axes else { return (0..shape.len()).collect() };
    or_refuse(axis_indices(operation, axes, shape)).to_vec()
}

#[track_caller]
fn single_axis(operation: &'static str, axes: &Axes, shape: &[usize]) -> usize {
    or_refuse(match axes.axes.as_deref() {
        Some([axis]) => axis_index(operation, *axis, shape),
        axes => Err(Error::Argument {
            operation,
            expected: "one axis, such as `axis(-1)`".into(),
            found: axes.map_or("all".into(), |axes| format!("{axes:?}")),
        }),
    })
}

/// The place of the first greatest element along an axis: `argmax(x, axis(1))`.
///
/// # Panics
/// Panics if the axis is out of range or empty, or several are named.
#[track_caller]
#[must_use]
pub fn argmax<T: Element>(x: impl Operand<T>, axis: impl Into<Axes>) -> Tensor<i64> {
    let (x, axis) = (x.held(), axis.into());
    let x = x.borrow();
    let axis = single_axis("argmax", &axis, x.shape());
    if x.shape()[axis] == 0 {
        refuse(&Error::Argument {
            operation: "argmax",
            expected: format!("elements along axis {axis}"),
            found: format!("shape {:?}", x.shape()),
        });
    }
    ops::argmax(x, axis)
}

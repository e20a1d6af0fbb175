//! Tensors from Rust values: scalars, nested arrays, vectors and slices, ndarray arrays.

use ndarray::{ArrayBase, Data, Dimension};

use super::{Element, Operand, Tensor};
use crate::buffers;
use crate::error::{Error, refuse};
use crate::shape::Shape;

/// A value that [`constant`] turns into a tensor: a scalar, an array, vector or slice of such values, or an ndarray array.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no value for a tensor of `{T}`; expected a scalar, nested arrays or vectors of one, or an ndarray array",
    label = "not a value of a tensor"
)]
pub trait Nested<T: Element> {
    #[doc(hidden)]
    fn sizes(&self) -> Vec<usize>;
    #[doc(hidden)]
    fn append(self, values: &mut Vec<T>);
    /// Whether every part has these sizes.
    #[doc(hidden)]
    fn fits(&self, sizes: &[usize]) -> bool {
        self.sizes() == sizes
    }
}

impl<T: Element> Nested<T> for T {
    fn sizes(&self) -> Vec<usize> {
        Vec::new()
    }
    fn append(self, values: &mut Vec<T>) {
        values.push(self);
    }
}

fn sizes_of<T: Element, N: Nested<T>>(parts: &[N]) -> Vec<usize> {
    let mut sizes = vec![parts.len()];
    sizes.extend(parts.first().map(Nested::sizes).unwrap_or_default());
    sizes
}

fn all_fit<T: Element, N: Nested<T>>(parts: &[N], sizes: &[usize]) -> bool {
    matches!(sizes, [n, rest @ ..] if *n == parts.len() && parts.iter().all(|part| part.fits(rest)))
}

impl<T: Element, N: Nested<T>, const K: usize> Nested<T> for [N; K] {
    fn sizes(&self) -> Vec<usize> {
        sizes_of(self)
    }
    fn append(self, values: &mut Vec<T>) {
        self.into_iter().for_each(|part| part.append(values));
    }
    fn fits(&self, sizes: &[usize]) -> bool {
        all_fit(self, sizes)
    }
}

impl<T: Element, N: Nested<T>> Nested<T> for Vec<N> {
    fn sizes(&self) -> Vec<usize> {
        sizes_of(self)
    }
    fn append(self, values: &mut Vec<T>) {
        self.into_iter().for_each(|part| part.append(values));
    }
    fn fits(&self, sizes: &[usize]) -> bool {
        all_fit(self, sizes)
    }
}

impl<T: Element, N: Nested<T> + Clone> Nested<T> for &[N] {
    fn sizes(&self) -> Vec<usize> {
        sizes_of(self)
    }
    fn append(self, values: &mut Vec<T>) {
        self.iter().cloned().for_each(|part| part.append(values));
    }
    fn fits(&self, sizes: &[usize]) -> bool {
        all_fit(self, sizes)
    }
}

/// An array, a view of one, or a reference to either.
macro_rules! arrays {
    ($($array:ty),+) => { $(
        impl<T: Element, S: Data<Elem = T>, D: Dimension> Nested<T> for $array {
            fn sizes(&self) -> Vec<usize> {
                self.shape().to_vec()
            }
            fn append(self, values: &mut Vec<T>) {
                values.extend(self.iter().copied());
            }
        }

        #[diagnostic::do_not_recommend]
        impl<T: Element, S: Data<Elem = T>, D: Dimension> Operand<T> for $array {
            type Held = Tensor<T>;
            #[track_caller]
            fn held(self) -> Tensor<T> {
                constant(self)
            }
        }
    )+ };
}
arrays!(ArrayBase<S, D>, &ArrayBase<S, D>);

/// A tensor of the given value (TensorFlow's `constant`).
///
/// The dtype is that of the scalars. As for any Rust literal, `1.0` is an `f64` where nothing else says what it
/// is; a use with an `f32` tensor, or `let x: Tensor = …`, makes it an `f32`.
///
/// # Panics
/// Panics if the parts of nested vectors differ in shape.
///
/// ```
/// use gradcore::prelude::*;
///
/// let scalar: Tensor = tf::constant(2.0);
/// let matrix: Tensor<f64> = tf::constant([[1.0, 2.0], [3.0, 4.0]]);
/// let vector = tf::constant(vec![1, 2, 3]);
/// let array: Tensor = tf::constant(ndarray::arr1(&[1.0, 2.0]));
/// assert_eq!((scalar.rank(), matrix.rank(), vector.shape(), array.shape()), (0, 2, &[3][..], &[2][..]));
/// ```
#[track_caller]
#[must_use]
pub fn constant<T: Element>(value: impl Nested<T>) -> Tensor<T> {
    let sizes = value.sizes();
    if !value.fits(&sizes) {
        refuse(&Error::Argument {
            operation: "constant",
            expected: format!("parts of equal shape, {:?} as the first", &sizes[1..]),
            found: "parts of different shapes".into(),
        });
    }
    let shape = Shape::of("constant", sizes);
    let mut values = buffers::reserved("constant", &shape);
    value.append(&mut values);
    Tensor::of_shape(shape, values)
}

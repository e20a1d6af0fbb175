//! The tensor: an immutable n-dimensional value with an identity. No tape inside.

mod constant;
mod display;
mod erased;
mod handle_counts;
mod identity;
mod name;
mod operand;
pub(crate) mod reading;
mod role;
mod untyped;

use std::sync::Arc;

use ndarray::{Array, ArrayViewD, Dimension, IxDyn};

use crate::buffers::{self, Buffer};
use crate::element::Element;
use crate::error::Error;
use crate::shape::Shape;

pub use constant::{Nested, constant};
pub(crate) use erased::{Erase, Erased};
pub(crate) use handle_counts::HandleCount;
pub(crate) use identity::Identity;
pub(crate) use name::Name;
pub use operand::Operand;
pub(crate) use role::Role;
pub(crate) use untyped::{Seen, Untyped};

/// An immutable n-dimensional value of dtype `T` (`f32` unless something else is said).
///
/// A clone is a handle to the same value, and the *same tensor* to a tape: it has the identity of its original. Two
/// tensors made from equal values are two tensors. Tensors travel between threads freely.
///
/// ```
/// use gradcore::prelude::*;
///
/// let x: Tensor = tf::constant([[1.0, 2.0], [3.0, 4.0]]);
/// assert_eq!(x.shape(), [2, 2]);
/// assert_eq!(x.to_string(), "[[1.0, 2.0],\n [3.0, 4.0]]");
/// ```
#[derive(Clone)]
pub struct Tensor<T = f32> {
    identity: Identity,
    storage: Storage<T>,
}

/// Scalars stand in place and never allocate; everything else is shared, contiguous and row-major. The role stands here, where
/// it takes no room.
#[derive(Clone)]
enum Storage<T> {
    Scalar(Role, T),
    Dense(Role, Arc<Dense<T>>),
}

struct Dense<T> {
    shape: Shape,
    data: Data<T>,
}

/// Up to this many elements stand beside their shape, so that such a tensor costs one allocation.
pub(crate) const FEW: usize = 32;

/// A reshaped tensor shares the elements of the one it was made from.
#[allow(clippy::large_enum_variant, reason = "what stands in place saves an allocation")]
enum Data<T> {
    Few { values: [T; FEW], count: usize },
    Own(Buffer<T>),
    Of(Arc<Dense<T>>),
}

impl<T> Dense<T> {
    fn values(&self) -> &[T] {
        match &self.data {
            Data::Few { values, count } => &values[..*count],
            Data::Own(values) => values,
            Data::Of(original) => original.values(),
        }
    }
}

impl<T> Storage<T> {
    #[inline]
    fn few(shape: Shape, values: [T; FEW]) -> Self {
        let data = Data::Few { values, count: shape.size() };
        Storage::Dense(Role::Value, Arc::new(Dense { shape, data }))
    }
}

impl<T> Tensor<T> {
    /// The elements in row-major order.
    #[inline]
    pub(crate) fn values(&self) -> &[T] {
        match &self.storage {
            Storage::Scalar(_, value) => std::slice::from_ref(value),
            Storage::Dense(_, dense) => dense.values(),
        }
    }
}

impl<T: Element> Tensor<T> {
    #[inline]
    fn with_identity(identity: Identity, shape: Shape, values: Vec<T>) -> Self {
        debug_assert_eq!(shape.size(), values.len());
        let storage = match values[..] {
            [value] if shape.is_empty() => Storage::Scalar(Role::Value, value),
            _ => Storage::Dense(Role::Value, Arc::new(Dense { shape, data: Data::Own(Buffer::new(values)) })),
        };
        Tensor { identity, storage }
    }

    /// A tensor of rank 0.
    #[inline]
    #[must_use]
    pub fn scalar(value: T) -> Self {
        Tensor { identity: Identity::fresh(), storage: Storage::Scalar(Role::Value, value) }
    }

    /// The tensor of the given shape whose elements are `values` in row-major order.
    ///
    /// # Errors
    /// [`Error::Argument`] if `values.len()` is not the product of `shape`; [`Error::Size`] if that is too much for any
    /// tensor.
    pub fn from_vec(shape: &[usize], values: Vec<T>) -> Result<Self, Error> {
        let sizes = Shape::new("from_vec", shape)?;
        if sizes.size() != values.len() {
            return Err(Error::Argument {
                operation: "from_vec",
                expected: format!("as many values as shape {shape:?} has elements"),
                found: values.len().to_string(),
            });
        }
        Ok(Self::of_shape(sizes, values))
    }

    /// As [`Tensor::from_vec`], where the sizes are known to match.
    pub(crate) fn of_shape(shape: Shape, values: Vec<T>) -> Self {
        Self::with_identity(Identity::fresh(), shape, values)
    }

    /// The result of a kernel that writes every element: inside a rule's body it stands for the rule's output.
    ///
    /// # Panics
    /// Panics if memory for it cannot be had.
    #[inline]
    #[track_caller]
    pub(crate) fn overwritten(operation: &'static str, shape: Shape, kernel: impl FnOnce(&mut [T])) -> Self {
        let size = shape.size();
        if size <= FEW && !shape.is_empty() {
            let mut values = [T::default(); FEW];
            kernel(&mut values[..size]);
            return Self::of_few(shape, values);
        }
        let mut values = buffers::overwritten(operation, &shape);
        kernel(&mut values);
        Self::computed(shape, values)
    }

    /// As [`overwritten`](Self::overwritten), where the kernel finds zeros, which it need not write.
    ///
    /// # Panics
    /// Panics if memory for it cannot be had.
    #[inline]
    #[track_caller]
    pub(crate) fn over_zeros(operation: &'static str, shape: Shape, kernel: impl FnOnce(&mut [T])) -> Self {
        if shape.size() <= FEW {
            return Self::overwritten(operation, shape, |out| {
                out.fill(T::default());
                kernel(out);
            });
        }
        let mut values = buffers::zeros(operation, &shape);
        kernel(&mut values);
        Self::computed(shape, values)
    }

    /// The result of a kernel whose shape, which is no scalar's, has at most [`FEW`] elements: the first of these.
    #[inline]
    pub(crate) fn of_few(shape: Shape, values: [T; FEW]) -> Self {
        Tensor { identity: Identity::computed(), storage: Storage::few(shape, values) }
    }

    /// As [`overwritten`](Self::overwritten), of a vector that a kernel made.
    #[inline]
    pub(crate) fn computed(shape: Shape, values: Vec<T>) -> Self {
        Self::with_identity(Identity::computed(), shape, values)
    }

    /// As [`Tensor::computed`], for rank 0.
    #[inline]
    pub(crate) fn computed_scalar(value: T) -> Self {
        Tensor { identity: Identity::computed(), storage: Storage::Scalar(Role::Value, value) }
    }

    /// Zeros, which an operation makes.
    ///
    /// # Panics
    /// Panics if memory for them cannot be had.
    #[track_caller]
    pub(crate) fn zeros(operation: &'static str, shape: Shape) -> Self {
        match *shape {
            [] => Tensor::scalar(T::default()),
            _ => Self::over_zeros(operation, shape, |_| {}).renewed(Identity::fresh()),
        }
    }

    /// The same value throughout, which an operation makes.
    ///
    /// # Panics
    /// Panics if memory for it cannot be had.
    #[track_caller]
    pub(crate) fn filled(operation: &'static str, shape: Shape, value: T) -> Self {
        match *shape {
            [] => Tensor::scalar(value),
            _ => Self::overwritten(operation, shape, |out| out.fill(value)).renewed(Identity::fresh()),
        }
    }

    /// The same value under another identity.
    #[inline]
    pub(crate) fn renewed(&self, identity: Identity) -> Self {
        Tensor { identity, storage: self.storage.clone() }
    }

    #[inline]
    pub(crate) fn set_identity(&mut self, identity: Identity) {
        self.identity = identity;
    }

    /// The same elements under another shape of equal size; nothing is copied.
    pub(crate) fn reshaped(&self, shape: Shape) -> Self {
        debug_assert_eq!(shape.size(), self.size());
        let storage = match &self.storage {
            _ if shape.is_empty() => Storage::Scalar(Role::Value, self.values()[0]),
            Storage::Scalar(_, value) => Storage::few(shape, [*value; FEW]),
            Storage::Dense(_, dense) => {
                let original = match &dense.data {
                    Data::Few { .. } | Data::Own(_) => dense,
                    Data::Of(original) => original,
                };
                Storage::Dense(Role::Value, Arc::new(Dense { shape, data: Data::Of(Arc::clone(original)) }))
            }
        };
        Tensor { identity: Identity::computed(), storage }.with_role(self.role())
    }

    #[inline]
    pub(crate) fn identity(&self) -> Identity {
        self.identity
    }

    /// The value of a tensor of rank 0.
    #[inline]
    pub(crate) fn as_scalar(&self) -> Option<T> {
        match self.storage {
            Storage::Scalar(_, value) => Some(value),
            Storage::Dense(..) => None,
        }
    }

    /// The elements for writing, where no other handle shares them.
    pub(crate) fn values_mut(&mut self) -> Option<&mut [T]> {
        match &mut self.storage {
            Storage::Scalar(_, value) => Some(std::slice::from_mut(value)),
            Storage::Dense(_, dense) => match &mut Arc::get_mut(dense)?.data {
                Data::Few { values, count } => Some(&mut values[..*count]),
                Data::Own(values) => Some(values),
                Data::Of(_) => None,
            },
        }
    }

    /// Sizes of the axes, outermost first; empty for a scalar.
    #[inline]
    #[must_use]
    pub fn shape(&self) -> &[usize] {
        match &self.storage {
            Storage::Scalar(..) => &[],
            Storage::Dense(_, dense) => &dense.shape,
        }
    }

    /// The shape as a handle.
    #[inline]
    pub(crate) fn shared_shape(&self) -> Shape {
        match &self.storage {
            Storage::Scalar(..) => Shape::default(),
            Storage::Dense(_, dense) => dense.shape.clone(),
        }
    }

    /// Number of axes.
    #[must_use]
    pub fn rank(&self) -> usize {
        self.shape().len()
    }

    /// Number of elements.
    #[inline]
    #[must_use]
    pub fn size(&self) -> usize {
        match &self.storage {
            Storage::Scalar(..) => 1,
            Storage::Dense(_, dense) => dense.shape.size(),
        }
    }

    /// TensorFlow's name of the dtype, such as `float32`.
    #[must_use]
    pub fn dtype(&self) -> &'static str {
        T::NAME
    }

    /// The one element of a tensor of size 1, whatever its rank.
    ///
    /// # Panics
    /// Panics if the tensor has another size.
    #[track_caller]
    #[must_use]
    pub fn item(&self) -> T {
        self.tell_of_reading("item");
        match self.values() {
            [value] if self.role().has_choices() => value.without_choice(),
            [value] => *value,
            _ => crate::error::refuse(&Error::Argument {
                operation: "item",
                expected: "a tensor of one element".into(),
                found: format!("shape {:?}", self.shape()),
            }),
        }
    }

    /// The elements in row-major order.
    #[must_use]
    #[track_caller]
    pub fn to_vec(&self) -> Vec<T> {
        self.tell_of_reading("to_vec");
        self.clone().into_value().values().to_vec()
    }

    /// The tensor as an ndarray view; nothing is copied.
    ///
    /// # Panics
    /// Panics in the body of a rule, if a tape watches the tensor and it is no input of that rule: its gradient would be lost.
    /// (Pass it through `tf::stop_gradient` if it is meant as a constant.)
    #[must_use]
    #[track_caller]
    pub fn view(&self) -> ArrayViewD<'_, T> {
        self.tell_of_reading("view");
        self.seen_as_array()
    }

    /// As [`view`](Self::view), told to nobody.
    pub(crate) fn seen_as_array(&self) -> ArrayViewD<'_, T> {
        ArrayViewD::from_shape(self.shape(), self.values()).expect("the size of a tensor is the product of its shape")
    }

    /// The tensor as an owned ndarray array of fixed rank (`Ix2`, …) or of dynamic rank (`IxDyn`).
    ///
    /// # Errors
    /// [`Error::Argument`] if the tensor has another rank.
    ///
    /// ```
    /// use gradcore::prelude::*;
    /// use ndarray::{Ix2, arr2};
    ///
    /// let x: Tensor = tf::constant([[1.0, 2.0]]);
    /// assert_eq!(x.to_array::<Ix2>()?, arr2(&[[1.0, 2.0]]));
    /// # Ok::<(), Error>(())
    /// ```
    #[track_caller]
    pub fn to_array<D: Dimension>(&self) -> Result<Array<T, D>, Error> {
        self.tell_of_reading("to_array");
        self.clone()
            .into_value()
            .seen_as_array()
            .to_owned()
            .into_dimensionality()
            .map_err(|_| rank_error::<D>("to_array", self.shape()))
    }

    /// The tensor as an owned array, without a copy where no other handle shares its elements.
    ///
    /// # Errors
    /// [`Error::Argument`] if the tensor has another rank.
    #[track_caller]
    pub fn into_array<D: Dimension>(self) -> Result<Array<T, D>, Error> {
        self.tell_of_reading("into_array");
        let shape = self.shape().to_vec();
        let values = match self.into_value().storage {
            Storage::Scalar(_, value) => vec![value],
            Storage::Dense(_, dense) => match Arc::try_unwrap(dense) {
                Ok(Dense { data: Data::Own(values), .. }) => values.into_vec(),
                Ok(dense) => dense.values().to_vec(),
                Err(shared) => shared.values().to_vec(),
            },
        };
        Array::<T, IxDyn>::from_shape_vec(shape.clone(), values)
            .and_then(Array::into_dimensionality)
            .map_err(|_| rank_error::<D>("into_array", &shape))
    }
}

fn rank_error<D: Dimension>(operation: &'static str, shape: &[usize]) -> Error {
    Error::Argument {
        operation,
        expected: format!("a tensor of rank {}", D::NDIM.map_or("any".into(), |rank| rank.to_string())),
        found: format!("shape {shape:?}"),
    }
}

impl<T: Element> From<T> for Tensor<T> {
    fn from(value: T) -> Self {
        Tensor::scalar(value)
    }
}

/// Takes over the elements of an array in standard layout; any other layout is copied into it.
impl<T: Element, D: Dimension> From<Array<T, D>> for Tensor<T> {
    fn from(array: Array<T, D>) -> Self {
        let shape = Shape::of("from", array.shape().iter().copied());
        let values = if array.is_standard_layout() {
            let size = shape.size();
            let (mut values, offset) = array.into_raw_vec_and_offset();
            values.drain(..offset.unwrap_or(0));
            values.truncate(size);
            values
        } else {
            let mut values = buffers::reserved("from", &shape);
            values.extend(&array);
            values
        };
        Self::with_identity(Identity::fresh(), shape, values)
    }
}

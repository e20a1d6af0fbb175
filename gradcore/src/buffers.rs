//! Memory for the elements of tensors: it is had here alone, and where it cannot be had, the operation that asks for it is
//! named.

use crate::error::{Error, refuse};
use crate::shape::Shape;

/// What memory can be filled with.
pub trait Filler: Copy + Default {
    /// So many zeros, if memory for them can be had.
    #[doc(hidden)]
    #[must_use]
    fn zeros(count: usize) -> Option<Vec<Self>> {
        let mut zeros = Vec::new();
        zeros.try_reserve_exact(count).ok()?;
        zeros.resize(count, Self::default());
        Some(zeros)
    }
}

/// Numbers whose zero is that of memory, which the system may have at hand.
macro_rules! zeroed {
    ($($type:ident)+) => { $(
        impl Filler for $type {
            fn zeros(count: usize) -> Option<Vec<Self>> {
                bytemuck::allocation::try_zeroed_vec(count).ok()
            }
        }
    )+ };
}
zeroed!(f32 f64 i32 i64 u8 bool usize);

/// Fails if memory for a tensor of a shape cannot be had: what takes long to compute is refused before.
pub(crate) fn expect_room<T: Filler>(operation: &'static str, shape: &Shape) -> Result<(), Error> {
    match Vec::<T>::new().try_reserve_exact(shape.size()) {
        Ok(()) => Ok(()),
        Err(_) => Err(no_memory::<T>(operation, shape)),
    }
}

/// Zeros for a tensor of a shape.
///
/// # Panics
/// Panics if memory for them cannot be had.
#[track_caller]
#[inline]
pub(crate) fn zeros<T: Filler>(operation: &'static str, shape: &Shape) -> Vec<T> {
    match T::zeros(shape.size()) {
        Some(zeros) => zeros,
        None => refuse(&no_memory::<T>(operation, shape)),
    }
}

/// The same value throughout, for a tensor of a shape.
///
/// # Panics
/// Panics if memory for it cannot be had.
#[track_caller]
pub(crate) fn filled<T: Filler>(operation: &'static str, shape: &Shape, value: T) -> Vec<T> {
    let mut filled = reserved(operation, shape);
    filled.resize(shape.size(), value);
    filled
}

/// Room for the elements of a tensor of a shape.
///
/// # Panics
/// Panics if memory for them cannot be had.
#[track_caller]
pub(crate) fn reserved<T: Filler>(operation: &'static str, shape: &Shape) -> Vec<T> {
    let mut room = Vec::new();
    match room.try_reserve_exact(shape.size()) {
        Ok(()) => room,
        Err(_) => refuse(&no_memory::<T>(operation, shape)),
    }
}

/// A copy of the elements of a tensor of a shape.
///
/// # Panics
/// Panics if memory for it cannot be had.
#[track_caller]
pub(crate) fn copied<T: Filler>(operation: &'static str, shape: &Shape, values: &[T]) -> Vec<T> {
    let mut copy = reserved(operation, shape);
    copy.extend_from_slice(values);
    copy
}

#[cold]
fn no_memory<T>(operation: &'static str, shape: &Shape) -> Error {
    let bytes = shape.size() as u128 * size_of::<T>() as u128;
    Error::Memory { operation, shape: shape.to_vec(), bytes }
}

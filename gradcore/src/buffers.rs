//! Memory for the elements of tensors: it is had here alone, and where it cannot be had, the operation that asks for it is
//! named.

use std::cell::RefCell;
use std::ops::{Deref, DerefMut};

use crate::error::{Error, refuse};
use crate::pool::{self, Shelves};
use crate::shape::Shape;

/// What memory can be filled with.
pub trait Filler: Copy + Default + 'static {
    /// The shelves of this thread for vectors of this dtype, if it has some.
    #[doc(hidden)]
    fn with_shelves<R>(_look: impl FnOnce(&mut Shelves<Self>) -> R) -> Option<R> {
        None
    }

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
    ($($type:ident)+) => {
        /// Gives back what this thread keeps.
        pub(crate) fn clear_shelves() {
            $($type::with_shelves(Shelves::clear);)+
        }
        $(impl Filler for $type {
            fn with_shelves<R>(look: impl FnOnce(&mut Shelves<Self>) -> R) -> Option<R> {
                thread_local!(static SHELVES: RefCell<Shelves<$type>> = const { RefCell::new(Shelves::new()) });
                // Tensors of a thread-local may be freed when the shelves are gone, at the end of the thread.
                SHELVES.try_with(|shelves| look(&mut shelves.borrow_mut())).ok()
            }
            fn zeros(count: usize) -> Option<Vec<Self>> {
                bytemuck::allocation::try_zeroed_vec(count).ok()
            }
        })+
    };
}
zeroed!(f32 f64 i32 i64 u8 bool usize);

/// Fails if memory for a tensor of a shape cannot be had: what takes long to compute is refused before.
pub(crate) fn expect_room<T: Filler>(operation: &'static str, shape: &Shape) -> Result<(), Error> {
    let room = || Vec::<T>::new().try_reserve_exact(shape.size()).ok();
    or_without_shelves(room).ok_or_else(|| no_memory::<T>(operation, shape))
}

/// A vector that this thread has kept, with room for so many elements, and with what stood in it.
#[inline]
fn kept<T: Filler>(count: usize) -> Option<Vec<T>> {
    match pool::is_large::<T>(count) {
        true => T::with_shelves(|shelves| shelves.take(count))?,
        false => None,
    }
}

/// What is asked of the system; if that has no more, once again when this thread has given back what it keeps.
#[inline]
fn or_without_shelves<R>(ask: impl Fn() -> Option<R>) -> Option<R> {
    ask().or_else(|| {
        clear_shelves();
        ask()
    })
}

/// New zeros, with room for what else is of their size class.
fn new_zeros<T: Filler>(count: usize) -> Option<Vec<T>> {
    let mut zeros = match pool::rounded::<T>(count) {
        rounded if rounded == count => T::zeros(count)?,
        rounded => T::zeros(rounded).or_else(|| T::zeros(count))?,
    };
    zeros.truncate(count);
    Some(zeros)
}

/// Zeros for a tensor of a shape.
///
/// # Panics
/// Panics if memory for them cannot be had.
#[track_caller]
#[inline]
pub(crate) fn zeros<T: Filler>(operation: &'static str, shape: &Shape) -> Vec<T> {
    if let Some(mut kept) = kept(shape.size()) {
        kept.clear();
        kept.resize(shape.size(), T::default());
        return kept;
    }
    match or_without_shelves(|| new_zeros(shape.size())) {
        Some(zeros) => zeros,
        None => refuse(&no_memory::<T>(operation, shape)),
    }
}

/// Elements for a tensor of a shape, all of which the caller writes: they may be anything.
///
/// # Panics
/// Panics if memory for them cannot be had.
#[track_caller]
#[inline]
pub(crate) fn overwritten<T: Filler>(operation: &'static str, shape: &Shape) -> Vec<T> {
    if let Some(mut kept) = kept(shape.size()) {
        kept.resize(shape.size(), T::default());
        return kept;
    }
    zeros(operation, shape)
}

/// Room for the elements of a tensor of a shape.
///
/// # Panics
/// Panics if memory for them cannot be had.
#[track_caller]
pub(crate) fn reserved<T: Filler>(operation: &'static str, shape: &Shape) -> Vec<T> {
    if let Some(mut kept) = kept(shape.size()) {
        kept.clear();
        return kept;
    }
    let room = |count: usize| {
        let mut room = Vec::new();
        room.try_reserve_exact(count).ok().map(|()| room)
    };
    let new = || room(pool::rounded::<T>(shape.size())).or_else(|| room(shape.size()));
    match or_without_shelves(new) {
        Some(room) => room,
        None => refuse(&no_memory::<T>(operation, shape)),
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

/// Elements whose memory is kept for others when they are dropped.
pub(crate) struct Buffer<T> {
    values: Vec<T>,
    /// What takes a large vector in; it is chosen where the dtype is known.
    keep: fn(Vec<T>),
}

impl<T: Filler> Buffer<T> {
    #[inline]
    pub(crate) fn new(values: Vec<T>) -> Self {
        fn keep<T: Filler>(values: Vec<T>) {
            T::with_shelves(|shelves| shelves.put(values));
        }
        Buffer { values, keep: keep::<T> }
    }
}

impl<T> Buffer<T> {
    /// The elements, which are the caller's from here on.
    pub(crate) fn into_vec(mut self) -> Vec<T> {
        std::mem::take(&mut self.values)
    }
}

impl<T> Deref for Buffer<T> {
    type Target = [T];
    #[inline]
    fn deref(&self) -> &[T] {
        &self.values
    }
}

impl<T> DerefMut for Buffer<T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.values
    }
}

impl<T> Drop for Buffer<T> {
    #[inline]
    fn drop(&mut self) {
        if pool::is_large::<T>(self.values.capacity()) {
            (self.keep)(std::mem::take(&mut self.values));
        }
    }
}

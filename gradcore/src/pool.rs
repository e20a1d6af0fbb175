//! Memory of tensors that are gone, for tensors to come: what the system gives anew, it gives in pages that cost more than
//! the work on them.
//!
//! Each thread has its own shelves, one for each dtype, of vectors by size class. What all shelves hold together is bounded;
//! a thread that finds no room clears its own shelf of that dtype first. The vectors are plain ones, so that arrays become
//! tensors and tensors arrays without a copy.

use std::sync::atomic::{AtomicUsize, Ordering};

/// Smaller buffers than this, in bytes, are the allocator's: it keeps their pages.
const SMALLEST: usize = 32 << 10;

/// Bytes on all shelves.
static HELD: AtomicUsize = AtomicUsize::new(0);

/// How many bytes the shelves may hold.
static LIMIT: AtomicUsize = AtomicUsize::new(1 << 30);

/// Sets the limit. What is held above it goes as threads free tensors.
pub(crate) fn set_limit(bytes: usize) {
    LIMIT.store(bytes, Ordering::Relaxed);
}

pub(crate) fn limit() -> usize {
    LIMIT.load(Ordering::Relaxed)
}

/// Bytes on the shelves of all threads.
pub(crate) fn held() -> usize {
    HELD.load(Ordering::Relaxed)
}

/// Whether a vector of so many elements is worth keeping.
pub(crate) fn is_large<T>(count: usize) -> bool {
    count.saturating_mul(size_of::<T>()) >= SMALLEST
}

/// Size classes are a quarter of a power of two apart, so that no more than a fifth of a buffer is not used.
fn class_of(count: usize) -> usize {
    let log = count.ilog2() as usize;
    log * 4 + (count >> (log - 2) & 3)
}

/// The number of elements of a class.
fn size_of_class(class: usize) -> usize {
    (4 + class % 4) << (class / 4 - 2)
}

/// The class that has room for so many elements.
fn class_for(count: usize) -> usize {
    let class = class_of(count);
    if size_of_class(class) == count { class } else { class + 1 }
}

/// How many elements a buffer for `count` is made for, so that the next one of its class can have it.
pub(crate) fn rounded<T>(count: usize) -> usize {
    match is_large::<T>(count) && count < isize::MAX.cast_unsigned() / 2 && limit() > 0 {
        true => size_of_class(class_for(count)),
        false => count,
    }
}

/// Vectors of one dtype by size class.
pub struct Shelves<T> {
    by_class: Vec<Vec<Vec<T>>>,
    held: usize,
}

impl<T> Shelves<T> {
    pub(crate) const fn new() -> Self {
        Shelves { by_class: Vec::new(), held: 0 }
    }

    /// A vector with room for so many elements, with what stood in it.
    pub(crate) fn take(&mut self, count: usize) -> Option<Vec<T>> {
        let found = self.by_class.get_mut(class_for(count))?.pop()?;
        self.forget(found.capacity() * size_of::<T>());
        Some(found)
    }

    /// Takes a large vector in, if there is room for it below the limit.
    pub(crate) fn put(&mut self, values: Vec<T>) {
        let (class, bytes) = (class_of(values.capacity()), values.capacity() * size_of::<T>());
        let makes_room = || {
            let more = |held: usize| held.checked_add(bytes).filter(|more| *more <= limit());
            HELD.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).is_ok()
        };
        if !makes_room() {
            self.clear();
            if !makes_room() {
                return;
            }
        }
        self.held += bytes;
        if self.by_class.len() <= class {
            self.by_class.resize_with(class + 1, Vec::new);
        }
        self.by_class[class].push(values);
    }

    /// Gives all memory back.
    pub(crate) fn clear(&mut self) {
        self.by_class.clear();
        self.forget(self.held);
    }

    fn forget(&mut self, bytes: usize) {
        self.held -= bytes;
        HELD.fetch_sub(bytes, Ordering::Relaxed);
    }
}

impl<T> Drop for Shelves<T> {
    fn drop(&mut self) {
        self.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::{class_for, class_of, rounded, size_of_class};

    #[test]
    fn a_class_has_room_for_what_it_is_for() {
        for count in (8..5000).chain([1 << 20, (1 << 20) + 1, (1 << 40) - 1]) {
            let (down, up) = (size_of_class(class_of(count)), size_of_class(class_for(count)));
            assert!(down <= count && count <= up && up * 4 <= count * 5, "{count}: {down} to {up}");
            assert_eq!(class_of(up), class_for(count), "{count}");
        }
        assert_eq!(rounded::<f32>(100), 100, "small buffers are the allocator's");
        assert_eq!(rounded::<f32>(1_000_000), 1_048_576);
        assert_eq!(rounded::<f32>(usize::MAX), usize::MAX);
    }
}

//! The memory of tensors that are gone, which is kept for new ones.
//!
//! Memory that the system gives anew costs more than most operations on it, so that of large tensors (32 KiB or more) is kept
//! when they are freed: by the thread that frees them, and for its new tensors of about that size.

use crate::{buffers, pool};

/// Limits what is kept, of all threads together, in bytes; 1 GiB unless said. With 0 nothing is kept, the lists of tapes
/// included, so that tools that look for leaks see every allocation.
///
/// This thread gives back what it keeps if there is more than the limit, other threads when they next free a large tensor.
///
/// ```
/// use gradcore::prelude::*;
///
/// let step = || drop(tf::ones::<f32>([1000, 1000]));
/// step();
/// assert!(gradcore::memory::held() >= 4_000_000);
/// gradcore::memory::set_limit(0);
/// step();
/// assert_eq!(gradcore::memory::held(), 0);
/// ```
pub fn set_limit(bytes: usize) {
    pool::set_limit(bytes);
    if held() > bytes {
        buffers::clear_shelves();
    }
}

/// The limit that [`set_limit`] has set, in bytes.
#[must_use]
pub fn limit() -> usize {
    pool::limit()
}

/// How many bytes of freed tensors all threads keep together. The list of a tape, which its thread's next tape uses again,
/// is not counted: at most about 5 MB for each thread.
#[must_use]
pub fn held() -> usize {
    pool::held()
}

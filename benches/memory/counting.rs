//! An allocator that counts.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

static ALIVE: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);
static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);

#[global_allocator]
static COUNTING: Counting = Counting;

/// The system's allocator, counted on all threads.
struct Counting;

/// Bytes that are allocated now.
pub(crate) fn alive() -> usize {
    ALIVE.load(Ordering::Relaxed)
}

/// What a piece of the program did to memory.
pub(crate) struct Measured<R> {
    pub(crate) result: R,
    /// Bytes that are alive at the end and were not at the start.
    pub(crate) kept: isize,
    /// The most bytes that were alive at a time, beyond those at the start.
    pub(crate) peak: usize,
    pub(crate) allocations: usize,
}

/// Runs a piece of the program, while no other thread runs another one.
pub(crate) fn measure<R>(run: impl FnOnce() -> R) -> Measured<R> {
    let (before, allocations) = (alive(), ALLOCATIONS.load(Ordering::Relaxed));
    PEAK.store(before, Ordering::Relaxed);
    let result = run();
    Measured {
        result,
        kept: alive().cast_signed() - before.cast_signed(),
        peak: PEAK.load(Ordering::Relaxed) - before,
        allocations: ALLOCATIONS.load(Ordering::Relaxed) - allocations,
    }
}

fn grow(bytes: usize) {
    let alive = ALIVE.fetch_add(bytes, Ordering::Relaxed) + bytes;
    PEAK.fetch_max(alive, Ordering::Relaxed);
    ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
}

// SAFETY: `System` keeps the contract, and is called with what the caller gave. Counting neither allocates nor panics.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        grow(layout.size());
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        grow(layout.size());
        // SAFETY: the caller's promise.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        ALIVE.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(block, layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALIVE.fetch_sub(layout.size(), Ordering::Relaxed);
        grow(size);
        // SAFETY: the caller's promise.
        unsafe { System.realloc(block, layout, size) }
    }
}

//! Which tensor is which: a number handed out in sequence, on which tapes key.

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering};

/// Set for trainable variables, so that a tape watches them at first use.
const VARIABLE: u64 = 1 << 63;
/// Set for values computed by a kernel inside a rule's body, which stand for the rule's output.
const COMPUTED: u64 = 1 << 62;

/// The sequence number; above it stands the thread that gave it.
const SEQUENCE_BITS: u32 = 48;
const SEQUENCE: u64 = (1 << SEQUENCE_BITS) - 1;
const THREAD: u64 = COMPUTED - 1 - SEQUENCE;
static NEXT_THREAD: AtomicU64 = AtomicU64::new(0);

/// Threads draw numbers in blocks: an identity is unique in the process, and costs an atomic operation once a block.
const BLOCK: u64 = 256;
static NEXT_BLOCK: AtomicU64 = AtomicU64::new(BLOCK);

thread_local! {
    /// The next number of this thread, and the end of its block.
    static NUMBERS: Cell<(u64, u64)> = const { Cell::new((0, 0)) };
    /// Tells this thread from others, in the bits of [`THREAD`].
    static TAG: u64 = (NEXT_THREAD.fetch_add(1, Ordering::Relaxed) << SEQUENCE_BITS) & THREAD;
}

/// The identity of a tensor. Equal values made twice have two; a clone has that of its original.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct Identity(u64);

impl Identity {
    /// Of what is not there, such as an optional argument: on no tape.
    pub(crate) const NOBODY: Identity = Identity(0);

    #[inline]
    pub(crate) fn fresh() -> Self {
        NUMBERS.with(|numbers| {
            let (next, end) = numbers.get();
            if next < end {
                numbers.set((next + 1, end));
                Identity(next)
            } else {
                Identity(draw_block(numbers))
            }
        })
    }

    /// The identity of a value that a kernel computed.
    #[inline]
    pub(crate) fn computed() -> Self {
        Identity(Self::fresh().0 | COMPUTED)
    }

    /// The identity of a variable: lasting, whatever is assigned to it.
    pub(crate) fn variable(trainable: bool) -> Self {
        Identity(Self::fresh().0 | if trainable { VARIABLE } else { 0 })
    }

    /// Every tensor that this thread makes from now on has a sequence number of at least this.
    #[inline]
    pub(crate) fn upcoming() -> u64 {
        NUMBERS.with(|numbers| {
            let (next, end) = numbers.get();
            if next < end {
                return next & SEQUENCE;
            }
            let first = draw_block(numbers);
            numbers.set((first, first + BLOCK));
            first & SEQUENCE
        })
    }

    /// The place in the sequence.
    #[inline]
    pub(crate) fn sequence(self) -> u64 {
        self.0 & SEQUENCE
    }

    /// Whether this thread made the tensor, and not before that place in the sequence.
    pub(crate) fn is_made_here_since(self, first_sequence: u64) -> bool {
        self.0 & THREAD == TAG.with(|tag| *tag) && self.sequence() >= first_sequence
    }

    #[inline]
    pub(crate) fn is_variable(self) -> bool {
        self.0 & VARIABLE != 0
    }

    #[inline]
    pub(crate) fn is_computed(self) -> bool {
        self.0 & COMPUTED != 0
    }
}

#[cold]
fn draw_block(numbers: &Cell<(u64, u64)>) -> u64 {
    let first = NEXT_BLOCK.fetch_add(BLOCK, Ordering::Relaxed) | TAG.with(|tag| *tag);
    numbers.set((first + 1, first + BLOCK));
    first
}

//! Positions of inputs as the bits of a word.

/// The bit that stands for every input from this place on, where a word notes something of each.
pub(crate) const LAST_BIT: u32 = u64::BITS - 1;

/// Whether the bit of a position is set, which the last bit is for all that follow.
pub(crate) fn is_in(positions: u64, position: usize) -> bool {
    positions >> position.min(LAST_BIT as usize) & 1 != 0
}

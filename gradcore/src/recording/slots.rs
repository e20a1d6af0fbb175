//! From identities to slots: where on a tape a tensor stands.

use rustc_hash::FxHashMap;

use crate::tensor::Identity;

/// The number of a tensor on a tape.
pub(crate) type Slot = u32;
/// Of a tensor that is not on the tape.
pub(crate) const NONE: Slot = Slot::MAX;

const PAGE: usize = 256;

const FEW: usize = 4;
/// No sequence number is so great.
const NOBODY: (u64, Slot) = (u64::MAX, NONE);

/// Identities are handed out in sequence, so those made after the tape began index pages of slots: no hashing. The
/// pages are made when needed, so a tape that records little while many tensors are made stays small.
pub(crate) struct SlotMap {
    first: u64,
    pages: Vec<Option<Box<[Slot; PAGE]>>>,
    /// Tensors made before the tape: the first that are watched, which a look finds sooner than a hash, and the others.
    older: [(u64, Slot); FEW],
    others: FxHashMap<u64, Slot>,
}

impl SlotMap {
    /// A map for a tape that begins now.
    pub(crate) fn new() -> Self {
        SlotMap { first: Identity::upcoming(), pages: Vec::new(), older: [NOBODY; FEW], others: FxHashMap::default() }
    }

    /// Whether the tensor was made after the map was.
    pub(crate) fn is_younger(&self, identity: Identity) -> bool {
        identity.sequence() >= self.first
    }

    /// Page and place on it, for a tensor made after the map was.
    #[inline]
    fn place(&self, sequence: u64) -> Option<(usize, usize)> {
        let offset = usize::try_from(sequence.checked_sub(self.first)?).ok()?;
        Some((offset / PAGE, offset % PAGE))
    }

    #[inline]
    pub(crate) fn get(&self, identity: Identity) -> Slot {
        let sequence = identity.sequence();
        match self.place(sequence) {
            Some((page, place)) => match self.pages.get(page) {
                Some(Some(page)) => page[place],
                _ => NONE,
            },
            None => match self.older.iter().find(|(older, _)| *older == sequence) {
                Some((_, slot)) => *slot,
                None => self.others.get(&sequence).copied().unwrap_or(NONE),
            },
        }
    }

    #[inline]
    pub(crate) fn set(&mut self, identity: Identity, slot: Slot) {
        let sequence = identity.sequence();
        let Some((page, place)) = self.place(sequence) else {
            match self.older.iter_mut().find(|(older, _)| [sequence, NOBODY.0].contains(older)) {
                Some(older) => *older = (sequence, slot),
                None => _ = self.others.insert(sequence, slot),
            }
            return;
        };
        match self.pages.get_mut(page) {
            Some(Some(page)) => page[place] = slot,
            _ => self.add_page(page)[place] = slot,
        }
    }

    #[cold]
    fn add_page(&mut self, page: usize) -> &mut [Slot; PAGE] {
        if page >= self.pages.len() {
            self.pages.resize_with(page + 1, || None);
        }
        self.pages[page].get_or_insert_with(|| Box::new([NONE; PAGE]))
    }
}

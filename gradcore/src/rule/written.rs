//! Cells that `grad` changes: each gradient has its own copy of what it has captured, so a cell must be shared by an `Rc`.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::OnceLock;

/// `(&&Written(&x)).__written()` refuses a cell `x`, or cells in it, on which `grad` calls a method that changes one.
pub struct Written<'a, C: ?Sized>(pub &'a C);

/// What has cells that are copied with it.
pub trait Cells {
    /// What to hold in an `Rc`: this, or what it refers to.
    type Held: ?Sized;
}

macro_rules! cells {
    ($(<$($parameter:ident $(: $bound:ident)?),* $(; $length:ident)?> $cells:ty;)+) => { $(
        impl<$($parameter $(: $bound)?),* $(, const $length: usize)?> Cells for $cells {
            type Held = Self;
        }
    )+ };
}
cells! {
    <T> Cell<T>;
    <T> RefCell<T>;
    <T> OnceCell<T>;
    <T> OnceLock<T>;
    <C: Cells> Option<C>;
    <C: Cells> Box<C>;
    <C: Cells> Vec<C>;
    <C: Cells> VecDeque<C>;
    <C: Cells> [C];
    <C: Cells; N> [C; N];
    <K, C: Cells, S> HashMap<K, C, S>;
    <K, C: Cells> BTreeMap<K, C>;
}

impl<C: Cells + ?Sized> Cells for &C {
    type Held = C::Held;
}

/// What every gradient has in common, although it is captured. No cell is that by itself.
#[diagnostic::on_unimplemented(
    message = "`grad` cannot change a captured `{Self}`: each gradient has its own copy, and the change would be lost",
    label = "nobody would see this change",
    note = "hold it in an `Rc`, as `Rc<{Self}>`, made by `Rc::new(…)`: a copy of that leads to the same cell",
    note = "a cell in a struct is captured without the rest: it needs an `Rc` of its own, even where the struct is in one"
)]
pub trait SharedByGradients {}

/// First: cells.
pub trait WrittenCell<C: ?Sized> {
    /// Refuses them.
    fn __written(&self)
    where
        C: Cells,
        C::Held: SharedByGradients;
}
impl<C: Cells + ?Sized> WrittenCell<C> for &Written<'_, C> {
    #[inline]
    fn __written(&self)
    where
        C::Held: SharedByGradients,
    {
    }
}

/// Second: anything else, such as an `Rc`, may have a method of that name.
pub trait WrittenElsewhere {
    /// Lets it pass.
    #[inline]
    fn __written(&self) {}
}
impl<C: ?Sized> WrittenElsewhere for Written<'_, C> {}

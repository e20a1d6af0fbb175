//! What a checked function takes: structures that are taken apart, moved, and put together again.

use super::layout::Layout;
use super::leaves::Leaves;
use crate::element::Element;
use crate::tensor::Tensor;
use crate::variable::Variable;

/// The values that arrive, one vector for each tensor that is moved, in the order of [`Inputs::leaves`].
#[doc(hidden)]
pub struct Moves<'a> {
    pub(super) values: std::slice::Iter<'a, Vec<f64>>,
    pub(super) layout: Layout,
}

/// What gradients are checked at: a tensor or a variable, or a tuple, array or vector of these, nested at will.
///
/// The function receives a reference for each tensor and variable, in the same structure.
#[diagnostic::on_unimplemented(
    message = "gradients cannot be checked at `{Self}`",
    label = "neither a tensor, a variable, nor a structure of these",
    note = "expected a reference to a tensor or variable, or a tuple, array or vector of these; a constant is used in the closure: `|x| f(x, 3)`"
)]
pub trait Inputs {
    /// What the function receives.
    type Seen<'a>;
    /// The same inputs with other values.
    #[doc(hidden)]
    type Moved;
    /// Adds the tensors that are moved.
    #[doc(hidden)]
    fn leaves(&self, leaves: &mut Leaves);
    #[doc(hidden)]
    fn moved(&self, moves: &mut Moves<'_>) -> Self::Moved;
    /// As [`Inputs::leaves`], of inputs with other values.
    #[doc(hidden)]
    fn moved_leaves(moved: &Self::Moved, leaves: &mut Leaves);
    #[doc(hidden)]
    fn seen(moved: &Self::Moved) -> Self::Seen<'_>;
}

impl<T: Element> Inputs for Tensor<T> {
    type Seen<'a> = &'a Tensor<T>;
    type Moved = Tensor<T>;
    fn leaves(&self, leaves: &mut Leaves) {
        leaves.add(self, None);
    }
    fn moved(&self, moves: &mut Moves<'_>) -> Tensor<T> {
        match T::REAL {
            true => moves.next(self),
            false => self.clone(),
        }
    }
    fn moved_leaves(moved: &Tensor<T>, leaves: &mut Leaves) {
        leaves.add(moved, None);
    }
    fn seen(moved: &Tensor<T>) -> &Tensor<T> {
        moved
    }
}

impl<T: Element> Inputs for Variable<T> {
    type Seen<'a> = &'a Variable<T>;
    type Moved = Variable<T>;
    fn leaves(&self, leaves: &mut Leaves) {
        leaves.add(self, self.name());
    }
    fn moved(&self, moves: &mut Moves<'_>) -> Variable<T> {
        let moved = Variable::new((**self).moved(moves));
        match self.name() {
            Some(name) => moved.named(name),
            None => moved,
        }
    }
    fn moved_leaves(moved: &Variable<T>, leaves: &mut Leaves) {
        leaves.add(moved, None);
    }
    fn seen(moved: &Variable<T>) -> &Variable<T> {
        moved
    }
}

impl<I: Inputs + ?Sized> Inputs for &I {
    type Seen<'a> = I::Seen<'a>;
    type Moved = I::Moved;
    fn leaves(&self, leaves: &mut Leaves) {
        (**self).leaves(leaves);
    }
    fn moved(&self, moves: &mut Moves<'_>) -> I::Moved {
        (**self).moved(moves)
    }
    fn moved_leaves(moved: &I::Moved, leaves: &mut Leaves) {
        I::moved_leaves(moved, leaves);
    }
    fn seen(moved: &I::Moved) -> I::Seen<'_> {
        I::seen(moved)
    }
}

impl<I: Inputs> Inputs for Vec<I> {
    type Seen<'a> = Vec<I::Seen<'a>>;
    type Moved = Vec<I::Moved>;
    fn leaves(&self, leaves: &mut Leaves) {
        self.iter().for_each(|part| part.leaves(leaves));
    }
    fn moved(&self, moves: &mut Moves<'_>) -> Self::Moved {
        self.iter().map(|part| part.moved(moves)).collect()
    }
    fn moved_leaves(moved: &Self::Moved, leaves: &mut Leaves) {
        moved.iter().for_each(|part| I::moved_leaves(part, leaves));
    }
    fn seen(moved: &Self::Moved) -> Self::Seen<'_> {
        moved.iter().map(I::seen).collect()
    }
}

impl<I: Inputs, const N: usize> Inputs for [I; N] {
    type Seen<'a> = [I::Seen<'a>; N];
    type Moved = [I::Moved; N];
    fn leaves(&self, leaves: &mut Leaves) {
        self.iter().for_each(|part| part.leaves(leaves));
    }
    fn moved(&self, moves: &mut Moves<'_>) -> Self::Moved {
        self.each_ref().map(|part| part.moved(moves))
    }
    fn moved_leaves(moved: &Self::Moved, leaves: &mut Leaves) {
        moved.iter().for_each(|part| I::moved_leaves(part, leaves));
    }
    fn seen(moved: &Self::Moved) -> Self::Seen<'_> {
        moved.each_ref().map(I::seen)
    }
}

impl Inputs for () {
    type Seen<'a> = ();
    type Moved = ();
    fn leaves(&self, _: &mut Leaves) {}
    fn moved(&self, _: &mut Moves<'_>) {}
    fn moved_leaves((): &(), _: &mut Leaves) {}
    fn seen((): &()) {}
}

macro_rules! tuples {
    ($(($($part:ident $index:tt)+))+) => { $(
        impl<$($part: Inputs),+> Inputs for ($($part,)+) {
            type Seen<'a> = ($($part::Seen<'a>,)+);
            type Moved = ($($part::Moved,)+);
            fn leaves(&self, leaves: &mut Leaves) {
                $(self.$index.leaves(leaves);)+
            }
            fn moved(&self, moves: &mut Moves<'_>) -> Self::Moved {
                ($(self.$index.moved(moves),)+)
            }
            fn moved_leaves(moved: &Self::Moved, leaves: &mut Leaves) {
                $($part::moved_leaves(&moved.$index, leaves);)+
            }
            fn seen(moved: &Self::Moved) -> Self::Seen<'_> {
                ($($part::seen(&moved.$index),)+)
            }
        }
    )+ };
}
tuples! {
    (A 0)
    (A 0 B 1)
    (A 0 B 1 C 2)
    (A 0 B 1 C 2 D 3)
    (A 0 B 1 C 2 D 3 E 4)
    (A 0 B 1 C 2 D 3 E 4 F 5)
    (A 0 B 1 C 2 D 3 E 4 F 5 G 6)
    (A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7)
}

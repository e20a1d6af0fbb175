//! What a function of tensors takes: structures that are taken apart, given other tensors, and put together again.

use crate::element::Element;
use crate::tensor::{Erased, Tensor, Untyped};
use crate::tuples::for_each_tuple;
use crate::variable::Variable;

/// What stands in the place of a tensor, given the name of its parameter or variable.
type Replace<'a> = dyn FnMut(&dyn Untyped, Option<&str>) -> Erased + 'a;

/// What each tensor of `f32` or `f64` becomes, in order: one of the same dtype.
#[doc(hidden)]
pub struct Moves<'a> {
    replace: &'a mut Replace<'a>,
    /// What the next arguments are called.
    pub(crate) name: Option<&'static str>,
}

impl<'a> Moves<'a> {
    pub(crate) fn new(replace: &'a mut Replace<'a>) -> Self {
        Moves { replace, name: None }
    }

    fn next<T: Element>(&mut self, tensor: &Tensor<T>, name: Option<&str>) -> Tensor<T> {
        (self.replace)(tensor, self.name.or(name)).into_tensor().expect("a tensor keeps its dtype")
    }
}

/// What a function of tensors takes: a tensor or a variable, or a tuple, array or vector of these, nested at will.
///
/// The function receives a reference for each tensor and variable, in the same structure.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no argument of a function of tensors",
    label = "neither a tensor, a variable, nor a structure of these",
    note = "expected a reference to a tensor or variable, or a tuple, array or vector of these; a constant is used in the closure: `|x| f(x, 3)`"
)]
pub trait Inputs {
    /// What the function receives.
    type Seen<'a>;
    /// The same inputs with other tensors.
    #[doc(hidden)]
    type Moved;
    #[doc(hidden)]
    fn moved(&self, moves: &mut Moves<'_>) -> Self::Moved;
    #[doc(hidden)]
    fn seen(moved: &Self::Moved) -> Self::Seen<'_>;
}

impl<T: Element> Inputs for Tensor<T> {
    type Seen<'a> = &'a Tensor<T>;
    type Moved = Tensor<T>;
    fn moved(&self, moves: &mut Moves<'_>) -> Tensor<T> {
        match T::REAL {
            true => moves.next(self, None),
            false => self.clone(),
        }
    }
    fn seen(moved: &Tensor<T>) -> &Tensor<T> {
        moved
    }
}

impl<T: Element> Inputs for Variable<T> {
    type Seen<'a> = &'a Variable<T>;
    type Moved = Variable<T>;
    fn moved(&self, moves: &mut Moves<'_>) -> Variable<T> {
        match T::REAL {
            true => self.holding(moves.next(self, self.name())),
            false => self.snapshot(),
        }
    }
    fn seen(moved: &Variable<T>) -> &Variable<T> {
        moved
    }
}

impl<I: Inputs + ?Sized> Inputs for &I {
    type Seen<'a> = I::Seen<'a>;
    type Moved = I::Moved;
    fn moved(&self, moves: &mut Moves<'_>) -> I::Moved {
        (**self).moved(moves)
    }
    fn seen(moved: &I::Moved) -> I::Seen<'_> {
        I::seen(moved)
    }
}

impl<I: Inputs> Inputs for Vec<I> {
    type Seen<'a> = Vec<I::Seen<'a>>;
    type Moved = Vec<I::Moved>;
    fn moved(&self, moves: &mut Moves<'_>) -> Self::Moved {
        self.iter().map(|part| part.moved(moves)).collect()
    }
    fn seen(moved: &Self::Moved) -> Self::Seen<'_> {
        moved.iter().map(I::seen).collect()
    }
}

impl<I: Inputs, const N: usize> Inputs for [I; N] {
    type Seen<'a> = [I::Seen<'a>; N];
    type Moved = [I::Moved; N];
    fn moved(&self, moves: &mut Moves<'_>) -> Self::Moved {
        self.each_ref().map(|part| part.moved(moves))
    }
    fn seen(moved: &Self::Moved) -> Self::Seen<'_> {
        moved.each_ref().map(I::seen)
    }
}

impl Inputs for () {
    type Seen<'a> = ();
    type Moved = ();
    fn moved(&self, _: &mut Moves<'_>) {}
    fn seen((): &()) {}
}

macro_rules! tuples {
    ($(($index:tt $part:ident $($_name:ident)+))+) => {
        impl<$($part: Inputs),+> Inputs for ($($part,)+) {
            type Seen<'a> = ($($part::Seen<'a>,)+);
            type Moved = ($($part::Moved,)+);
            fn moved(&self, moves: &mut Moves<'_>) -> Self::Moved {
                ($(self.$index.moved(moves),)+)
            }
            fn seen(moved: &Self::Moved) -> Self::Seen<'_> {
                ($($part::seen(&moved.$index),)+)
            }
        }
    };
}
for_each_tuple! { tuples 1..=8 }

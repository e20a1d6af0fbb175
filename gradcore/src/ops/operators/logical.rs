//! `&`, `|` and `!` on tensors of `bool`, as Python's masks are combined.

use std::ops::{BitAnd, BitOr, Not};

use crate::ops;
use crate::tensor::Tensor;

macro_rules! logical {
    ($operator:ident, $method:ident, $operation:ident, $(($left:ty, $right:ty))+) => { $(
        impl $operator<$right> for $left {
            type Output = Tensor<bool>;
            #[track_caller]
            fn $method(self, right: $right) -> Tensor<bool> {
                ops::$operation(&self, &right)
            }
        }
    )+ };
}
macro_rules! every_pair {
    ($operator:ident, $method:ident, $operation:ident) => {
        logical! { $operator, $method, $operation,
            (Tensor<bool>, Tensor<bool>) (Tensor<bool>, &Tensor<bool>) (&Tensor<bool>, Tensor<bool>) (&Tensor<bool>, &Tensor<bool>)
        }
    };
}
every_pair!(BitAnd, bitand, logical_and);
every_pair!(BitOr, bitor, logical_or);

impl Not for Tensor<bool> {
    type Output = Tensor<bool>;
    fn not(self) -> Tensor<bool> {
        ops::logical_not(&self)
    }
}

impl Not for &Tensor<bool> {
    type Output = Tensor<bool>;
    fn not(self) -> Tensor<bool> {
        ops::logical_not(self)
    }
}

//! The operators that Rust lets a library define.

use std::ops::{Add, Div, Mul, Neg, Sub};

use crate::element::{Number, Real};
use crate::ops;
use crate::tensor::Tensor;
use crate::variable::Variable;

/// `operator!(Add, add, add)` defines `+` between tensors, references, variables and scalars, by `ops::add`. A scalar on
/// the left needs an `impl` for each dtype, because Rust allows no generic one. An `i32` beside a tensor of floats is
/// what Python's `2 * x` becomes.
macro_rules! operator {
    ($operator:ident, $method:ident, $operation:ident) => {
        operator! { @between $operator, $method, $operation,
            (Tensor<T>, Tensor<T>) (Tensor<T>, &Tensor<T>) (&Tensor<T>, Tensor<T>) (&Tensor<T>, &Tensor<T>)
            (Tensor<T>, &Variable<T>) (&Tensor<T>, &Variable<T>)
            (&Variable<T>, Tensor<T>) (&Variable<T>, &Tensor<T>) (&Variable<T>, &Variable<T>)
        }
        operator! { @with_scalar $operator, $method, $operation, (Tensor<T>) (&Tensor<T>) (&Variable<T>) }
        operator! { @scalar_with $operator, $method, $operation, f32 f64 i32 i64 u8 }
        operator! { @integer_and_real $operator, $method, $operation, f32 f64 }
    };
    (@integer_and_real $operator:ident, $method:ident, $operation:ident, $($real:ident)+) => { $(
        operator! { @integer_and $operator, $method, $operation, $real, (Tensor<$real>) (&Tensor<$real>) (&Variable<$real>) }
    )+ };
    (@integer_and $operator:ident, $method:ident, $operation:ident, $real:ident, $(($tensor:ty))+) => { $(
        impl $operator<i32> for $tensor {
            type Output = Tensor<$real>;
            #[inline]
            #[track_caller]
            fn $method(self, right: i32) -> Tensor<$real> {
                ops::$operation(&self, &Tensor::scalar($real::of(right.into())))
            }
        }
        impl $operator<$tensor> for i32 {
            type Output = Tensor<$real>;
            #[inline]
            #[track_caller]
            fn $method(self, right: $tensor) -> Tensor<$real> {
                ops::$operation(&Tensor::scalar($real::of(self.into())), &right)
            }
        }
    )+ };
    (@between $operator:ident, $method:ident, $operation:ident, $(($left:ty, $right:ty))+) => { $(
        impl<T: Number> $operator<$right> for $left {
            type Output = Tensor<T>;
            #[inline]
            #[track_caller]
            fn $method(self, right: $right) -> Tensor<T> {
                ops::$operation(&self, &right)
            }
        }
    )+ };
    (@with_scalar $operator:ident, $method:ident, $operation:ident, $(($left:ty))+) => { $(
        impl<T: Number> $operator<T> for $left {
            type Output = Tensor<T>;
            #[inline]
            #[track_caller]
            fn $method(self, right: T) -> Tensor<T> {
                ops::$operation(&self, &Tensor::scalar(right))
            }
        }
    )+ };
    (@scalar_with $operator:ident, $method:ident, $operation:ident, $($scalar:ident)+) => { $(
        operator! { @scalar_with_each $operator, $method, $operation, $scalar, (Tensor<$scalar>) (&Tensor<$scalar>) (&Variable<$scalar>) }
    )+ };
    (@scalar_with_each $operator:ident, $method:ident, $operation:ident, $scalar:ident, $(($right:ty))+) => { $(
        impl $operator<$right> for $scalar {
            type Output = Tensor<$scalar>;
            #[inline]
            #[track_caller]
            fn $method(self, right: $right) -> Tensor<$scalar> {
                ops::$operation(&Tensor::scalar(self), &right)
            }
        }
    )+ };
}
operator!(Add, add, add);
operator!(Sub, sub, subtract);
operator!(Mul, mul, multiply);
operator!(Div, div, divide);

macro_rules! negation {
    ($($operand:ty),+) => { $(
        impl<T: Number> Neg for $operand {
            type Output = Tensor<T>;
            #[inline]
            #[track_caller]
            fn neg(self) -> Tensor<T> {
                ops::negative(&self)
            }
        }
    )+ };
}
negation!(Tensor<T>, &Tensor<T>, &Variable<T>);

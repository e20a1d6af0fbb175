//! The operators that Rust lets a library define.

use std::ops::{Add, Div, Mul, Neg, Sub};

use crate::element::{Element, Number, Real};
use crate::kernels::loops::{self, Stretched};
use crate::ops;
use crate::recording::recorder;
use crate::tensor::{Identity, Role, Tensor};
use crate::variable::Variable;

/// A side of an operator.
trait Side<T>: Sized {
    fn tensor(&mut self) -> &Tensor<T>;
    /// The value of a scalar.
    fn scalar(&self) -> Option<T>;
    fn role(&self) -> Role {
        Role::Value
    }
    /// The tensor, if the operator has been given it for good.
    #[inline]
    fn given(&mut self) -> Option<&mut Tensor<T>> {
        None
    }
}
impl<T: Element> Side<T> for Tensor<T> {
    #[inline]
    fn tensor(&mut self) -> &Tensor<T> {
        self
    }
    #[inline]
    fn role(&self) -> Role {
        Tensor::role(self)
    }
    #[inline]
    fn scalar(&self) -> Option<T> {
        self.as_scalar()
    }
    #[inline]
    fn given(&mut self) -> Option<&mut Tensor<T>> {
        Some(self)
    }
}
impl<T: Element> Side<T> for &Tensor<T> {
    #[inline]
    fn tensor(&mut self) -> &Tensor<T> {
        self
    }
    #[inline]
    fn role(&self) -> Role {
        Tensor::role(self)
    }
    #[inline]
    fn scalar(&self) -> Option<T> {
        self.as_scalar()
    }
}
impl<T: Element> Side<T> for &Variable<T> {
    #[inline]
    fn tensor(&mut self) -> &Tensor<T> {
        self
    }
    #[inline]
    fn scalar(&self) -> Option<T> {
        self.as_scalar()
    }
}

/// A number beside a tensor, which becomes one where that is needed.
struct Bare<T> {
    value: T,
    tensor: Option<Tensor<T>>,
}
impl<T: Element> Bare<T> {
    #[inline]
    fn new(value: T) -> Self {
        Bare { value, tensor: None }
    }
}
impl<T: Element> Side<T> for Bare<T> {
    #[inline]
    fn tensor(&mut self) -> &Tensor<T> {
        self.tensor.get_or_insert_with(|| Tensor::scalar(self.value))
    }
    #[inline]
    fn scalar(&self) -> Option<T> {
        Some(self.value)
    }
}

/// Whether an operation may be done here, because no tape sees the call. Integers are left to the operation, which refuses
/// to divide them by 0, and so are gradients with choices.
#[inline]
fn is_unseen<T: Number>(role: Role) -> bool {
    T::REAL && !role.has_choices() && recorder::is_idle()
}

/// The result of an operation on scalars where no tape sees the call: nothing but the number, and an identity.
#[inline]
fn of_scalars<T: Number>(left: &impl Side<T>, right: &impl Side<T>, f: impl Fn(T, T) -> T) -> Option<Tensor<T>> {
    let role = left.role().max(right.role());
    match (left.scalar(), right.scalar()) {
        (Some(x), Some(y)) if is_unseen::<T>(role) => Some(Tensor::scalar(f(x, y)).with_role(role)),
        _ => None,
    }
}

/// The result of an operation in the place of a side that has been given and that nobody else holds, where no tape sees the
/// call.
#[inline]
fn over_a_side<T: Number>(
    left: &mut impl Side<T>,
    right: &mut impl Side<T>,
    f: impl Fn(T, T) -> T + Sync,
) -> Option<Tensor<T>> {
    let role = left.role().max(right.role());
    if let Some(x) = left.given()
        && is_unseen::<T>(role)
        && write_over(x, right.tensor(), &f)
    {
        return Some(x.renewed(Identity::computed()).with_role(role));
    }
    if let Some(y) = right.given()
        && is_unseen::<T>(role)
        && write_over(y, left.tensor(), |y, x| f(x, y))
    {
        return Some(y.renewed(Identity::computed()).with_role(role));
    }
    None
}

/// Whether the result could be written over x: it has the shape of the result, and no other handle shares its elements.
#[inline]
fn write_over<T: Number>(x: &mut Tensor<T>, y: &Tensor<T>, f: impl Fn(T, T) -> T + Sync) -> bool {
    if x.as_scalar().is_some() || !(y.shape().is_empty() || x.shape() == y.shape()) {
        return false;
    }
    let Some(values) = x.values_mut() else { return false };
    match y.as_scalar() {
        Some(y) => loops::change(values, |x| f(x, y)),
        None => loops::update(values, Stretched::dense(y.values()), f),
    }
    true
}

/// The operation is named here and not passed on, so that its errors tell where the operator stands.
macro_rules! apply {
    ($operation:ident, $of_numbers:ident, $left:expr, $right:expr) => {{
        let (mut left, mut right) = ($left, $right);
        let unseen = of_scalars(&left, &right, Number::$of_numbers);
        match unseen.or_else(|| over_a_side(&mut left, &mut right, Number::$of_numbers)) {
            Some(result) => result,
            None => ops::$operation(left.tensor(), right.tensor()),
        }
    }};
}

/// `operator!(Add, add, add, plus)` defines `+` between tensors, references, variables and scalars, by `ops::add`, which
/// is `Number::plus` of numbers. A scalar on the left needs an `impl` for each dtype, because Rust allows no generic one. An
/// `i32` beside a tensor of floats is what Python's `2 * x` becomes.
macro_rules! operator {
    ($operator:ident, $method:ident, $operation:ident, $of_numbers:ident) => {
        operator! { @between $operator, $method, $operation, $of_numbers,
            (Tensor<T>, Tensor<T>) (Tensor<T>, &Tensor<T>) (&Tensor<T>, Tensor<T>) (&Tensor<T>, &Tensor<T>)
            (Tensor<T>, &Variable<T>) (&Tensor<T>, &Variable<T>)
            (&Variable<T>, Tensor<T>) (&Variable<T>, &Tensor<T>) (&Variable<T>, &Variable<T>)
        }
        operator! { @with_scalar $operator, $method, $operation, $of_numbers, (Tensor<T>) (&Tensor<T>) (&Variable<T>) }
        operator! { @scalar_with $operator, $method, $operation, $of_numbers, f32 f64 i32 i64 u8 }
        operator! { @integer_and_real $operator, $method, $operation, $of_numbers, f32 f64 }
    };
    (@integer_and_real $operator:ident, $method:ident, $operation:ident, $of_numbers:ident, $($real:ident)+) => { $(
        operator! { @integer_and $operator, $method, $operation, $of_numbers, $real, (Tensor<$real>) (&Tensor<$real>) (&Variable<$real>) }
    )+ };
    (@integer_and $operator:ident, $method:ident, $operation:ident, $of_numbers:ident, $real:ident, $(($tensor:ty))+) => { $(
        impl $operator<i32> for $tensor {
            type Output = Tensor<$real>;
            #[inline]
            #[track_caller]
            fn $method(self, right: i32) -> Tensor<$real> {
                apply!($operation, $of_numbers, self, Bare::new($real::of(right.into())))
            }
        }
        impl $operator<$tensor> for i32 {
            type Output = Tensor<$real>;
            #[inline]
            #[track_caller]
            fn $method(self, right: $tensor) -> Tensor<$real> {
                apply!($operation, $of_numbers, Bare::new($real::of(self.into())), right)
            }
        }
    )+ };
    (@between $operator:ident, $method:ident, $operation:ident, $of_numbers:ident, $(($left:ty, $right:ty))+) => { $(
        impl<T: Number> $operator<$right> for $left {
            type Output = Tensor<T>;
            #[inline]
            #[track_caller]
            fn $method(self, right: $right) -> Tensor<T> {
                apply!($operation, $of_numbers, self, right)
            }
        }
    )+ };
    (@with_scalar $operator:ident, $method:ident, $operation:ident, $of_numbers:ident, $(($left:ty))+) => { $(
        impl<T: Number> $operator<T> for $left {
            type Output = Tensor<T>;
            #[inline]
            #[track_caller]
            fn $method(self, right: T) -> Tensor<T> {
                apply!($operation, $of_numbers, self, Bare::new(right))
            }
        }
    )+ };
    (@scalar_with $operator:ident, $method:ident, $operation:ident, $of_numbers:ident, $($scalar:ident)+) => { $(
        operator! { @scalar_with_each $operator, $method, $operation, $of_numbers, $scalar, (Tensor<$scalar>) (&Tensor<$scalar>) (&Variable<$scalar>) }
    )+ };
    (@scalar_with_each $operator:ident, $method:ident, $operation:ident, $of_numbers:ident, $scalar:ident, $(($right:ty))+) => { $(
        impl $operator<$right> for $scalar {
            type Output = Tensor<$scalar>;
            #[inline]
            #[track_caller]
            fn $method(self, right: $right) -> Tensor<$scalar> {
                apply!($operation, $of_numbers, Bare::new(self), right)
            }
        }
    )+ };
}
operator!(Add, add, add, plus);
operator!(Sub, sub, subtract, minus);
operator!(Mul, mul, multiply, times);
operator!(Div, div, divide, over);

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

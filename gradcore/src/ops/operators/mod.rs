//! `+ - * /` and unary `-` on tensors, variables and scalars, `& | !` on tensors of `bool`, and the comparisons inside
//! annotated functions.

mod arithmetic;
mod comparison;
mod logical;

pub use comparison::{
    CompareLeft, CompareRight, Equal, EquateScalars, Greater, GreaterEqual, Less, LessEqual, NotEqual, OrderScalars,
};

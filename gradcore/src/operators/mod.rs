//! `+ - * /` and unary `-` on tensors, variables and scalars, and the comparisons inside annotated functions.

mod arithmetic;
mod comparison;

pub use comparison::{
    CompareLeft, CompareRight, Equal, EquateScalars, Greater, GreaterEqual, Less, LessEqual, NotEqual, OrderScalars,
};

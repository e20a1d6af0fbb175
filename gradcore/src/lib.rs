//! Tensors, a gradient tape, and operations whose derivatives are written with `#[custom_gradient]`.
//!
//! Users write `use gradcore::prelude::*;` and nothing else.
//!
//! ```
//! use gradcore::prelude::*;
//!
//! #[custom_gradient]
//! fn leaky_relu(x: &Tensor) -> Tensor {
//!     let y = tf::where_(x > 0.0, x, x * 0.2);
//!     let grad = |dy| tf::where_(x > 0.0, dy, dy * 0.2);
//!     (y, grad)
//! }
//!
//! let x = tf::constant([-1.0, 0.0, 1.0]);
//! let tape = GradientTape::new();
//! tape.watch(&x);
//! let y = leaky_relu(&x);
//! let dy_dx = tape.gradient(&y, &x)?;
//! assert_eq!(dy_dx.to_string(), "[0.2, 0.2, 1.0]");
//! # Ok::<(), Error>(())
//! ```

//!
//! # The way of a call through the rooms
//!
//! A room is a file or a folder of the source; each imports those below it alone, which `cargo run -p layers` checks.
//!
//! 1. `tf::exp(&x)`: `tf` has TensorFlow's names and arguments, makes tensors of what it is given (`tensor/operand`), and calls
//!    `ops::exp`, which is a `#[custom_gradient]` function, as every operation and every rule of a user's is.
//! 2. Its expansion calls `rule::enter`: `recording/recorder` looks up which inputs a tape of this thread watches, and pauses
//!    the tapes while the body runs; a watched tensor that the body uses and that is no input is refused (`recording/lost`).
//! 3. The body runs a loop of `kernels` over elements; `shape` has multiplied the sizes, `buffers` has asked for the memory, and
//!    has had it from `pool`, where a tensor that was freed has left it (`memory` says how much may lie there).
//! 4. If a tape watches an input, `rule/capture` keeps what `grad` captures: the residuals. Otherwise nothing is kept.
//! 5. `rule` ends the call: `recording/record` numbers the outputs (`slots`) and adds the call to the tape's `list`.
//! 6. `tape.gradient(y, x)`: `tape/structure` walks targets and sources, `tape/query` finds their slots, and says why if there
//!    is no gradient; `recording/backward` runs the calls from the last to the first, with the gradients by slot.
//! 7. `rule/gradient` counts what `grad` returns; `recording/node` compares each gradient's shape with its input's. Where it
//!    differs, the rule's own function undoes broadcasting (`ops/shaping`, with the option `broadcast`) or it is an error.
//! 8. `recording/accumulate` adds up the gradients of one tensor, as a call that outer tapes record; hooks see the sum.
//! 9. Forward mode has no rules of its own: `recording/transpose` turns the backward function of one call around, and
//!    `recording/tangents` does so as calls are made (`tape/accumulator`), `tape/trace` when they have been made (`functional`).
//! 10. `#[custom_gradient(elementwise)]` has a loop of its own in `elementwise`, `(arrays)` its conversions in `rule/arrays`;
//!     `check` compares rules with difference quotients; `error` has the words of what went wrong at run time.

// The paths that the macro generates begin with `::gradcore`; here they mean this crate.
extern crate self as gradcore;

mod arguments;
mod buffers;
pub mod check;
mod companions;
mod element;
mod elementwise;
mod error;
pub mod functional;
mod kernels;
mod math;
pub mod memory;
mod ops;
pub mod optimizers;
mod pool;
mod random;
mod recording;
mod rule;
mod shape;
pub mod tape;
mod tensor;
pub mod tf;
mod threads;
mod tuples;
mod variable;

pub mod prelude;

pub use check::check_gradients;
pub use element::{Element, Integer, Number, Real};
pub use error::{
    BadNumber, BadValue, Error, GradientFailure, GradientShape, NotFinite, RuleCall, TensorOfCall, Unconnected,
};
#[doc = include_str!("custom_gradient.md")]
pub use gradmacro::custom_gradient;
pub use rule::NotImplemented;
pub use tape::{ForwardAccumulator, GradientTape, PersistentTape};
pub use tensor::{Nested, Operand, Tensor};
pub use variable::Variable;

/// The README's programs, compiled and run as doctests.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;

/// What is known of an annotated function when it is compiled, as a static.
#[doc(hidden)]
#[macro_export]
macro_rules! __rule {
    ($name:literal, $line:expr, $($parameter:literal),* $(; $($known:tt)+)?) => {{
        static RULE: $crate::__private::Rule =
            $crate::__private::Rule::new($name, ::core::file!(), $line, &[$($parameter),*]) $($($known)+)?;
        &RULE
    }};
}

/// What generated code uses. Not for people: it changes without notice.
#[doc(hidden)]
pub mod __private {
    pub use crate::__rule as rule;
    pub use crate::check::CheckOptions;
    pub use crate::check::generated::{CheckedParameter, Fixed, Passed, check_rule};
    pub use crate::element::{Dual, Real};
    pub use crate::elementwise::{ForGradients, ForValue, Mode, Once, Partials, Twice, Value, elementwise, no_number};
    pub use crate::ops::UNDO_BROADCAST;
    pub use crate::ops::{Equal, Greater, GreaterEqual, Less, LessEqual, NotEqual};
    pub use crate::recording::call_site::Rule;
    pub use crate::rule::{
        Capture, Captured, Constant, Failure, Given, Input, NoGradient, Nondiff, Own, Probe, Shared, Written, enter,
        hold, lent_again, none,
    };
    pub use crate::tensor::Tensor;
    pub use gradmacro::custom_gradient;

    /// What generated code uses over arrays.
    pub mod arrays {
        pub use crate::rule::arrays::{NoGradient, enter, hold, none, own, own_optional, ranked};
        /// Traits that choose by type, besides those of every rule.
        pub mod dispatch {
            pub use crate::rule::arrays::KeepArray as _;
        }
    }

    /// Traits that choose by type. They are in scope in generated code, under no name.
    pub mod dispatch {
        pub use crate::check::generated::{GivenConstant as _, GivenTensor as _};
        pub use crate::ops::{CompareLeft as _, CompareRight as _, EquateScalars as _, OrderScalars as _};
        pub use crate::rule::{
            KeepList as _, KeepOption as _, KeepReference as _, KeepValue as _, OwnClone as _, OwnReference as _,
        };
        pub use crate::rule::{ProbeConstant as _, ProbeInput as _, ProbeInteger as _, SeeShared as _};
        pub use crate::rule::{WrittenCell as _, WrittenElsewhere as _};
    }
}

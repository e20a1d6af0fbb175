//! Numerical checks of gradients: what a rule says against what its function does.
//!
//! A check of n elements costs a few evaluations, not n: the gradient is compared along random directions, and only a
//! difference is traced to its element. The parts: [`inputs`](self) are moved and put back together in their structure,
//! a `Subject` is the function on plain numbers, `difference` measures slopes, `search` finds the wrong element, `cause`
//! says what may be wrong with it, and a [`Report`] tells.

mod cause;
mod difference;
mod generated;
mod leaves;
mod options;
mod outputs;
mod report;
mod search;
mod subject;

pub use crate::arguments::Inputs;
#[doc(hidden)]
pub use generated::{Constant, Fixed, GivenConstant, GivenTensor, Slot, check_rule};
pub use options::{CheckOptions, directions};
pub use outputs::CheckedOutputs;
pub use report::{Cause, Failed, Finding, InputReport, Mismatch, Report};

/// Compares the gradients of `f` with difference quotients, at `inputs` and with respect to them.
///
/// `f` takes what `inputs` holds, in its structure, and returns a tensor, a tuple of tensors, or a `Result` of either.
/// Tensors and variables of `f32` and `f64` are moved; tensors of integers and `bool` are passed as they are, and such
/// outputs are not looked at. The options are `..`, [`seed`](crate::tf::options::seed) and [`directions`], which chain.
///
/// The output is weighted by normally distributed numbers v, so a rule that ignores its upstream is found. ⟨v, f⟩ is
/// differentiated along random directions of signs by four-point central differences, with steps in proportion to
/// max(|x|, 1), and summed in `f64`. The gradient may be off by 1e-8 of its norm (2e-3 where an `f32` is among the
/// inputs or outputs), and by what two step sizes differ by.
///
/// At a kink, such as that of `relu` at 0, every slope between those of the two sides is right. Where differences tell
/// nothing, because the function is too rough there, the element counts as undecided, not as wrong.
///
/// ```
/// use gradcore::prelude::*;
///
/// #[custom_gradient]
/// fn scaled(x: &Tensor<f64>, w: &Tensor<f64>, n: i32) -> Tensor<f64> {
///     (x * w * n, |dy| (dy * w * n, dy * x))
/// }
///
/// let (x, w) = (tf::constant([1.0, 2.0]), tf::constant([3.0, 4.0]));
/// let failed = check_gradients(|(x, w)| scaled(x, w, 3), (&x, &w), ..).unwrap_err();
/// assert!(failed.to_string().contains("the gradient of input 1 is wrong at [1]"), "{failed}");
/// ```
///
/// # Errors
/// [`Failed`], which holds the [`Report`], if a gradient is wrong; if `f` is not deterministic, or computes other values
/// while a tape records; if an output is not finite; if `f` or the tape returns an error; or if nothing could be checked.
pub fn check_gradients<I: Inputs, O: CheckedOutputs>(
    f: impl for<'a> Fn(I::Seen<'a>) -> O,
    inputs: I,
    options: impl Into<CheckOptions>,
) -> Result<Report, Failed> {
    checked(f, &inputs, &options.into(), None)
}

fn checked<I: Inputs, O: CheckedOutputs>(
    f: impl for<'a> Fn(I::Seen<'a>) -> O,
    inputs: &I,
    options: &CheckOptions,
    function: Option<&'static str>,
) -> Result<Report, Failed> {
    let subject = subject::Function::new(f, inputs);
    let report = search::search(&subject, options, function);
    match report.findings.is_empty() {
        true => Ok(report),
        false => Err(Failed::new(report)),
    }
}

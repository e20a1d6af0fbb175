//! The expansion in a crate that allows nothing: no prelude, no unsafe code, no warning, and names that clash.

#![no_implicit_prelude]
#![forbid(unsafe_code)]
#![deny(warnings, clippy::all, clippy::pedantic)]

use ::gradcore::{Error, GradientTape, Tensor, Variable, custom_gradient, tf};
use ::std::prelude::v1::{Ok, Result, test};
use ::std::{assert_eq, vec};

/// Every name here is one that generated code might use too.
#[custom_gradient]
fn clashing(call: &Tensor, sink: f32, rule: f32, kept_call: &Tensor, upstream: f32) -> Tensor {
    let this = sink * rule;
    let enter = call * this;
    let value = &enter * upstream;
    let grad = |dy| (dy * this * upstream * kept_call, dy * value);
    (enter * 1.0, grad)
}

struct Scale {
    by: Variable,
    twice: bool,
}

impl Scale {
    #[custom_gradient(variables(self.by))]
    fn call(&self, r#type: &Tensor) -> Tensor {
        let factor = if self.twice { 2.0 } else { 1.0 };
        let grad = |dy| {
            let slope = dy * factor;
            (&slope * &self.by, tf::reduce_sum(slope * r#type, ..))
        };
        (r#type * &self.by * factor, grad)
    }
}

/// A body of one line that stays in the function.
#[custom_gradient]
#[track_caller]
fn tracked(x: &Tensor) -> Tensor {
    (x * 2.0, |dy| dy * 2.0)
}

/// A trait that gives every type the methods of the contract.
trait Everything {
    fn keep(&self) {}
    fn parameter(&self) {}
    fn compare(&self) {}
}
impl<T: ?::std::marker::Sized> Everything for T {}

/// Every name here is one that the code around arrays might use too; one parameter is not used.
#[custom_gradient(arrays)]
fn over_arrays(
    held: &::ndarray::Array2<f32>,
    call: ::ndarray::ArrayView1<f32>,
    mut give: ::ndarray::Array1<f32>,
    upstream_0: f32,
    _unused: ::ndarray::ArrayView0<i64>,
) -> (::ndarray::Array1<f32>, ::ndarray::Array0<f32>) {
    give *= upstream_0;
    let (gradient, sum) = (held.dot(&call) + &give, give.sum());
    let grad = |sink: ::ndarray::ArrayView1<f32>, rule: &::ndarray::Array0<f32>| {
        let kept_call = rule.sum();
        let column = sink.insert_axis(::ndarray::Axis(1));
        let row = call.insert_axis(::ndarray::Axis(0));
        (column.dot(&row), held.t().dot(&sink), &sink * upstream_0 + upstream_0 * kept_call)
    };
    ((gradient, sum), grad)
}

/// A rule in a macro of the user's.
macro_rules! power {
    ($name:ident, $x:ident, $n:literal) => {
        #[custom_gradient]
        fn $name($x: &Tensor) -> Tensor {
            let y = (1..$n).fold($x * 1.0, |y, _| y * $x);
            let grad = |dy| dy * $n * (&y / $x);
            (y, grad)
        }
    };
}
power!(cube, x, 3);

mod elsewhere {
    use ::gradcore::{Tensor, custom_gradient};
    use ::std::iter::Iterator;

    #[custom_gradient]
    pub(super) fn summed(x: &Tensor, counts: &[i32]) -> Tensor {
        let total: i32 = counts.iter().sum();
        (x * total, |dy| dy * total)
    }
}
use ::std::iter::Iterator;

#[test]
fn a_crate_that_allows_nothing() -> Result<(), Error> {
    let (a, b) = (tf::constant([1.0, 2.0]), tf::constant([3.0, 4.0]));
    let tape = GradientTape::new();
    tape.watch((&a, &b));
    let y = clashing(&a, 2.0, 3.0, &b, 10.0);
    let (da, db) = tape.gradient(&y, (&a, &b))?;
    assert_eq!((da.to_vec(), db.to_vec()), (vec![180.0, 240.0], vec![60.0, 120.0]));

    let (matrix, vector) = (tf::constant([[1.0, 2.0], [3.0, 4.0]]), tf::constant([1.0, 1.0]));
    let tape = GradientTape::new();
    tape.watch((&matrix, &vector, &a));
    let (sums, sum) = over_arrays(&matrix, &vector, &a, 2.0, &tf::constant(0i64));
    let (dw, dx, da) = tape.gradient((&sums, &sum), (&matrix, &vector, &a))?;
    assert_eq!((sums.to_vec(), sum.item().to_bits()), (vec![5.0, 11.0], 6.0f32.to_bits()));
    assert_eq!((dw.to_vec(), dx.to_vec(), da.to_vec()), (vec![1.0; 4], vec![4.0, 6.0], vec![4.0; 2]));

    let scale = Scale { by: Variable::new(3.0), twice: true };
    let tape = GradientTape::new();
    tape.watch(&a);
    a.keep();
    a.parameter();
    a.compare();
    let y = elsewhere::summed(&cube(&scale.call(&tracked(&(&a / 2.0)))), &[1, 1]);
    let (da, dby) = tape.gradient(&y, (&a, &scale.by))?;
    assert_eq!((da.to_vec(), dby.item().to_bits()), (vec![1296.0, 5184.0], 3888.0f32.to_bits()));
    Ok(())
}

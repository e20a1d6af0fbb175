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

/// The same of a function of one element, with a function of the user's that has a likely name.
#[custom_gradient(elementwise)]
fn one_element<M: ::gradcore::Real>(mode: M, sink: M, #[nondiff] upstream: M, scalar: &[f64], call: i32, _: u8) -> M {
    let value = mode * M::of(scalar[0]) + element(sink);
    let grad = |partials: M| {
        let inputs = partials * upstream.powi(call);
        (
            inputs * M::of(scalar[0]),
            if mode > 0.0 { ::std::option::Option::Some(0.5 * inputs) } else { ::std::option::Option::None },
        )
    };
    (value * upstream.powi(call), grad)
}

fn element<T: ::gradcore::Real>(x: T) -> T {
    x * T::of(0.5)
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

/// A test is generated: names that it might use too, arguments of every kind.
#[custom_gradient(check(argument_0 = [2, 3], x = [2, 3], n = 2, scale = |x: f32| x, names = &["a", "b"], _b = []))]
fn checked(
    x: &Tensor,
    argument_0: &Tensor,
    n: i32,
    scale: impl ::std::ops::Fn(f32) -> f32 + ::std::clone::Clone + 'static,
    names: &[&str],
    _b: &Tensor,
) -> Tensor {
    let factor = scale(2.0) * if names.is_empty() { 0.0 } else { 1.0 };
    let grad = |dy| (dy * argument_0 * n * factor, dy * x * n * factor, None);
    (x * argument_0 * n * factor, grad)
}

/// A trait that gives every type the methods of the contract.
trait Everything {
    fn keep(&self) {}
    fn parameter(&self) {}
    fn compare(&self) {}
    fn sizes(&self) {}
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

/// A factory of rules, with names that generated code might use.
fn factory(kept_x: f32) -> impl ::std::ops::Fn(&Tensor) -> Tensor {
    let call = [kept_x];
    #[custom_gradient(closure, broadcast)]
    fn rule(x: &Tensor) -> Tensor {
        let grad = |dy| {
            let shared = dy * kept_x;
            shared * call[0]
        };
        (x * kept_x, grad)
    }
    rule
}

/// A body that runs again, and a rule that can fail.
#[custom_gradient(recompute)]
fn again(sink: &Tensor, rerun: &Tensor, replay: f32) -> Result<Tensor, Error> {
    let value = sink * replay;
    if replay < 0.0 {
        return Ok((value, |dy| (dy * replay, None)));
    }
    let of_both = &value + 1.0;
    let grad = |dy| {
        let (of_sink, of_rerun) = (dy * rerun, dy * sink);
        if replay > 1000.0 {
            return ::std::result::Result::Err("too large");
        }
        Ok((of_sink * replay * &of_both / &of_both, of_rerun * replay))
    };
    Ok((value * rerun, grad))
}

/// Statements of `grad` that run only for one of its gradients.
#[custom_gradient]
fn partly(a: &Tensor, b: &Tensor) -> Tensor {
    let grad = |dy| {
        let (of_a, unused_part) = (dy * b, 1);
        let of_b = &(dy * a);
        let scale: f32 = 2.0;
        (of_a * unused_part, of_b * scale / scale)
    };
    (a * b, grad)
}

#[test]
fn a_crate_that_allows_nothing() -> Result<(), Error> {
    let (a, b) = (tf::constant([1.0, 2.0]), tf::constant([3.0, 4.0]));
    let tape = GradientTape::new();
    tape.watch((&a, &b));
    let y = clashing(&a, 2.0, 3.0, &b, 10.0);
    let (da, db) = tape.gradient(&y, (&a, &b))?;
    assert_eq!((da.to_vec(), db.to_vec()), (vec![180.0, 240.0], vec![60.0, 120.0]));

    let tape = GradientTape::persistent();
    tape.watch((&a, &b));
    let y = one_element(&a, &b, 2.0, &[3.0], 2, 0);
    let (da, db) = tape.gradient(&y, (&a, &b))?;
    assert_eq!((y.to_vec(), da.to_vec(), db.to_vec()), (vec![18.0, 32.0], vec![12.0, 12.0], vec![2.0, 2.0]));
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
    a.sizes();
    let y = elsewhere::summed(&cube(&scale.call(&tracked(&(&a / 2.0)))), &[1, 1]);
    let (da, dby) = tape.gradient(&y, (&a, &scale.by))?;
    assert_eq!((da.to_vec(), dby.item().to_bits()), (vec![1296.0, 5184.0], 3888.0f32.to_bits()));

    // With f = 3a, of slope 9 by its rule, and g = 2ab: y = f·g, so dy/da = 18ab + 6ab and dy/db = 6a².
    let tape = GradientTape::new();
    tape.watch((&a, &b));
    let y = partly(&factory(3.0)(&a), &again(&a, &b, 2.0)?);
    let (da, db) = tape.gradient(&y, (&a, &b))?;
    assert_eq!((da.to_vec(), db.to_vec()), (vec![72.0, 192.0], vec![6.0, 24.0]));
    Ok(())
}

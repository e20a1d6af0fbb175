//! The forms of `grad`: how it is written, what it returns, how it ends.

use gradcore::prelude::*;

use crate::gradient_of;

#[test]
fn grad_is_bound_by_let_under_any_name() {
    #[custom_gradient]
    fn f(x: &Tensor) -> Tensor {
        let rule = |dy| dy * 7.0;
        (x * 2.0, rule)
    }
    assert_eq!(gradient_of(f, [1.0, 2.0]), [7.0, 7.0]);
}

#[test]
fn grad_is_written_in_the_pair() {
    #[custom_gradient()]
    fn f(x: &Tensor) -> Tensor {
        (x * 2.0, |dy| dy * x)
    }
    assert_eq!(gradient_of(f, [1.0, 2.0]), [1.0, 2.0]);
}

#[test]
fn grad_is_an_inner_function_that_uses_outer_locals() {
    #[custom_gradient]
    fn f(x: &Tensor, scale: f32) -> Tensor {
        let slope = scale + 1.0;
        fn grad(dy: &Tensor) -> Tensor {
            dy * x * slope
        }
        (x * 2.0, grad)
    }
    assert_eq!(gradient_of(|x| f(x, 2.0), [1.0, 2.0]), [3.0, 6.0]);
}

#[test]
fn gradients_may_be_listed_in_an_array() {
    #[custom_gradient]
    fn f(a: &Tensor, b: &Tensor) -> Tensor {
        (a * b, |dy| [dy * b, dy * a])
    }
    assert_eq!(gradient_of(|x| f(x, x), [3.0]), [6.0]);
}

#[test]
fn none_stops_the_gradient_and_says_so() {
    #[custom_gradient]
    fn first_only(a: &Tensor, b: &Tensor) -> Tensor {
        (a * b, |dy| (dy * b, None))
    }
    let (a, b) = (tf::constant(2.0), tf::constant(3.0));
    let tape = GradientTape::persistent();
    tape.watch((&a, &b));
    let y = first_only(&a, &b);
    assert_eq!(tape.gradient(&y, &a).expect("a gradient").item(), 3.0);
    let error = tape.gradient(&y, &b).expect_err("no gradient").to_string();
    assert!(error.contains("no gradient flows through `first_only` at tests/rules/grad.rs"), "{error}");
    let y = first_only(&a, &b) + &b;
    assert_eq!(tape.gradient(&y, &b).expect("the other path").item(), 1.0);
}

#[test]
fn an_inner_function_may_declare_what_its_exits_return() {
    #[custom_gradient]
    fn f(x: &Tensor, straight: bool) -> Tensor {
        fn grad(dy: &Tensor) -> Tensor {
            if straight {
                return dy.clone();
            }
            dy * x
        }
        (tf::round(x), grad)
    }
    assert_eq!(gradient_of(|x| f(x, true), [2.5]), [1.0]);
    assert_eq!(gradient_of(|x| f(x, false), [2.5]), [2.5]);
}

#[test]
fn none_in_branches_and_declared_types_need_no_help() {
    #[custom_gradient]
    fn branches(x: &Tensor, y: &Tensor, first: bool) -> Tensor {
        let grad = |dy| if first { (dy * 2, None) } else { (dy * 3, None) };
        (x * y, grad)
    }
    #[custom_gradient]
    fn early(x: &Tensor, y: &Tensor) -> Tensor {
        let grad = |dy: &Tensor| {
            if dy.rank() == 1 {
                return (dy * 4, None);
            }
            (dy * 5, None)
        };
        (x * y, grad)
    }
    #[custom_gradient]
    fn declared(x: &Tensor, y: &Tensor) -> Tensor {
        fn grad(dy: &Tensor) -> (Tensor, Option<Tensor>) {
            if dy.rank() == 1 {
                return (dy * 6, None);
            }
            ((dy.item() * 7.0).into(), Some(dy * 1))
        }
        (x * y, grad)
    }
    let y = tf::constant([1.0]);
    assert_eq!(gradient_of(|x| branches(x, &y, true), [1.0]), [2.0]);
    assert_eq!(gradient_of(|x| branches(x, &y, false), [1.0]), [3.0]);
    assert_eq!(gradient_of(|x| early(x, &y), [1.0]), [4.0]);
    assert_eq!(gradient_of(|x| declared(x, &y), [1.0]), [6.0]);
}

#[test]
fn none_stands_beside_some() {
    #[custom_gradient]
    fn f(x: &Tensor, w: Option<&Tensor>) -> Tensor {
        let grad = |dy| match w {
            Some(w) => (dy * w, Some(dy * x)),
            None => (dy * 9, None),
        };
        (x * 1, grad)
    }
    let w = tf::constant([5.0]);
    assert_eq!(gradient_of(|x| f(x, Some(&w)), [1.0]), [5.0]);
    assert_eq!(gradient_of(|x| f(x, None), [1.0]), [9.0]);
}

#[test]
fn a_name_is_a_rule_where_it_is_bound_to_one() {
    #[custom_gradient]
    fn f(x: &Tensor, early: bool) -> Tensor {
        if early {
            let grad = |dy| dy * 5;
            return (x * 1, grad);
        }
        let grad = 2.0;
        let k = grad * 2.0;
        (x * k, |dy| dy * k)
    }
    assert_eq!(gradient_of(|x| f(x, true), [1.0]), [5.0]);
    assert_eq!(gradient_of(|x| f(x, false), [1.0]), [4.0]);
}

#[test]
fn a_rule_may_call_its_own_function() {
    #[custom_gradient]
    fn norm(x: &Tensor) -> Tensor {
        (tf::sqrt(tf::reduce_sum(x * x, ..)), |dy| dy * x / norm(x))
    }
    assert_eq!(gradient_of(norm, [3.0, 4.0]), [0.6, 0.8]);
}

#[test]
fn a_rule_may_leave_early() {
    #[custom_gradient]
    fn f(x: &Tensor, y: &Tensor) -> Tensor {
        let grad = |dy: &Tensor| {
            if dy.rank() == 0 {
                return (dy * 2.0, dy * 3.0);
            }
            (dy * 4.0, dy * 5.0)
        };
        (x * y, grad)
    }
    let y = tf::constant(1.0);
    assert_eq!(gradient_of(|x| f(x, &tf::constant([1.0])), [1.0]), [4.0]);
    assert_eq!(gradient_of(|x| f(&tf::reshape(x, []), &y), [1.0]), [2.0]);
}

#[test]
fn a_rule_may_return_a_tuple_that_it_was_given() {
    fn both(dy: &Tensor) -> (Tensor, Option<Tensor>) {
        (dy * 2.0, None)
    }
    #[custom_gradient]
    fn f(x: &Tensor, y: &Tensor) -> Tensor {
        (x * y, |dy| both(dy))
    }
    assert_eq!(gradient_of(|x| f(x, &tf::constant([1.0])), [1.0]), [2.0]);
}

#[test]
fn second_order_goes_through_grad_and_through_captured_intermediates() {
    // Rule `dy · y` with y = x³: the first derivative is 8, the second that of x³ itself, 12 (TensorFlow, row 80).
    #[custom_gradient]
    fn f(x: &Tensor) -> Tensor {
        let y = x * x * x;
        (y, |dy| dy * y)
    }
    let x = tf::constant(2.0);
    let (outer, inner) = (GradientTape::new(), GradientTape::new());
    outer.watch(&x);
    inner.watch(&x);
    let y = f(&x);
    let first = inner.gradient(&y, &x).expect("a gradient");
    let second = outer.gradient(&first, &x).expect("a second gradient");
    assert_eq!((first.item(), second.item()), (8.0, 12.0));
}

/// A computation that may fail.
fn checked(dy: &Tensor, limit: f32) -> Result<Tensor, String> {
    match dy.to_vec().iter().all(|value| value.abs() <= limit) {
        true => Ok(dy * 2.0),
        false => Err(format!("expected at most {limit}, found {dy}")),
    }
}

#[test]
fn a_rule_may_fail_and_the_tape_stays_usable() {
    #[custom_gradient]
    fn by_question_mark(x: &Tensor, y: &Tensor) -> Tensor {
        let grad = |dy| {
            let dx = checked(dy, 1.0)?;
            if y.rank() == 0 {
                return Ok((dx, None));
            }
            Ok((dx, Some(dy * 3.0)))
        };
        (x * y, grad)
    }
    #[custom_gradient]
    fn declared(x: &Tensor) -> Tensor {
        fn grad(dy: &Tensor) -> Result<Tensor, String> {
            checked(dy, 1.0)
        }
        (x * 1.0, grad)
    }
    #[custom_gradient]
    fn in_one(x: &Tensor) -> Tensor {
        (x * 1.0, |dy| checked(dy, 1.0))
    }
    let line = line!() - 3;
    let (x, y) = (tf::constant([1.0]), tf::constant([1.0]));
    assert_eq!(gradient_of(|x| by_question_mark(x, &y), [1.0]), [2.0]);
    assert_eq!(gradient_of(declared, [1.0]), [2.0]);
    assert_eq!(gradient_of(in_one, [1.0]), [2.0]);

    let tape = GradientTape::persistent();
    tape.watch(&x);
    let small = in_one(&x);
    let large = in_one(&x) * 5.0;
    let error = tape.gradient(&large, &x).expect_err("the upstream is 5");
    let text = error.to_string();
    assert!(
        text.starts_with(&format!("the gradient of `in_one` (tests/rules/grad.rs:{line}, called at tests/")),
        "{text}"
    );
    assert!(text.ends_with("failed: expected at most 1, found [5.0]"), "{text}");
    let source = std::error::Error::source(&error).expect("what `grad` returned");
    assert_eq!(source.to_string(), "expected at most 1, found [5.0]");
    assert_eq!(tape.gradient(&small, &x).expect("the other call").to_vec(), [2.0]);
}

#[test]
fn a_gradient_may_be_a_reference_to_whatever_grad_sees() -> Result<(), Error> {
    #[custom_gradient]
    fn f(a: &Tensor, b: &Tensor, c: &Tensor, d: &Tensor) -> Tensor {
        let owned = a * 2.0;
        let slope = &owned;
        let grad = |dy| {
            let rows = dy * 3.0;
            (&rows, dy, &owned + dy * 0.0, slope + dy * 0.0)
        };
        (a + b + c + d, grad)
    }
    #[custom_gradient]
    #[allow_constant_gradient]
    fn constant(a: &Tensor, b: &Tensor) -> Tensor {
        let owned = a * 2.0;
        (a + b, |_dy| (&owned, b))
    }
    let (a, b) = (tf::constant(1.0), tf::constant(5.0));
    let tape = GradientTape::persistent();
    tape.watch((&a, &b));
    let y = constant(&a, &b);
    let (da, db) = tape.gradient(&y, (&a, &b))?;
    assert_eq!((da.item(), db.item()), (2.0, 5.0));
    let (da, db) = tape.gradient(f(&a, &b, &b, &b), (&a, &b))?;
    assert_eq!((da.item(), db.item()), (3.0, 5.0));
    Ok(())
}

#[test]
fn a_macro_may_leave_a_rule_that_can_fail() {
    macro_rules! ensure {
        ($condition:expr) => {
            if !$condition {
                return Err("refused".into());
            }
        };
    }
    #[custom_gradient]
    fn f(x: &Tensor, y: &Tensor) -> Tensor {
        let grad = |dy: &Tensor| {
            ensure!(dy.to_vec()[0].is_finite());
            Ok((dy * y, dy * x))
        };
        (x * y, grad)
    }
    let y = tf::constant([3.0]);
    assert_eq!(gradient_of(|x| f(x, &y), [1.0]), [3.0]);
}

#[test]
fn a_let_of_grad_may_leave_out_parts() {
    fn pair(dy: &Tensor) -> (Tensor, Tensor) {
        (dy * 2.0, dy * 3.0)
    }
    #[custom_gradient]
    fn f(x: &Tensor, y: &Tensor) -> Tensor {
        let grad = |dy| {
            let (twice, _) = pair(dy);
            let ((_, thrice), (_, _, other)) = (pair(dy), (1, "unused", twice.clone()));
            let by_y = twice * y;
            (by_y, thrice * x + other)
        };
        (x * y, grad)
    }
    #[custom_gradient]
    fn typed(x: &Tensor, y: &Tensor) -> Tensor {
        let grad = |dy| {
            let (twice, _): (Tensor, Tensor) = pair(dy);
            let next = &twice * y;
            (next + &twice, dy * x)
        };
        (x * y, grad)
    }
    let y = tf::constant([5.0]);
    assert_eq!(gradient_of(|x| f(x, &y), [1.0]), [10.0]);
    assert_eq!(gradient_of(|y| f(&tf::constant([7.0]), y), [1.0]), [23.0]);
    assert_eq!(gradient_of(|x| typed(x, &y), [1.0]), [12.0]);
}

/// Macros and an error as those of crates are: of one type, which is no `std::error::Error`, but becomes a box of one.
mod reports {
    pub(super) struct Report(pub(super) String);

    impl<E: std::error::Error + Send + Sync + 'static> From<E> for Report {
        fn from(error: E) -> Self {
            Report(error.to_string())
        }
    }
    impl From<Report> for Box<dyn std::error::Error + Send + Sync> {
        fn from(report: Report) -> Self {
            report.0.into()
        }
    }

    macro_rules! bail {
        ($($text:tt)*) => {
            return ::std::result::Result::Err($crate::grad::reports::Report(format!($($text)*)))
        };
    }
    macro_rules! ensure {
        ($condition:expr, $($text:tt)*) => {
            let holds: bool = $condition;
            if !holds {
                return ::std::result::Result::Err($crate::grad::reports::Report(format!($($text)*)));
            }
        };
    }
    pub(super) use {bail, ensure};
}

#[test]
fn a_macro_of_a_crate_leaves_with_an_error_of_its_own_type() {
    #[custom_gradient]
    fn f(x: &Tensor, least: f32) -> Tensor {
        use reports::{bail, ensure};
        let grad = |dy: &Tensor| {
            ensure!(x.to_vec()[0] > least, "{least} is the least");
            reports::ensure!(x.to_vec()[0] < 200.0, "too large");
            if x.to_vec()[0] > 100.0 {
                bail!("too large");
            }
            let factor = match x.shape().len() {
                1 => "2".parse::<f32>()?,
                rank => reports::bail!("rank {rank}"),
            };
            if x.to_vec()[0] > 50.0 {
                return Err("large");
            }
            Ok(dy * x * factor)
        };
        (x * x, grad)
    }
    #[custom_gradient]
    fn declared(x: &Tensor) -> Tensor {
        use reports::{Report, bail};
        let grad = |dy: &Tensor| -> Result<Tensor, Report> {
            if x.to_vec()[0] > 100.0 {
                bail!("too large");
            }
            Ok(dy * x * 2)
        };
        (x * x, grad)
    }
    let error_of = |f: &dyn Fn(&Tensor) -> Tensor, x: Tensor| {
        let tape = GradientTape::new();
        tape.watch(&x);
        let y = f(&x);
        tape.gradient(&y, &x).expect_err("it fails").to_string()
    };
    assert_eq!(gradient_of(|x| f(x, 0.0), [3.0]), [6.0]);
    assert_eq!(gradient_of(declared, [3.0]), [6.0]);
    for (x, text) in [([-1.0], "0 is the least"), ([101.0], "too large"), ([51.0], "large")] {
        let error = error_of(&|x| f(x, 0.0), tf::constant(x));
        assert!(error.ends_with(text), "{error}");
    }
    let error = error_of(&|x| f(x, 0.0), tf::constant([[1.0]]));
    assert!(error.ends_with("rank 2"), "{error}");
    assert!(error_of(&declared, tf::constant([101.0])).ends_with("too large"));
}

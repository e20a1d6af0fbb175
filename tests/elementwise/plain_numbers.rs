//! A number with its derivative that is read as a plain one has lost the derivative: the second derivative says so.

use gradcore::prelude::*;

use crate::gradient_of;

/// Sine by std, whose argument no derivative passes.
#[custom_gradient(elementwise)]
fn in_body_and_grad<T: Real>(x: T) -> T {
    let y = T::of(x.to_f64().sin());
    (y, |dy| dy * T::of(x.to_f64().cos()))
}

#[custom_gradient(elementwise)]
fn in_grad<T: Real>(x: T) -> T {
    (x.sin(), |dy| dy * T::of(x.to_f64().cos()))
}

/// The gradient is a constant as far as dual numbers see.
#[custom_gradient(elementwise)]
fn captured_by_grad<T: Real>(x: T) -> T {
    let slope = T::of(x.to_f64().cos());
    (x.sin(), |dy| dy * slope)
}

#[custom_gradient(elementwise)]
fn named_grad<T: Real>(x: T) -> T {
    fn grad(dy: T) -> T {
        dy * T::of(x.to_f64().cos())
    }
    (x.sin(), grad)
}

#[custom_gradient(elementwise)]
fn through_arithmetic<T: Real>(x: T) -> T {
    (x.sin(), |dy| dy * T::of((x + x - x).to_f64().cos()))
}

fn by_std<T: Real>(x: T) -> T {
    T::of(x.to_f64().cos())
}

#[custom_gradient(elementwise)]
fn in_another_function<T: Real>(x: T) -> T {
    (x.sin(), |dy| dy * by_std(x))
}

/// As a tensor of another dtype.
#[custom_gradient(elementwise)]
fn by_cast<T: Real>(x: T) -> T {
    let grad = |dy| dy * T::of(tf::cast(tf::constant(x), tf::float64).item().cos());
    (x.sin(), grad)
}

#[custom_gradient(elementwise)]
fn in_a_branch<T: Real>(x: T) -> T {
    if x > T::of(1.5) {
        return (x.sin(), |dy| dy * T::of(x.to_f64().cos()));
    }
    (x.sin(), |dy| dy * x.cos())
}

type Function = fn(&Tensor<f64>) -> Tensor<f64>;

const READING: [(&str, Function); 8] = [
    ("in_body_and_grad", in_body_and_grad),
    ("in_grad", in_grad),
    ("captured_by_grad", captured_by_grad),
    ("named_grad", named_grad),
    ("through_arithmetic", through_arithmetic),
    ("in_another_function", in_another_function),
    ("by_cast", by_cast),
    ("in_a_branch", in_a_branch),
];

#[track_caller]
fn is_refused(name: &str, error: &Error) {
    assert!(matches!(error, Error::HigherDerivative { call, .. } if call.function == name), "{name}: {error}");
    let text = error.to_string();
    assert!(
        text.contains("read as a plain number") && text.contains("; compute with the functions of `Real`"),
        "{text}"
    );
}

fn angles() -> Tensor<f64> {
    tf::constant([1.0, 2.0])
}

#[test]
fn the_second_derivative_is_an_error_and_the_tape_stays_usable() -> Result<(), Error> {
    for (name, f) in READING {
        let x = angles();
        let tape = GradientTape::persistent();
        tape.watch(&x);
        let y = f(&x);
        let dx = tape.gradient(&y, &x)?;
        assert_eq!(y.to_vec(), tf::sin(&x).to_vec(), "{name}");
        assert_eq!(dx.to_vec(), tf::cos(&x).to_vec(), "{name}");
        // Another path gives a number, which alone would be wrong.
        let error = tape.gradient(&dx * &x, &x).expect_err(name);
        is_refused(name, &error);
        assert!(error.to_string().starts_with("the second derivative of `"), "{error}");
        assert_eq!(tape.gradient(&y, &x)?.to_vec(), dx.to_vec(), "{name}");
    }
    Ok(())
}

#[test]
fn two_tapes_say_it_too() -> Result<(), Error> {
    for (name, f) in READING {
        let x = angles();
        let (outer, inner) = (GradientTape::new(), GradientTape::new());
        outer.watch(&x);
        inner.watch(&x);
        let dx = inner.gradient(f(&x), &x)?;
        is_refused(name, &outer.gradient(&dx, &x).expect_err(name));
    }
    Ok(())
}

#[test]
fn forward_mode_over_the_gradient_says_it_too() -> Result<(), Error> {
    for (name, f) in READING {
        let x = angles();
        let acc = ForwardAccumulator::new(&x, tf::constant([1.0, 1.0]))?;
        let tape = GradientTape::new();
        tape.watch(&x);
        let y = f(&x);
        let dx = tape.gradient(&y, &x)?;
        is_refused(name, &acc.jvp(&dx).expect_err(name));
        // Of the first derivative nothing is lost.
        let tangent = acc.jvp(&y)?.to_vec();
        assert!(tangent.iter().zip(tf::cos(&x).to_vec()).all(|(found, expected)| (found - expected).abs() < 1e-12));
    }
    Ok(())
}

/// One element, a few, a vector's worth, and a share for each of several threads, where the last element alone reads.
#[test]
fn every_size_and_every_thread_says_it() -> Result<(), Error> {
    for size in [1, 7, 100, 5000, 200_000] {
        let mut angles = vec![1.0; size];
        angles[size - 1] = 2.0;
        let x: Tensor<f64> = Tensor::from_vec(&[size], angles)?;
        let tape = GradientTape::persistent();
        tape.watch(&x);
        let dx = tape.gradient(in_a_branch(&x), &x)?;
        is_refused("in_a_branch", &tape.gradient(&dx, &x).expect_err("the last element reads"));
        let ones = tf::ones_like(&x);
        tape.watch(&ones);
        let dx = tape.gradient(in_a_branch(&ones), &ones)?;
        let expected = -f64::sin(1.0);
        assert!(tape.gradient(&dx, &ones)?.to_vec().iter().all(|second| (second - expected).abs() < 1e-12));
    }
    Ok(())
}

/// What has no derivative loses none.
#[custom_gradient(elementwise)]
fn of_constants<T: Real>(x: T, #[nondiff] scale: T) -> T {
    let by = T::of(scale.to_f64().sqrt() + x.floor().to_f64() * 0.0);
    (x * x * by, |dy| dy * 2.0 * x * by)
}

#[test]
fn constants_may_be_read() -> Result<(), Error> {
    let x = angles();
    let tape = GradientTape::persistent();
    tape.watch(&x);
    let dx = tape.gradient(of_constants(&x, 4.0), &x)?;
    assert_eq!(tape.gradient(&dx, &x)?.to_vec(), [4.0, 4.0]);
    Ok(())
}

/// The gradient never sees what is read for the value of the pair.
#[custom_gradient(elementwise)]
fn in_the_value<T: Real>(x: T) -> T {
    (T::of(x.to_f64().sin()), |dy| dy * x.cos())
}

#[custom_gradient(elementwise)]
fn in_the_value_by_name<T: Real>(x: T) -> T {
    let grad = |dy| dy * x.cos();
    if x > T::of(1.5) { (T::of(x.to_f64().sin()), grad) } else { (x.sin(), grad) }
}

#[test]
fn the_value_of_the_pair_may_be_read() -> Result<(), Error> {
    for f in [in_the_value as Function, in_the_value_by_name] {
        let x = angles();
        let tape = GradientTape::persistent();
        tape.watch(&x);
        let dx = tape.gradient(f(&x), &x)?;
        assert_eq!(tape.gradient(&dx, &x)?.to_vec(), (-tf::sin(&x)).to_vec());
    }
    Ok(())
}

/// By the upstream gradient the derivative passes, whatever is read of x.
#[custom_gradient(elementwise)]
fn reads_upstream<T: Real>(x: T) -> T {
    (x * 2.0, |dy| T::of(dy.to_f64()) * 2.0)
}

#[test]
fn an_upstream_gradient_that_is_read_has_no_derivative() -> Result<(), Error> {
    let (x, weights) = (angles(), tf::constant([3.0, 4.0]));
    let tape = GradientTape::persistent();
    tape.watch((&x, &weights));
    let y = reads_upstream(&x);
    let dx = tape.gradient_with(&y, &x, output_gradients(&weights))?;
    assert_eq!(dx.to_vec(), [6.0, 8.0]);
    is_refused("reads_upstream", &tape.gradient(&dx, &weights).expect_err("lost"));
    let acc = ForwardAccumulator::new(&x, tf::constant([1.0, 1.0]))?;
    is_refused("reads_upstream", &acc.jvp(reads_upstream(&x)).expect_err("lost"));
    let y = in_grad(&x);
    let dx = tape.gradient_with(&y, &x, output_gradients(&weights))?;
    assert_eq!(tape.gradient(&dx, &weights)?.to_vec(), tf::cos(&x).to_vec());
    Ok(())
}

#[test]
fn loops_of_plain_floats_may_read_anything() {
    let x = angles();
    assert_eq!(gradient_of(in_body_and_grad, &x).to_vec(), tf::cos(&x).to_vec());
}

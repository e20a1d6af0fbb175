//! Rules: `CustomGradientTest` of `gradients_test`, and the tests of rules of `backprop_test`.
//!
//! Left out:
//! * `testCustomGradientRaggedTensor`, `testCustomGradientMultipleRaggedTensors`: there are no ragged tensors.
//! * `testCustomGradientQuantizedDtypeTraining`: there are no quantised dtypes.
//! * `testCustomGradientErrorsWithNonResourceVariables`, `testCustomGradientWithCapture`, `testRVGradientsDynamicCond`,
//!   `GetDependentVariablesTest`, `testFnRecomputeWithScope`: graphs and the variables of TensorFlow 1.
//! * `testRecomputeGradWrapped`, `testRecomputeGradNestedFunctionAndWhileLoop`: attributes and reference counts of Python
//!   objects.
//!
//! In other files: `testJacobianCustomGradient` is in `jacobian.rs`, what concerns the checker in `gradient_checker.rs`.
//!
//! Compile errors here: `testCustomGradientEmptyError`, a rule that returns no gradient, is
//! `tests/ui/gradients/missing.rs`.

mod backprop;

use std::cell::Cell;

use gradcore::Unconnected;
use gradcore::prelude::*;
use ndarray::arr1;

use crate::{derivative, reason, watched};

/// The identity with the rule 3 · dy.
#[custom_gradient]
fn my_identity(x: &Tensor) -> Tensor {
    (x, |dy| 3.0 * dy)
}

#[test]
fn test_custom_gradient_trivial() -> Result<(), Error> {
    let (x, tape) = watched(3.0);
    let y = my_identity(&my_identity(&x));
    assert_eq!(tape.gradient(&y, &x)?.item(), 9.0);
    Ok(())
}

/// The gradients are swapped on purpose.
#[test]
fn test_custom_gradient() -> Result<(), Error> {
    #[custom_gradient]
    fn my_multiply(x1: &Tensor, x2: &Tensor) -> Tensor {
        (x1 * x2, |dy| (x1 * dy, x2 * dy))
    }
    let (x1, x2) = (tf::constant(3.0), tf::constant(5.0));
    let tape = GradientTape::new();
    tape.watch((&x1, &x2));
    let y = my_multiply(&x1, &x2);
    let (d1, d2) = tape.gradient(&y, (&x1, &x2))?;
    assert_eq!((d1.item(), d2.item()), (3.0, 5.0));
    Ok(())
}

struct MyMultiply;

impl MyMultiply {
    #[custom_gradient]
    #[allow(clippy::unused_self, reason = "TensorFlow's is a method")]
    fn call(&self, x1: &Tensor, x2: &Tensor) -> Tensor {
        (x1 * x2, |dy| (x1 * dy, x2 * dy))
    }
}

#[test]
fn test_custom_gradient_class() -> Result<(), Error> {
    let (x1, x2) = (tf::constant(3.0), tf::constant(5.0));
    let tape = GradientTape::new();
    tape.watch((&x1, &x2));
    let y = MyMultiply.call(&x1, &x2);
    let (d1, d2) = tape.gradient(&y, (&x1, &x2))?;
    assert_eq!((d1.item(), d2.item()), (3.0, 5.0));
    Ok(())
}

#[test]
fn test_custom_gradient_errors() {
    #[custom_gradient]
    fn f(x: &Tensor) -> Tensor {
        let grad = |_: &Tensor| -> Result<Tensor, &str> { Err("x") };
        (x, grad)
    }
    let (x, tape) = watched(1.0);
    let y = f(&x);
    let error = tape.gradient(&y, &x).expect_err("the rule fails");
    let Error::GradientFailed(failure) = error else { panic!("expected the rule's own error, found {error}") };
    assert_eq!((failure.call.function, failure.source.to_string()), ("f", "x".to_owned()));
}

/// A dense layer inside, whose rule returns ones for its kernel.
struct DenseWithin {
    kernel: Variable,
    outer: Variable,
}

impl DenseWithin {
    #[custom_gradient(variables(self.kernel))]
    #[allow_constant_gradient]
    fn inner(&self, x: &Tensor) -> Tensor {
        (tf::matmul(x, &self.kernel, ..), |_dy| (tf::ones_like(x), tf::ones([3, 3])))
    }

    /// Two layers before, one after; the one in the middle has the rule.
    fn model(&self, x: &Tensor, before: [&Variable; 2]) -> Tensor {
        let hidden = tf::matmul(tf::matmul(x, before[0], ..), before[1], ..);
        tf::matmul(self.inner(&hidden), &self.outer, ..)
    }
}

#[test]
fn test_custom_gradient_with_variables() -> Result<(), Error> {
    struct Dense {
        kernel: Variable,
    }
    impl Dense {
        #[custom_gradient(variables(self.kernel))]
        #[allow_constant_gradient]
        fn call(&self, x: &Tensor) -> Tensor {
            (tf::matmul(x, &self.kernel, ..), |_dy| (tf::ones_like(x), tf::ones([4, 3])))
        }
    }
    let layer = Dense { kernel: Variable::new(tf::random::normal([4, 3], seed(1))) };
    let x: Tensor = tf::ones([2, 4]);
    let tape = GradientTape::new();
    tape.watch(&x);
    let y = layer.call(&x);
    let (dx, dw) = tape.gradient(&y, (&x, &layer.kernel))?;
    assert_eq!((tf::reduce_sum(dw, ..).item(), tf::reduce_sum(dx, ..).item()), (12.0, 8.0));
    Ok(())
}

/// Only what the rule uses is listed; the layers around it get their gradients all the same.
#[test]
fn test_custom_gradient_with_variables_no_false_positives() -> Result<(), Error> {
    let square = |number: u64| Variable::new(tf::random::normal([3, 3], seed(number)));
    let before = [square(1), square(2)];
    let model = DenseWithin { kernel: square(3), outer: square(4) };
    let x: Tensor = tf::ones([3, 3]);
    let tape = GradientTape::new();
    tape.watch(&x);
    let y = model.model(&x, [&before[0], &before[1]]);
    let (dx, of_layers) = tape.gradient(&y, (&x, [&before[0], &before[1], &model.kernel, &model.outer]))?;
    assert_eq!(tf::reduce_sum(&of_layers[2], ..).item(), 9.0);
    assert!(of_layers.iter().chain([&dx]).all(|gradient| gradient.shape() == [3, 3]));
    Ok(())
}

#[test]
fn test_custom_gradient_with_variables_eager() -> Result<(), Error> {
    struct Dense {
        kernel: Variable,
    }
    impl Dense {
        #[custom_gradient(variables(self.kernel))]
        #[allow_constant_gradient]
        fn call(&self, x: &Tensor) -> Tensor {
            (tf::matmul(x, &self.kernel, ..), |_dy| (tf::ones([3, 2]), tf::ones([2, 4])))
        }
    }
    let layer = Dense { kernel: Variable::new(tf::random::normal([2, 4], seed(1))) };
    let x: Tensor = tf::ones([3, 2]);
    let tape = GradientTape::new();
    tape.watch(&x);
    let y = layer.call(&x);
    let (dx, dw) = tape.gradient(&y, (&x, &layer.kernel))?;
    assert_eq!((tf::reduce_sum(dx, ..).item(), tf::reduce_sum(dw, ..).item()), (6.0, 8.0));
    Ok(())
}

/// What the rule multiplies by stands in the call; the variable is listed, by place or as a parameter.
#[test]
fn test_custom_gradient_variables_kwonly_args() -> Result<(), Error> {
    struct Captured {
        c: Variable,
    }
    impl Captured {
        #[custom_gradient(variables(self.c))]
        fn call(&self, x: &Tensor) -> Tensor {
            (x * &self.c, |dy| (4.0 * &self.c * dy, None))
        }
    }
    #[custom_gradient]
    fn as_parameter(x: &Tensor, c: &Variable) -> Tensor {
        (x * c, |dy| (4.0 * c * dy, None))
    }
    let captured = Captured { c: Variable::new(3.0) };
    let (x, tape) = watched(6.0);
    let y = captured.call(&x);
    assert_eq!((y.item(), tape.gradient(&y, &x)?.item()), (18.0, 12.0));
    let (x, tape) = watched(6.0);
    let y = as_parameter(&x, &captured.c);
    assert_eq!(tape.gradient(&y, &x)?.item(), 12.0);
    Ok(())
}

#[test]
fn test_with_numpy_inputs() -> Result<(), Error> {
    #[custom_gradient]
    fn f(x: &Tensor) -> Tensor {
        (x * 2.0, |dy| dy * 2.0)
    }
    let x = tf::constant(arr1(&[1.0, 2.0]));
    assert_eq!((f(&x).to_vec(), derivative(f, &x)?.to_vec()), (vec![2.0, 4.0], vec![2.0, 2.0]));
    Ok(())
}

/// A rule that calls a rule with a variable.
#[test]
fn test_recursive_custom_gradient() -> Result<(), Error> {
    struct Layers {
        kernel: Variable,
    }
    impl Layers {
        #[custom_gradient(variables(self.kernel))]
        #[allow_constant_gradient]
        fn inner(&self, x: &Tensor) -> Tensor {
            (tf::matmul(x, &self.kernel, ..), |_dy| (tf::ones_like(x), tf::ones([4, 3])))
        }
        #[custom_gradient(variables(self.kernel))]
        #[allow_constant_gradient]
        fn outer(&self, x: &Tensor) -> Tensor {
            (self.inner(x), |_dy| (tf::ones_like(x), tf::ones([4, 3])))
        }
    }
    let layers = Layers { kernel: Variable::new(tf::random::normal([4, 3], seed(1))) };
    let x: Tensor = tf::ones([2, 4]);
    let tape = GradientTape::new();
    let y = layers.outer(&x);
    assert_eq!(tf::reduce_sum(tape.gradient(&y, &layers.kernel)?, ..).item(), 12.0);
    Ok(())
}

/// Structures of inputs are tuples and lists, an input may be missing, and outputs are tuples: the gradients have the
/// structure of the inputs, and `grad` takes an upstream for each output.
#[test]
fn test_custom_gradient_structural_input_output() -> Result<(), Error> {
    #[custom_gradient]
    fn f((a, b): (&Tensor, &Tensor), list: &[Tensor], missing: Option<&Tensor>) -> (Tensor, Tensor, Tensor) {
        assert!(missing.is_none());
        let grad = |da, db, dc| ((da, 2.0 * db), vec![3.0 * dc, 4.0 * (da + db + dc)], None);
        ((a + b, a - b, &list[0] * &list[1]), grad)
    }
    let (a, b) = (tf::constant(1.0), tf::constant(2.0));
    let list = [tf::constant(3.0), tf::constant(4.0)];
    let tape = GradientTape::new();
    tape.watch((&a, &b, &list));
    let (first, second, third) = f((&a, &b), &list, None);
    assert_eq!((first.item(), second.item(), third.item()), (3.0, -1.0, 12.0));
    let seeds = (tf::constant(10.0), tf::constant(100.0), tf::constant(1000.0));
    let gradients = tape.gradient_with((&first, &second, &third), ((&a, &b), &list), output_gradients(&seeds))?;
    let ((da, db), [dc, dd]) = gradients;
    assert_eq!([da, db, dc, dd].map(|gradient| gradient.item()), [10.0, 200.0, 3000.0, 4440.0]);
    Ok(())
}

#[test]
fn test_stop_gradient_hides_downstream_ops() {
    thread_local!(static RAN: Cell<bool> = const { Cell::new(false) });
    #[custom_gradient]
    fn hidden(x: &Tensor) -> Tensor {
        let grad = |dy| {
            RAN.set(true);
            dy * 1.0
        };
        (x, grad)
    }
    let (x, tape) = watched(1.0);
    let y = tf::stop_gradient(hidden(&x));
    let Unconnected::Stopped { by } = reason(tape.gradient(&y, &x)) else { panic!("expected what stops it") };
    assert!(by[0].starts_with("`stop_gradient`"), "{by:?}");
    assert!(!RAN.get());
}

/// The body takes a gradient, and returns it.
#[test]
fn test_gradients_function_in_custom_gradient() -> Result<(), Error> {
    #[custom_gradient]
    fn f(x: &Tensor) -> Tensor {
        let tape = GradientTape::new();
        tape.watch(x);
        let y = x * x;
        let slope = tape.gradient(&y, x).expect("a gradient");
        (slope, |dy| 2.0 * dy)
    }
    let (x, tape) = watched(1.0);
    let y = f(&x);
    assert_eq!((y.item(), tape.gradient(&y, &x)?.item()), (2.0, 2.0));
    Ok(())
}

#[test]
fn test_implicit_gradients_custom_gradient_and_cached_variable_value() -> Result<(), Error> {
    #[custom_gradient]
    fn my_square(x: &Tensor) -> Tensor {
        (x * x, |dy| 2.0 * x * dy + 1.0)
    }
    let x: Variable = Variable::new(3.0);
    let tape = GradientTape::new();
    let y = my_square(&x);
    assert_eq!((y.item(), tape.gradient(&y, &x)?.item()), (9.0, 7.0));
    Ok(())
}

#[test]
fn test_custom_gradient_identity() -> Result<(), Error> {
    #[custom_gradient]
    fn f(x: &Tensor) -> Tensor {
        (x, |dy| 2.0 * dy)
    }
    assert_eq!(derivative(f, &tf::constant(1.0))?.item(), 2.0);
    Ok(())
}

#[test]
fn test_custom_gradient_in_eager_and_graph() -> Result<(), Error> {
    #[custom_gradient]
    fn f(x: &Tensor) -> Tensor {
        (x * x, |dy| 4.0 * dy)
    }
    assert_eq!(derivative(f, &tf::constant(1.0))?.item(), 4.0);
    Ok(())
}

/// f is x + 10 with the first derivative -1.1 and the second -2.1; of f⁴ at 1 these are 4 f³ f' and
/// 12 f² f'² + 4 f³ f''.
#[test]
fn test_override_second_order_with_custom_gradient() -> Result<(), Error> {
    #[custom_gradient]
    fn slope(x: &Tensor) -> Tensor {
        (-1.1 * tf::ones_like(x), |ddy| -2.1 * ddy)
    }
    #[custom_gradient]
    fn f(x: &Tensor) -> Tensor {
        (x + 10.0, |dy| dy * slope(x))
    }
    let x = tf::constant(1.0);
    let (outer, inner) = (GradientTape::new(), GradientTape::new());
    outer.watch(&x);
    inner.watch(&x);
    let y = f(&x);
    let first = inner.gradient(&y * &y * &y * &y, &x)?;
    crate::assert_near(first.item(), -5856.4, 1e-6);
    crate::assert_near(outer.gradient(&first, &x)?.item(), -9423.48, 1e-6);
    Ok(())
}

/// The rule of the rule gives both the second derivative and the transpose.
#[test]
fn test_custom_gradient_forwardprop() -> Result<(), Error> {
    #[custom_gradient]
    #[allow_constant_gradient]
    fn first_order(_x: &Tensor, _dy: &Tensor) -> Tensor {
        (tf::constant(2.1), |_ddy| (tf::constant(2.2), tf::constant(3.1)))
    }
    #[custom_gradient]
    fn f(x: &Tensor) -> Tensor {
        (2.0 * x, |dy| first_order(x, dy))
    }
    let (x, seed) = (tf::constant(1.0), tf::constant(1.0));
    let outer = GradientTape::persistent();
    outer.watch((&x, &seed));
    let inner = GradientTape::new();
    inner.watch(&x);
    let y = f(&x);
    let first = inner.gradient_with(&y, &x, output_gradients(&seed))?;
    let (second, transpose) = (outer.gradient(&first, &x)?, outer.gradient(&first, &seed)?);
    assert_eq!([y, first, second, transpose].map(|t| t.item()), [2.0, 2.1, 2.2, 3.1]);
    Ok(())
}

//! Jacobians: `JacobianTest` and `BatchJacobianTest` of `backprop_test`.
//!
//! TensorFlow runs each with and without vectorising; there is one way here, which needs no persistent tape.
//!
//! Left out:
//! * `test_pfor_exception`, `testPforException`: nothing is vectorised.
//! * `test_parallel_iterations`: there is no such option.
//! * `test_grad_jacobian_conv`: there is no convolution.
//!
//! Compile errors here: `testJacobianCalledMultipleTimes` and `testBatchJacobianCalledMultipleTimes` are
//! `tests/ui/tape/used_twice.rs`, for a jacobian consumes the tape as a gradient does.

use gradcore::prelude::*;

use crate::assert_near;

/// x² y and the sources, at [1, 2] and [3, 4].
fn vectors() -> [Tensor; 2] {
    [tf::constant([1.0, 2.0]), tf::constant([3.0, 4.0])]
}

#[test]
fn test_pfor_and_loop_on_tapes_of_both_kinds() -> Result<(), Error> {
    let [x, y] = vectors();
    let (once, persistent) = (GradientTape::new(), GradientTape::persistent());
    once.watch((&x, &y));
    persistent.watch((&x, &y));
    let z = &x * &x * &y;
    for (dx, dy) in [persistent.jacobian(&z, (&x, &y))?, once.jacobian(&z, (&x, &y))?] {
        assert_eq!((dx.shape(), dx.to_vec()), (&[2, 2][..], vec![6.0, 0.0, 0.0, 16.0]));
        assert_eq!((dy.shape(), dy.to_vec()), (&[2, 2][..], vec![1.0, 0.0, 0.0, 4.0]));
    }
    Ok(())
}

#[test]
fn test_jacobian_inside_gradient_tape_scope() -> Result<(), Error> {
    let x = tf::constant(3.0);
    let tape = GradientTape::new();
    tape.watch(&x);
    let y = &x * &x;
    let z = &y * &y;
    assert_eq!(tape.jacobian(&z, &x)?.item(), 108.0);
    Ok(())
}

#[test]
fn test_batch_jacobian_inside_gradient_tape_scope() -> Result<(), Error> {
    let x = tf::constant([[3.0]]);
    let tape = GradientTape::new();
    tape.watch(&x);
    let y = &x * &x;
    let z = &y * &y;
    let jacobian = tape.batch_jacobian(&z, &x)?;
    assert_eq!((jacobian.shape(), jacobian.to_vec()), (&[1, 1, 1][..], vec![108.0]));
    Ok(())
}

/// The gradient of Σ x² is 2 x; its jacobian for each row is twice the identity.
#[test]
fn test_nested_jacobian() -> Result<(), Error> {
    let x: Tensor = tf::ones([10, 2]);
    let (outer, inner) = (GradientTape::new(), GradientTape::new());
    outer.watch(&x);
    inner.watch(&x);
    let y = tf::reduce_sum(&x * &x, ..);
    let gradient = inner.gradient(&y, &x)?;
    let jacobian = outer.batch_jacobian(&gradient, &x)?;
    assert_eq!((jacobian.shape(), jacobian.to_vec()), (&[10, 2, 2][..], [2.0, 0.0, 0.0, 2.0].repeat(10)));
    Ok(())
}

/// Rows x₀, x₀ x₁, x₀ x₁ x₂: the products of the first elements, by a loop.
fn running_products(x: &Tensor<f64>) -> Tensor<f64> {
    let column = |k: usize| tf::gather(x, [i64::try_from(k).expect("a small index")], axis(1));
    let products: Vec<Tensor<f64>> = (0..x.shape()[1])
        .scan(tf::ones([x.shape()[0], 1]), |product, k| {
            *product = &*product * column(k);
            Some(product.clone())
        })
        .collect();
    tf::concat(&products, 1)
}

/// A loop within, against differences, at two orders.
#[test]
fn test_nested_batch_jacobian_foldl() -> Result<(), Error> {
    let x: Tensor<f64> = tf::random::uniform([2, 3], seed(1).minval(0.5).maxval(1.5));
    let first = |x: &Tensor<f64>| {
        let tape = GradientTape::new();
        tape.watch(x);
        let y = running_products(x);
        tape.batch_jacobian(&y, x)
    };
    let second = {
        let tape = GradientTape::new();
        tape.watch(&x);
        let jacobian = tf::reshape(first(&x)?, [2, 9]);
        tape.batch_jacobian(&jacobian, &x)?
    };
    let step = 1e-5;
    for moved in 0..6 {
        let at = |by: f64| {
            let mut values = x.to_vec();
            values[moved] += by;
            Tensor::from_vec(&[2, 3], values)
        };
        let (up, down) = (at(step)?, at(-step)?);
        let (row, column) = (moved / 3, moved % 3);
        let slope = ((running_products(&up) - running_products(&down)) / (2.0 * step)).to_vec();
        let bend = ((first(&up)? - first(&down)?) / (2.0 * step)).to_vec();
        let (first, second) = (first(&x)?.to_vec(), second.to_vec());
        (0..3).for_each(|k| assert_near(first[(row * 3 + k) * 3 + column], slope[row * 3 + k], 1e-8));
        (0..9).for_each(|k| assert_near(second[(row * 9 + k) * 3 + column], bend[row * 9 + k], 1e-8));
    }
    Ok(())
}

#[test]
fn test_indexed_slices() -> Result<(), Error> {
    let inputs: Tensor = tf::random::uniform([3, 2], seed(1));
    let tape = GradientTape::new();
    tape.watch(&inputs);
    let picked = tf::gather(&inputs, [0, 2], ..);
    let jacobian = tape.jacobian(&picked, &inputs)?;
    let expected = tf::reshape(tf::one_hot::<f32>([0, 1, 4, 5], 6), [2, 2, 3, 2]);
    assert_eq!((jacobian.shape(), jacobian.to_vec()), (expected.shape(), expected.to_vec()));
    Ok(())
}

#[test]
fn test_foldl_partial_function() -> Result<(), Error> {
    let x: Tensor = tf::zeros([3]);
    let tape = GradientTape::new();
    tape.watch(&x);
    let sum = (0..3i64).fold(tf::constant(0.0), |sum, k| sum + tf::gather(&x, k, ..));
    assert_eq!(tape.jacobian(&sum, &x)?.to_vec(), [1.0; 3]);
    Ok(())
}

/// x³ if x > 0: 3, and its derivative 6, at 1.
#[test]
fn test_cond_func_grad_jacobian() -> Result<(), Error> {
    let x = tf::constant(1.0);
    let tape = GradientTape::persistent();
    tape.watch(&x);
    let y = if x.item() > 0.0 { &x * &x * &x } else { &x * &x };
    let first = tape.gradient(&y, &x)?;
    assert_eq!((first.item(), tape.jacobian(&first, &x)?.item()), (3.0, 6.0));
    Ok(())
}

#[test]
fn test_empty_tensor_consistent_jacobian() -> Result<(), Error> {
    let x: Tensor = tf::zeros([0, 3]);
    let tape = GradientTape::persistent();
    tape.watch(&x);
    let y = &x * &x;
    assert_eq!(tape.batch_jacobian(&y, &x)?.shape(), [0, 3, 3]);
    assert_eq!(tape.jacobian(&y, &x)?.shape(), [0, 3, 0, 3]);
    Ok(())
}

#[test]
fn test_batch_jacobian() -> Result<(), Error> {
    let (x, y) = (tf::constant([[1.0, 2.0], [3.0, 4.0]]), tf::constant([[3.0, 4.0], [5.0, 6.0]]));
    let tape = GradientTape::new();
    tape.watch((&x, &y));
    let z = &x * &x * &y;
    let jacobian = tape.batch_jacobian(&z, &x)?;
    assert_eq!(jacobian.to_vec(), [6.0, 0.0, 0.0, 16.0, 30.0, 0.0, 0.0, 48.0]);
    Ok(())
}

/// What the shapes have to be, and which they were.
#[track_caller]
fn assert_refused(target: &[usize], source: &[usize]) {
    let (x, y): (Tensor, Tensor) = (tf::ones(source), tf::ones(target));
    let tape = GradientTape::new();
    tape.watch((&x, &y));
    let error = tape.batch_jacobian(&y * 1.0, &x).expect_err("shapes do not fit");
    assert_eq!(error, Error::BatchShape { of_target: target.to_vec(), of_source: source.to_vec() });
}

#[test]
fn test_bad_shape() {
    assert_refused(&[3, 2], &[2, 2]);
}

#[test]
fn test_bad_input_rank() {
    assert_refused(&[2, 2], &[2]);
}

#[test]
fn test_bad_output_rank() {
    assert_refused(&[2], &[2, 2]);
}

#[test]
fn test_degenerate_shape() -> Result<(), Error> {
    let x: Tensor = tf::zeros([1, 0]);
    let tape = GradientTape::new();
    tape.watch(&x);
    assert_eq!(tape.batch_jacobian(&x * &x, &x)?.shape(), [1, 0, 0]);
    Ok(())
}

#[test]
fn test_zeros_type_correct() -> Result<(), Error> {
    fn zeros<T: Real>() -> Result<Vec<f64>, Error> {
        let (x, y): (Tensor<T>, Tensor<T>) = (tf::ones([1, 1]), tf::ones([1, 1]));
        let tape = GradientTape::new();
        tape.watch((&x, &y));
        let zeros = unconnected_gradients(UnconnectedGradients::Zero);
        let jacobian = tape.batch_jacobian_with(&y * T::of(2.0), &x, zeros)?;
        assert_eq!((jacobian.dtype(), jacobian.shape()), (x.dtype(), &[1, 1, 1][..]));
        Ok(jacobian.to_vec().into_iter().map(T::to_f64).collect())
    }
    assert_eq!((zeros::<f32>()?, zeros::<f64>()?), (vec![0.0], vec![0.0]));
    Ok(())
}

#[test]
fn test_strided_slice() -> Result<(), Error> {
    let x: Tensor = tf::constant([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
    let tape = GradientTape::new();
    tape.watch(&x);
    let y = tf::square(tf::slice(&x, [0, 1], [-1, 2]));
    let jacobian = tape.batch_jacobian(&y, &x)?;
    assert_eq!(jacobian.to_vec(), [0.0, 4.0, 0.0, 0.0, 0.0, 6.0, 0.0, 10.0, 0.0, 0.0, 0.0, 12.0]);
    Ok(())
}

/// A rule takes the jacobian of its own function, by three weights, and returns twice what the chain rule says.
mod custom_gradient {
    use super::*;

    struct Parabola {
        a: Variable,
        b: Variable,
        c: Variable,
    }

    impl Parabola {
        fn of(&self, x: &Tensor) -> Tensor {
            &self.a * x * x + &self.b * x + &self.c
        }

        #[custom_gradient(variables(self.a, self.b, self.c))]
        fn call(&self, #[nondiff] x: &Tensor) -> Tensor {
            let y = self.of(x);
            let grad = |dy| {
                let tape = GradientTape::new();
                tape.watch((&self.a, &self.b, &self.c));
                let y = &self.a * x * x + &self.b * x + &self.c;
                let (da, db, dc) = tape.jacobian(&y, (&self.a, &self.b, &self.c))?;
                let weighed = |jacobian: &Tensor| 2.0 * tf::reduce_sum(dy * jacobian, ..);
                Ok((weighed(&da), weighed(&db), weighed(&dc)))
            };
            (y, grad)
        }
    }

    #[test]
    fn test_jacobian_custom_gradient() -> Result<(), Error> {
        let parabola = Parabola { a: Variable::new(1.0), b: Variable::new(2.0), c: Variable::new(3.0) };
        let x = tf::constant([1.0, 2.0, 3.0]);
        let tape = GradientTape::persistent();
        tape.watch((&parabola.a, &parabola.b, &parabola.c));
        let y = parabola.call(&x);
        assert!(tape.gradient(&y, &x).is_err());
        let found = tape.gradient(&y, [&parabola.a, &parabola.b, &parabola.c])?;
        assert_eq!(found.map(|gradient| gradient.item()), [28.0, 12.0, 6.0]);
        Ok(())
    }
}

/// TensorFlow traces the rule once, with a symbol instead of numbers.
#[test]
fn a_rule_in_a_jacobian_may_read_numbers() -> Result<(), Error> {
    #[custom_gradient]
    fn f(x: &Tensor) -> Tensor {
        let grad = |dy| {
            let largest = dy.to_vec().into_iter().fold(0.0, f32::max);
            dy * x * 2.0 * largest
        };
        (x * x, grad)
    }
    let x = tf::constant([1.0, 2.0, 3.0]);
    let tape = GradientTape::new();
    tape.watch(&x);
    let y = f(&x);
    assert_eq!(tape.jacobian(&y, &x)?.to_vec(), [2.0, 0.0, 0.0, 0.0, 4.0, 0.0, 0.0, 0.0, 6.0]);
    Ok(())
}

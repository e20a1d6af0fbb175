//! What each form gives, at the first order.

use std::cell::Cell;
use std::rc::Rc;

use gradcore::prelude::*;

use functional::{grad, jacobian, jvp, linearize, value_and_grad, vjp};

use crate::common::assert_close;

#[test]
fn gradients_have_the_structure_of_the_arguments() {
    let (a, b) = (tf::constant([1.0f32, 2.0]), tf::constant([3.0f32, 4.0]));
    assert_eq!(grad(|a| a * a, &a).unwrap().to_vec(), [2.0, 4.0]);
    let (da, (db,)) = grad(|(a, (b,))| a * b, (&a, (&b,))).unwrap();
    assert_eq!((da.to_vec(), db.to_vec()), (vec![3.0, 4.0], vec![1.0, 2.0]));
    let [da, db] = grad(|[a, b]| a * b * 2, [&a, &b]).unwrap();
    assert_eq!((da.to_vec(), db.to_vec()), (vec![6.0, 8.0], vec![2.0, 4.0]));
    let listed = grad(|all| all[0] * all[1] * all[2], vec![&a, &b, &b]).unwrap();
    assert_eq!(listed.iter().map(Tensor::to_vec).collect::<Vec<_>>(), [[9.0, 16.0], [3.0, 8.0], [3.0, 8.0]]);
    let held = (a.clone(), b.clone());
    assert_eq!(grad(|(a, b)| a * b, &held).unwrap().0.to_vec(), [3.0, 4.0]);
}

#[test]
fn each_argument_has_its_own_gradient_even_if_they_are_one_tensor() {
    let x = tf::constant(3.0f32);
    let (first, second) = grad(|(a, b)| a * a * b, (&x, &x)).unwrap();
    assert_eq!((first.item(), second.item()), (18.0, 9.0));
}

#[test]
fn results_have_any_structure() {
    let x = tf::constant([1.0f32, 2.0]);
    // The gradient of the sum: 2x + 3.
    assert_eq!(grad(|x| (x * x, x * 3), &x).unwrap().to_vec(), [5.0, 7.0]);
    assert_eq!(grad(|x| [x * x, x * 3], &x).unwrap().to_vec(), [5.0, 7.0]);
    assert_eq!(grad(|x| vec![x * x, x * 3], &x).unwrap().to_vec(), [5.0, 7.0]);
    let ((square, (triple,)), dx) = value_and_grad(|x| Ok((x * x, (x * 3,))), &x).unwrap();
    assert_eq!((square.to_vec(), triple.to_vec(), dx.to_vec()), (vec![1.0, 4.0], vec![3.0, 6.0], vec![5.0, 7.0]));

    let ((_, of_sum), (dy, dsum)) = jvp(|x| (x * x, tf::reduce_sum(x, ..)), &x, &x).unwrap();
    assert_eq!((of_sum.item(), dy.to_vec(), dsum.item()), (3.0, vec![2.0, 8.0], 3.0));
}

#[test]
fn the_argument_itself_may_be_returned() {
    let x = tf::constant([1.0f32, 2.0]);
    assert_eq!(grad(Clone::clone, &x).unwrap().to_vec(), [1.0, 1.0]);
    assert_eq!(jvp(Clone::clone, &x, tf::constant([5.0f32, 6.0])).unwrap().1.to_vec(), [5.0, 6.0]);
    assert_eq!(linearize(Clone::clone, &x).unwrap().1.apply(&x).unwrap().to_vec(), [1.0, 2.0]);
}

#[test]
fn dtypes_mix() {
    let (x, y): (Tensor<f32>, Tensor<f64>) = (tf::constant([2.0]), tf::constant([3.0]));
    let product = |(x, y): (&Tensor<f32>, &Tensor<f64>)| tf::cast(x, tf::float64) * y;
    let (dx, dy): (Tensor<f32>, Tensor<f64>) = grad(product, (&x, &y)).unwrap();
    assert_eq!((dx.item(), dy.item()), (3.0, 2.0));
    let (_, d) = jvp(product, (&x, &y), (tf::constant([10.0f32]), tf::constant([100.0f64]))).unwrap();
    assert_eq!(d.item(), 230.0);
}

#[test]
fn variables_are_arguments_or_constants() {
    let w: Variable = Variable::new([3.0, 4.0]).named("w");
    let x = tf::constant([1.0f32, 2.0]);
    let read = |x: &Tensor| x * &w;
    assert_eq!(grad(read, &x).unwrap().to_vec(), [3.0, 4.0]);
    let (dx, dw) = grad(|(x, w)| x * w * w, (&x, &w)).unwrap();
    assert_eq!((dx.to_vec(), dw.to_vec()), (vec![9.0, 16.0], vec![6.0, 16.0]));
    // Captured, it is a constant, and the derivative by it is zero although it is read.
    assert_eq!(grad(|_| &w * &w, &x).unwrap().to_vec(), [0.0, 0.0]);
    // The argument takes the place of the variable; what is captured beside it stays a constant.
    assert_eq!(grad(|v| v * &w, &w).unwrap().to_vec(), [3.0, 4.0]);
}

#[test]
fn a_tape_outside_sees_the_variables_that_a_form_takes_as_constants() {
    let w: Variable = Variable::new([3.0, 4.0]);
    let x = tf::constant([1.0f32, 2.0]);
    let tape = GradientTape::new();
    // d/dx Σ(x²w) = 2xw, and the gradient of its sum by w is 2x.
    let dx = grad(|x| x * x * &w, &x).unwrap();
    assert_eq!(tape.gradient(&dx, &w).unwrap().to_vec(), [2.0, 4.0]);

    let tape = GradientTape::new();
    let dw = grad(|(x, w)| x * w * w, (&x, &w)).unwrap().1;
    assert_eq!(tape.gradient(&dw, &w).unwrap().to_vec(), [2.0, 4.0]);
}

#[test]
fn a_pullback_is_applied_any_number_of_times() {
    let (a, b) = (tf::constant([1.0f32, 2.0]), tf::constant([3.0f32, 4.0]));
    let calls = Cell::new(0);
    let (y, pullback) = vjp(
        |(a, b)| {
            calls.set(calls.get() + 1);
            (a * b, a + b)
        },
        (&a, &b),
    )
    .unwrap();
    assert_eq!((y.0.to_vec(), y.1.to_vec()), (vec![3.0, 8.0], vec![4.0, 6.0]));
    for scale in [1.0f32, 10.0] {
        let dy = (tf::constant([scale, 0.0]), tf::constant([0.0, scale]));
        let (da, db) = pullback.apply(&dy).unwrap();
        assert_eq!((da.to_vec(), db.to_vec()), (vec![3.0 * scale, scale], vec![scale, scale]));
    }
    assert_eq!(calls.get(), 1);
}

#[test]
fn a_linear_function_is_applied_any_number_of_times() {
    let (a, b) = (tf::constant([1.0f32, 2.0]), tf::constant([3.0f32, 4.0]));
    let calls = Cell::new(0);
    let (_, linear) = linearize(
        |(a, b)| {
            calls.set(calls.get() + 1);
            (a * b, tf::reduce_sum(a * a, ..))
        },
        (&a, &b),
    )
    .unwrap();
    for scale in [1.0f32, 10.0] {
        let (product, square) = linear.apply((tf::constant([scale, 0.0]), tf::constant(scale))).unwrap();
        assert_eq!((product.to_vec(), square.item()), (vec![4.0 * scale, 2.0 * scale], 2.0 * scale));
    }
    assert_eq!(calls.get(), 1);
}

#[test]
fn forward_and_reverse_mode_agree() {
    // ⟨dy, J dx⟩ by both, for a small network.
    let normal = |shape: [usize; 2], of: u64| tf::random::normal::<f64>(shape, seed(of));
    let (x, w, dx, dw, dy) =
        (normal([2, 3], 1), normal([3, 2], 2), normal([2, 3], 3), normal([3, 2], 4), normal([2, 2], 5));
    let layer = |(x, w): (&Tensor<f64>, &Tensor<f64>)| tf::nn::softmax(tf::tanh(tf::matmul(x, w, ..)), ..) * 3;
    let (_, pullback) = vjp(layer, (&x, &w)).unwrap();
    let (back_x, back_w) = pullback.apply(&dy).unwrap();
    let reverse = tf::reduce_sum(&back_x * &dx, ..) + tf::reduce_sum(&back_w * &dw, ..);
    let (_, pushed) = jvp(layer, (&x, &w), (&dx, &dw)).unwrap();
    assert_close("jvp", &tf::reduce_sum(&pushed * &dy, ..), &reverse);
    let linear = linearize(layer, (&x, &w)).unwrap().1;
    assert_close("linearize", &linear.apply((&dx, &dw)).unwrap(), &pushed);
    let (by_x, _) = jacobian(layer, (&x, &w)).unwrap();
    let by_x = tf::reshape(&by_x, [4, 6]);
    let product = tf::matmul(tf::reshape(&dy, [1, 4]), by_x, ..);
    assert_close("jacobian", &product, &tf::reshape(&back_x, [1, 6]));
}

#[test]
fn jacobians_of_functions() {
    let (x, y) = (tf::constant([1.0f32, 2.0]), tf::constant([3.0f32, 4.0]));
    let (dx, dy) = jacobian(|(x, y)| x * x * y, (&x, &y)).unwrap();
    assert_eq!((dx.to_vec(), dy.to_vec()), (vec![6.0, 0.0, 0.0, 16.0], vec![1.0, 0.0, 0.0, 4.0]));
    let by_scalar = jacobian(|s| s * tf::constant([1.0f32, 2.0]), tf::constant(1.0f32)).unwrap();
    assert_eq!((by_scalar.shape(), by_scalar.to_vec()), (&[2][..], vec![1.0, 2.0]));
}

#[test]
fn where_the_result_does_not_depend_on_an_argument_the_derivative_is_zero() {
    let (x, y) = (tf::constant([1.0f32, 2.0]), tf::constant([3.0f32, 4.0]));
    let first = |(x, _): (&Tensor, &Tensor)| x * 2;
    let (dx, dy) = grad(first, (&x, &y)).unwrap();
    assert_eq!((dx.to_vec(), dy.to_vec()), (vec![2.0, 2.0], vec![0.0, 0.0]));
    assert_eq!(grad(|_| y.clone(), &x).unwrap().to_vec(), [0.0, 0.0]);
    assert_eq!(grad(|_| tf::constant(1.0f32), &x).unwrap().to_vec(), [0.0, 0.0]);
    assert_eq!(jacobian(first, (&x, &y)).unwrap().1.to_vec(), [0.0; 4]);
    assert_eq!(vjp(|_| &y * 2, &x).unwrap().1.apply(&x).unwrap().to_vec(), [0.0, 0.0]);
    assert_eq!(jvp(|_| &y * 2, &x, &x).unwrap().1.to_vec(), [0.0, 0.0]);
    assert_eq!(linearize(|x| (x * 2, y.clone()), &x).unwrap().1.apply(&x).unwrap().1.to_vec(), [0.0, 0.0]);
}

#[test]
fn what_is_chosen_by_comparisons_alone_has_the_derivative_zero() {
    let x = tf::constant([1.0f32, -2.0]);
    let step = |x: &Tensor| tf::where_(tf::greater(x, 0), tf::constant([1.0f32, 1.0]), tf::constant([0.0f32, 0.0]));
    assert_eq!(grad(step, &x).unwrap().to_vec(), [0.0, 0.0]);
    assert_eq!(jvp(step, &x, &x).unwrap().1.to_vec(), [0.0, 0.0]);
    assert_eq!(linearize(step, &x).unwrap().1.apply(&x).unwrap().to_vec(), [0.0, 0.0]);
    // A tape says that there is none.
    let tape = GradientTape::new();
    tape.watch(&x);
    assert!(tape.gradient(step(&x), &x).unwrap_err().to_string().contains("`greater`"));
}

#[custom_gradient]
fn holding(x: &Tensor, held: Rc<()>) -> Tensor {
    let grad = |dy| {
        let _ = &held;
        dy * 1.0
    };
    (x * 1.0, grad)
}

#[test]
fn what_a_pullback_holds_is_freed_with_it() {
    let held = Rc::new(());
    let x = tf::constant(1.0f32);
    let pullback = vjp(|x| holding(x, held.clone()), &x).unwrap().1;
    let linear = linearize(|x| holding(x, held.clone()), &x).unwrap().1;
    assert!(pullback.apply(&x).is_ok() && linear.apply(&x).is_ok());
    assert_eq!(Rc::strong_count(&held), 3);
    drop((pullback, linear));
    assert!(grad(|x| holding(x, held.clone()), &x).is_ok());
    assert_eq!(Rc::strong_count(&held), 1);
}

#[test]
fn scalar_tangents_and_cotangents_are_seen_by_outer_forms() -> Result<(), Error> {
    let (x, s) = (tf::constant([1.0, 2.0]), tf::constant(2.0));
    let along = functional::grad(|s| functional::jvp(|x| x * x, &x, s).map(|(_, dy)| dy), &s)?;
    let (_, linear) = functional::linearize(|x| x * x, &x)?;
    let (_, pullback) = functional::vjp(|x| x * x, &x)?;
    let again = functional::grad(|s| linear.apply(s), &s)?;
    let back = functional::grad(|s| pullback.apply(s), &s)?;
    assert_eq!([along.item(), again.item(), back.item()], [6.0; 3]);
    let product = functional::grad(|s| functional::hvp(|x| tf::reduce_sum(x * x * x, ..), &x, s), &s)?;
    assert_eq!(product.item(), 18.0);
    Ok(())
}

#[test]
fn a_pullback_outlives_its_arguments() -> Result<(), Error> {
    let mut w: Variable = Variable::new([1.0, 2.0]);
    let (_, pullback) = functional::vjp(|w| w * w, &w)?;
    let (_, linear) = functional::linearize(|w| w * w, &w)?;
    w.assign([10.0, 20.0])?;
    assert_eq!(pullback.apply(tf::constant(1.0))?.to_vec(), [2.0, 4.0]);
    assert_eq!(linear.apply(tf::constant(1.0))?.to_vec(), [2.0, 4.0]);
    Ok(())
}

//! `arrays` where a gradient is missing, a rank or a shape is another, or a derivative does not exist.

use std::cell::Cell;
use std::rc::Rc;

use crate::arrays::{gradient_of, matmul, panic_of};
use gradcore::prelude::*;
use gradcore::{Error, Real};
use ndarray::linalg::Dot;
use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis, LinalgScalar, array, s};

#[test]
fn constants_pass_through_and_nondiff_takes_no_gradient() -> Result<(), Error> {
    struct Kernel {
        scale: f32,
    }
    impl Kernel {
        #[custom_gradient(arrays)]
        fn apply(
            &self,
            x: ArrayView1<f32>,
            names: &[&str],
            #[nondiff] mask: ArrayView1<f32>,
            places: ArrayView1<i64>,
            n: usize,
            fixed: &[Array1<f32>],
        ) -> Array1<f32> {
            assert_eq!((names.len(), fixed.len(), x.len()), (n, 1, mask.len()));
            let place = usize::try_from(places[0]).expect("a place");
            let grad = |dy| &dy * &mask * self.scale * fixed[0][place];
            (&x * &mask * self.scale * fixed[0][place], grad)
        }
    }
    let (x, mask, places) = (tf::constant([1.0, 2.0]), tf::constant([0.0, 1.0]), tf::constant([1i64]));
    let kernel = Kernel { scale: 3.0 };
    let tape = GradientTape::persistent();
    tape.watch((&x, &mask));
    let y = kernel.apply(&x, &["a"], &mask, &places, 1, &[array![0.0, 5.0]]);
    assert_eq!(y.to_vec(), [0.0, 30.0]);
    assert_eq!(tape.gradient(&y, &x)?.to_vec(), [0.0, 15.0]);
    assert!(tape.gradient(&y, &mask).is_err());
    Ok(())
}

#[test]
fn generic_elements_and_inner_functions() {
    #[custom_gradient(arrays)]
    fn matvec<T>(a: ArrayView2<T>, x: ArrayView1<T>) -> Array1<T>
    where
        T: Real + LinalgScalar,
    {
        fn grad(dy: ArrayView1<T>) -> (Array2<T>, Array1<T>) {
            let outer = dy.insert_axis(Axis(1)).dot(&x.insert_axis(Axis(0)));
            (outer, a.t().dot(&dy))
        }
        (a.dot(&x), grad)
    }
    let (a, x) = (tf::constant([[1.0f64, 2.0], [3.0, 4.0]]), tf::constant([5.0f64, 6.0]));
    let tape = GradientTape::new();
    tape.watch((&a, &x));
    let y = matvec(&a, &x);
    let (da, dx) = tape.gradient(&y, (&a, &x)).expect("gradients");
    assert_eq!((da.to_vec(), dx.to_vec()), (vec![5.0, 6.0, 5.0, 6.0], vec![4.0, 6.0]));
}

#[test]
fn an_optional_array() -> Result<(), Error> {
    #[custom_gradient(arrays)]
    fn affine(x: ArrayView1<f32>, scale: Option<ArrayView1<f32>>, mut bias: Option<Array1<f32>>) -> Array1<f32> {
        let scaled = scale.map_or_else(|| x.to_owned(), |scale| &x * &scale);
        let y = bias.take().map_or_else(|| scaled.clone(), |bias| &scaled + &bias);
        let grad = |dy| {
            let dx = scale.map_or_else(|| dy.to_owned(), |scale| &dy * &scale);
            (dx, Some(&dy * &x), dy)
        };
        (y, grad)
    }
    let (x, scale, bias) = (tf::constant([1.0, 2.0]), tf::constant([3.0, 4.0]), tf::constant([5.0, 6.0]));
    let tape = GradientTape::persistent();
    tape.watch((&x, &scale, &bias));
    let (all, none) = (affine(&x, Some(&scale), Some(&bias)), affine(&x, None, None));
    assert_eq!((all.to_vec(), none.to_vec()), (vec![8.0, 14.0], vec![1.0, 2.0]));
    let (dx, dscale, dbias) = tape.gradient(&all, (&x, &scale, &bias))?;
    assert_eq!((dx.to_vec(), dscale.to_vec(), dbias.to_vec()), (scale.to_vec(), x.to_vec(), vec![1.0, 1.0]));
    assert_eq!(tape.gradient(&none, &x)?.to_vec(), [1.0, 1.0]);
    assert!(tape.gradient(&none, &scale).is_err());
    Ok(())
}

/// In a branch, where the gradients are no tuple in the source.
#[test]
fn gradients_that_may_be_missing() {
    #[custom_gradient(arrays)]
    fn product(a: ArrayView1<f32>, b: ArrayView1<f32>, frozen: bool) -> Array1<f32> {
        let grad = |dy| {
            if frozen {
                return (None, Some(&a * &dy));
            }
            (Some(&b * &dy), Some(&a * &dy))
        };
        (&a * &b, grad)
    }
    let (a, b) = (tf::constant([1.0, 2.0]), tf::constant([3.0, 4.0]));
    assert_eq!(gradient_of(|a| product(a, &b, false), &a), [3.0, 40.0]);
    assert_eq!(gradient_of(|b| product(&a, b, true), &b), [1.0, 20.0]);
    let tape = GradientTape::new();
    tape.watch(&a);
    let y = product(&a, &b, true);
    let error = tape.gradient(&y, &a).expect_err("no gradient flows");
    assert!(error.to_string().contains("`product`"), "{error}");
}

#[test]
fn what_an_unwatched_input_needs_is_not_kept() -> Result<(), Error> {
    #[custom_gradient(arrays)]
    fn product(a: ArrayView1<f32>, b: ArrayView1<f32>, held: (Rc<()>, Rc<()>)) -> Array1<f32> {
        let (for_a, for_b) = held;
        let grad = |dy| (&dy * &b * weight(&for_a), &dy * &a * weight(&for_b));
        (&a * &b, grad)
    }
    fn weight(counted: &Rc<()>) -> f32 {
        if Rc::strong_count(counted) > 0 { 1.0 } else { 0.0 }
    }
    let (a, b) = (tf::constant([1.0, 2.0]), tf::constant([3.0, 4.0]));
    let (for_a, for_b) = (Rc::new(()), Rc::new(()));
    let tape = GradientTape::new();
    tape.watch(&a);
    let y = product(&a, &b, (for_a.clone(), for_b.clone()));
    assert_eq!((Rc::strong_count(&for_a), Rc::strong_count(&for_b)), (2, 1));
    assert_eq!(tape.gradient(&y, &a)?.to_vec(), [3.0, 4.0]);
    assert_eq!(Rc::strong_count(&for_a), 1);
    Ok(())
}

#[test]
fn comparisons_are_those_of_rust() {
    #[custom_gradient(arrays)]
    fn relu(x: ArrayView1<f32>) -> Array1<f32> {
        let y = x.mapv(|v| if v > 0.0 { v } else { 0.0 });
        let unchanged = x == y;
        let grad = |dy| {
            if unchanged || x != x {
                return dy.to_owned();
            }
            ndarray::Zip::from(&dy).and(&x).map_collect(|dy, &x| if x > 0. { *dy } else { 0. })
        };
        (y, grad)
    }
    assert_eq!(gradient_of(relu, &tf::constant([-1.0, 2.0])), [0.0, 10.0]);
    assert_eq!(gradient_of(relu, &tf::constant([1.0, 2.0])), [1.0, 10.0]);
}

#[test]
fn another_rank_is_refused_at_the_call() {
    let (a, b) = (tf::constant([1.0, 2.0]), tf::constant([[3.0], [4.0]]));
    assert_eq!(
        panic_of(|| matmul(&a, &b)),
        "`matmul`: expected `a` to be a tensor of rank 2, found rank 1 with shape [2]; bring it to rank 2 with `tf::reshape`, or take an `ArrayView1`"
    );
    let cube = tf::ones([1, 1, 1]);
    let tape = GradientTape::new();
    tape.watch(&b);
    assert!(
        panic_of(|| matmul(&tf::transpose(&b, ..), &cube))
            .contains("expected `b` to be a tensor of rank 2, found rank 3")
    );
    let y = matmul(&tf::transpose(&b, ..), &b);
    assert_eq!(tape.gradient(&y, &b).expect("the tape goes on").to_vec(), [6.0, 8.0]);
}

#[test]
fn another_rank_is_refused_where_the_call_stands() {
    thread_local! {
        static LINE: Cell<u32> = const { Cell::new(0) };
    }
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        LINE.set(panic.location().filter(|place| place.file() == file!()).map_or(0, std::panic::Location::line));
        before(panic);
    }));
    let (x, line) = (tf::constant(1.0), line!() + 1);
    panic_of(|| matmul(&x, &x));
    assert_eq!(LINE.get(), line);
}

#[test]
fn panics_leave_the_tape_usable() -> Result<(), Error> {
    #[custom_gradient(arrays)]
    fn picky(x: ArrayView1<f32>, forward: bool, backward: bool) -> Array1<f32> {
        assert!(forward, "{forward}: the body fails");
        let grad = |dy| {
            assert!(backward, "{backward}: the gradient fails");
            &dy * 2.0
        };
        (&x * 2.0, grad)
    }
    let x = tf::constant([1.0]);
    let tape = GradientTape::persistent();
    tape.watch(&x);
    assert_eq!(panic_of(|| picky(&x, false, true)), "false: the body fails");
    let fails = picky(&x, true, false);
    assert_eq!(panic_of(|| tape.gradient(&fails, &x)), "false: the gradient fails");
    assert_eq!(tape.gradient(picky(&x, true, true), &x)?.to_vec(), [2.0]);
    Ok(())
}

#[test]
fn a_gradient_of_another_shape_is_an_error() {
    #[custom_gradient(arrays)]
    fn cut(x: ArrayView1<f32>) -> Array1<f32> {
        (x.slice(s![1..]).to_owned(), |dy| dy)
    }
    let x = tf::constant([1.0, 2.0]);
    let tape = GradientTape::new();
    tape.watch(&x);
    let y = cut(&x);
    let error = tape.gradient(&y, &x).expect_err("one element for two");
    assert!(matches!(error, Error::GradientShape(_)), "{error}");
    assert!(error.to_string().contains("`cut`"), "{error}");
}

#[test]
fn a_second_derivative_is_an_error_that_names_the_rule() -> Result<(), Error> {
    #[custom_gradient(arrays)]
    fn cube(x: ArrayView1<f32>) -> Array1<f32> {
        let grad = |dy| &dy * &x.mapv(|v| 3.0 * v * v);
        (x.mapv(|v| v * v * v), grad)
    }
    let x = tf::constant([2.0]);
    let tape = GradientTape::persistent();
    tape.watch(&x);
    let y = cube(&x);
    let first = tape.gradient(&y, &x)?;
    assert_eq!((first.to_vec(), tape.gradient(&y, &x)?.to_vec()), (vec![12.0], vec![12.0]));
    // Also where the sum has a second derivative on another path, or the path leads through the upstream gradient alone.
    let squared = tape.gradient(&y * &y, &x)?;
    assert_eq!(squared.to_vec(), [192.0]);
    for asked in [&first, &(&first + &x * &x), &squared, &tape.gradient(cube(&(&x * 1.0)), &x)?] {
        let error = tape.gradient(asked, &x).expect_err("a second derivative");
        let text = error.to_string();
        assert!(text.starts_with("the second derivative of `cube` ("), "{text}");
        assert!(
            text.ends_with("its gradient is computed on arrays, which no tape sees; write it with tensors"),
            "{text}"
        );
    }
    assert_eq!(tape.gradient(&x * &x + &y, &x)?.to_vec(), [16.0], "the tape goes on");

    let (outer, inner) = (GradientTape::new(), GradientTape::new());
    outer.watch(&x);
    inner.watch(&x);
    let first = inner.gradient(cube(&x), &x)?;
    assert!(outer.gradient(&first, &x).is_err());
    Ok(())
}

#[test]
fn one_tensor_for_two_parameters() {
    let x = tf::constant([[1.0, 2.0], [3.0, 4.0]]);
    // d sum(x·x) = dy·xᵀ + xᵀ·dy with dy = ones: row sums along the columns, and column sums along the rows.
    let tape = GradientTape::new();
    tape.watch(&x);
    let y = matmul(&x, &x);
    assert_eq!(tape.gradient(&y, &x).expect("a gradient").to_vec(), [7.0, 11.0, 9.0, 13.0]);
}

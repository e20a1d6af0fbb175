//! `arrays`: the body is written over ndarray, and the outside sees tensors.

use std::cell::Cell;

use gradcore::Error;
use gradcore::prelude::*;
use ndarray::linalg::Dot;
use ndarray::{
    ArcArray1, Array, Array0, Array1, Array2, ArrayD, ArrayRef, ArrayView, ArrayView0, ArrayView1, ArrayView2,
    ArrayView3, ArrayViewD, Axis, CowArray, Dimension, Ix1, Ix2, Ix3, arr0, array, s,
};

#[custom_gradient(arrays)]
pub(crate) fn matmul(a: ArrayView2<f32>, b: ArrayView2<f32>) -> Array2<f32> {
    let y = a.dot(&b);
    let grad = |dy| (dy.dot(&b.t()), a.t().dot(&dy));
    (y, grad)
}

/// The gradient of `f` at `x`, seeded with 1, 10, 100, ….
pub(crate) fn gradient_of(f: impl Fn(&Tensor) -> Tensor, x: &Tensor) -> Vec<f32> {
    let tape = GradientTape::new();
    tape.watch(x);
    let y = f(x);
    let seeds = (0..y.size()).map(|k| 10f32.powi(i32::try_from(k).expect("a small tensor"))).collect();
    let seeds = Tensor::from_vec(y.shape(), seeds).expect("a seed for each element");
    tape.gradient_with(&y, x, output_gradients(seeds)).expect("a gradient").to_vec()
}

/// The message of the panic in which `f` ends.
pub(crate) fn panic_of<R>(f: impl FnOnce() -> R) -> String {
    let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(f)).err().expect("a panic");
    panic.downcast_ref::<String>().expect("a message").clone()
}

/// y = a·b with a = [[1, 2]], b = [[3], [4]]: da = dy·bᵀ, db = aᵀ·dy.
#[test]
fn a_matrix_product() -> Result<(), Error> {
    let (a, b) = (tf::constant([[1.0, 2.0]]), tf::constant([[3.0], [4.0]]));
    let tape = GradientTape::new();
    tape.watch((&a, &b));
    let y: Tensor = matmul(&a, &b);
    assert_eq!((y.shape(), y.to_vec()), (&[1, 1][..], vec![11.0]));
    let (da, db) = tape.gradient(&y * 2.0, (&a, &b))?;
    assert_eq!((da.shape(), da.to_vec()), (&[1, 2][..], vec![6.0, 8.0]));
    assert_eq!((db.shape(), db.to_vec()), (&[2, 1][..], vec![2.0, 4.0]));
    Ok(())
}

/// Host functions of plain arrays as forward and backward, where TensorFlow needs `tf.numpy_function`.
#[test]
fn a_matrix_product_in_host_code() -> Result<(), Error> {
    fn product(a: ArrayView2<f32>, b: ArrayView2<f32>) -> Array2<f32> {
        a.dot(&b)
    }
    fn gradients(g: ArrayView2<f32>, a: ArrayView2<f32>, b: ArrayView2<f32>) -> (Array2<f32>, Array2<f32>) {
        (g.dot(&b.t()), a.t().dot(&g))
    }
    #[custom_gradient(arrays)]
    fn matmul(a: ArrayView2<f32>, b: ArrayView2<f32>) -> Array2<f32> {
        (product(a, b), |g| gradients(g, a, b))
    }
    let a = tf::constant([[1.0, -2.0, 0.5], [0.0, 1.5, -1.0]]);
    let b = tf::constant([[-1.0, 0.75], [-1.25, 0.5], [-1.5, 0.25]]);
    let tape = GradientTape::new();
    tape.watch((&a, &b));
    let y = matmul(&a, &b);
    let g = tf::constant([[-0.625, 1.25], [-0.25, 1.625]]);
    let (da, db) = tape.gradient_with(&y, (&a, &b), output_gradients(g))?;
    // TensorFlow's numbers; every one is exact in binary.
    assert_eq!(y.to_vec(), [0.75, -0.125, -0.375, 0.5]);
    assert_eq!(da.to_vec(), [1.5625, 1.40625, 1.25, 1.46875, 1.125, 0.78125]);
    assert_eq!(db.to_vec(), [-0.625, 1.25, 0.875, -0.0625, -0.0625, -1.0]);
    Ok(())
}

#[test]
fn without_a_tape_nothing_but_the_body_runs() {
    assert_eq!(matmul(&tf::constant([[2.0]]), &tf::constant([[3.0]])).to_vec(), [6.0]);
}

/// Every way to write a parameter sees the same elements: d(x²) = 2x·dy.
#[test]
fn every_kind_of_parameter() {
    macro_rules! square {
        ($($name:ident($($x:tt)+) $value:expr, $slope:expr;)+) => { $(
            #[custom_gradient(arrays)]
            pub(super) fn $name($($x)+) -> Array1<f32> {
                let y = $value;
                (y, |dy| $slope * &dy)
            }
        )+ };
    }
    mod kinds {
        use super::*;
        square! {
            view(x: ArrayView1<f32>) &x * &x, &x * 2.0;
            view_of(x: ArrayView<f32, Ix1>) &x * &x, &x * 2.0;
            view_with_lifetime(x: ArrayView1<'_, f32>) &x * &x, &x * 2.0;
            qualified(x: ndarray::ArrayView1<f32>) &x * &x, &x * 2.0;
            reference(x: &ArrayRef<f32, Ix1>) x.mapv(|v| v * v), x.mapv(|v| v * 2.0);
            owned(x: Array1<f32>) &x * &x, &x * 2.0;
            reference_to_owned(x: &Array1<f32>) x * x, x * 2.0;
            reference_to_view(x: &ArrayView1<f32>) x * x, x * 2.0;
            on_write(x: CowArray<f32, Ix1>) &x * &x, &x * 2.0;
            shared(x: ArcArray1<f32>) &x * &x, &x * 2.0;
        }
    }
    use kinds::*;
    let functions: [fn(&Tensor) -> Tensor; 10] = [
        view,
        view_of,
        view_with_lifetime,
        qualified,
        reference,
        owned,
        reference_to_owned,
        reference_to_view,
        on_write,
        shared,
    ];
    let x = tf::constant([1.0, 3.0]);
    for (place, square) in functions.into_iter().enumerate() {
        assert_eq!(square(&x).to_vec(), [1.0, 9.0], "kind {place}");
        assert_eq!(gradient_of(square, &x), [2.0, 60.0], "kind {place}");
    }
}

#[test]
fn a_parameter_of_its_own_may_be_changed() {
    #[custom_gradient(arrays)]
    fn clipped(mut x: Array1<f32>, limit: f32) -> Array1<f32> {
        let inside = x.mapv(|v| if v < limit { 1.0 } else { 0.0 });
        x.mapv_inplace(|v| v.min(limit));
        (x, |dy| &dy * &inside)
    }
    let x = tf::constant([1.0, 3.0]);
    assert_eq!(clipped(&x, 2.0).to_vec(), [1.0, 2.0]);
    assert_eq!(gradient_of(|x| clipped(x, 2.0), &x), [1.0, 0.0]);
    assert_eq!(x.to_vec(), [1.0, 3.0], "the caller's tensor stays as it is");
}

#[test]
fn every_rank() {
    #[custom_gradient(arrays)]
    fn scale(factor: ArrayView0<f32>, x: ArrayView3<f32>) -> Array<f32, Ix3> {
        let factor = factor.into_scalar();
        let grad = |dy| ((&dy * &x).sum(), &dy * *factor);
        (&x * *factor, grad)
    }
    #[custom_gradient(arrays)]
    fn double(x: ArrayViewD<f32>) -> ArrayD<f32> {
        (&x * 2.0, |dy| &dy * 2.0)
    }
    #[custom_gradient(arrays)]
    fn total<D: Dimension + 'static>(x: ArrayView<f32, D>) -> Array0<f32> {
        let dim = x.raw_dim();
        (x.sum(), |dy| Array::from_elem(dim, dy.into_scalar().to_owned()))
    }
    let (factor, x) = (tf::constant(3.0), tf::constant([[[1.0, 2.0]]]));
    assert_eq!(gradient_of(|factor| scale(factor, &x), &factor), [21.0]);
    assert_eq!(gradient_of(|x| scale(&factor, x), &x), [3.0, 30.0]);
    assert_eq!(gradient_of(double, &x), [2.0, 20.0]);
    assert_eq!(gradient_of(double, &factor), [2.0]);
    assert_eq!(total::<Ix3>(&x).item().to_bits(), 3f32.to_bits());
    assert_eq!(gradient_of(total::<Ix3>, &x), [1.0, 1.0]);
}

#[test]
fn arguments_are_seen_without_a_copy() {
    thread_local! {
        static SEEN: Cell<[usize; 4]> = const { Cell::new([0; 4]) };
    }
    fn note(place: usize, array: &ArrayRef<f32, Ix2>) {
        SEEN.with(|seen| {
            let mut all = seen.get();
            all[place] = array.as_ptr().addr();
            seen.set(all);
        });
    }
    #[custom_gradient(arrays)]
    fn product(a: ArrayView2<f32>, b: &ArrayRef<f32, Ix2>) -> Array2<f32> {
        note(0, &a);
        note(1, b);
        let corner = a.slice(s![1.., ..]);
        let grad = |dy| {
            note(2, b);
            note(3, &corner);
            assert_eq!(corner, array![[3.0, 4.0]]);
            (&dy * &b.view(), &dy * &a)
        };
        (&a * &b.view(), grad)
    }
    let (a, b) = (tf::constant([[1.0, 2.0], [3.0, 4.0]]), tf::constant([[5.0, 6.0], [7.0, 8.0]]));
    let tape = GradientTape::new();
    tape.watch((&a, &b));
    let y = product(&a, &b);
    let (da, db) = tape.gradient(&y, (&a, &b)).expect("gradients");
    assert_eq!((da.to_vec(), db.to_vec()), (b.to_vec(), a.to_vec()));
    let (a, b) = (a.view().as_ptr().addr(), b.view().as_ptr().addr());
    assert_eq!(SEEN.get(), [a, b, b, a + 2 * size_of::<f32>()]);
}

#[test]
fn results_are_taken_over_without_a_copy() {
    thread_local! {
        static MADE: Cell<[usize; 2]> = const { Cell::new([0; 2]) };
    }
    #[custom_gradient(arrays)]
    fn halves(x: ArrayView1<f32>) -> (Array1<f32>, Array2<f32>) {
        let (half, column) = (&x / 2.0, (&x * 2.0).insert_axis(Axis(1)));
        MADE.set([half.as_ptr().addr(), column.as_ptr().addr()]);
        ((half, column), |half, column| &half / 2.0 + &column.index_axis(Axis(1), 0) * 2.0)
    }
    let (half, column) = halves(&tf::constant([1.0, 2.0]));
    assert_eq!((half.shape(), column.shape()), (&[2][..], &[2, 1][..]));
    assert_eq!([half.view().as_ptr().addr(), column.view().as_ptr().addr()], MADE.get());
}

/// What `grad` captured is what the body saw, whichever way the view looks at the tensor.
#[test]
fn captured_views_look_the_same_way() {
    #[custom_gradient(arrays)]
    fn looked_at(x: ArrayView2<f32>, empty: ArrayView2<f32>) -> Array0<f32> {
        let (turned, mirrored) = (x.t(), x.slice(s![..;-1, ..;-2]));
        let (stretched, local) = (x.row(1), &x * 10.0);
        let stretched = stretched.broadcast((4, 3)).expect("rows broadcast");
        let (one, inner, all) = (x.slice(s![1..2, 2..]), local.slice(s![.., ..;-1]), x.view().into_dyn());
        let by_reference = &x.column(1);
        let nothing = x.slice(s![0..0, ..]);
        let seen = [
            turned.to_owned().into_dyn(),
            mirrored.to_owned().into_dyn(),
            stretched.to_owned().into_dyn(),
            one.to_owned().into_dyn(),
            inner.to_owned().into_dyn(),
            all.to_owned(),
            by_reference.to_owned().into_dyn(),
            nothing.to_owned().into_dyn(),
            empty.to_owned().into_dyn(),
        ];
        let grad = |dy: ArrayView0<f32>| {
            let now = [
                turned.to_owned().into_dyn(),
                mirrored.to_owned().into_dyn(),
                stretched.to_owned().into_dyn(),
                one.to_owned().into_dyn(),
                inner.to_owned().into_dyn(),
                all.to_owned(),
                by_reference.to_owned().into_dyn(),
                nothing.to_owned().into_dyn(),
                empty.to_owned().into_dyn(),
            ];
            assert_eq!(now, seen);
            assert_eq!((turned.strides(), mirrored.strides()), (&[1, 3][..], &[-3, -2][..]));
            assert_eq!((stretched.strides()[0], turned.as_ptr()), (0, all.as_ptr()));
            (&x * *dy.into_scalar(), None)
        };
        (x.sum(), grad)
    }
    let x = tf::constant([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
    assert_eq!(gradient_of(|x| looked_at(x, &tf::zeros([0, 3])), &x), x.to_vec());
}

#[test]
fn several_outputs_give_as_many_views() -> Result<(), Error> {
    #[custom_gradient(arrays)]
    fn both(x: ArrayView2<f32>) -> (Array2<f32>, Array0<f32>, Array1<i64>) {
        let largest = x.rows().into_iter().map(|row| i64::from(row[1] > row[0])).collect::<Array1<_>>();
        let dim = x.raw_dim();
        let grad = |double: ArrayView2<f32>, sum: &Array0<f32>, places: ArrayView1<i64>| {
            assert_eq!(places, array![0, 0]);
            &double * 2.0 + Array2::from_elem(dim, sum.clone().into_scalar())
        };
        ((&x * 2.0, arr0(x.sum()), largest), grad)
    }
    let x = tf::constant([[1.0, 2.0], [4.0, 3.0]]);
    let tape = GradientTape::persistent();
    tape.watch(&x);
    let (double, sum, places) = both(&x);
    assert_eq!((double.to_vec(), sum.item(), places.to_vec()), (vec![2.0, 4.0, 8.0, 6.0], 10.0, vec![1, 0]));
    assert_eq!(tape.gradient(&double, &x)?.to_vec(), [2.0; 4]);
    assert_eq!(tape.gradient(&sum, &x)?.to_vec(), [1.0; 4]);
    assert_eq!(tape.gradient((&double, &sum), &x)?.to_vec(), [3.0; 4]);
    Ok(())
}

/// Whatever holds the elements may be the value, and be named as the type of it.
#[test]
fn every_kind_of_result() {
    #[custom_gradient(arrays)]
    fn turned<'a>(x: ArrayView2<'a, f32>) -> ArrayView2<'a, f32> {
        (x.reversed_axes(), |dy| dy.t())
    }
    #[custom_gradient(arrays)]
    fn copied(x: ArrayView2<f32>) -> Array2<f32> {
        (x, |dy| dy)
    }
    #[custom_gradient(arrays)]
    fn shared(x: ArrayView1<f32>) -> ArcArray1<f32> {
        let y = x.mapv(|v| v * v).into_shared();
        let also = y.clone();
        let grad = |dy| (&x * &dy * 2.0 + &also * 0.0).into_shared();
        (y, grad)
    }
    #[custom_gradient(arrays)]
    fn sum(x: ArrayView1<f32>) -> Array0<f32> {
        let length = x.len();
        (x.sum(), |dy| dy.broadcast(length).expect("a scalar broadcasts").to_owned())
    }
    let x = tf::constant([[1.0, 2.0, 3.0]]);
    assert_eq!((turned(&x).shape(), turned(&x).to_vec()), (&[3, 1][..], vec![1.0, 2.0, 3.0]));
    assert_eq!(gradient_of(turned, &x), [1.0, 10.0, 100.0]);
    assert_eq!((copied(&x).to_vec(), gradient_of(copied, &x)), (x.to_vec(), vec![1.0, 10.0, 100.0]));
    let x = tf::constant([1.0, 3.0]);
    assert_eq!((shared(&x).to_vec(), gradient_of(shared, &x)), (vec![1.0, 9.0], vec![2.0, 60.0]));
    assert_eq!((sum(&x).to_vec(), gradient_of(sum, &x)), (vec![4.0], vec![1.0, 1.0]));
}

/// A view of a local is copied when it is kept, and seen as that copy, whatever its elements are.
#[test]
fn captured_views_of_locals() {
    #[custom_gradient(arrays)]
    fn reversed(x: ArrayView1<f32>) -> Array1<f32> {
        let (places, units) = (Array1::from_iter((0..x.len()).rev()), array![(), ()]);
        let (places, units) = (places.view(), units.view());
        let grad = |dy| {
            assert_eq!(units.len(), 2);
            places.mapv(|place: usize| dy[place])
        };
        (places.mapv(|place| x[place]), grad)
    }
    #[custom_gradient(arrays)]
    fn exp(x: ArrayView1<f32>) -> Array1<f32> {
        let y = x.mapv(f32::exp2);
        let seen = y.view();
        (y, |dy| &dy * &seen)
    }
    #[custom_gradient(arrays)]
    fn exp_with_let(x: ArrayView1<f32>) -> Array1<f32> {
        let y = x.mapv(f32::exp2);
        let seen = y.view();
        let grad = |dy| &dy * &seen;
        (y, grad)
    }
    let x = tf::constant([0.0, 3.0]);
    assert_eq!(gradient_of(reversed, &x), [10.0, 1.0]);
    assert_eq!(gradient_of(exp, &x), [1.0, 80.0]);
    assert_eq!(gradient_of(exp_with_let, &x), [1.0, 80.0]);
}

/// A gradient may be a view of what `grad` captured.
#[test]
fn gradients_that_look_into_captures() -> Result<(), Error> {
    #[custom_gradient(arrays)]
    #[allow_constant_gradient]
    fn trace_of_product(a: ArrayView2<f32>, b: ArrayView2<f32>) -> Array0<f32> {
        let also = b.to_owned();
        (a.dot(&b).diag().sum(), |_dy| (also.t(), a.t()))
    }
    let (a, b) = (tf::constant([[1.0, 2.0]]), tf::constant([[3.0], [4.0]]));
    let tape = GradientTape::new();
    tape.watch((&a, &b));
    let (da, db) = tape.gradient(trace_of_product(&a, &b), (&a, &b))?;
    assert_eq!((da.shape(), da.to_vec()), (&[1, 2][..], vec![3.0, 4.0]));
    assert_eq!((db.shape(), db.to_vec()), (&[2, 1][..], vec![1.0, 2.0]));
    Ok(())
}

#[test]
fn results_and_early_exits() -> Result<(), String> {
    #[custom_gradient(arrays)]
    fn reshaped(x: ArrayView1<f32>, rows: usize) -> Result<Array2<f32>, String> {
        let length = x.len();
        if rows == 1 {
            return Ok((x.to_owned().insert_axis(Axis(0)), |dy: ArrayView2<f32>| dy.index_axis_move(Axis(0), 0)));
        }
        let y = x.to_owned().into_shape_with_order((rows, length / rows)).map_err(|error| error.to_string())?;
        let grad = |dy| dy.to_owned().into_shape_with_order(length).expect("as many as there were");
        Ok((y, grad))
    }
    let x = tf::constant([1.0, 2.0, 3.0, 4.0]);
    assert_eq!(reshaped(&x, 2)?.shape(), [2, 2]);
    assert!(reshaped(&x, 3).is_err());
    let tape = GradientTape::new();
    tape.watch(&x);
    let y = reshaped(&x, 1)? * 2.0 + tf::reshape(reshaped(&x, 2)?, [1, 4]);
    assert_eq!(tape.gradient(&y, &x).map_err(|error| error.to_string())?.to_vec(), [3.0; 4]);
    Ok(())
}

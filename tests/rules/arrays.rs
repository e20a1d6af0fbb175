//! `arrays`: the body is written over ndarray, and the outside sees tensors.

use gradcore::prelude::*;
use ndarray::{Array2, ArrayView2};

#[custom_gradient(arrays)]
fn matmul(a: ArrayView2<f32>, b: ArrayView2<f32>) -> Array2<f32> {
    let y = a.dot(&b);
    let grad = |dy| (dy.dot(&b.t()), a.t().dot(&dy));
    (y, grad)
}

/// y = a·b with a = [[1, 2]], b = [[3], [4]]: da = dy·bᵀ, db = aᵀ·dy.
#[test]
fn a_matrix_product() -> Result<(), Error> {
    let (a, b) = (tf::constant([[1.0, 2.0]]), tf::constant([[3.0], [4.0]]));
    let tape = GradientTape::new();
    tape.watch((&a, &b));
    let y = matmul(&a, &b);
    assert_eq!((y.shape(), y.to_vec()), (&[1, 1][..], vec![11.0]));
    let (da, db) = tape.gradient(&y * 2.0, (&a, &b))?;
    assert_eq!((da.shape(), da.to_vec()), (&[1, 2][..], vec![6.0, 8.0]));
    assert_eq!((db.shape(), db.to_vec()), (&[2, 1][..], vec![2.0, 4.0]));
    Ok(())
}

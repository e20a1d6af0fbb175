//! Hessians and Hessian-vector products.

use gradcore::prelude::*;

use functional::{grad, hessian, hvp, jacobian, jvp, vjp};

use crate::common::assert_close;

fn normal<const N: usize>(shape: [usize; N], of: u64) -> Tensor<f64> {
    tf::random::normal(shape, seed(of))
}

#[test]
fn the_hessian_of_a_quadratic_form_is_its_symmetric_part_twice() {
    // xᵀAx has the Hessian A + Aᵀ.
    for (n, of) in [(1, 1), (2, 2), (5, 3)] {
        let (a, x) = (normal([n, n], of), normal([n, 1], 10 + of));
        let form = |x: &Tensor<f64>| tf::matmul(tf::transpose(x, ..), tf::matmul(&a, x, ..), ..);
        let h = hessian(form, &x).unwrap();
        assert_eq!(h.shape(), [n, 1, n, 1]);
        let h = tf::reshape(&h, &[n, n][..]);
        assert_close("the hessian", &h, &(&a + tf::transpose(&a, ..)));
        let v = normal([n, 1], 20 + of);
        assert_close("the product", &hvp(form, &x, &v).unwrap(), &tf::matmul(&h, &v, ..));
    }
}

#[test]
fn hessians_of_matrices() {
    // Σ(Ax)² by x of shape [3, 2]: each column has the Hessian 2AᵀA.
    for columns in [2, 3] {
        let (a, x) = (normal([3, 3], 1), normal([3, columns], 2));
        let h = hessian(|x| tf::reduce_sum(tf::square(tf::matmul(&a, x, ..)), ..), &x).unwrap();
        assert_eq!(h.shape(), [3, columns, 3, columns]);
        let block = (tf::matmul(tf::transpose(&a, ..), &a, ..) * 2).to_vec();
        let found = h.to_vec();
        let expected = (0..9 * columns * columns).map(|place| {
            let (row, column) = (place / (3 * columns), place % (3 * columns));
            match row % columns == column % columns {
                true => block[row / columns * 3 + column / columns],
                false => 0.0,
            }
        });
        let expected = Tensor::from_vec(h.shape(), expected.collect()).unwrap();
        assert_close("the hessian", &h, &expected);
        assert_eq!(found.len(), 9 * columns * columns);
    }
}

#[test]
fn hessian_of_a_cube_and_of_a_variable() {
    let v = tf::constant([1.0f32, 2.0]);
    let cube = |v: &Tensor| tf::reduce_sum(v * v * v, ..);
    assert_eq!(hessian(cube, &v).unwrap().to_vec(), [6.0, 0.0, 0.0, 12.0]);
    assert_eq!(hvp(cube, &v, tf::constant([1.0f32, 0.0])).unwrap().to_vec(), [6.0, 0.0]);
    let v: Variable = Variable::new([1.0, 2.0]);
    assert_eq!(hessian(|v| tf::reduce_sum(v * v * v, ..), &v).unwrap().to_vec(), [6.0, 0.0, 0.0, 12.0]);
    // A scalar has a scalar one.
    let h = hessian(|x| x * x * x, tf::constant(2.0f32)).unwrap();
    assert_eq!((h.rank(), h.item()), (0, 12.0));
}

#[custom_gradient]
fn leaky_relu(x: &Tensor) -> Tensor {
    let y = tf::where_(x > 0.0, x, x * 0.2);
    let grad = |dy| tf::where_(x > 0.0, dy, dy * 0.2);
    (y, grad)
}

#[test]
fn functions_without_second_derivative_have_the_hessian_zero() {
    let x = tf::constant([1.0f32, -2.0]);
    assert_eq!(hessian(|x| tf::reduce_sum(x * 3, ..), &x).unwrap().to_vec(), [0.0; 4]);
    assert_eq!(hvp(|x| tf::reduce_sum(x * 3, ..), &x, &x).unwrap().to_vec(), [0.0; 2]);
    assert_eq!(hessian(|_| tf::constant(3.0f32), &x).unwrap().to_vec(), [0.0; 4]);
    // What is linear in pieces.
    let pieces: [fn(&Tensor) -> Tensor; 6] = [
        |x| tf::nn::relu(x),
        |x| tf::abs(x),
        |x| tf::maximum(x, 0),
        |x| tf::reduce_max(x, ..),
        |x| tf::clip_by_value(x, -1.0, 1.0),
        leaky_relu,
    ];
    for piece in pieces {
        assert_eq!(hessian(|x| tf::reduce_sum(piece(x), ..), &x).unwrap().to_vec(), [0.0; 4]);
        assert_eq!(hvp(|x| tf::reduce_sum(piece(x), ..), &x, &x).unwrap().to_vec(), [0.0; 2]);
        assert_eq!(grad(|x| grad(piece, x), &x).unwrap().to_vec(), [0.0; 2]);
    }
    // Of several arguments, one may enter linearly.
    let f = |(x, b): (&Tensor, &Tensor)| tf::reduce_sum(tf::square(tf::nn::relu(x)) + b, ..);
    let (hx, hb) = hvp(f, (&x, &x), (&x, &x)).unwrap();
    assert_eq!((hx.to_vec(), hb.to_vec()), (vec![2.0, 0.0], vec![0.0, 0.0]));
}

#[test]
fn products_with_the_hessian_agree_in_every_way() {
    // tanh²(xy), as in TensorFlow's test of Hessian-vector products.
    let (x, y) = (tf::constant([1.0, 2.0, 3.0]) * 0.1f64, tf::constant([3.0, 4.0, 5.0]) * 0.1f64);
    let v = (tf::constant([1.0, -1.0, 0.5]), tf::constant([0.25, 2.0, 1.0]));
    let f = |(x, y): (&Tensor<f64>, &Tensor<f64>)| tf::reduce_sum(tf::square(tf::tanh(x * y)) * x, ..);
    let (hx, hy) = hvp(f, (&x, &y), &v).unwrap();

    let forward_over_reverse = jvp(|(x, y)| grad(f, (x, y)), (&x, &y), &v).unwrap().1;
    let reverse_over_forward = grad(|(x, y)| Ok(jvp(f, (x, y), &v)?.1), (&x, &y)).unwrap();
    let reverse_over_reverse = vjp(|(x, y)| grad(f, (x, y)), (&x, &y)).unwrap().1.apply(&v).unwrap();
    for (wx, wy) in [forward_over_reverse, reverse_over_forward, reverse_over_reverse] {
        assert_close("by x", &wx, &hx);
        assert_close("by y", &wy, &hy);
    }
    let (xx, xy) = jacobian(|(x, y)| Ok(grad(f, (x, y))?.0), (&x, &y)).unwrap();
    let column = |v: &Tensor<f64>| tf::reshape(v, [3, 1]);
    let by_blocks = tf::matmul(xx, column(&v.0), ..) + tf::matmul(xy, column(&v.1), ..);
    assert_close("by blocks", &by_blocks, &column(&hx));

    // By differences of gradients.
    let step = 1e-5;
    let at = |k: f64| grad(f, (&x + &v.0 * k, &y + &v.1 * k)).unwrap();
    let (above, below) = (at(step), at(-step));
    let difference = (above.0 - below.0) / (2.0 * step);
    let off = tf::reduce_max(tf::abs(difference - &hx), ..).item();
    assert!(off < 1e-8, "{off}");
}

#[test]
fn variables_have_products_with_the_hessian() {
    // (Σ(Wx)²)/2 by W: the gradient is Wx xᵀ, and along V it changes by Vx xᵀ.
    let w: Variable<f64> = Variable::new(normal([2, 3], 1)).named("w");
    let (x, v) = (normal([3, 1], 2), normal([2, 3], 3));
    let loss = |w: &Variable<f64>| tf::reduce_sum(tf::square(tf::matmul(w, &x, ..)), ..) * 0.5;
    let outer = tf::matmul(&x, tf::transpose(&x, ..), ..);
    assert_close("by w", &hvp(loss, &w, &v).unwrap(), &tf::matmul(&v, &outer, ..));
    let back_over_back = vjp(|w| grad(loss, w), &w).unwrap().1.apply(&v).unwrap();
    assert_close("back over back", &back_over_back, &tf::matmul(&v, &outer, ..));
}

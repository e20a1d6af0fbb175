//! Parameters: which get gradients, in what order, and every way to write them.

use gradcore::prelude::*;

use crate::gradient_of;

#[test]
fn several_inputs_get_gradients_in_their_order() {
    #[custom_gradient]
    fn swapped_product(a: &Tensor, b: &Tensor) -> Tensor {
        (a * b, |dy| (dy * a, dy * b))
    }
    let (a, b) = (tf::constant(3.0), tf::constant(5.0));
    let tape = GradientTape::new();
    tape.watch((&a, &b));
    let y = swapped_product(&a, &b);
    let (da, db) = tape.gradient(&y, (&a, &b)).expect("gradients");
    assert_eq!((da.item(), db.item()), (3.0, 5.0));
}

#[test]
fn the_same_tensor_twice_gets_the_sum() {
    #[custom_gradient]
    fn f(_a: &Tensor, b: &Tensor) -> Tensor {
        (b * 1, |dy| (dy * 2, dy * 3))
    }
    assert_eq!(gradient_of(|x| f(x, x), [1.0]), [5.0]);
}

#[test]
fn constants_take_no_gradient_whatever_their_type() {
    #[custom_gradient]
    fn f(k: usize, x: &Tensor, mode: &str, mask: &Tensor<bool>, labels: &Tensor<i64>, w: Option<&Tensor>) -> Tensor {
        let factor = if mode == "double" && k > 1 { 2.0 } else { 1.0 };
        let y = tf::where_(mask, x * factor, 0.0);
        let grad = |dy| (tf::where_(mask, dy * factor, 0.0), w.map(|w| tf::reduce_sum(dy * 0.0, ..) * w));
        assert_eq!(labels.size(), 2);
        (y, grad)
    }
    let (mask, labels) = (tf::constant([true, false]), tf::constant([1, 2]));
    assert_eq!(gradient_of(|x| f(2, x, "double", &mask, &labels, None), [1.0, 2.0]), [2.0, 0.0]);
}

#[test]
fn nondiff_takes_a_tensor_out_of_the_gradients() {
    #[custom_gradient]
    fn scale(x: &Tensor, #[nondiff] factor: &Tensor) -> Tensor {
        (x * factor, |dy| dy * factor)
    }
    let factor = tf::constant(3.0);
    assert_eq!(gradient_of(|x| scale(x, &factor), [1.0]), [3.0]);
}

#[test]
fn nondiff_holds_for_watched_tensors_and_at_every_order() {
    #[custom_gradient]
    fn masked(dy: &Tensor, #[nondiff] y: &Tensor) -> Tensor {
        let mask = tf::cast(y > 0, tf::float32);
        (dy * &mask, |ddy| ddy * mask)
    }
    #[custom_gradient]
    fn ramp(x: &Tensor) -> Tensor {
        let y = tf::maximum(x, 0) * x;
        (&y, |dy| masked(dy, &y) * x * 2)
    }
    let x = tf::constant([-1.0, 3.0]);
    let tape = GradientTape::persistent();
    tape.watch(&x);
    let first = tape.gradient(ramp(&x), &x).expect("a gradient");
    let second = tape.gradient(&first, &x).expect("a second gradient");
    assert_eq!((first.to_vec(), second.to_vec()), (vec![0.0, 6.0], vec![0.0, 2.0]));
}

#[test]
fn owned_and_mutable_parameters() {
    #[custom_gradient]
    fn f(mut x: Tensor, mut times: usize) -> Tensor {
        let kept = x.clone();
        while times > 0 {
            x = x * 2.0;
            times -= 1;
        }
        (x, |dy| dy * kept)
    }
    assert_eq!(gradient_of(|x| f(x.clone(), 3), [1.0, 2.0]), [1.0, 2.0]);
}

#[test]
fn unused_and_unnamed_parameters() {
    #[custom_gradient]
    fn straight(_primal: &Tensor, d: &Tensor, _: &Tensor) -> Tensor {
        (d + 1.0, |dy| (None, dy, None))
    }
    let unused = tf::constant([5.0, 6.0]);
    assert_eq!(gradient_of(|x| straight(&unused, x, &unused), [1.0, 2.0]), [1.0, 1.0]);
}

#[test]
fn generics_lifetimes_where_clauses_docs_and_attributes_survive() {
    /// Documented.
    #[custom_gradient]
    #[inline]
    #[must_use]
    #[allow(dead_code, clippy::elidable_lifetime_names, clippy::needless_lifetimes)]
    pub(crate) fn scaled<'a, T, F>(x: &'a Tensor<T>, factor: F) -> Tensor<T>
    where
        T: Real,
        F: Fn(T) -> T + Clone + 'static,
    {
        let y = x * factor(T::ONE);
        (y, |dy| dy * factor(T::of(10.0)))
    }
    let x = tf::constant([1.0f64, 2.0]);
    let tape = GradientTape::new();
    tape.watch(&x);
    let y = scaled(&x, |v| v * 2.0);
    assert_eq!(y.to_vec(), [2.0, 4.0]);
    assert_eq!(tape.gradient(&y, &x).expect("a gradient").to_vec(), [20.0, 20.0]);
}

#[test]
fn the_crate_may_live_elsewhere() {
    mod elsewhere {
        pub(super) use ::gradcore as core;
    }
    #[custom_gradient(crate = elsewhere::core)]
    fn f(x: &Tensor) -> Tensor {
        (x * 1.0, |dy| dy * 5.0)
    }
    assert_eq!(gradient_of(f, [1.0]), [5.0]);
}

#[test]
fn a_shape_is_any_list_of_integers() {
    let x: Tensor = tf::ones([2, 3]);
    let mut computed = vec![1; 2];
    computed.push(-1);
    for y in [
        tf::reshape(&x, [1, 1, -1]),
        tf::reshape(&x, &computed),
        tf::reshape(&x, vec![1usize, 1, 6]),
        tf::reshape(&x, tf::ones::<f32>([1, 1, 6]).shape()),
    ] {
        assert_eq!(y.shape(), [1, 1, 6]);
    }
    assert_eq!(tf::reshape(tf::ones::<f32>([1]), []).rank(), 0);
}

/// What `#[nondiff]` stops is named, as for `stop_gradient`.
#[test]
fn a_gradient_that_nondiff_stops_says_so() {
    #[custom_gradient]
    fn product(x: &Tensor, #[nondiff] y: &Tensor) -> Tensor {
        (x * y, |dz| dz * y)
    }
    let x = tf::constant([1.0, 2.0]);
    let tape = GradientTape::new();
    tape.watch(&x);
    let error = tape.gradient(product(&tf::constant([1.0, 1.0]), &x), &x).expect_err("stopped");
    assert!(error.to_string().contains("no gradient flows through `product` at tests/rules/parameters.rs"), "{error}");
    let tape = GradientTape::new();
    tape.watch(&x);
    assert_eq!(tape.gradient(product(&x, &x), &x).expect("through x").to_vec(), [1.0, 2.0]);
}

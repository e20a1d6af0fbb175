//! `#[cfg]` in a rule, wherever a plain function may have it.

use gradcore::prelude::*;

use crate::gradient_of;

#[test]
fn parameters_are_left_out() {
    #[custom_gradient]
    fn first_left_out(#[cfg(not(test))] x: &Tensor, y: &Tensor) -> Tensor {
        fn grad(dy: &Tensor) -> Tensor {
            dy * y
        }
        (y * y / 2, grad)
    }
    #[custom_gradient]
    fn f(x: &Tensor, #[cfg(test)] y: &Tensor, #[cfg(not(test))] z: &Missing, #[cfg(test)] n: i32) -> Tensor {
        #[cfg(test)]
        let product = x * y * n;
        #[cfg(not(test))]
        let product = x * z;
        (product, |dy| (dy * y * n, dy * x * n))
    }
    assert_eq!(gradient_of(|x| f(x, &tf::constant([3.0]), 2), [2.0]), [6.0]);
    assert_eq!(gradient_of(|y| f(&tf::constant([4.0]), y, 2), [2.0]), [8.0]);

    assert_eq!(gradient_of(first_left_out, [3.0]), [3.0]);
}

#[test]
fn gradients_are_left_out_with_their_parameters() {
    #[custom_gradient]
    fn f(#[cfg(test)] x: &Tensor, #[cfg(not(test))] y: &Tensor, #[rustfmt::skip] z: &Tensor) -> Tensor {
        (x * z, |dy| {
            (
                #[cfg(test)]
                std::ops::Mul::mul(dy, z),
                #[cfg(not(test))]
                missing(dy),
                dy * x,
            )
        })
    }
    assert_eq!(gradient_of(|x| f(x, &tf::constant([3.0])), [2.0]), [3.0]);
    assert_eq!(gradient_of(|z| f(&tf::constant([5.0]), z), [2.0]), [5.0]);
}

#[test]
fn one_of_two_tails_stays() {
    #[custom_gradient]
    fn of_the_function(x: &Tensor, k: f32) -> Tensor {
        let y = x * k;
        #[cfg(test)]
        {
            (y, |dy| dy * k)
        }
        #[cfg(not(test))]
        {
            (missing(y), |dy| dy * missing)
        }
    }
    #[custom_gradient]
    fn the_second(x: &Tensor, k: f32) -> Tensor {
        #[cfg(not(test))]
        {
            (missing(x), |dy| dy * missing)
        }
        #[cfg(test)]
        {
            let grad = |dy| dy * k;
            (x * k, grad)
        }
    }
    #[custom_gradient]
    fn of_grad(x: &Tensor, y: &Tensor) -> Tensor {
        let grad = |dy: &Tensor| {
            let twice = dy * 2;
            #[cfg(not(test))]
            {
                (twice, missing)
            }
            #[cfg(test)]
            {
                (&twice * y, twice * x)
            }
        };
        (x * y * 2, grad)
    }
    #[custom_gradient]
    fn of_an_inner_function(x: &Tensor, k: f32) -> Tensor {
        #[cfg(test)]
        fn grad(dy: &Tensor) -> Tensor {
            #[cfg(test)]
            return dy * k;
            #[cfg(not(test))]
            return missing;
        }
        #[cfg(not(test))]
        fn grad(dy: &Tensor) -> Missing {}
        (x * k, grad)
    }
    assert_eq!(gradient_of(|x| of_the_function(x, 3.0), [2.0]), [3.0]);
    assert_eq!(gradient_of(|x| the_second(x, 3.0), [2.0]), [3.0]);
    assert_eq!(gradient_of(|x| of_grad(x, &tf::constant([3.0])), [2.0]), [6.0]);
    assert_eq!(gradient_of(|x| of_an_inner_function(x, 3.0), [2.0]), [3.0]);
}

#[test]
fn a_name_means_what_it_means_without_what_is_left_out() {
    #[custom_gradient]
    fn hides(x: &Tensor, w: &Tensor) -> Tensor {
        let grad = |dy| {
            #[cfg(test)]
            let w = w * 10;
            let dx = dy * &w;
            (dx, dy * x)
        };
        (x * w, grad)
    }
    #[custom_gradient]
    fn hides_not(x: &Tensor, w: &Tensor) -> Tensor {
        #[cfg(not(test))]
        let w = missing;
        let grad = |dy| {
            #[cfg(not(test))]
            let w = w * 10;
            (dy * w, dy * x)
        };
        (x * w, grad)
    }
    let w = tf::constant([3.0]);
    assert_eq!(gradient_of(|x| hides(x, &w), [2.0]), [30.0]);
    assert_eq!(gradient_of(|x| hides_not(x, &w), [2.0]), [3.0]);
}

#[test]
fn attributes_may_depend_on_it() {
    #[custom_gradient]
    #[cfg_attr(test, allow_constant_gradient, allow(clippy::unnecessary_wraps))]
    fn f(x: &Tensor, #[cfg_attr(test, nondiff)] y: &Tensor, #[cfg_attr(not(test), nondiff)] z: &Tensor) -> Tensor {
        #[cfg_attr(test, allow(unused_variables))]
        let unused = 3;
        (x * y * z, |dy| (dy * y * z, tf::ones_like(dy)))
    }
    let (y, z) = (tf::constant([3.0]), tf::constant([5.0]));
    assert_eq!(gradient_of(|x| f(x, &y, &z), [2.0]), [15.0]);
    assert_eq!(gradient_of(|z| f(&tf::constant([2.0]), &y, z), [2.0]), [1.0]);
}

/// What a rule is written over.
struct Scale {
    k: f32,
}

impl Scale {
    #[custom_gradient(recompute)]
    fn again(&self, x: &Tensor, #[cfg(not(test))] y: &Missing) -> Tensor {
        #[cfg(test)]
        let k = self.k;
        #[cfg(not(test))]
        let k = missing;
        (x * k, |dy| dy * k)
    }
}

#[test]
fn with_every_form() {
    #[custom_gradient(elementwise)]
    fn element(x: f32, #[cfg(not(test))] y: Missing, #[cfg(test)] k: f32) -> f32 {
        #[cfg(test)]
        {
            (x * k, |dy| (dy * k, dy * x))
        }
        #[cfg(not(test))]
        {
            (x, |dy| dy)
        }
    }
    let scale = tf::constant([3.0]);
    #[custom_gradient(closure)]
    fn local(#[cfg(not(test))] y: &Missing, x: &Tensor, #[cfg(test)] mut k: f32) -> Tensor {
        k += 1.0;
        let y = x * &scale * k;
        match k {
            #[cfg(not(test))]
            0.0 => (missing, |dy| dy * 2.0),
            #[cfg(test)]
            _ => (y, |dy| tf::identity(dy * &scale * k)),
        }
    }
    assert_eq!(gradient_of(|x| element(x, &tf::constant([3.0])), [2.0]), [3.0]);
    assert_eq!(gradient_of(|x| local(x, 1.0), [2.0]), [6.0]);
    assert_eq!(gradient_of(|x| Scale { k: 3.0 }.again(x), [2.0]), [3.0]);
}

#[test]
fn structures_and_closures_have_parts_that_are_left_out() {
    #[derive(Clone)]
    struct Both {
        a: f32,
        b: f32,
    }
    #[custom_gradient]
    fn f(x: &Tensor, k: f32) -> Tensor {
        let both = Both {
            a: k,
            #[cfg(test)]
            b: 2.0,
            #[cfg(not(test))]
            b: missing,
        };
        let grad = |dy| {
            let Both {
                a,
                #[cfg(test)]
                b,
                #[cfg(not(test))]
                missing,
            } = both.clone();
            dy * a * b
        };
        (x * both.a * both.b, grad)
    }
    assert_eq!(gradient_of(|x| f(x, 3.0), [2.0]), [6.0]);
}

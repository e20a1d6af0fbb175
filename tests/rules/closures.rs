//! The option `closure`: nested functions that use the locals around them.

use std::panic::{AssertUnwindSafe, catch_unwind};

use gradcore::Operand;
use gradcore::prelude::*;

use crate::gradient_of;

#[test]
fn it_uses_the_locals_around_it_which_stay_usable() {
    let slope = 0.25;
    let scale = tf::constant([2.0, 3.0]);
    let label = String::from("scaled");
    #[custom_gradient(closure)]
    fn scaled(x: &Tensor, offset: f32) -> Tensor {
        assert_eq!(label.len(), 6);
        let y = x * &scale + slope + offset;
        let grad = |dy| dy * &scale * slope;
        (y, grad)
    }
    assert_eq!(scaled(&tf::constant([1.0, 1.0]), 0.5).to_vec(), [2.75, 3.75]);
    assert_eq!(gradient_of(|x| scaled(x, 0.0), [1.0, 1.0]), [0.5, 0.75]);
    assert_eq!(gradient_of(|x| scaled(&scaled(x, 0.0), 0.0), [1.0, 1.0]), [0.25, 0.5625]);
    assert_eq!((scale.to_vec(), label.as_str()), (vec![2.0, 3.0], "scaled"));
}

/// A factory, as in public specification 003: a sign whose gradient passes where |x| is at most the threshold.
fn clipped_sign(threshold: Option<f32>) -> impl Fn(&Tensor) -> Tensor {
    #[custom_gradient(closure)]
    fn sign(x: &Tensor) -> Tensor {
        let grad = |dy| match threshold {
            Some(limit) => tf::where_(tf::abs(x) <= limit, dy, 0),
            None => dy * 1,
        };
        (tf::sign(tf::sign(x) + 0.1), grad)
    }
    sign
}

#[test]
fn a_factory_returns_it() {
    let (clipped, free) = (clipped_sign(Some(0.5)), clipped_sign(None));
    assert_eq!(clipped(&tf::constant([-2.0, 0.0, 2.0])).to_vec(), [-1.0, 1.0, 1.0]);
    assert_eq!(gradient_of(&clipped, [-0.5, 0.6]), [1.0, 0.0]);
    assert_eq!(gradient_of(free, [-0.5, 0.6]), [1.0, 1.0]);
}

#[test]
fn it_is_passed_on_and_called_again() {
    fn twice(f: impl Fn(&Tensor) -> Tensor, x: &Tensor) -> Tensor {
        f(&f(x))
    }
    let factors = [3.0];
    #[custom_gradient(closure)]
    fn times(x: &Tensor) -> Tensor {
        if x.rank() == 0 {
            return (x * 1.0, |dy| dy * 1.0);
        }
        fn grad(dy: &Tensor) -> Tensor {
            dy * factors[0]
        }
        (x * factors[0], grad)
    }
    assert_eq!(gradient_of(|x| twice(times, x), [1.0]), [9.0]);
    let boxed: Box<dyn Fn(&Tensor) -> Tensor> = Box::new(times);
    assert_eq!(gradient_of(boxed, [1.0]), [3.0]);
}

#[test]
fn variables_around_it_are_listed() -> Result<(), Error> {
    let w: Variable = Variable::new([2.0, 3.0]);
    #[custom_gradient(closure, variables(w))]
    fn weighted(x: &Tensor) -> Tensor {
        // What cannot be cloned is borrowed.
        (x * w, |dy| (dy * w, dy * x))
    }
    let x = tf::constant([5.0, 7.0]);
    let tape = GradientTape::new();
    tape.watch(&x);
    let y = weighted(&x);
    let (dx, dw) = tape.gradient(&y, (&x, &w))?;
    assert_eq!((dx.to_vec(), dw.to_vec()), (vec![2.0, 3.0], vec![5.0, 7.0]));
    Ok(())
}

#[test]
fn it_stands_in_methods_and_in_other_rules() {
    struct Layer {
        scale: f32,
    }
    impl Layer {
        fn call(&self, x: &Tensor) -> Tensor {
            #[custom_gradient(closure)]
            fn inner(x: &Tensor) -> Tensor {
                (x * self.scale, |dy| dy * self.scale * 10)
            }
            inner(x)
        }
    }
    assert_eq!(gradient_of(|x| Layer { scale: 2.0 }.call(x), [1.0]), [20.0]);
}

#[test]
fn a_rule_of_its_own_may_stand_in_grad() {
    // The rule for the second derivative is a closure in `grad`: public specification 182.
    #[custom_gradient]
    fn leaky(x: &Tensor, slope: f32) -> Tensor {
        let y = tf::maximum(x, x * slope);
        let positive = y >= 0;
        let grad = |dy: &Tensor| {
            #[custom_gradient(closure)]
            fn backward(dy: &Tensor) -> Tensor {
                (tf::where_(&positive, dy, dy * slope), |ddy| tf::where_(&positive, ddy, ddy * slope))
            }
            backward(dy)
        };
        (y, grad)
    }
    assert_eq!(gradient_of(|x| leaky(x, 0.2), [-1.0, 0.0, 1.0]), [0.2, 1.0, 1.0]);
}

/// A layer whose second derivative is written by hand.
struct Layer {
    w: Tensor,
    power: Vec<f32>,
}

impl Layer {
    #[custom_gradient(variables(self.w))]
    fn scaled(&self, x: &Tensor) -> Tensor {
        let label = String::from("scaled");
        fn grad(dy: &Tensor) -> (Tensor, Tensor) {
            #[custom_gradient(closure)]
            fn of_x(dy: &Tensor) -> Tensor {
                let factor = self.power[0];
                fn grad(ddy: &Tensor) -> Tensor {
                    assert_eq!(label.len() + self.power.len(), 7);
                    ddy * &self.w * (factor + 100.0)
                }
                (dy * &self.w * factor, grad)
            }
            (of_x(dy), dy * x)
        }
        (x * &self.w, grad)
    }
}

#[test]
fn what_a_rule_in_grad_alone_uses_is_captured_by_the_outer_one() -> Result<(), Error> {
    #[custom_gradient]
    fn borrowed(x: &Tensor, k: &[f32], text: &str) -> Tensor {
        let grad = |dy| {
            #[custom_gradient(closure)]
            fn backward(dy: &Tensor) -> Tensor {
                (dy * 3 * x * x * k[0], |ddy| {
                    assert_eq!(text, "cube");
                    ddy * 3 * x * x * k[0] * 2
                })
            }
            backward(dy)
        };
        (x * x * x * k[0], grad)
    }
    #[custom_gradient(recompute)]
    fn again(x: &Tensor, k: &[f32]) -> Tensor {
        let double = k[0] * 2.0;
        let grad = |dy| {
            #[custom_gradient(closure)]
            fn backward(dy: &Tensor) -> Tensor {
                (dy * x * double, |ddy| ddy * x * double * 5)
            }
            backward(dy)
        };
        (x * x * k[0], grad)
    }
    let (x, upstream) = (tf::constant(2.0), tf::constant(1.0));
    // (the gradient, and the derivative of that by its upstream gradient)
    let of = |f: &dyn Fn(&Tensor) -> Tensor| -> Result<(f32, f32), Error> {
        let outer = GradientTape::new();
        outer.watch(&upstream);
        let tape = GradientTape::new();
        tape.watch(&x);
        let y = f(&x);
        let dx = tape.gradient_with(&y, &x, output_gradients(&upstream))?;
        Ok((dx.item(), outer.gradient(&dx, &upstream)?.item()))
    };
    assert_eq!(of(&|x| borrowed(x, &[0.5], "cube"))?, (6.0, 12.0));
    assert_eq!(of(&|x| again(x, &[0.5]))?, (2.0, 10.0));
    let layer = Layer { w: tf::constant(4.0), power: vec![2.0] };
    assert_eq!(of(&|x| layer.scaled(x))?, (8.0, 408.0));
    Ok(())
}

#[test]
fn a_watched_tensor_that_is_no_argument_is_named() {
    let watched = tf::constant([1.0, 2.0]);
    #[custom_gradient(closure)]
    fn in_body(x: &Tensor) -> Tensor {
        (x * &watched, |dy| dy * 2)
    }
    #[custom_gradient(closure)]
    fn in_grad(x: &Tensor) -> Tensor {
        (x * 2, |dy| dy * &watched)
    }
    #[custom_gradient(closure)]
    fn stopped(x: &Tensor) -> Tensor {
        let constant = tf::stop_gradient(&watched);
        (x * &constant, |dy| dy * constant)
    }
    let message = |f: &dyn Fn(&Tensor) -> Tensor| {
        let (x, tape) = (tf::constant([1.0, 1.0]), GradientTape::new());
        tape.watch((&x, &watched));
        let panic = catch_unwind(AssertUnwindSafe(|| f(&x))).map(|y| y.to_string());
        let still_usable = &x * &watched;
        assert_eq!(tape.gradient(&still_usable, &x).expect("a gradient").to_vec(), [1.0, 2.0]);
        panic.map_err(|panic| panic.downcast_ref::<String>().expect("a text").clone())
    };
    let text = message(&in_body).expect_err("the gradient of `watched` would be lost");
    assert!(text.starts_with("`in_body` (tests/rules/closures.rs:"), "{text}");
    assert!(text.contains("uses the watched tensor `watched` of shape [2], which is none of its inputs"), "{text}");
    // What `grad` alone uses is nothing that the value depends on; the gradient does, and has a derivative by it.
    assert_eq!(message(&in_grad).expect("nothing is lost"), "[2.0, 2.0]");
    let x = tf::constant([1.0, 1.0]);
    let outer = GradientTape::new();
    outer.watch(&watched);
    let inner = GradientTape::new();
    inner.watch(&x);
    let first = inner.gradient(in_grad(&x), &x).expect("a gradient");
    assert_eq!(first.to_vec(), [1.0, 2.0]);
    assert_eq!(outer.gradient(&first * 3, &watched).expect("a derivative").to_vec(), [3.0, 3.0]);
    assert_eq!(message(&stopped).expect("nothing is lost"), "[1.0, 2.0]");
}

/// Factories over functions that are only called, in the body or in `grad` alone.
fn layer(
    activation: impl Fn(&Tensor) -> Tensor + Clone + 'static,
    slope: impl Fn(&Tensor) -> Tensor + Clone + 'static,
) -> impl Fn(&Tensor) -> Tensor {
    #[custom_gradient(closure)]
    fn layer(x: &Tensor) -> Tensor {
        (activation(x), |dy| dy * slope(x) * activation(x))
    }
    layer
}

fn tripled(x: &Tensor) -> Tensor {
    x * 3.0
}

#[test]
fn functions_around_it_are_kept_like_other_locals() {
    let factor = 2.0;
    let f = layer(tripled, move |x| x * factor);
    assert_eq!(gradient_of(&f, [1.0, 2.0]), [6.0, 24.0]);

    let (name, unit) = (String::from("f"), String::from("m"));
    #[custom_gradient(closure)]
    fn named(x: &Tensor) -> Tensor {
        let shown = format!("{name} in {unit}");
        let grad = |dy| {
            assert_eq!(format!("{name}{unit}"), "fm");
            tripled(dy)
        };
        assert_eq!(shown, "f in m");
        (tripled(x), grad)
    }
    assert_eq!(gradient_of(named, [1.0]), [3.0]);
    assert_eq!((name.as_str(), unit.as_str()), ("f", "m"));
}

/// A helper of several types, one for each argument.
fn cube(x: impl Operand<f32>) -> Tensor {
    let x = tf::identity(x);
    &x * &x * &x
}

#[test]
fn generic_functions_are_called_by_their_names() {
    use gradcore::tf::exp;
    let scale = tf::constant(2.0);
    #[custom_gradient(closure)]
    fn centred(x: &Tensor) -> Tensor {
        let largest = tf::reduce_max(x, axis(1).keepdims(true)) + tf::reduce_max(x, axis([0, 1])) * 0.0;
        (exp(x - largest) * &scale, |dy| {
            let sum = tf::reduce_sum(dy, axis(-1).keepdims(true)) + tf::reduce_sum(dy, axis([0, 1]));
            exp(x) * 0.0 + exp(dy * 0.0) * sum * &scale
        })
    }
    assert_eq!(gradient_of(|x| centred(&tf::reshape(x, [2, 2])), [1.0, 2.0, 3.0, 4.0]), [12.0; 4]);

    #[custom_gradient(closure)]
    fn cubed(x: &Tensor) -> Tensor {
        let grad = |dy| {
            let tape = GradientTape::new();
            let inner = tf::identity(x);
            tape.watch(&inner);
            let y = cube(&inner) * &scale;
            tape.gradient_with(&y, &inner, output_gradients(dy))
        };
        (cube(x) * &scale + cube(x.clone()) * 0.0 + cube(0.0), grad)
    }
    assert_eq!(gradient_of(&cubed, [1.0, 2.0]), [6.0, 24.0]);
}

#[test]
fn local_functions_are_called_by_their_names() {
    let (weights, k) = (vec![2.0, 3.0], 0.5);
    let copied = move |x: &Tensor| x * k;
    let owned = move |x: &Tensor| x * weights[0] + weights[1];
    #[custom_gradient(closure)]
    fn first(x: &Tensor, #[nondiff] mut scale: Tensor) -> Tensor {
        scale = scale * 2.0;
        let twice = |x: &Tensor| owned(&copied(x));
        let grad = |dy| owned(dy) * copied(x) + owned(&copied(dy)) * &scale;
        (twice(x) * &scale, grad)
    }
    assert_eq!(gradient_of(|x| first(x, tf::constant(1.0)), [4.0]), [18.0]);
    assert_eq!(gradient_of(|x| first(x, tf::constant(1.0)), [8.0]), [28.0]);
    // (2 dy + 3) x / 2 + (dy + 3) 2 scale. What is `Copy` stays usable, and so does what is cloned.
    assert_eq!(copied(&tf::constant([1.0])).to_vec(), [0.5]);
    let kept = first.clone();
    #[custom_gradient(closure)]
    fn second(x: &Tensor) -> Tensor {
        #[custom_gradient(closure)]
        fn within(x: &Tensor) -> Tensor {
            (first(x, tf::constant(1.0)), |dy| first(dy, tf::constant(0.5)))
        }
        let y = within(x);
        (within(&y), |dy| within(dy) * 0.25)
    }
    assert_eq!(gradient_of(second, [4.0]), [2.0]);
    assert_eq!(gradient_of(|x| kept(x, tf::constant(1.0)), [4.0]), [18.0]);
}

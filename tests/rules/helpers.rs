//! Helper closures of the body that `grad` uses too.

use gradcore::prelude::*;
use ndarray::{Array1, ArrayView1};

use crate::gradient_of;

#[test]
fn a_helper_may_borrow() {
    #[custom_gradient]
    fn in_the_pair(x: &Tensor) -> Tensor {
        let scaled = |t: &Tensor| t * x;
        (scaled(x), |dy| scaled(dy) * 2.0)
    }
    #[custom_gradient]
    fn by_let(x: &Tensor, k: f32, w: &[f32]) -> Tensor {
        let y = x * k;
        let scaled = |t: &Tensor| t * &y * w[0];
        let twice = |t: &Tensor| scaled(t) * 2.0 + k * 0.0;
        let grad = |dy| twice(dy) + scaled(dy);
        (scaled(x), grad)
    }
    #[custom_gradient]
    fn inner_function(x: &Tensor, k: f32) -> Result<Tensor, Error> {
        let scaled = |t: &Tensor| t * x * k;
        fn grad(dy: &Tensor) -> Result<Tensor, Error> {
            if k > 5.0 {
                return Ok(scaled(dy));
            }
            Ok(scaled(dy) * 2.0)
        }
        Ok((scaled(x), grad))
    }
    #[custom_gradient(recompute)]
    fn again(x: &Tensor, k: f32) -> Tensor {
        let scaled = |t: &Tensor| t * x * k;
        (scaled(x), |dy| scaled(dy) * 2.0)
    }
    assert_eq!(gradient_of(in_the_pair, [3.0]), [6.0]);
    assert_eq!(gradient_of(|x| by_let(x, 2.0, &[5.0]), [3.0]), [90.0]);
    assert_eq!(gradient_of(|x| inner_function(x, 2.0).expect("a value"), [3.0]), [12.0]);
    assert_eq!(gradient_of(|x| again(x, 2.0), [3.0]), [12.0]);
}

#[test]
fn a_helper_may_own() {
    #[custom_gradient]
    fn a_reference(x: &Tensor, k: f32) -> Tensor {
        let scaled = move |t: &Tensor| t * x * k;
        (scaled(x), |dy| scaled(dy) * 2.0)
    }
    #[custom_gradient]
    fn what_is_no_reference(x: &Tensor, k: f32) -> Tensor {
        let w = Vec::from([k]);
        let scaled = move |t: &Tensor| t * w[0];
        (scaled(x), |dy| scaled(dy))
    }
    #[custom_gradient]
    fn for_grad_alone(x: &Tensor, k: f32) -> Tensor {
        let y = x * k;
        let consumed = |t: &Tensor| t * y;
        (x * x * k / 2, |dy| consumed(dy))
    }
    #[custom_gradient]
    fn nothing(x: &Tensor) -> Tensor {
        let doubled = |t: &Tensor| t * 2;
        (doubled(x), |dy| doubled(dy))
    }
    assert_eq!(gradient_of(|x| a_reference(x, 2.0), [3.0]), [12.0]);
    assert_eq!(gradient_of(|x| what_is_no_reference(x, 2.0), [3.0]), [2.0]);
    assert_eq!(gradient_of(|x| for_grad_alone(x, 2.0), [3.0]), [6.0]);
    assert_eq!(gradient_of(nothing, [3.0]), [2.0]);
}

/// A layer with helpers over its parts.
struct Layer {
    w: Tensor,
    factors: Vec<f32>,
}

impl Layer {
    #[custom_gradient(variables(self.w))]
    fn scaled(&self, x: &Tensor) -> Tensor {
        let times = |t: &Tensor| t * &self.w * self.factors[0];
        (times(x), |dy| (times(dy), dy * x * self.factors.iter().sum::<f32>()))
    }
}

#[custom_gradient(arrays)]
fn array(x: ArrayView1<f32>, k: f32) -> Array1<f32> {
    let times = |t: ArrayView1<f32>| &t * &x * k;
    (times(x), |dy| times(dy) * 2.0)
}

/// A rule is a helper too.
#[custom_gradient]
fn with_a_rule(x: &Tensor, k: f32) -> Tensor {
    #[custom_gradient(closure)]
    fn times(t: &Tensor) -> Tensor {
        (t * x * k, |dy| dy * x * k)
    }
    (times(x), |dy| times(dy) * 2)
}

#[test]
fn a_helper_may_stand_in_any_form() -> Result<(), Error> {
    let layer = Layer { w: tf::constant([2.0]), factors: vec![5.0] };
    assert_eq!(gradient_of(|x| layer.scaled(x), [3.0]), [10.0]);

    let outer = tf::constant([2.0]);
    #[custom_gradient(closure)]
    fn local(x: &Tensor) -> Tensor {
        let times = |t: &Tensor| t * &outer * x;
        (times(x), |dy| times(dy) * 2)
    }
    assert_eq!(gradient_of(local, [3.0]), [12.0]);

    let x = tf::constant([3.0]);
    let tape = GradientTape::new();
    tape.watch(&x);
    let y = array(&x, 2.0);
    assert_eq!(tape.gradient(&y, &x)?.to_vec(), [12.0]);

    assert_eq!(gradient_of(|x| with_a_rule(x, 2.0), [3.0]), [12.0]);
    Ok(())
}

#[test]
fn a_helper_that_another_local_hides_is_not_meant() {
    #[custom_gradient]
    fn f(x: &Tensor, k: f32) -> Tensor {
        let scaled = |t: &Tensor| t * x;
        let y = scaled(x);
        let grad = {
            let scaled = move |t: &Tensor| t * k;
            scaled(&y)
        };
        let scaled = 5;
        (grad, |dy| {
            let scaled = dy * scaled * k;
            scaled
        })
    }
    assert_eq!(gradient_of(|x| f(x, 2.0), [3.0]), [10.0]);
}

/// A function passed to a rule may be called by a rule in its `grad`.
#[test]
fn a_rule_in_grad_calls_what_is_captured() {
    #[custom_gradient]
    fn applied<F: Fn(&Tensor) -> Tensor + Clone + 'static>(x: &Tensor, f: F) -> Tensor {
        let grad = |dy: &Tensor| {
            #[custom_gradient(closure)]
            fn back(dy: &Tensor) -> Tensor {
                (f(dy), |ddy| f(ddy))
            }
            back(dy)
        };
        (f(x), grad)
    }
    let weights = vec![2.0];
    assert_eq!(
        gradient_of(
            |x| applied(x, {
                let weights = weights.clone();
                move |x: &Tensor| x * weights[0]
            }),
            [3.0]
        ),
        [2.0]
    );
}

/// A function object is held in an `Rc`.
#[test]
fn a_function_object_may_be_captured() {
    #[custom_gradient]
    fn applied(x: &Tensor, f: std::rc::Rc<dyn Fn(&Tensor) -> Tensor>) -> Tensor {
        (f(x), |dy| f(dy))
    }
    assert_eq!(gradient_of(|x| applied(x, std::rc::Rc::new(|x: &Tensor| x * 2)), [3.0]), [2.0]);
}

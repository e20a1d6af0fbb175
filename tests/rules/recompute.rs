//! The option `recompute`: the inputs alone are kept, and the body runs again for the gradient.

use std::sync::atomic::{AtomicUsize, Ordering};

use gradcore::prelude::*;

use crate::gradient_of;

static RUNS: AtomicUsize = AtomicUsize::new(0);
static ALIVE: AtomicUsize = AtomicUsize::new(0);

/// A value that counts how many of it are alive.
#[derive(Debug)]
struct Large(Tensor);

impl Large {
    fn new(value: Tensor) -> Self {
        ALIVE.fetch_add(1, Ordering::SeqCst);
        Large(value)
    }
}

impl Clone for Large {
    fn clone(&self) -> Self {
        Large::new(self.0.clone())
    }
}

impl Drop for Large {
    fn drop(&mut self) {
        ALIVE.fetch_sub(1, Ordering::SeqCst);
    }
}

#[test]
fn the_body_runs_again_and_keeps_nothing_in_between() -> Result<(), Error> {
    #[custom_gradient(recompute)]
    fn f(x: &Tensor, k: f32) -> Tensor {
        RUNS.fetch_add(1, Ordering::SeqCst);
        let large = Large::new(tf::exp(x) * k);
        let y = &large.0 * 1.0;
        let grad = |dy| dy * &large.0;
        (y, grad)
    }
    let counts = || (RUNS.load(Ordering::SeqCst), ALIVE.load(Ordering::SeqCst));
    let x = tf::constant([0.0, 0.0]);
    let _ = f(&x, 3.0);
    assert_eq!(counts(), (1, 0));
    let tape = GradientTape::persistent();
    tape.watch(&x);
    let y = f(&x, 3.0);
    assert_eq!(counts(), (2, 0));
    assert_eq!(tape.gradient(&y, &x)?.to_vec(), [3.0, 3.0]);
    assert_eq!(counts(), (3, 0));
    assert_eq!(tape.gradient(&y, &x)?.to_vec(), [3.0, 3.0]);
    assert_eq!(counts(), (4, 0));
    Ok(())
}

#[test]
fn random_operations_give_the_same_numbers_again() -> Result<(), Error> {
    #[custom_gradient(recompute)]
    fn dropout(x: &Tensor, rate: f32) -> Tensor {
        let noise: Tensor = tf::random::uniform([x.size()], ..);
        let mask = tf::where_(noise >= rate, 1.0 / (1.0 - rate), 0.0);
        (x * &mask, |dy| dy * mask)
    }
    let x: Tensor = tf::ones([64]);
    let tape = GradientTape::persistent();
    tape.watch(&x);
    let (y, other) = (dropout(&x, 0.5), dropout(&x, 0.5));
    assert_ne!(y.to_vec(), other.to_vec());
    tf::random::set_seed(3);
    let undisturbed: Tensor = tf::random::uniform([4], ..);
    tf::random::set_seed(3);
    assert_eq!(tape.gradient(&y, &x)?.to_vec(), y.to_vec());
    assert_eq!(tape.gradient(&other, &x)?.to_vec(), other.to_vec());
    let goes_on: Tensor = tf::random::uniform([4], ..);
    assert_eq!(goes_on.to_vec(), undisturbed.to_vec());
    Ok(())
}

#[test]
fn every_exit_and_every_form_of_rule_runs_again() {
    #[custom_gradient(recompute)]
    fn f(x: &Tensor, mode: u8) -> Result<Tensor, String> {
        let twice = x * 2.0;
        if mode == 0 {
            return Ok((&twice * 1.0, |dy| dy * 10.0));
        }
        if mode > 3 {
            return Err(format!("expected a mode of at most 3, found {mode}"));
        }
        fn named(dy: &Tensor) -> Tensor {
            dy * &twice
        }
        let bound = |dy| {
            let slope = dy * 3.0;
            slope * x
        };
        match mode {
            1 => Ok((tf::exp(x), named)),
            _ => Ok((twice, bound)),
        }
    }
    let of = |mode| gradient_of(|x| f(x, mode).expect("a mode"), [1.0, 2.0]);
    assert_eq!(of(0), [10.0, 10.0]);
    assert_eq!(of(1), [2.0, 4.0]);
    assert_eq!(of(2), [3.0, 6.0]);
    assert_eq!(f(&tf::constant(1.0), 9).expect_err("a mode too high"), "expected a mode of at most 3, found 9");
}

#[test]
fn the_second_derivative_goes_through_the_second_run() -> Result<(), Error> {
    // The rule is dy · y with y = x³: the first derivative is x³, the second 3 x².
    #[custom_gradient(recompute)]
    fn f(x: &Tensor) -> Tensor {
        let y = x * x * x;
        (&y * 1.0, |dy| dy * y)
    }
    let x = tf::constant(2.0);
    let (outer, inner) = (GradientTape::new(), GradientTape::new());
    outer.watch(&x);
    inner.watch(&x);
    let first = inner.gradient(f(&x), &x)?;
    assert_eq!((first.item(), outer.gradient(&first, &x)?.item()), (8.0, 12.0));
    let tape = GradientTape::persistent();
    tape.watch(&x);
    let first = tape.gradient(f(&x), &x)?;
    assert_eq!((first.item(), tape.gradient(&first, &x)?.item()), (8.0, 12.0));
    Ok(())
}

struct Layer {
    kernel: Variable,
    bias: Variable,
    scale: f32,
}

impl Layer {
    /// As in public specification 190, a layer that runs again in its gradient.
    #[custom_gradient(recompute, variables(self.kernel, self.bias))]
    fn call(&self, x: &Tensor) -> Tensor {
        let hidden = tf::matmul(x, &self.kernel, ..) * self.scale;
        let y = hidden + &self.bias;
        let grad = |dy| {
            let through = dy * self.scale;
            let dx = tf::matmul(&through, &self.kernel, transpose_b(true));
            (dx, tf::matmul(x, through, transpose_a(true)), tf::reduce_sum(dy, 0))
        };
        (y, grad)
    }
}

#[test]
fn parts_of_self_are_kept_one_by_one() -> Result<(), Error> {
    let layer = Layer { kernel: Variable::new([[1.0], [2.0]]), bias: Variable::new([0.5]), scale: 2.0 };
    let x = tf::constant([[3.0, 4.0], [5.0, 6.0]]);
    let tape = GradientTape::new();
    tape.watch(&x);
    let y = layer.call(&x);
    assert_eq!(y.to_vec(), [22.5, 34.5]);
    let (dx, dk, db) = tape.gradient(&y, (&x, &layer.kernel, &layer.bias))?;
    assert_eq!((dx.to_vec(), dk.to_vec(), db.to_vec()), (vec![2.0, 4.0, 2.0, 4.0], vec![16.0, 20.0], vec![2.0]));
    Ok(())
}

/// A part of `self` is captured as a parameter is, so that the value of the pair may use it too.
#[test]
fn a_part_of_self_is_used_by_the_value_and_by_grad() {
    struct Layer {
        w: Tensor,
        factors: Vec<f32>,
    }
    impl Layer {
        #[custom_gradient(recompute)]
        fn scaled(&self, x: &Tensor) -> Tensor {
            (x * &self.w * self.factors[0], |dy| dy * &self.w * self.factors.iter().product::<f32>())
        }
    }
    let layer = Layer { w: tf::constant([2.0]), factors: vec![3.0, 5.0] };
    assert_eq!(gradient_of(|x| layer.scaled(x), [1.0]), [30.0]);
}

/// The same in every form of `grad`, and where a part goes into the value as it is.
#[test]
fn a_part_of_self_is_used_in_any_form_of_grad() {
    struct Layer {
        w: Tensor,
        name: String,
    }
    impl Layer {
        #[custom_gradient(recompute)]
        fn inner_function(&self, x: &Tensor) -> Tensor {
            fn grad(dy: &Tensor) -> Tensor {
                dy * &self.w * f32::from(self.name.as_bytes()[0] - b'a' + 3)
            }
            let y = x * self.w.clone() * f32::from(self.name.as_bytes()[0] - b'a' + 3);
            (y, grad)
        }

        #[custom_gradient(recompute)]
        fn two_pairs(&self, x: &Tensor) -> Tensor {
            if self.name.is_empty() {
                return (x * &self.w, |dy| dy * &self.w);
            }
            let twice = |t: &Tensor| t * &self.w * 2;
            let grad = |dy| twice(dy);
            (twice(x), grad)
        }
    }
    let layer = |name: &str| Layer { w: tf::constant([2.0]), name: name.to_owned() };
    assert_eq!(gradient_of(|x| layer("abc").inner_function(x), [1.0]), [6.0]);
    assert_eq!(gradient_of(|x| layer("").two_pairs(x), [1.0]), [2.0]);
    assert_eq!(gradient_of(|x| layer("abc").two_pairs(x), [1.0]), [4.0]);
}

//! Random numbers that a `grad` draws: they are the same whichever gradients are asked for.

use gradcore::prelude::*;
use gradcore::tf::random::{normal, uniform};

/// The gradients of two inputs, from a seed: both at once, then that of the second alone.
fn both_and_second(f: impl Fn(&Tensor, &Tensor) -> Tensor) -> [f32; 2] {
    let gradients = |of_both: bool| {
        let (a, b) = (tf::constant(1.0), tf::constant(1.0));
        let tape = GradientTape::new();
        tape.watch((&a, &b));
        let y = f(&a, &b);
        tf::random::set_seed(7);
        let of_b = match of_both {
            true => tape.gradient(&y, (&a, &b)).map(|(_, of_b)| of_b),
            false => tape.gradient(&y, &b),
        };
        of_b.expect("a gradient").item()
    };
    [gradients(true), gradients(false)]
}

/// Checks that the gradient of the second input does not depend on whether that of the first is wanted.
#[track_caller]
fn assert_alike(f: impl Fn(&Tensor, &Tensor) -> Tensor) {
    let [with_first, alone] = both_and_second(f);
    assert_eq!(with_first.to_bits(), alone.to_bits(), "{with_first} and {alone}");
}

#[test]
fn a_let_that_draws_runs_always() {
    #[custom_gradient]
    fn f(a: &Tensor, b: &Tensor) -> Tensor {
        let grad = |dy| {
            let of_a: Tensor = tf::random::normal([], ..);
            let of_b: Tensor = tf::random::normal([], ..);
            (dy * of_a, dy * of_b)
        };
        (a * b, grad)
    }
    assert_alike(f);
}

#[test]
fn a_let_that_draws_by_an_imported_name_runs_always() {
    #[custom_gradient]
    fn f(a: &Tensor, b: &Tensor) -> Tensor {
        let grad = |dy| {
            let of_a = dy * normal::<f32>([], stddev(2.0));
            let of_b: Tensor = dy * uniform([], ..);
            (of_a, of_b)
        };
        (a * b, grad)
    }
    assert_alike(f);
}

#[test]
fn a_let_that_draws_in_a_block_or_an_argument_runs_always() {
    #[custom_gradient]
    fn f(a: &Tensor, b: &Tensor, training: bool) -> Tensor {
        let grad = |dy| {
            let of_a: Tensor = if training {
                let noise: Tensor = tf::random::uniform([], ..);
                tf::exp(noise * dy)
            } else {
                tf::zeros_like(dy)
            };
            let of_b: Tensor = tf::square(tf::random::uniform([], ..)) * dy;
            (of_a, of_b)
        };
        (a * b, grad)
    }
    assert_alike(|a, b| f(a, b, true));
}

#[test]
fn a_gradient_that_draws_runs_always() {
    #[custom_gradient]
    fn f(a: &Tensor, b: &Tensor) -> Tensor {
        (a * b, |dy| (dy * normal::<f32>([], ..), dy * normal::<f32>([], ..)))
    }
    assert_alike(f);
}

#[test]
fn an_inner_function_and_a_macro_that_draw_run_always() {
    macro_rules! noise {
        () => {
            tf::random::normal::<f32>([], ..)
        };
    }
    #[custom_gradient]
    fn f(a: &Tensor, b: &Tensor) -> Tensor {
        fn grad(dy: &Tensor) -> (Tensor, Tensor) {
            let of_a = dy * noise!();
            let of_b = dy * noise!();
            (of_a, of_b)
        }
        (a * b, grad)
    }
    assert_alike(f);
}

#[test]
fn a_body_that_runs_again_draws_alike_for_each_gradient() {
    #[custom_gradient(recompute)]
    fn f(a: &Tensor, b: &Tensor) -> Tensor {
        let scale: Tensor = tf::random::uniform([], ..);
        let grad = |dy| {
            let of_a: Tensor = tf::random::normal([], ..);
            let of_b: Tensor = tf::random::normal([], ..);
            (dy * of_a, dy * of_b * &scale)
        };
        (a * b * &scale, grad)
    }
    let seeded = |a: &Tensor, b: &Tensor| {
        tf::random::set_seed(3);
        f(a, b)
    };
    assert_alike(seeded);
}

/// What is drawn from a seed of its own touches no other numbers.
#[test]
fn numbers_of_a_given_seed_leave_the_others_alone() {
    #[custom_gradient]
    fn f(a: &Tensor, b: &Tensor) -> Tensor {
        let grad = |dy| {
            let of_a: Tensor = tf::random::normal([], seed(1));
            let of_b: Tensor = tf::random::normal([], ..);
            (dy * of_a, dy * of_b)
        };
        (a * b, grad)
    }
    assert_alike(f);
}

//! Properties that hold for every program: the ways to a derivative agree.

mod kinks;
mod programs;
mod rules;

use gradcore::prelude::*;
use programs::{Step, inputs, program, run};
use proptest::prelude::*;

fn as_slices(tensors: &[Tensor<f64>]) -> Vec<&Tensor<f64>> {
    tensors.iter().collect()
}

fn gradients(program: &[Step], inputs: &[Tensor<f64>]) -> Result<Vec<Tensor<f64>>, Error> {
    let tape = GradientTape::new();
    tape.watch(inputs);
    tape.gradient(run(program, &as_slices(inputs)), inputs)
}

/// ⟨a, b⟩, and the size of its terms.
fn product(a: &[Tensor<f64>], b: &[Tensor<f64>]) -> (f64, f64) {
    let terms = a.iter().zip(b).flat_map(|(a, b)| a.to_vec().into_iter().zip(b.to_vec()));
    terms.fold((0.0, 0.0), |(sum, size), (a, b)| (sum + a * b, size + (a * b).abs()))
}

/// Whether two numbers that were summed from terms of this size agree.
fn agree(one: f64, two: f64, size: f64) -> bool {
    (one - two).abs() <= 1e-10 * size.max(1.0)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn forward_mode_agrees_with_reverse_mode(program in program(12), x in inputs(), v in inputs()) {
        let gradients = gradients(&program, &x)?;
        let acc = ForwardAccumulator::new(&x, &v)?;
        let tangent = acc.jvp(run(&program, &as_slices(&x)))?;
        let (expected, size) = product(&gradients, &v);
        prop_assert!(agree(tangent.item(), expected, size), "{} {expected}", tangent.item());
    }

    #[test]
    fn reverse_mode_agrees_with_differences(program in program(12), x in inputs()) {
        let f = |x: Vec<&Tensor<f64>>| run(&program, &x);
        let checked = check_gradients(f, as_slices(&x), directions(1));
        prop_assert!(checked.is_ok(), "{}", checked.unwrap_err());
    }

    #[test]
    fn a_persistent_tape_gives_what_a_one_shot_tape_gives(program in program(12), x in inputs()) {
        let tape = GradientTape::persistent();
        tape.watch(&x);
        let y = run(&program, &as_slices(&x));
        let expected = gradients(&program, &x)?;
        for _ in 0..2 {
            for (found, expected) in tape.gradient(&y, &x)?.iter().zip(&expected) {
                prop_assert!(agree_all(found, expected), "{found} {expected}");
            }
        }
    }

    #[test]
    fn any_subset_of_watched_inputs_has_the_same_gradients(
        program in program(12),
        x in inputs(),
        watched in prop::collection::vec(any::<bool>(), 4),
    ) {
        let expected = gradients(&program, &x)?;
        let tape = GradientTape::persistent();
        let some: Vec<usize> = (0..4).filter(|place| watched[*place]).collect();
        some.iter().for_each(|place| tape.watch(&x[*place]));
        let y = run(&program, &as_slices(&x));
        for place in some {
            let found = tape.gradient(&y, &x[place])?;
            prop_assert!(agree_all(&found, &expected[place]), "{found} {}", expected[place]);
        }
    }

    #[test]
    fn second_derivatives_agree(program in program(8), x in inputs(), v in inputs()) {
        let forward_over_reverse = {
            let acc = ForwardAccumulator::new(&x, &v)?;
            acc.jvp(gradients(&program, &x)?)?
        };
        let outer = GradientTape::new();
        outer.watch(&x);
        let first = gradients(&program, &x)?;
        let along = first.iter().zip(&v).map(|(g, v)| tf::reduce_sum(g * v, ..)).reduce(|a, b| a + b);
        let zero = unconnected_gradients(UnconnectedGradients::Zero);
        let reverse_over_reverse = outer.gradient_with(along.expect("there are inputs"), &x, zero)?;
        for (one, two) in forward_over_reverse.iter().zip(&reverse_over_reverse) {
            prop_assert!(agree_all(one, two), "{one} {two}");
        }
    }
}

fn agree_all(one: &Tensor<f64>, two: &Tensor<f64>) -> bool {
    let size = one.to_vec().iter().fold(1.0, |size: f64, value| size.max(value.abs()));
    one.shape() == two.shape() && one.to_vec().into_iter().zip(two.to_vec()).all(|(one, two)| agree(one, two, size))
}

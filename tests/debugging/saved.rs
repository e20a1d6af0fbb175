//! What a tape keeps alive.

use gradcore::prelude::*;
use gradcore::tape::{Saved, SavedKind, SavedValue};

fn is_tensor(value: &SavedValue) -> bool {
    matches!(value.kind, SavedKind::TensorOf { .. })
}

/// The tensors of a function, each with its name, its bytes, and whether the tape owns it.
fn of<'s>(saved: &'s Saved, function: &str) -> Vec<(&'s str, usize, bool)> {
    let values = saved.values().iter().filter(|value| value.function == function && is_tensor(value));
    values.map(|value| (value.name.as_str(), value.bytes, value.is_owned)).collect()
}

/// Bytes of the tensors that only the tape keeps alive.
fn owned_by_tensors(saved: &Saved) -> usize {
    let owned = |value: &&SavedValue| is_tensor(value) && value.is_owned && !value.is_repeated;
    saved.values().iter().filter(owned).map(|value| value.bytes).sum()
}

/// softmax cross-entropy (relu (x W + b) V), with a batch of 8 and layers of 5, 7 and 3.
///
/// The formula needs: `x` and `W`; the positive parts, which `relu` keeps as its output; the same and `V`; the
/// probabilities, and the labels. `b` is needed by nobody.
#[test]
fn a_network_with_a_hidden_layer() {
    let x: Tensor = tf::random::normal([8, 5], seed(1));
    let labels: Tensor<i64> = tf::constant([0, 1, 2, 0, 1, 2, 0, 1]);
    let w: Variable = Variable::new(tf::random::normal([5, 7], seed(2))).named("w");
    let b: Variable = Variable::new(tf::zeros([7]));
    let v: Variable = Variable::new(tf::random::normal([7, 3], seed(3)));
    let tape = GradientTape::new().note_saved(true);
    let line = line!() + 1;
    let hidden = tf::nn::relu(tf::matmul(&x, &w, ..) + &b);
    let loss =
        tf::reduce_mean(tf::nn::sparse_softmax_cross_entropy_with_logits(&labels, tf::matmul(hidden, &v, ..)), ..);
    let saved = tape.saved();
    let (hidden, output) = (8 * 7 * 4, 8 * 3 * 4);
    let loss_values = of(&saved, "sparse_softmax_cross_entropy_with_logits");
    assert_eq!(of(&saved, "matmul"), [("a", 8 * 5 * 4, false), ("b", 7 * 3 * 4, false), ("a", hidden, true)]);
    assert_eq!(of(&saved, "relu"), [("y", hidden, true)]);
    assert!(loss_values.contains(&("probabilities", output, true)), "{saved}");
    let classes = saved.values().iter().find(|value| value.name == "classes").map(|value| value.bytes);
    assert_eq!(classes, Some(size_of::<[usize; 8]>() + size_of::<Vec<usize>>()), "{saved}");
    assert_eq!((saved.values()[0].called.line(), saved.calls_without_notes()), (line, 0));

    assert_eq!(owned_by_tensors(&saved), hidden + output);
    drop(loss);
}

#[test]
fn whether_others_hold_it_is_asked_when_the_table_is_made() {
    let x: Tensor = tf::ones([4]);
    let tape = GradientTape::new().note_saved(true);
    tape.watch(&x);
    let y = tf::exp(&x);
    assert_eq!(of(&tape.saved(), "exp"), [("y", 16, false)]);
    drop(y);
    assert_eq!(of(&tape.saved(), "exp"), [("y", 16, true)]);
    let z = &x * &x;
    drop(x);
    assert_eq!(of(&tape.saved(), "multiply"), [("y", 16, true), ("x", 16, true)]);
    assert_eq!((owned_by_tensors(&tape.saved()), tape.saved().shared_bytes()), (32, 0));
    drop(z);
}

/// What was reshaped shares the elements of its original, and either may have another holder.
#[test]
fn elements_under_several_shapes_count_once() {
    let x: Tensor = tf::ones([2, 3]);
    let tape = GradientTape::new().note_saved(true);
    tape.watch(&x);
    let squared = {
        let (y, flat) = (tf::exp(&x), tf::reshape(tf::exp(&x), [6]));
        drop(y);
        tf::square(&flat) + tf::square(&flat)
    };
    let saved = tape.saved();
    assert_eq!(owned_by_tensors(&saved), 2 * 24, "{saved}");
    assert_eq!(saved.shared_bytes(), 0, "{saved}");
    let repeated: Vec<bool> = saved.values().iter().map(|value| value.is_repeated).collect();
    assert!(repeated.iter().any(|is_repeated| *is_repeated), "{saved}");
    assert!(saved.to_string().ends_with("; what is repeated counts once"), "{saved}");
    drop(squared);
}

#[test]
fn another_tape_that_recorded_the_call_keeps_it_too() {
    let x: Tensor = tf::ones([4]);
    let (outer, tape) = (GradientTape::new(), GradientTape::new().note_saved(true));
    outer.watch(&x);
    tape.watch(&x);
    drop(tf::exp(&x));
    assert_eq!(of(&tape.saved(), "exp"), [("y", 16, false)]);
    drop(outer);
    assert_eq!(of(&tape.saved(), "exp"), [("y", 16, true)]);
}

#[test]
fn names_and_types_of_captures() {
    struct Layer {
        w: Variable,
    }
    impl Layer {
        #[custom_gradient(variables(self.w))]
        fn call(&self, xs: &[Tensor], name: &str, power: f32) -> Tensor {
            let mask = tf::greater(&xs[0], 0.0);
            let y = &xs[0] * &self.w * tf::cast(&mask, tf::float32);
            let scales = vec![0.5f32; 3];
            let grad = |dy| {
                let factor = scales[0] * f32::from(u8::from(name == "layer")) * power;
                let masked = dy * factor * tf::cast(&mask, tf::float32);
                (vec![&masked * &self.w, &xs[1] * 0.0], masked * &xs[0])
            };
            (y, grad)
        }
    }
    let layer = Layer { w: Variable::new([1.0, 2.0]) };
    let tape = GradientTape::new().note_saved(true);
    let xs = [tf::constant([1.0, -1.0]), tf::constant(2.0)];
    tape.watch(&xs);
    let _y = layer.call(&xs, "layer", 2.0);
    let saved = tape.saved();
    let described: Vec<String> = saved
        .values()
        .iter()
        .map(|value| match &value.kind {
            SavedKind::TensorOf { dtype, shape } => format!("{}: {dtype} {shape:?}, {}", value.name, value.bytes),
            SavedKind::Opaque { type_name } => format!("{}: {type_name}, {}", value.name, value.bytes),
            _ => unreachable!("there is no other kind"),
        })
        .collect();
    for expected in [
        "self.w: float32 [2], 8",
        "mask: bool [2], 2",
        "xs[0]: float32 [2], 8",
        "xs[1]: float32 [], 4",
        "power: f32, 4",
    ] {
        assert!(described.iter().any(|found| found == expected), "no {expected} in {described:#?}");
    }
    let scales = format!("scales: alloc::vec::Vec<f32>, {}", size_of::<Vec<f32>>() + 12);
    assert!(described.contains(&scales), "{described:#?}");
}

#[test]
fn fused_functions_functions_over_arrays_and_those_that_run_again() {
    use ndarray::{Array1, ArrayView1};
    #[custom_gradient(elementwise)]
    fn product(x: f32, y: f32) -> f32 {
        (x * y, |dz| (dz * y, dz * x))
    }
    #[custom_gradient(arrays)]
    fn cube(x: ArrayView1<f32>) -> Array1<f32> {
        let squares = x.mapv(|x| x * x);
        let view = squares.view();
        (&x * &squares, |dy| &dy * &view * 3.0 + &x * 0.0)
    }
    #[custom_gradient(recompute)]
    fn again(x: &Tensor) -> Tensor {
        let y = tf::exp(x);
        (&y * 1.0, |dy| dy * y)
    }
    let x: Tensor = tf::ones([3]);
    let tape = GradientTape::new().note_saved(true);
    tape.watch(&x);
    drop((product(&x, &x), cube(&x), again(&x)));
    let saved = tape.saved();
    assert_eq!(of(&saved, "product"), [("x", 12, false), ("y", 12, false)]);
    assert_eq!(of(&saved, "again"), [("x", 12, false)]);
    let cube = of(&saved, "cube");
    assert!(cube.contains(&("x", 12, false)), "{saved}");
    let squares = saved.values().iter().find(|value| value.name == "view");
    assert!(squares.is_some_and(|value| value.is_owned && value.bytes >= 12), "{saved}");
    drop(x);
    assert!(tape.saved().values().iter().all(|value| value.is_owned), "{}", tape.saved());
}

#[test]
fn the_table() {
    let w: Variable = Variable::new([[1.0], [2.0]]).named("w");
    let x: Tensor = tf::ones([1, 2]);
    let tape = GradientTape::new().note_saved(true);
    tape.watch(&x);
    let (product, line) = (tf::matmul(&x, &w, ..), line!());
    let y = tf::square(tf::exp(product));
    let table = tape.saved().to_string();
    let lines: Vec<Vec<&str>> = table.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(lines[0], ["function", "called", "at", "keeps", "of", "bytes"]);
    let place = format!("tests/debugging/saved.rs:{line}:");
    assert!(lines[1][0] == "matmul" && lines[1][1].starts_with(&place), "{table}");
    assert_eq!(lines[1][2..], ["b", "float32", "[2,", "1]", "8", "shared"]);
    assert_eq!(lines[2][2..], ["a", "float32", "[1,", "2]", "8", "shared"]);
    assert!(table.ends_with("bytes owned by the tape, 16 shared with others; what is repeated counts once"), "{table}");
    drop(y);
}

#[test]
fn a_tape_that_did_not_take_notes_says_so() {
    let x: Tensor = tf::ones([3]);
    let tape = GradientTape::new();
    tape.watch(&x);
    let y = tf::exp(&x);
    assert_eq!(tape.saved().calls_without_notes(), 1);
    let tape = tape.note_saved(true);
    let z = tf::exp(&y);
    let saved = tape.saved();
    assert_eq!((saved.calls_without_notes(), saved.values().len()), (1, 1));
    let text = saved.to_string();
    assert!(text.ends_with("nothing is known of 1 calls; ask for notes with `note_saved(true)`"), "{text}");
    tape.reset();
    assert_eq!((tape.saved().calls_without_notes(), tape.saved().values().len()), (0, 0));
    drop(z);
}

/// The notes hold handles of their own: they have to go with what they describe.
#[test]
fn notes_keep_nothing_longer_than_the_tape_does() -> Result<(), Error> {
    let x: Tensor = tf::ones([3]);
    let tape = GradientTape::persistent().note_saved(true);
    tape.watch(&x);
    let y = tf::exp(&x);
    let other = GradientTape::new().note_saved(true);
    other.watch(&y);
    assert_eq!(tape.gradient(&y, &x)?.shape(), [3]);
    tape.reset();
    let z = &y * &y;
    assert!(!other.saved().values()[0].is_owned);
    drop((y, tape));
    assert!(other.saved().values()[0].is_owned, "{}", other.saved());
    drop(z);
    Ok(())
}

/// Where a second derivative is possible, the calls in a body are recorded too, while notes on the call around them are
/// under way.
#[test]
fn calls_within_a_body_have_notes_of_their_own() {
    #[custom_gradient]
    fn scaled_exp(x: &Tensor) -> Tensor {
        let y = tf::exp(x);
        let twice = &y * 2.0;
        (twice, |dy| dy * &y * 2.0)
    }
    let x = tf::ones([3]);
    let tape = GradientTape::persistent().note_saved(true);
    tape.watch(&x);
    let y = scaled_exp(&x);
    let saved = tape.saved();
    assert_eq!(of(&saved, "exp"), [("y", 12, true)], "{saved}");
    assert_eq!(of(&saved, "scaled_exp"), [("y", 12, true)], "{saved}");
    assert_eq!(owned_by_tensors(&saved), 12 + size_of::<f32>(), "the output of `exp`, and 2: {saved}");
    drop(y);
}

/// A captured value is cloned for the notes, and that clone is gone when the table is asked for.
#[test]
fn a_value_that_is_no_tensor_is_held_as_often_as_without_notes() {
    use std::rc::Rc;
    #[custom_gradient]
    fn weighted(x: &Tensor, weight: Rc<f32>) -> Tensor {
        (x * *weight, |dy| dy * *weight)
    }
    let weight = Rc::new(2.0);
    let x: Tensor = tf::ones([3]);
    let tape = GradientTape::new().note_saved(true);
    tape.watch(&x);
    let y = weighted(&x, Rc::clone(&weight));
    assert_eq!(Rc::strong_count(&weight), 2);
    let saved = tape.saved();
    assert_eq!((saved.values()[0].name.as_str(), saved.values()[0].bytes), ("weight", size_of::<Rc<f32>>()));
    drop((y, tape));
    assert_eq!(Rc::strong_count(&weight), 1);
}

/// The arguments of a function that runs again are listed. What it has captured is not seen, but that it is held.
#[test]
fn a_function_that_runs_again_keeps_its_arguments() {
    let x: Tensor = tf::ones([3]);
    let tape = GradientTape::new().note_saved(true);
    tape.watch(&x);
    let f = tf::recompute_grad(|x: &Tensor| tf::exp(x) * 2.0);
    let y = f(&x);
    let saved = tape.saved();
    assert_eq!((saved.values().len(), saved.calls_without_notes()), (2, 0), "{saved}");
    assert_eq!((saved.values()[0].name.as_str(), saved.shared_bytes()), ("argument a", 12));
    assert_eq!(saved.values()[1].kind, SavedKind::Opaque { type_name: "function" });
    drop(y);
}

/// A loop keeps its inputs, a backward loop those and `dy`: all of them are known to be the tape's, by their number.
#[test]
fn what_a_backward_loop_keeps() -> Result<(), Error> {
    #[custom_gradient(elementwise)]
    fn cube<T: Real>(x: T) -> T {
        (x * x * x, |dy| dy * x * x * T::of(3.0))
    }
    let x: Tensor = tf::ones([3]);
    let tape = GradientTape::persistent().note_saved(true);
    tape.watch(&x);
    let y = cube(&x);
    let seed: Tensor = tf::ones([3]);
    let dx = tape.gradient_with(&y, &x, output_gradients(&seed))?;
    assert_eq!(of(&tape.saved(), "cube"), [("x", 12, false), ("x", 12, false), ("dy", 12, false)]);
    drop((x, y, dx, seed));
    assert_eq!(of(&tape.saved(), "cube"), [("x", 12, true), ("x", 12, true), ("dy", 12, true)]);
    Ok(())
}

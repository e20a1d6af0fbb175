//! Lesson 5: what a tape says when something is wrong, on a small network.
//!
//! Expected: the tape names `log` as the call that made the first infinity, at element [1, 2] of its output; it keeps 40
//! bytes of tensors that nobody else holds; and it prints its graph, which `dot -Tsvg` draws.

use gradcore::prelude::*;
use gradcore::tape::SavedKind;

/// -Σ labels · log softmax(relu(x W) V), with the mistake of many: softmax first, then `log`.
fn loss(x: &Tensor, labels: &Tensor, w: &Variable, v: &Variable) -> Tensor {
    let hidden = tf::nn::relu(tf::matmul(x, w, ..));
    let probabilities = tf::nn::softmax(tf::matmul(hidden, v, ..), ..);
    -tf::reduce_sum(labels * tf::log(probabilities), ..)
}

fn main() -> Result<(), Error> {
    let x = tf::constant([[1.0, 2.0], [30.0, 40.0]]);
    let labels = tf::constant([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]);
    let w: Variable = Variable::new([[1.0, 0.0], [0.0, 1.0]]).named("w");
    let v: Variable = Variable::new([[1.0, 1.0, -1.0], [0.0, 1.0, -2.0]]).named("v");

    // 1. Where does the NaN come from? (tf.debugging.enable_check_numerics())
    let tape = GradientTape::new().check_numerics(true);
    let y = loss(&x, &labels, &w, &v);
    let error = tape.gradient(&y, (&w, &v)).expect_err("the loss is not finite");
    println!("loss = {y}: {error}\n");
    let Error::NotFinite(found) = &error else { return Err(error) };
    assert_eq!((found.call.function, found.made.index.as_slice()), ("log", &[1, 2][..]));

    // 2. What does the tape keep alive?
    let tape = GradientTape::new().note_saved(true);
    let y = loss(&x, &labels, &w, &v);
    let saved = tape.saved();
    println!("{saved}\n");
    let of_tensors = saved.values().iter().filter(|value| matches!(value.kind, SavedKind::TensorOf { .. }));
    let owned: usize = of_tensors.filter(|value| value.is_owned && !value.is_repeated).map(|value| value.bytes).sum();
    // What `relu` gives, 2 × 2 numbers, and what `softmax` gives, 2 × 3; four bytes a number.
    assert_eq!(owned, (4 + 6) * 4);
    drop(y);

    // 3. What has it recorded? `cargo run --example 05_debugging | sed -n '/digraph/,/^}/p' | dot -Tsvg > tape.svg`
    let dot = tape.to_dot();
    println!("{dot}");
    assert!(dot.contains(r#"label="w""#) && dot.contains(r#"label="relu\nexamples/05_debugging.rs:"#));

    // The remedy is the function that does both at once: log softmax does not overflow.
    let mended = |w: &Variable, v: &Variable| {
        let hidden = tf::nn::relu(tf::matmul(&x, w, ..));
        -tf::reduce_sum(&labels * tf::nn::log_softmax(tf::matmul(hidden, v, ..), ..), ..)
    };
    let tape = GradientTape::new().check_numerics(true);
    let y = mended(&w, &v);
    tape.gradient(&y, (&w, &v))?;
    println!("mended: loss = {y}");
    Ok(())
}

//! The tape as a graph.

use gradcore::prelude::*;

/// Whether a line of the graph has all of these parts.
fn has_line(dot: &str, parts: &[&str]) -> bool {
    dot.lines().any(|line| parts.iter().all(|part| line.contains(part)))
}

#[test]
fn a_layer() {
    let w: Variable = Variable::new(tf::ones([3, 4])).named("w");
    let x: Tensor = tf::ones([2, 3]);
    let tape = GradientTape::new();
    tape.watch(&x);
    let line = line!() + 1;
    let y = tf::nn::relu(tf::matmul(&x, &w, ..));
    let dot = tape.to_dot();
    let expected = format!(
        r#"digraph tape {{
    node [fontname="monospace"];
    edge [fontname="monospace"];
    x0 [shape=ellipse, label="x0"];
    x1 [shape=ellipse, label="w"];
    call0 [shape=box, label="matmul\ntests/debugging/graphs.rs:{line}"];
    x0 -> call0 [label="a [2, 3]"];
    x1 -> call0 [label="b [3, 4]"];
    call1 [shape=box, label="relu\ntests/debugging/graphs.rs:{line}"];
    call0 -> call1 [label="x [2, 4]"];
    unused3 [shape=plaintext, label="[2, 4]"];
    call1 -> unused3;
}}
"#
    );
    assert_eq!(dot, expected);
    assert_eq!(tape.to_dot(), dot);
    drop(y);
}

#[test]
fn what_lets_no_gradient_through_is_dashed() {
    #[custom_gradient]
    fn gated(x: &Tensor, gate: &Tensor) -> Tensor {
        (x * gate, |dy| (dy * gate, None))
    }
    #[custom_gradient(elementwise)]
    fn fused(x: f32, gate: f32) -> f32 {
        (x * gate, |dy| (dy * gate, None))
    }
    let (x, gate): (Tensor, Tensor) = (tf::ones([2]), tf::ones([2]));
    let tape = GradientTape::new();
    tape.watch((&x, &gate));
    let y = gated(&x, &gate) + fused(&x, &gate) + tf::round(&x) + tf::stop_gradient(&x);
    let largest = tf::argmax(&gate, axis(0));
    let dot = tape.to_dot();
    for (id, name) in
        [("call", "gated"), ("call", "fused"), ("call", "round"), ("cut", "stop_gradient"), ("cut", "argmax")]
    {
        let is_dashed = ["round", "stop_gradient", "argmax"].contains(&name);
        let found = dot.lines().find(|line| line.contains(&format!("label=\"{name}\\n")));
        let found = found.unwrap_or_else(|| panic!("no {name} in {dot}"));
        assert!(found.trim_start().starts_with(id), "{found}");
        assert_eq!(found.contains("style=dashed"), is_dashed, "{found}");
    }
    assert!(has_line(&dot, &["x1 -> call0", "gate [2]", "style=dashed"]), "{dot}");
    assert!(has_line(&dot, &["x0 -> call0", "label=\"x [2]\"]"]), "{dot}");
    assert!(has_line(&dot, &["x0 -> cut0", "style=dashed"]), "{dot}");
    drop((y, largest));
}

#[test]
fn outputs_have_numbers_and_what_is_unused_is_shown() {
    #[custom_gradient]
    fn both(x: &Tensor) -> (Tensor, Tensor) {
        ((x * 2.0, tf::reduce_sum(x, ..)), |dy, dz| dy * 2.0 + dz)
    }
    let x: Tensor = tf::ones([2]);
    let tape = GradientTape::persistent();
    tape.watch(&x);
    let (_, sum) = both(&x);
    let y = tf::exp(&sum);
    let dot = tape.to_dot();
    let consumer =
        dot.lines().find(|line| line.contains("label=\"exp\\n")).and_then(|line| line.trim().split(' ').next());
    let consumer = consumer.unwrap_or_else(|| panic!("{dot}"));
    assert!(has_line(&dot, &[&format!("-> {consumer} [label=\"x []\", taillabel=\"1\"]")]), "{dot}");
    assert!(has_line(&dot, &["-> unused", "[taillabel=\"0\"]"]), "{dot}");
    drop(y);
}

#[test]
fn labels_are_escaped() {
    let w: Variable = Variable::new(1.0).named("a \"quoted\"\nname \\");
    let tape = GradientTape::new();
    let y = &w * 2.0;
    let dot = tape.to_dot();
    assert!(dot.contains(r#"label="a \"quoted\"\nname \\""#), "{dot}");
    drop(y);
}

#[test]
fn a_tape_without_calls() {
    let x: Tensor = tf::ones([2]);
    let tape = GradientTape::new();
    assert!(!tape.to_dot().contains("label"));
    tape.watch(&x);
    assert!(tape.to_dot().contains("x0 [shape=ellipse, label=\"x0\"];"));
}

/// A box names the place of the user's call, also where a function of `tf` does more than one thing.
#[test]
fn every_call_has_the_place_where_the_user_called() {
    let x: Tensor = tf::ones([2, 2]);
    let tape = GradientTape::new();
    tape.watch(&x);
    let calls = (
        (tf::nn::softmax(&x, ..), tf::nn::softmax(&x, axis(0)), tf::nn::log_softmax(&x, ..)),
        (tf::reduce_sum(&x, ..), tf::reduce_mean(&x, 1), tf::reduce_max(&x, axis(0).keepdims(true))),
        (tf::matmul(&x, &x, transpose_a(true)), tf::transpose(&x, ..), tf::reshape(&x, [4]), tf::square(&x)),
        (tf::clip_by_value(&x, 0.0, 1.0), tf::where_(tf::greater(&x, 0), &x, 0.0), tf::maximum(&x, 0.5), -&x),
    );
    let dot = tape.to_dot();
    let boxes: Vec<&str> = dot.lines().filter(|line| line.contains("shape=box")).collect();
    assert!(boxes.len() >= 15, "{dot}");
    let elsewhere: Vec<&&str> = boxes.iter().filter(|line| !line.contains("tests/debugging/graphs.rs:")).collect();
    assert!(elsewhere.is_empty(), "{elsewhere:#?}");
    drop(calls);
}

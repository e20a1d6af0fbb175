//! What the tape watches, and gradients of and with respect to what: the rows of section 2.

use gradcore::prelude::*;

use crate::records::assert_row;

const ZERO: UnconnectedGradients = UnconnectedGradients::Zero;

/// A number watched by a persistent tape.
fn watched(value: f32) -> (Tensor, PersistentTape) {
    let x = tf::constant(value);
    let tape = GradientTape::persistent();
    tape.watch(&x);
    (x, tape)
}

#[test]
fn row_1_not_watched() {
    let x = tf::constant(3.0);
    let tape = GradientTape::new();
    let y = &x * &x;
    assert_row("2.1 not watched", [tape.gradient(&y, &x)]);
}

#[test]
fn rows_2_and_3_variables_are_watched_by_themselves() {
    let square = |v: &Variable, tape: GradientTape| {
        let y = v * v;
        tape.gradient(&y, v)
    };
    let v = Variable::new(3.0);
    let frozen = Variable::new(3.0).trainable(false);
    let explicit = GradientTape::new().watch_accessed_variables(false);
    let watched = {
        explicit.watch(&v);
        square(&v, explicit)
    };
    let found = [
        square(&v, GradientTape::new()),
        square(&frozen, GradientTape::new()),
        square(&v, GradientTape::new().watch_accessed_variables(false)),
        watched,
    ];
    assert_row("2.2 variables are watched by themselves", found);
}

#[test]
fn row_4_watched_after_use() {
    let x = tf::constant(3.0);
    let tape = GradientTape::new();
    let y = &x * &x;
    tape.watch(&x);
    let z = &x * &y;
    assert_row("2.4 watched after use", [tape.gradient(&z, &x)]);
}

#[test]
fn row_5_an_intermediate_watched() {
    let x = tf::constant(3.0);
    let tape = GradientTape::persistent();
    let y = &x * &x;
    tape.watch(&y);
    let z = &y * &y;
    assert_row("2.5 an intermediate watched", [tape.gradient(&z, &y), tape.gradient(&z, &x)]);
}

#[test]
fn row_11_equal_values_are_two_sources() {
    let (a, tape) = watched(3.0);
    let b = tf::constant(3.0);
    tape.watch(&b);
    let y = &a * &a;
    assert_row("2.11 equal values are two sources", [tape.gradient(&y, &a), tape.gradient(&y, &b)]);
}

#[test]
fn row_12_operations_that_change_nothing_make_other_tensors() -> Result<(), Error> {
    let (x, tape) = watched(3.0);
    let others = [&x + 0.0, &x * 1.0, tf::identity(&x)];
    let y = 2.0 * &x + 3.0 * &others[0] + 5.0 * &others[1] + 7.0 * &others[2];
    let (dx, [to_sum, to_product, to_identity]) = tape.gradient(&y, (&x, &others))?;
    assert_row("2.12 operations that change nothing make other tensors", [dx, to_sum, to_product, to_identity].map(Ok));
    Ok(())
}

#[test]
fn row_15_round_and_sign() {
    let (x, tape) = watched(1.2);
    let (round, sign) = (tf::round(&x), tf::sign(&x));
    assert_row("2.15 round and sign", [tape.gradient(&round, &x), tape.gradient(&sign, &x)]);
}

#[test]
fn row_17_a_variable_changed_between_two_reads() -> Result<(), Error> {
    let mut v = Variable::new(3.0);
    let tape = GradientTape::persistent();
    let a = &v * &v;
    v.assign_add(1.0)?;
    let b = &v * &v;
    let c = &a + &b;
    assert_row("2.17 a variable changed between two reads", [&a, &b, &c].map(|y| tape.gradient(y, &v)));
    Ok(())
}

#[test]
fn row_27_a_long_chain() {
    let (x, tape) = watched(1.0);
    let y = (0..5000).fold(x.clone(), |y, _| y + &x * 0.5);
    let dx = tape.gradient(&y, &x);
    assert_row("2.27 a long chain", [Ok(y), dx]);
}

#[test]
fn row_29_a_target_of_several_elements() {
    let x = tf::constant([1.0, 2.0]);
    let tape = GradientTape::new();
    tape.watch(&x);
    let y = &x * &x;
    assert_row("2.29 a target of several elements", [tape.gradient(&y, &x)]);
}

#[test]
fn row_30_several_targets() {
    let (x, tape) = watched(2.0);
    let (a, b) = (&x * &x, 5.0 * &x);
    let found = [tape.gradient([&a, &b], &x), tape.gradient((&a, [&b, &a]), &x), tape.gradient([&a, &a], &x)];
    assert_row("2.30 several targets", found);
}

#[test]
fn row_31_the_target_is_a_source() {
    let (x, tape) = watched(2.0);
    let y = &x * &x;
    assert_row("2.31 the target is a source", [tape.gradient(&x, &x), tape.gradient([&x, &y], &x)]);
}

#[test]
fn row_32_a_variable_as_target() {
    let (v, w) = (Variable::new(2.0), Variable::new(3.0));
    let tape = GradientTape::persistent();
    let _ = &v * &w;
    assert_row("2.32 a variable as target", [tape.gradient(&v, &v), tape.gradient(&v, &w)]);
}

#[test]
fn row_33_nested_and_repeated_sources() -> Result<(), Error> {
    let (x, y) = (tf::constant(2.0), tf::constant(3.0));
    let tape = GradientTape::new();
    tape.watch([&x, &y]);
    let z = &x * &x * &y;
    let (dx, (dy, again)) = tape.gradient(&z, (&x, (&y, &x)))?;
    assert_row("2.33 nested and repeated sources", [dx, dy, again].map(Ok));
    Ok(())
}

#[test]
fn row_34_an_intermediate_as_source() -> Result<(), Error> {
    let (x, tape) = watched(3.0);
    let a = &x * &x;
    let z = 2.0 * &a;
    assert_row("2.34 an intermediate as source", tape.gradient(&z, [&x, &a])?.map(Ok));
    Ok(())
}

#[test]
fn row_35_a_target_computed_before_the_tape() {
    let x = tf::constant(3.0);
    let before = &x * &x;
    let tape = GradientTape::new();
    tape.watch(&x);
    assert_row("2.35 a target computed before the tape or after it", [tape.gradient(&before, &x)]);
}

#[test]
fn row_39_no_targets() {
    let (x, tape) = watched(3.0);
    let _ = &x * &x;
    let none: [&Tensor; 0] = [];
    assert_row("2.39 no targets", [tape.gradient(none, &x)]);
}

#[test]
fn row_43_output_gradients() {
    let x = tf::constant([1.0, 2.0]);
    let tape = GradientTape::persistent();
    tape.watch(&x);
    let (y, z) = (&x * &x, tf::reduce_sum(&x, ..));
    let seeds = [tf::constant([1.0, 10.0]), tf::constant(3.0)];
    let found = [
        tape.gradient_with(&y, &x, output_gradients(&seeds[0])),
        tape.gradient_with(&y, &x, output_gradients(tf::constant(5.0))),
        tape.gradient_with([&y, &z], &x, output_gradients(&seeds)),
    ];
    assert_row("2.43 output gradients", found);
}

#[test]
fn row_49_unconnected_sources() -> Result<(), Error> {
    let (x, w) = (tf::constant([1.0, 2.0]), tf::constant([[1.0], [2.0]]));
    let tape = GradientTape::persistent();
    tape.watch((&x, &w));
    let y = &x * &x;
    let (dx, dw) = tape.gradient_with(&y, (&x, &w), unconnected_gradients(ZERO))?;
    assert_row("2.49 unconnected sources", [tape.gradient(&y, &x), tape.gradient(&y, &w), Ok(dx), Ok(dw)]);
    Ok(())
}

#[test]
fn row_53_a_gradient_while_the_tape_records() {
    let x = tf::constant(3.0);
    let tape = GradientTape::new();
    tape.watch(&x);
    assert_row("2.53 a gradient while the tape records", [tape.gradient(&x * &x, &x)]);
}

#[test]
fn row_54_three_orders_from_one_tape() -> Result<(), Error> {
    let (x, tape) = watched(2.0);
    let first = tape.gradient(&x * &x * &x, &x)?;
    let second = tape.gradient(&first, &x)?;
    let third = tape.gradient(&second, &x)?;
    assert_row("2.54 three orders from one tape", [first, second, third].map(Ok));
    Ok(())
}

/// Second order needs both tapes to watch.
#[test]
fn row_57_nested_tapes() -> Result<(), Error> {
    let x = tf::constant(3.0);
    let outer = GradientTape::new();
    outer.watch(&x);
    let inner = GradientTape::new();
    inner.watch(&x);
    let y = &x * &x;
    let first = inner.gradient(&y, &x)?;
    let second = outer.gradient(&first, &x)?;

    let x = tf::constant(2.0);
    let unwatching = GradientTape::new();
    let inner = GradientTape::new();
    inner.watch(&x);
    let y = &x * &x * &x;
    let only = inner.gradient(&y, &x)?;
    let none = unwatching.gradient(&only, &x);
    assert_row("2.57 nested tapes", [Ok(first), Ok(second), Ok(only), none]);
    Ok(())
}

#[test]
fn a_gradient_through_cast() {
    let x = tf::constant([1.5, -2.0]);
    let tape = GradientTape::persistent();
    tape.watch(&x);
    let wide = tf::cast(&x, tf::float64);
    let y = tf::cast(&wide * &wide, tf::float32);
    let z = tf::cast(tf::cast(&x, tf::int32), tf::float32);
    let found = [tape.gradient(&y, &x), tape.gradient(&z, &x)];
    let [dy, dz] = found;
    assert_row("2.a a gradient through cast", [Ok(y), dy, dz]);
}

//! Sizes that cannot be, and memory that cannot be had: an error that names the operation and the sizes, in debug and in
//! release builds, and nothing read or written out of bounds.

#![allow(clippy::float_cmp, reason = "the numbers are exact")]

use std::panic::{AssertUnwindSafe, catch_unwind};

use gradcore::prelude::*;

/// Twice this is more than a shape can have.
const HUGE: usize = 1 << 62;
const HUGE_SIGNED: isize = 1 << 62;

fn empty() -> Tensor {
    tf::zeros([0])
}

/// The text of the panic that an operation ends with.
#[track_caller]
fn refusal<R>(operation: impl FnOnce() -> R) -> String {
    let panic = catch_unwind(AssertUnwindSafe(|| drop(operation()))).expect_err("the sizes are refused");
    panic.downcast_ref::<String>().cloned().expect("the text has numbers in it")
}

/// Checks that sizes which multiply to more than a shape can have are refused, by this name and with these sizes.
#[track_caller]
fn assert_refused<R>(name: &str, shape: &[usize], operation: impl FnOnce() -> R) {
    let expected = format!(
        "`{name}`: no tensor can have shape {shape:?}; its sizes, those of 0 left out, multiply to more than {}",
        isize::MAX
    );
    assert_eq!(refusal(operation), expected);
}

#[test]
fn a_product_of_matrices_without_elements_cannot_be_larger_than_memory() {
    let (tall, wide): (Tensor, Tensor) = (tf::zeros([HUGE, 0]), tf::zeros([0, 4]));
    assert_refused("matmul", &[HUGE, 4], || tf::matmul(&tall, &wide, ..));
    assert_refused("matmul", &[4, HUGE], || tf::matmul(&wide, &tall, transpose_a(true).transpose_b(true)));
    let (left, right): (Tensor, Tensor) = (tf::zeros([2, 1, HUGE / 2, 0]), tf::zeros([3, 0, 1]));
    assert_refused("matmul", &[2, 3, HUGE / 2, 1], || tf::matmul(&left, &right, ..));
}

#[test]
fn an_empty_tensor_has_no_shape_whose_other_sizes_overflow() {
    assert_refused("reshape", &[0, 4, HUGE], || tf::reshape(empty(), [0, 4, HUGE_SIGNED]));
    assert_refused("reshape", &[4, HUGE], || tf::reshape(empty(), [4, HUGE_SIGNED]));
    assert_refused("zeros", &[0, HUGE, 2], || tf::zeros::<f32>([0, HUGE, 2]));
    assert_refused("broadcast_to", &[HUGE, 2, 0], || tf::broadcast_to(tf::zeros::<f32>([1, 1, 0]), [HUGE, 2, 0]));
    assert_refused("add", &[HUGE, 2, 0], || tf::zeros::<f32>([HUGE, 1, 0]) + tf::zeros::<f32>([1, 2, 0]));
    assert_refused("where_", &[HUGE, 2, 0], || {
        tf::where_(true, tf::zeros::<f32>([HUGE, 1, 0]), tf::zeros::<f32>([1, 2, 0]))
    });
    assert_refused("gather", &[2, HUGE, 0], || {
        tf::gather(tf::zeros::<f32>([1, HUGE, 0]), tf::constant([[0], [0]]), ..)
    });
    assert_refused("one_hot", &[0, 2, HUGE], || tf::one_hot::<f32>(tf::zeros::<i32>([0, 2]), HUGE));
    assert_refused("stack", &[2, HUGE, 0], || tf::stack([tf::zeros::<f32>([HUGE, 0]), tf::zeros([HUGE, 0])], 0));
}

#[test]
fn every_constructor_names_itself() {
    assert_refused("zeros", &[HUGE, 4], || tf::zeros::<f32>([HUGE, 4]));
    assert_refused("ones", &[HUGE, 4], || tf::ones::<f64>([HUGE, 4]));
    assert_refused("normal", &[HUGE, 4], || tf::random::normal::<f32>([HUGE, 4], ..));
    assert_refused("uniform", &[usize::MAX], || tf::random::uniform::<f32>([usize::MAX], seed(1)));
    assert_refused("broadcast_to", &[HUGE, 4], || tf::broadcast_to(1.0f32, [HUGE, 4]));
    assert_refused("one_hot", &[1, usize::MAX], || tf::one_hot::<f32>([0], usize::MAX));
}

#[test]
fn sizes_that_add_up_to_more_than_there_are_numbers_are_refused() {
    let x: Tensor = tf::ones([2]);
    assert_refused("pad", &[usize::MAX], || tf::pad(&x, [[usize::MAX, 0]]));
    assert_refused("pad", &[usize::MAX], || tf::pad(&x, [[usize::MAX, usize::MAX]]));
    let half: Tensor = tf::zeros([HUGE, 0]);
    assert_refused("concat", &[HUGE * 3, 0], || tf::concat([&half, &half, &half], 0));
    assert_refused("concat", &[usize::MAX, 0], || tf::concat([&half; 5], 0));
}

#[test]
fn axes_at_the_ends_of_their_type_are_out_of_range() {
    let x: Tensor = tf::ones([2, 3]);
    for end in [isize::MIN, isize::MAX] {
        let expected = |operation: &str, shape: &str| {
            format!("`{operation}`: axis {end} is out of range for a tensor of shape {shape}")
        };
        assert_eq!(refusal(|| tf::reduce_sum(&x, axis(end))), expected("reduce_sum", "[2, 3]"));
        assert_eq!(refusal(|| tf::argmax(&x, axis(end))), expected("argmax", "[2, 3]"));
        assert_eq!(refusal(|| tf::concat([&x], end)), expected("concat", "[2, 3]"));
        assert_eq!(refusal(|| tf::expand_dims(&x, end)), expected("expand_dims", "[2, 3, 1]"));
        assert_eq!(refusal(|| tf::transpose(&x, perm([end, 0]))), expected("transpose", "[2, 3]"));
        assert_eq!(refusal(|| tf::nn::softmax(&x, axis(end))), expected("softmax", "[2, 3]"));
    }
    assert!(refusal(|| tf::slice(&x, [isize::MIN, 0], [1, 1])).starts_with("`slice`: expected `begin` and `size`"));
    assert!(refusal(|| tf::slice(&x, [1, 0], [isize::MAX, 1])).starts_with("`slice`: expected `begin` and `size`"));
    assert!(refusal(|| tf::reshape(&x, [isize::MIN, 6])).starts_with("`reshape`: expected a shape of 6 elements"));
}

/// What is more than the machine has is refused when it is asked for: no operation aborts the process.
#[test]
fn memory_that_cannot_be_had_is_an_error_with_the_shape_and_the_bytes() {
    const LARGE: usize = 1 << 46;
    #[custom_gradient(elementwise)]
    fn product(x: f32, y: f32) -> f32 {
        (x * y, |dy| (dy * y, dy * x))
    }
    let refused = |name: &str, shape: &str, bytes: usize, message: String| {
        assert_eq!(message, format!("`{name}`: no memory for a tensor of shape {shape}, {bytes} bytes"));
    };
    let shape = format!("[{LARGE}]");
    refused("zeros", &shape, 4 * LARGE, refusal(|| tf::zeros::<f32>([LARGE])));
    refused("ones", &shape, 8 * LARGE, refusal(|| tf::ones::<f64>([LARGE])));
    refused("normal", &shape, 4 * LARGE, refusal(|| tf::random::normal::<f32>([LARGE], ..)));
    refused("broadcast_to", &shape, 4 * LARGE, refusal(|| tf::broadcast_to(1.0f32, [LARGE])));
    refused("one_hot", &format!("[1, {LARGE}]"), 4 * LARGE, refusal(|| tf::one_hot::<f32>([0], LARGE)));
    refused("pad", &format!("[{}]", LARGE + 2), 4 * LARGE + 8, refusal(|| tf::pad(tf::ones::<f32>([2]), [[0, LARGE]])));
    let side = 1 << 23;
    let (column, row): (Tensor, Tensor) = (tf::ones([side, 1]), tf::ones([1, side]));
    let shape = format!("[{side}, {side}]");
    refused("add", &shape, 4 * side * side, refusal(|| &column + &row));
    refused("greater", &shape, side * side, refusal(|| tf::greater(&column, &row)));
    refused("where_", &shape, 4 * side * side, refusal(|| tf::where_(tf::greater(&column, 0), &column, &row)));
    refused("matmul", &shape, 4 * side * side, refusal(|| tf::matmul(&column, &row, ..)));

    refused("product", &shape, 4 * side * side, refusal(|| product(&column, &row)));
}

/// Past what a vector can hold, although the elements can be counted.
#[test]
fn elements_that_can_be_counted_and_not_addressed_are_refused() {
    let bytes = "9223372036854775808";
    let message = refusal(|| tf::zeros::<f64>([1 << 60]));
    assert_eq!(message, format!("`zeros`: no memory for a tensor of shape [{}], {bytes} bytes", 1usize << 60));
}

#[test]
fn a_gradient_that_cannot_be_had_leaves_the_tape_usable() -> Result<(), Error> {
    #[custom_gradient]
    fn outer_product_in_the_gradient(x: &Tensor) -> Tensor {
        (x * 2.0, |dy| tf::reduce_sum(tf::expand_dims(dy, 1) * x, 0))
    }
    let x: Tensor = tf::ones([1 << 23]);
    let tape = GradientTape::persistent();
    tape.watch(&x);
    let (y, z) = (&x * 2.0, outer_product_in_the_gradient(&x));
    let message = refusal(|| tape.gradient(&z, &x));
    assert!(message.contains("no memory for a tensor of shape [8388608, 8388608]"), "{message}");
    assert_eq!(tape.gradient(&y, &x)?.to_vec()[..2], [2.0, 2.0]);
    Ok(())
}

#[test]
fn from_vec_says_how_many_values_a_shape_has() {
    let error = |shape: &[usize], values| Tensor::<f32>::from_vec(shape, values).unwrap_err().to_string();
    assert!(error(&[HUGE, 4, 0], Vec::new()).starts_with("`from_vec`: no tensor can have shape"));
    assert!(error(&[HUGE, 4], Vec::new()).starts_with("`from_vec`: no tensor can have shape"));
    assert_eq!(
        error(&[2, 4], vec![0.0; 7]),
        "`from_vec`: expected as many values as shape [2, 4] has elements, found 7"
    );
}

/// What is large and empty is a tensor as any other, as in NumPy.
#[test]
fn large_sizes_beside_a_zero_are_fine_as_long_as_they_fit() {
    let x: Tensor = tf::zeros([HUGE, 0]);
    let tape = GradientTape::new();
    tape.watch(&x);
    let y = tf::reduce_sum(&x * 2.0 + 1.0, ..);
    assert_eq!(y.to_vec(), [0.0]);
    assert_eq!(tape.gradient(&y, &x).expect("a gradient").shape(), [HUGE, 0]);
    assert_eq!(tf::transpose(&x, ..).shape(), [0, HUGE]);
    // Nothing goes through all the rows that have no elements.
    assert_eq!(tf::concat([&x, &x], 1).shape(), [HUGE, 0]);
    assert_eq!(tf::gather(tf::transpose(&x, ..), tf::zeros::<i32>([0]), axis(1)).shape(), [0, 0]);
    assert_eq!(tf::slice(&x, [5, 0], [100, 0]).shape(), [100, 0]);
    assert_eq!(tf::nn::softmax(&x, ..).shape(), [HUGE, 0]);
    assert_eq!(tf::reduce_mean(tf::transpose(&x, ..), 1).shape(), [0]);
    assert_eq!(tf::matmul(tf::zeros::<f32>([2, 0]), tf::zeros([0, 3]), ..).to_vec(), [0.0; 6]);
}

/// A row may be longer than what a thread gets at least: it is not shared, and the loop over rows ends.
#[test]
fn few_rows_of_many_elements() {
    for [rows, columns] in [[2, 65_536], [3, 70_000], [10, 100_000]] {
        let x: Tensor<f64> = tf::ones([rows, columns]);
        let expected = vec![f64::from(u32::try_from(columns).expect("a small number")); rows];
        assert_eq!(tf::reduce_sum(&x, 1).to_vec(), expected);
        assert_eq!(tf::reduce_max(&x, 1).to_vec(), vec![1.0; rows]);
        let softmax = tf::nn::softmax(&x, ..);
        assert!((softmax.to_vec()[0] - 1.0 / expected[0]).abs() < 1e-18);
        let log_softmax = tf::nn::log_softmax(&x, ..);
        assert!((log_softmax.to_vec()[rows * columns - 1] + expected[0].ln()).abs() < 1e-12);
    }
}

/// What works on many matrices, rows or picks needs no list of them beside the tensors that it is given.
#[test]
fn many_parts_without_elements_take_no_memory_and_no_time() -> Result<(), Error> {
    const MANY: usize = 1 << 40;
    let (left, right): (Tensor, Tensor) = (tf::zeros([1 << 30, 1, 0]), tf::zeros([1 << 30, 0, 1]));
    assert_eq!(tf::matmul(&left, &right, ..).shape(), [1 << 30, 1, 1]);
    let none = tf::gather(tf::zeros::<f32>([MANY, 0, 3]), tf::zeros::<i32>([0, 7]), axis(1));
    assert_eq!(none.shape(), [MANY, 0, 7, 3]);
    let x: Tensor = tf::zeros([MANY, 0]);
    let tape = GradientTape::persistent();
    tape.watch(&x);
    let y = &x * 2.0;
    assert_eq!(tape.batch_jacobian(&y, &x)?.shape(), [MANY, 0, 0]);
    Ok(())
}

#[test]
fn a_jacobian_that_cannot_be_had_is_refused_before_the_first_pass() -> Result<(), Error> {
    let x: Tensor = tf::ones([1 << 22]);
    let tape = GradientTape::persistent();
    tape.watch(&x);
    let y = &x * 2.0;
    let error = tape.jacobian(&y, &x).expect_err("it has 2^44 elements");
    assert_eq!(
        error.to_string(),
        "`jacobian`: no memory for a tensor of shape [4194304, 4194304], 70368744177664 bytes"
    );
    let error = gradcore::functional::jacobian(|x: &Tensor| x * 2.0, &x).expect_err("it has 2^44 elements");
    assert!(error.to_string().starts_with("`jacobian`: no memory"), "{error}");
    let rows: Tensor = tf::ones([1, 1 << 22]);
    tape.watch(&rows);
    let y = &rows * 2.0;
    let error = tape.batch_jacobian(&y, &rows).expect_err("it has 2^44 elements");
    assert!(error.to_string().starts_with("`batch_jacobian`: no memory"), "{error}");
    assert_eq!(tape.gradient(&y, &rows)?.to_vec()[..2], [2.0, 2.0]);
    Ok(())
}

#[test]
fn reductions_without_memory_and_limits_name_themselves() {
    let x: Tensor = tf::zeros([0, 1 << 46]);
    for (name, refused) in [
        ("reduce_mean", refusal(|| tf::reduce_mean(&x, 0))),
        ("norm", refusal(|| tf::norm(&x, 0))),
        ("reduce_prod", refusal(|| tf::reduce_prod(&x, 0))),
    ] {
        assert!(refused.starts_with(&format!("`{name}`: no memory")), "{refused}");
    }
    let (x, limits): (Tensor, Tensor) = (tf::ones([2]), tf::ones([3, 2]));
    let refused = refusal(|| tf::clip_by_norm(&x, &limits, ..));
    assert!(refused.starts_with("`clip_by_norm`: shapes [2] and [3, 2] do not broadcast"), "{refused}");
    let refused = refusal(|| tf::clip_by_global_norm([&x], &limits));
    assert_eq!(refused, "`clip_by_global_norm`: expected `clip_norm` to be a scalar, found shape [3, 2]");
}

//! Every operation's first and second derivative against finite differences, in `f64`.

use gradcore::prelude::*;

type Unary = fn(&Tensor<f64>) -> Tensor<f64>;
type Binary = fn(&Tensor<f64>, &Tensor<f64>) -> Tensor<f64>;
type Operation<'f> = dyn Fn(&[Tensor<f64>]) -> Tensor<f64> + 'f;

/// Half the distance of the inner points of the four-point difference; its error is of the order of the step's
/// fourth power, about 1e-12 here.
const STEP: f64 = 1e-3;
const TOLERANCE: f64 = 1e-8;

/// ⟨weights, f(inputs)⟩, so that each output element counts differently.
fn projected(f: &Operation<'_>, inputs: &[Tensor<f64>]) -> Tensor<f64> {
    let y = f(inputs);
    let weights = tf::random::normal(y.shape(), seed(17));
    tf::reduce_sum(y * weights, ..)
}

/// The gradients of a scalar function by a tape.
fn by_tape(f: &Operation<'_>, inputs: &[Tensor<f64>]) -> Vec<Tensor<f64>> {
    let tape = GradientTape::new();
    tape.watch(inputs);
    let y = f(inputs);
    tape.gradient_with(&y, inputs, unconnected_gradients(UnconnectedGradients::Zero))
        .expect("a gradient of the right shape")
}

/// The gradients of a scalar function by four-point central differences.
fn by_differences(f: &Operation<'_>, inputs: &[Tensor<f64>]) -> Vec<Vec<f64>> {
    let moved = |input: usize, element: usize, by: f64| {
        let mut inputs = inputs.to_vec();
        let mut values = inputs[input].to_vec();
        values[element] += by;
        inputs[input] = Tensor::from_vec(inputs[input].shape(), values).expect("the shape of the input");
        f(&inputs).item()
    };
    let slope = |input, element| {
        let near = moved(input, element, STEP) - moved(input, element, -STEP);
        let far = moved(input, element, 2.0 * STEP) - moved(input, element, -2.0 * STEP);
        (8.0 * near - far) / (12.0 * STEP)
    };
    (0..inputs.len()).map(|input| (0..inputs[input].size()).map(|element| slope(input, element)).collect()).collect()
}

fn agree(name: &str, f: &Operation<'_>, inputs: &[Tensor<f64>]) {
    let (analytic, numeric) = (by_tape(f, inputs), by_differences(f, inputs));
    for (input, (analytic, numeric)) in analytic.iter().zip(&numeric).enumerate() {
        assert_eq!(analytic.shape(), inputs[input].shape(), "{name}: shape of the gradient of input {input}");
        let scale = numeric.iter().fold(1.0f64, |most, slope| most.max(slope.abs()));
        for (element, (a, n)) in analytic.to_vec().into_iter().zip(numeric).enumerate() {
            assert!(
                (a - n).abs() <= TOLERANCE * scale,
                "{name}: input {input}, element {element}: the rule says {a}, differences {n}"
            );
        }
    }
}

/// Holds the first and the second derivative of an operation against differences.
fn check(name: &str, inputs: &[Tensor<f64>], f: impl Fn(&[Tensor<f64>]) -> Tensor<f64>) {
    let first = |inputs: &[Tensor<f64>]| projected(&f, inputs);
    agree(name, &first, inputs);
    let second = |inputs: &[Tensor<f64>]| {
        let slopes = by_tape(&first, inputs);
        let weigh =
            |(k, slope): (u64, &Tensor<f64>)| tf::reduce_sum(slope * tf::random::normal(slope.shape(), seed(k)), ..);
        (100..).zip(&slopes).map(weigh).reduce(|sum, part| sum + part).expect("an input")
    };
    agree(&format!("second derivative of {name}"), &second, inputs);
}

/// Numbers between -1.9 and 1.9 in a random order, none near a kink: not near 0, nor near each other.
#[allow(clippy::cast_precision_loss, reason = "counts of a few elements")]
fn numbers(shape: &[usize], number: u64) -> Tensor<f64> {
    let keys = tf::random::uniform::<f64>(shape, seed(number)).to_vec();
    let place = |key: &f64| keys.iter().filter(|other| *other < key).count() as f64;
    let spacing = 3.8 / keys.len() as f64;
    let values = keys.iter().map(|key| (place(key) + 0.37) * spacing - 1.9).collect();
    Tensor::from_vec(shape, values).expect("as many values")
}

fn positive(shape: &[usize], number: u64) -> Tensor<f64> {
    tf::random::uniform(shape, seed(number).minval(0.5).maxval(2.0))
}

#[test]
fn functions_of_one_tensor() {
    let x = numbers(&[2, 3], 1);
    let functions: [(&str, Unary); 19] = [
        ("negative", |x| tf::negative(x)),
        ("abs", |x| tf::abs(x)),
        ("sign", |x| tf::sign(x)),
        ("square", |x| tf::square(x)),
        ("exp", |x| tf::exp(x)),
        ("tanh", |x| tf::tanh(x)),
        ("sigmoid", |x| tf::sigmoid(x)),
        ("relu", |x| tf::nn::relu(x)),
        ("identity", |x| tf::identity(x)),
        ("sin", |x| tf::sin(x)),
        ("cos", |x| tf::cos(x)),
        ("tan", |x| tf::tan(x * 0.5)),
        ("elu", |x| tf::nn::elu(x)),
        ("swish", |x| tf::nn::swish(x)),
        ("softplus", |x| tf::nn::softplus(x)),
        ("norm", |x| tf::norm(x, ..)),
        ("softmax", |x| tf::nn::softmax(x, ..)),
        ("log_softmax", |x| tf::nn::log_softmax(x, ..)),
        ("softmax along axis 0", |x| tf::nn::softmax(x, axis(0))),
    ];
    for (name, f) in functions {
        check(name, std::slice::from_ref(&x), |inputs| f(&inputs[0]));
        check(&format!("{name} of a row"), &[numbers(&[3], 2)], |inputs| {
            if name.ends_with('0') { inputs[0].clone() } else { f(&inputs[0]) }
        });
    }
    let functions: [(&str, Unary); 3] =
        [("log", |x| tf::log(x)), ("log1p", |x| tf::log1p(x)), ("sqrt", |x| tf::sqrt(x))];
    for (name, f) in functions {
        check(name, &[positive(&[2, 3], 3)], |inputs| f(&inputs[0]));
    }
}

#[test]
fn functions_of_two_tensors_that_broadcast() {
    let functions: [(&str, Binary); 8] = [
        ("add", |x, y| x + y),
        ("subtract", |x, y| x - y),
        ("multiply", |x, y| x * y),
        ("divide", |x, y| x / y),
        ("divide_no_nan", |x, y| tf::divide_no_nan(x, y)),
        ("pow", |x, y| tf::pow(tf::abs(x), y)),
        ("maximum", |x, y| tf::maximum(x, y)),
        ("minimum", |x, y| tf::minimum(x, y)),
    ];
    let shapes: [(&[usize], &[usize]); 7] = [
        (&[], &[]),
        (&[2, 3], &[2, 3]),
        (&[2, 3], &[3]),
        (&[], &[2, 2]),
        (&[2, 1, 3], &[4, 1]),
        (&[1], &[3]),
        (&[2, 3], &[]),
    ];
    for (name, f) in functions {
        for (left, right) in shapes {
            check(
                &format!("{name} of {left:?} and {right:?}"),
                &[numbers(left, 4), positive(right, 5) + 0.3],
                |inputs| f(&inputs[0], &inputs[1]),
            );
        }
    }
}

#[test]
fn scalars_and_variables_as_operands() {
    let x = positive(&[3], 6);
    check("scalars", &[x], |inputs| {
        let x = &inputs[0];
        let v: Variable<f64> = Variable::new(2.0);
        (2.0 * x + 1.0 - x / 3.0) * (4.0 / x) - (1.0 - x) + (-x) * &v + &v / x
    });
}

#[test]
fn selections() {
    let (x, y) = (numbers(&[2, 3], 7), numbers(&[3], 8));
    check("where_", &[x.clone(), y.clone()], |inputs| {
        tf::where_([[true, false, true], [false, false, true]], &inputs[0], &inputs[1])
    });
    check("where_ with a broadcast condition", &[x.clone(), y], |inputs| {
        tf::where_([true, false, true], &inputs[0], &inputs[1])
    });
    let limits = [x, tf::constant([-0.95, -0.05, -1.0]), tf::constant(0.95)];
    check("clip_by_value", &limits, |inputs| tf::clip_by_value(&inputs[0], &inputs[1], &inputs[2]));
}

#[test]
fn reductions_along_every_set_of_axes() {
    let x = numbers(&[2, 3, 2], 9);
    let sets: [&[isize]; 8] = [&[], &[0], &[1], &[-1], &[0, 1], &[1, 2], &[0, -1], &[2, 0, 1]];
    for set in sets {
        for keep in [false, true] {
            let axes = || axis(set).keepdims(keep);
            let name = |operation: &str| format!("{operation} along {set:?}, keepdims {keep}");
            check(&name("reduce_sum"), std::slice::from_ref(&x), |inputs| tf::reduce_sum(&inputs[0], axes()));
            check(&name("reduce_mean"), std::slice::from_ref(&x), |inputs| tf::reduce_mean(&inputs[0], axes()));
            check(&name("reduce_max"), std::slice::from_ref(&x), |inputs| tf::reduce_max(&inputs[0], axes()));
            check(&name("reduce_min"), std::slice::from_ref(&x), |inputs| tf::reduce_min(&inputs[0], axes()));
            check(&name("reduce_prod"), std::slice::from_ref(&x), |inputs| tf::reduce_prod(&inputs[0], axes()));
            check(&name("norm"), std::slice::from_ref(&x), |inputs| tf::norm(&inputs[0], axes()));
        }
    }
    check("reduce_sum of all", &[x], |inputs| tf::reduce_sum(&inputs[0], ..));
}

#[test]
fn shapes_and_orders() {
    let x = numbers(&[2, 3, 4], 10);
    check("reshape", std::slice::from_ref(&x), |inputs| tf::reshape(&inputs[0], [4, -1]));
    check("transpose", std::slice::from_ref(&x), |inputs| tf::transpose(&inputs[0], ..));
    check("transpose_with", &[x], |inputs| tf::transpose(&inputs[0], perm([1, 2, 0])));
    check("broadcast_to", &[numbers(&[3, 1], 11)], |inputs| tf::broadcast_to(&inputs[0], [2, 3, 4]));
    check("sum_to", &[numbers(&[2, 3, 4], 12)], |inputs| tf::sum_to(&inputs[0], tf::zeros([3, 1])));
}

#[test]
fn parts_and_what_is_made_of_them() {
    let (x, y) = (numbers(&[2, 3, 4], 24), numbers(&[2, 1, 4], 25));
    check("gather", std::slice::from_ref(&x), |inputs| tf::gather(&inputs[0], [[2, 0], [2, 1]], axis(1)));
    check("gather along the first axis", std::slice::from_ref(&x), |inputs| tf::gather(&inputs[0], 1i64, ..));
    check("slice", std::slice::from_ref(&x), |inputs| tf::slice(&inputs[0], [0, 1, 2], [2, -1, 1]));
    check("pad", std::slice::from_ref(&y), |inputs| tf::pad(&inputs[0], [[0, 1], [2, 0], [1, 1]]));
    check("concat", &[x.clone(), y], |inputs| tf::concat(inputs, 1));
    check("stack", &[numbers(&[2, 3], 26), numbers(&[2, 3], 27)], |inputs| tf::stack(inputs, 1));
    check("add_n", &[numbers(&[3], 28), numbers(&[3], 29), numbers(&[3], 30)], |inputs| tf::add_n(inputs));
    check("expand_dims and squeeze", &[x], |inputs| tf::squeeze(tf::expand_dims(&inputs[0], 1), axis(1)));
}

/// The product of all others is right where elements are 0, at every order, and whatever the number of elements.
#[test]
fn products_with_zeros() {
    for values in [vec![0.0, 2.0, 3.0], vec![0.0, 0.0, 3.0, 5.0, 7.0], vec![2.0, 0.0, -1.0, 4.0, 3.0, 5.0, 1.5]] {
        check("reduce_prod with zeros", &[tf::constant(values)], |inputs| tf::reduce_prod(&inputs[0], ..));
    }
}

#[test]
fn lengths_limited() {
    let (x, y) = (numbers(&[2, 3], 31), numbers(&[2], 32));
    for limit in [0.5, 100.0] {
        check("clip_by_norm", std::slice::from_ref(&x), |inputs| tf::clip_by_norm(&inputs[0], limit, axis(1)));
        check("clip_by_global_norm", &[x.clone(), y.clone()], |inputs| {
            let (clipped, length) = tf::clip_by_global_norm(inputs, limit);
            tf::concat([tf::reshape(&clipped[0], [-1]), clipped[1].clone(), tf::reshape(length, [1])], 0)
        });
    }
}

#[test]
fn matrix_products() {
    let shapes: [(&[usize], &[usize]); 4] =
        [(&[2, 3], &[3, 4]), (&[2, 2, 3], &[2, 3, 2]), (&[3, 2], &[2, 2, 2]), (&[2, 1, 2, 3], &[3, 3, 1])];
    for (left, right) in shapes {
        for (first, second) in [(false, false), (true, false), (false, true), (true, true)] {
            let given = |shape: &[usize], transposed: bool| {
                let mut shape = shape.to_vec();
                let rank = shape.len();
                shape[rank - 2..].rotate_left(usize::from(transposed));
                shape
            };
            let inputs = [numbers(&given(left, first), 13), numbers(&given(right, second), 14)];
            check(&format!("matmul of {left:?} and {right:?}, transposed {first} {second}"), &inputs, |inputs| {
                tf::matmul(&inputs[0], &inputs[1], transpose_a(first).transpose_b(second))
            });
        }
    }
}

#[test]
fn cross_entropy() {
    let labels = tf::constant([2, 0]);
    check("sparse_softmax_cross_entropy_with_logits", &[numbers(&[2, 3], 15)], |inputs| {
        tf::nn::sparse_softmax_cross_entropy_with_logits(&labels, &inputs[0])
    });
    check("of one row", &[numbers(&[4], 16)], |inputs| {
        tf::nn::sparse_softmax_cross_entropy_with_logits(3i64, &inputs[0])
    });
}

#[test]
fn casts() {
    let x = tf::constant([0.5f64, -2.0]);
    let tape = GradientTape::new();
    tape.watch(&x);
    let y = tf::square(tf::cast(&x, tf::float32));
    assert_eq!(tape.gradient(&y, &x).expect("a gradient").to_vec(), [1.0, -4.0]);
}

#[test]
fn operations_in_a_network() {
    let inputs = [numbers(&[3, 4], 20), numbers(&[4, 5], 21), numbers(&[5], 22), numbers(&[5, 2], 23)];
    check("a network of two layers", &inputs, |inputs| {
        let hidden = tf::tanh(tf::matmul(&inputs[0], &inputs[1], ..) + &inputs[2]);
        let logits = tf::matmul(hidden, &inputs[3], ..);
        tf::reduce_mean(tf::nn::sparse_softmax_cross_entropy_with_logits([0, 1, 1], logits), ..)
    });
}

//! Every differentiable operation, in `f32` and `f64`: values, gradients and second derivatives.

use gradcore::prelude::*;
use gradcore::{Integer, Real};
use serde_json::Value;

use crate::common::{Close, Rounding, differences};
use crate::records::{Scalar, gradient_differences, list, section, sizes, tensor, tensors, text, whole};

/// What an operation is given.
struct Arguments<'a, T> {
    inputs: &'a [Tensor<T>],
    options: &'a Value,
}

impl<T: Scalar> Arguments<'_, T> {
    fn number(&self, option: &str) -> T {
        T::read(&self.options[option]).unwrap_or_else(|| panic!("expected a number as `{option}`"))
    }
}

impl<T> Arguments<'_, T> {
    fn x(&self) -> &Tensor<T> {
        &self.inputs[0]
    }

    fn pair(&self) -> (&Tensor<T>, &Tensor<T>) {
        (&self.inputs[0], &self.inputs[1])
    }

    fn whole_numbers(&self, option: &str) -> Vec<isize> {
        list(&self.options[option]).iter().map(whole).collect()
    }

    /// The option `axis`, as Python takes it: an integer, a list or None.
    fn axes(&self) -> tf::options::Axes {
        match &self.options["axis"] {
            Value::Null => axis(..),
            Value::Array(_) => axis(&self.whole_numbers("axis")[..]),
            one => axis(whole(one)),
        }
    }

    fn axis(&self) -> isize {
        whole(&self.options["axis"])
    }

    fn paddings(&self) -> Vec<[usize; 2]> {
        let pair = |pair| sizes(pair).try_into().expect("a pair of numbers");
        list(&self.options["paddings"]).iter().map(pair).collect()
    }

    fn reduced_axes(&self) -> tf::options::Axes {
        self.axes().keepdims(self.options["keepdims"] == true)
    }

    fn condition(&self) -> Tensor<bool> {
        tensor(&self.options["condition"])
    }

    fn turns(&self) -> tf::options::MatmulOptions {
        transpose_a(self.options["transpose_a"] == true).transpose_b(self.options["transpose_b"] == true)
    }
}

/// Operations that choose one of several. Which of 0 and -0 they choose differs between TensorFlow's own kernels for
/// `f32` and `f64`, so the sign of a zero is not compared.
const CHOOSING: [&str; 4] = ["maximum", "minimum", "reduce_max", "relu"];

/// A record, read.
struct Record<'a, T> {
    name: String,
    json: &'a Value,
    inputs: Vec<Tensor<T>>,
    upstream: Tensor<T>,
}

type Operation<'f, T> = &'f dyn Fn(&Arguments<'_, T>) -> Tensor<T>;

impl<'a, T: Real + Scalar + Close> Record<'a, T> {
    fn new(json: &'a Value) -> Self {
        let name = format!("{} of {}, {}", text(&json["operation"]), T::NAME, text(&json["case"]));
        Record { name, json, inputs: tensors(&json["inputs"]), upstream: tensor(&json["upstream"]) }
    }

    fn run(&self, operation: Operation<'_, T>) -> Tensor<T> {
        operation(&Arguments { inputs: &self.inputs, options: &self.json["options"] })
    }

    /// Every difference between the operation and the record.
    fn differences(&self, operation: Operation<'_, T>) -> Vec<String> {
        let what = format!("{}: output", self.name);
        let output = differences(&what, &self.run(operation), &tensor(&self.json["output"]), self.output_rounding());
        let gradients = list(&self.json["gradients"]).iter().enumerate();
        let first = gradients.flat_map(|(k, expected)| {
            let what = format!("{}: gradient {k}", self.name);
            gradient_differences(&what, &self.gradient(operation, &self.inputs[k]), expected)
        });
        output.into_iter().chain(first).chain(self.all_at_once(operation)).chain(self.second(operation)).collect()
    }

    fn output_rounding(&self) -> Rounding {
        if CHOOSING.contains(&text(&self.json["operation"])) { Rounding::Floored } else { Rounding::Relative }
    }

    /// The gradient for one input, on a tape that is asked for nothing else.
    fn gradient(&self, operation: Operation<'_, T>, source: &Tensor<T>) -> Result<Tensor<T>, Error> {
        let tape = GradientTape::new();
        tape.watch(&self.inputs);
        let y = self.run(operation);
        tape.gradient_with(&y, source, output_gradients(&self.upstream))
    }

    /// The gradients for all inputs together are the same, zeros where there is none.
    fn all_at_once(&self, operation: Operation<'_, T>) -> Vec<String> {
        let tape = GradientTape::new();
        tape.watch(&self.inputs);
        let y = self.run(operation);
        let options = output_gradients(&self.upstream).unconnected_gradients(UnconnectedGradients::Zero);
        let found = tape.gradient_with(&y, &self.inputs, options).expect("gradients of the right shape");
        let pairs = found.iter().zip(list(&self.json["gradients"])).zip(&self.inputs).enumerate();
        pairs
            .flat_map(|(k, ((found, expected), input))| {
                let expected = if expected.is_null() { tf::zeros_like(input) } else { tensor(expected) };
                differences(
                    &format!("{}: gradient {k} with the others", self.name),
                    found,
                    &expected,
                    Rounding::Floored,
                )
            })
            .collect()
    }

    /// Nested tapes: the derivatives of Σ weights · gradients with respect to the inputs and the upstream.
    fn second(&self, operation: Operation<'_, T>) -> Vec<String> {
        let Some(expected) = self.json.get("second") else {
            return Vec::new();
        };
        let sources = self.inputs.iter().chain([&self.upstream]);
        let pairs = sources.zip(list(expected)).enumerate();
        pairs
            .flat_map(|(k, (source, expected))| {
                gradient_differences(
                    &format!("{}: second derivative {k}", self.name),
                    &self.second_for(operation, source),
                    expected,
                )
            })
            .collect()
    }

    fn second_for(&self, operation: Operation<'_, T>, source: &Tensor<T>) -> Result<Tensor<T>, Error> {
        let outer = GradientTape::new();
        outer.watch((&self.inputs, &self.upstream));
        let inner = GradientTape::new();
        inner.watch(&self.inputs);
        let y = self.run(operation);
        let gradients = list(&self.json["gradients"]).iter().zip(&self.inputs);
        let connected: Vec<&Tensor<T>> =
            gradients.filter(|(gradient, _)| !gradient.is_null()).map(|(_, input)| input).collect();
        let first = inner.gradient_with(&y, connected, output_gradients(&self.upstream))?;
        let weights: Vec<Tensor<T>> = first.iter().map(|gradient| cycle(gradient.shape())).collect();
        outer.gradient_with(&first, source, output_gradients(&weights))
    }
}

/// The weights that the records were made with.
fn cycle<T: Real>(shape: &[usize]) -> Tensor<T> {
    let values = [0.5, 1.25, -1.0, 2.0, -0.75].map(T::of).into_iter().cycle();
    Tensor::from_vec(shape, values.take(shape.iter().product()).collect())
        .expect("as many values as the shape has elements")
}

/// Compares an operation with every record of its name and dtype.
fn all_differences<T: Real + Scalar + Close>(name: &str, operation: Operation<'_, T>) -> Vec<String> {
    let of_operation = |json: &&Value| json["operation"] == name && json["dtype"] == T::NAME;
    let records: Vec<Record<'_, T>> = section("operations").iter().filter(of_operation).map(Record::new).collect();
    assert!(!records.is_empty(), "no records of {name} in {}", T::NAME);
    records.iter().flat_map(|record| record.differences(operation)).collect()
}

/// Where TensorFlow's number is none, or nothing is left of it, and what is right: what was not chosen takes no part in a gradient
/// (rows 2.104 and 2.105), and the tails of slopes are exact (`docs/numbers.md`).
const BETTER: &str = "\
pow of float32, special values: gradient 0[0]: expected NaN, found 0.0
pow of float32, special values: gradient 1[1]: expected NaN, found 0.0
pow of float32, special values: gradient 1[3]: expected NaN, found 0.0
pow of float32, special values: gradient 0 with the others[0]: expected NaN, found 0.0
pow of float32, special values: gradient 1 with the others[1]: expected NaN, found 0.0
pow of float32, special values: gradient 1 with the others[3]: expected NaN, found 0.0
pow of float64, special values: gradient 0[0]: expected NaN, found 0.0
pow of float64, special values: gradient 1[1]: expected NaN, found 0.0
pow of float64, special values: gradient 1[3]: expected NaN, found 0.0
pow of float64, special values: gradient 0 with the others[0]: expected NaN, found 0.0
pow of float64, special values: gradient 1 with the others[1]: expected NaN, found 0.0
pow of float64, special values: gradient 1 with the others[3]: expected NaN, found 0.0
sigmoid of float32, large: gradient 0[5]: expected 0.0, found 3.0917304e-9
sigmoid of float32, large: gradient 0[6]: expected 0.0, found 4.0609154e-35
sigmoid of float32, large: gradient 0 with the others[5]: expected 0.0, found 3.0917304e-9
sigmoid of float32, large: gradient 0 with the others[6]: expected 0.0, found 4.0609154e-35
sigmoid of float64, large: gradient 0[6]: expected 0.0, found 4.0609156226521836e-35
sigmoid of float64, large: gradient 0 with the others[6]: expected 0.0, found 4.0609156226521836e-35
tanh of float32, large: gradient 0[2]: expected 0.0, found 8.496708e-18
tanh of float32, large: gradient 0[5]: expected 0.0, found 2.5490125e-17
tanh of float32, large: gradient 0 with the others[2]: expected 0.0, found 8.496708e-18
tanh of float32, large: gradient 0 with the others[5]: expected 0.0, found 2.5490125e-17
tanh of float64, large: gradient 0[1]: expected -0.0, found -2.605990825766017e-69
tanh of float64, large: gradient 0[2]: expected 0.0, found 8.496708510583178e-18
tanh of float64, large: gradient 0[5]: expected 0.0, found 2.5490125531749533e-17
tanh of float64, large: gradient 0[6]: expected 0.0, found 2.931739678986769e-69
tanh of float64, large: gradient 0 with the others[1]: expected -0.0, found -2.605990825766017e-69
tanh of float64, large: gradient 0 with the others[2]: expected 0.0, found 8.496708510583178e-18
tanh of float64, large: gradient 0 with the others[5]: expected 0.0, found 2.5490125531749533e-17
tanh of float64, large: gradient 0 with the others[6]: expected 0.0, found 2.931739678986769e-69
where_log of float32, zero in the branch not taken, row 2.104: gradient 0[0]: expected NaN, found 0.0
where_log of float32, zero in the branch not taken, row 2.104: gradient 0 with the others[0]: expected NaN, found 0.0
where_log of float64, zero in the branch not taken, row 2.104: gradient 0[0]: expected NaN, found 0.0
where_log of float64, zero in the branch not taken, row 2.104: gradient 0 with the others[0]: expected NaN, found 0.0
where_reciprocal of float32, zero in the branch not taken, row 2.104: gradient 0[0]: expected NaN, found 0.0
where_reciprocal of float32, zero in the branch not taken, row 2.104: gradient 0 with the others[0]: expected NaN, found 0.0
where_reciprocal of float64, zero in the branch not taken, row 2.104: gradient 0[0]: expected NaN, found 0.0
where_reciprocal of float64, zero in the branch not taken, row 2.104: gradient 0 with the others[0]: expected NaN, found 0.0";

fn conform(name: &str, single: Operation<'_, f32>, double: Operation<'_, f64>) {
    let mut differences = all_differences(name, single);
    differences.extend(all_differences(name, double));
    let of_operation = |line: &&str| line.strip_prefix(name).is_some_and(|rest| rest.starts_with(" of "));
    let better: Vec<&str> = BETTER.lines().filter(of_operation).collect();
    let count = differences.len();
    assert_eq!(differences, better, "{count} differences from TensorFlow, not those that are meant");
}

/// A test for each operation, named as the operation in the records.
macro_rules! operations {
    ($($name:ident: |$given:ident| $value:expr;)+) => { $(
        #[test]
        fn $name() {
            conform(stringify!($name), &|$given| $value, &|$given| $value);
        }
    )+

        /// No record is left unread.
        #[test]
        fn every_record_has_a_test() {
            let names = [$(stringify!($name)),+];
            let unread = section("operations").iter().find(|record| !names.contains(&text(&record["operation"])));
            assert!(unread.is_none(), "no test reads {unread:?}");
        }
    };
}
operations! {
    add: |given| { let (x, y) = given.pair(); tf::add(x, y) };
    subtract: |given| { let (x, y) = given.pair(); tf::subtract(x, y) };
    multiply: |given| { let (x, y) = given.pair(); tf::multiply(x, y) };
    divide: |given| { let (x, y) = given.pair(); tf::divide(x, y) };
    maximum: |given| { let (x, y) = given.pair(); tf::maximum(x, y) };
    minimum: |given| { let (x, y) = given.pair(); tf::minimum(x, y) };
    clip_by_value: |given| tf::clip_by_value(given.x(), &given.inputs[1], &given.inputs[2]);
    negative: |given| tf::negative(given.x());
    abs: |given| tf::abs(given.x());
    sign: |given| tf::sign(given.x());
    square: |given| tf::square(given.x());
    exp: |given| tf::exp(given.x());
    log: |given| tf::log(given.x());
    log1p: |given| tf::log1p(given.x());
    sqrt: |given| tf::sqrt(given.x());
    tanh: |given| tf::tanh(given.x());
    sigmoid: |given| tf::sigmoid(given.x());
    round: |given| tf::round(given.x());
    identity: |given| tf::identity(given.x());
    stop_gradient: |given| tf::stop_gradient(given.x());
    where_: |given| { let (x, y) = given.pair(); tf::where_(given.condition(), x, y) };
    where_log: |given| { let x = given.x(); tf::where_(tf::greater(x, 0.0), tf::log(x), 0.0) };
    where_reciprocal: |given| { let x = given.x(); tf::where_(tf::greater(x, 0.0), 1.0 / x, 0.0) };
    where_sqrt: |given| { let x = given.x(); tf::where_(tf::greater(x, 0.0), tf::sqrt(x), 0.0) };
    reshape: |given| tf::reshape(given.x(), given.whole_numbers("shape"));
    transpose: |given| tf::transpose(given.x(), ..);
    transpose_with: |given| tf::transpose(given.x(), perm(given.whole_numbers("perm")));
    broadcast_to: |given| tf::broadcast_to(given.x(), sizes(&given.options["shape"]));
    matmul: |given| { let (a, b) = given.pair(); tf::matmul(a, b, ..) };
    matmul_turned: |given| { let (a, b) = given.pair(); tf::matmul(a, b, given.turns()) };
    reduce_sum: |given| tf::reduce_sum(given.x(), given.reduced_axes());
    reduce_mean: |given| tf::reduce_mean(given.x(), given.reduced_axes());
    reduce_max: |given| tf::reduce_max(given.x(), given.reduced_axes());
    reduce_min: |given| tf::reduce_min(given.x(), given.reduced_axes());
    reduce_prod: |given| tf::reduce_prod(given.x(), given.reduced_axes());
    sin: |given| tf::sin(given.x());
    cos: |given| tf::cos(given.x());
    tan: |given| tf::tan(given.x());
    floor: |given| tf::floor(given.x());
    ceil: |given| tf::ceil(given.x());
    pow: |given| { let (x, y) = given.pair(); tf::pow(x, y) };
    divide_no_nan: |given| { let (x, y) = given.pair(); tf::divide_no_nan(x, y) };
    add_n: |given| tf::add_n(given.inputs);
    elu: |given| tf::nn::elu(given.x());
    swish: |given| tf::nn::swish(given.x());
    softplus: |given| tf::nn::softplus(given.x());
    gather: |given| tf::gather(given.x(), tensor::<i32>(&given.options["indices"]), given.axes());
    slice: |given| tf::slice(given.x(), given.whole_numbers("begin"), given.whole_numbers("size"));
    pad: |given| tf::pad(given.x(), given.paddings());
    concat: |given| tf::concat(given.inputs, given.axis());
    stack: |given| tf::stack(given.inputs, given.axis());
    expand_dims: |given| tf::expand_dims(given.x(), given.axis());
    squeeze: |given| tf::squeeze(given.x(), given.axes());
    norm: |given| tf::norm(given.x(), given.reduced_axes());
    clip_by_norm: |given| tf::clip_by_norm(given.x(), given.number("clip_norm"), given.axes());
    global_norm: |given| tf::global_norm(given.inputs);
    clip_by_global_norm: |given| tf::concat(tf::clip_by_global_norm(given.inputs, given.number("clip_norm")).0, 0);
    relu: |given| tf::nn::relu(given.x());
    softmax: |given| tf::nn::softmax(given.x(), ..);
    softmax_along: |given| tf::nn::softmax(given.x(), given.axes());
    log_softmax: |given| tf::nn::log_softmax(given.x(), ..);
    log_softmax_along: |given| tf::nn::log_softmax(given.x(), given.axes());
    cross_entropy: |given| of_labels(given);
}

/// Labels of the dtype that the record says.
fn of_labels<T: Real>(given: &Arguments<'_, T>) -> Tensor<T> {
    fn with<L: Integer + Scalar, T: Real>(given: &Arguments<'_, T>) -> Tensor<T> {
        let labels: Tensor<L> = tensor(&given.options["labels"]);
        tf::nn::sparse_softmax_cross_entropy_with_logits(labels, given.x())
    }
    match text(&given.options["dtype"]) {
        "int32" => with::<i32, T>(given),
        "int64" => with::<i64, T>(given),
        other => panic!("no labels of dtype {other}"),
    }
}

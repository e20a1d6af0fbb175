//! Operations of or to integers and `bool`, which have no gradient: their values, exactly.

use gradcore::prelude::*;
use serde_json::Value;

use crate::common::{Close, Rounding, differences};
use crate::records::{Scalar, section, tensor, tensors, text};

/// The records of an operation whose case begins with a text.
fn records(operation: &'static str, case: &'static str) -> impl Iterator<Item = &'static Value> {
    let all = section("values").iter();
    all.filter(move |record| record["operation"] == operation && text(&record["case"]).starts_with(case))
}

/// Compares an operation on tensors of `T` with every record of its name and case.
#[track_caller]
fn conform<T: Scalar, U: Scalar + Close>(
    name: &'static str,
    case: &'static str,
    operation: impl Fn(&[Tensor<T>]) -> Tensor<U>,
) {
    let check = |record: &Value| {
        let what = format!("{name}, {}", text(&record["case"]));
        differences(&what, &operation(&tensors(&record["inputs"])), &tensor(&record["output"]), Rounding::Relative)
    };
    assert!(records(name, case).next().is_some(), "no records of {name}, {case}");
    let differences: Vec<String> = records(name, case).flat_map(check).collect();
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

macro_rules! comparisons {
    ($($name:ident)+) => { $(
        #[test]
        fn $name() {
            conform::<f32, bool>(stringify!($name), "float32", |x| tf::$name(&x[0], &x[1]));
            conform::<f64, bool>(stringify!($name), "float64", |x| tf::$name(&x[0], &x[1]));
            conform::<i32, bool>(stringify!($name), "int32", |x| tf::$name(&x[0], &x[1]));
        }
    )+ };
}
comparisons!(less less_equal greater greater_equal equal not_equal);

#[test]
fn arithmetic_of_integers() {
    conform::<i32, i32>("add", "int32", |x| tf::add(&x[0], &x[1]));
    conform::<i32, i32>("subtract", "int32", |x| tf::subtract(&x[0], &x[1]));
    conform::<i32, i32>("multiply", "int32", |x| tf::multiply(&x[0], &x[1]));
    conform::<i32, i32>("maximum", "int32", |x| tf::maximum(&x[0], &x[1]));
    conform::<i32, i32>("minimum", "int32", |x| tf::minimum(&x[0], &x[1]));
    conform::<i32, i32>("negative", "int32", |x| tf::negative(&x[0]));
    conform::<i32, i32>("abs", "int32", |x| tf::abs(&x[0]));
    conform::<i32, i32>("sign", "int32", |x| tf::sign(&x[0]));
    conform::<i32, i32>("square", "int32", |x| tf::square(&x[0]));
    conform::<i32, i32>("relu", "int32", |x| tf::nn::relu(&x[0]));
    conform::<i32, i32>("clip_by_value", "int32", |x| tf::clip_by_value(&x[0], &x[1], &x[2]));
}

/// They wrap around.
#[test]
fn overflow_of_integers() {
    conform::<i32, i32>("add", "overflow of int32", |x| tf::add(&x[0], &x[1]));
    conform::<i32, i32>("subtract", "overflow of int32", |x| tf::subtract(&x[0], &x[1]));
    conform::<i32, i32>("multiply", "overflow of int32", |x| tf::multiply(&x[0], &x[1]));
    conform::<i32, i32>("negative", "overflow of int32", |x| tf::negative(&x[0]));
    conform::<i32, i32>("abs", "overflow of int32", |x| tf::abs(&x[0]));
    conform::<i32, i32>("square", "overflow of int32", |x| tf::square(&x[0]));
    conform::<i32, i32>("reduce_sum", "overflow of int32", |x| tf::reduce_sum(&x[0], ..));
    conform::<u8, u8>("add", "overflow of uint8", |x| tf::add(&x[0], &x[1]));
    conform::<u8, u8>("subtract", "overflow of uint8", |x| tf::subtract(&x[0], &x[1]));
    conform::<u8, u8>("multiply", "overflow of uint8", |x| tf::multiply(&x[0], &x[1]));
}

/// `divide` of integers truncates, as TensorFlow's `truncatediv` does; TensorFlow's `divide` makes floats of them.
#[test]
fn division_of_integers() {
    conform::<i32, i32>("truncatediv", "int32", |x| tf::divide(&x[0], &x[1]));
}

#[test]
fn reductions_of_integers() {
    conform::<i32, i32>("reduce_sum", "int32", |x| tf::reduce_sum(&x[0], ..));
    conform::<i32, i32>("reduce_mean", "int32", |x| tf::reduce_mean(&x[0], ..));
    conform::<i32, i32>("reduce_max", "int32", |x| tf::reduce_max(&x[0], ..));
}

#[test]
fn casts() {
    conform::<f32, i32>("cast", "float32 to int32", |x| tf::cast(&x[0], tf::int32));
    conform::<f32, i64>("cast", "float32 to int64", |x| tf::cast(&x[0], tf::int64));
    conform::<f32, bool>("cast", "float32 to bool", |x| tf::cast(&x[0], tf::bool));
    conform::<bool, f32>("cast", "bool to float32", |x| tf::cast(&x[0], tf::float32));
    conform::<i64, f32>("cast", "int64 to float32", |x| tf::cast(&x[0], tf::float32));
    conform::<f64, f32>("cast", "float64 to float32", |x| tf::cast(&x[0], tf::float32));
    conform::<i32, u8>("cast", "int32 to uint8", |x| tf::cast(&x[0], tf::uint8));
    conform::<i64, i32>("cast", "int64 to int32", |x| tf::cast(&x[0], tf::int32));
    conform::<i32, bool>("cast", "int32 to bool", |x| tf::cast(&x[0], tf::bool));
}

#[test]
fn argmax() {
    for along in [0, 1, -1] {
        let case = ["axis -1", "axis 0", "axis 1"][usize::try_from(along + 1).expect("an index")];
        conform::<f32, i64>("argmax", case, |x| tf::argmax(&x[0], axis(along)));
    }
    conform::<f32, i64>("argmax", "rank 3, axis 1", |x| tf::argmax(&x[0], axis(1)));
    conform::<f32, i64>("argmax", "-inf alone, axis 0", |x| tf::argmax(&x[0], axis(0)));
}

#[test]
fn argmax_of_nan() {
    conform::<f32, i64>("argmax", "NaN, axis 1", |x| tf::argmax(&x[0], axis(1)));
}

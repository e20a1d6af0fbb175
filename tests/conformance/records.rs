//! Reads TensorFlow's numbers.

use std::sync::LazyLock;

use gradcore::Element;
use gradcore::prelude::*;
use serde_json::Value;

use crate::common::{Close, Rounding, differences};

static FILE: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("../tensorflow/values.json")).expect("values.json is JSON"));

/// The records of a section.
pub(crate) fn section(name: &str) -> &'static [Value] {
    list(&FILE[name])
}

/// The elements of a list.
pub(crate) fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap_or_else(|| panic!("expected a list, found {value}"))
}

/// The text of a string.
pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("expected a string, found {value}"))
}

/// A whole number, as an axis or a size.
pub(crate) fn whole(value: &Value) -> isize {
    let number = value.as_i64().unwrap_or_else(|| panic!("expected an integer, found {value}"));
    isize::try_from(number).expect("a small number")
}

/// A list of sizes.
pub(crate) fn sizes(value: &Value) -> Vec<usize> {
    list(value).iter().map(|size| usize::try_from(whole(size)).expect("a size")).collect()
}

/// A scalar as the file writes it.
pub(crate) trait Scalar: Element {
    fn read(value: &Value) -> Option<Self>;
}

/// JSON has no NaN and no infinities: they are strings.
macro_rules! floats {
    ($($type:ident)+) => { $(
        impl Scalar for $type {
            #[allow(clippy::cast_possible_truncation, reason = "the shortest decimal of an f32 reads back as that f32")]
            fn read(value: &Value) -> Option<Self> {
                match value {
                    Value::String(name) => name.parse().ok(),
                    _ => value.as_f64().map(|number| number as $type),
                }
            }
        }
    )+ };
}
floats!(f32 f64);

macro_rules! integers {
    ($($type:ident)+) => { $(
        impl Scalar for $type {
            fn read(value: &Value) -> Option<Self> {
                value.as_i64()?.try_into().ok()
            }
        }
    )+ };
}
integers!(i32 i64 u8);

impl Scalar for bool {
    fn read(value: &Value) -> Option<Self> {
        value.as_bool()
    }
}

/// A tensor.
pub(crate) fn tensor<T: Scalar>(value: &Value) -> Tensor<T> {
    let read = |scalar| T::read(scalar).unwrap_or_else(|| panic!("expected a {}, found {scalar}", T::NAME));
    let values = list(&value["values"]).iter().map(read).collect();
    Tensor::from_vec(&sizes(&value["shape"]), values).expect("a tensor has as many values as its shape says")
}

/// Several tensors.
pub(crate) fn tensors<T: Scalar>(value: &Value) -> Vec<Tensor<T>> {
    list(value).iter().map(tensor).collect()
}

/// Differences between a gradient and what TensorFlow found, where its None is this library's error.
pub(crate) fn gradient_differences<T: Scalar + Close>(
    what: &str,
    found: &Result<Tensor<T>, Error>,
    expected: &Value,
) -> Vec<String> {
    match found {
        Err(Error::Unconnected { .. }) if expected.is_null() => Vec::new(),
        Ok(found) if !expected.is_null() => differences(what, found, &tensor(expected), Rounding::Floored),
        found => vec![format!("{what}: expected {expected}, found {found:?}")],
    }
}

/// Compares what a row's program found with the numbers of the row of that name.
#[allow(clippy::needless_pass_by_value, reason = "the results have no other use")]
#[track_caller]
pub(crate) fn assert_row<const N: usize>(name: &str, found: [Result<Tensor, Error>; N]) {
    let row = section("rows").iter().find(|row| row["name"] == name).unwrap_or_else(|| panic!("no row {name:?}"));
    let expected = list(&row["values"]);
    assert_eq!(expected.len(), N, "{name}: as many results as TensorFlow's program has");
    let pairs = found.iter().zip(expected).enumerate();
    let differences: Vec<String> = pairs
        .flat_map(|(k, (found, expected))| gradient_differences(&format!("{name}, result {k}"), found, expected))
        .collect();
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

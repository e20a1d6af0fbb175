//! The library's numbers against TensorFlow's, which `tests/tensorflow/generate.py` wrote to `values.json`.
//!
//! A failing comparison names the record, the index, what TensorFlow found and what this library did. Rows such as
//! 1.43 are those of the notes on TensorFlow's behaviour: section 1 is `tf.custom_gradient`, 2 is `tf.GradientTape`.

#[path = "../common/mod.rs"]
mod common;
mod nested_rules;
mod operations;
mod optimizers;
mod records;
mod rules;
mod snippets;
mod tape;
mod values;

//! The tape as a graph, in the language of Graphviz.

use std::fmt::Write;

use crate::tape::list::WengertList;
use crate::tape::node::Origin;
use crate::tape::record::Record;
use crate::tape::slots::{NONE, Slot};
use crate::tape::{GradientTape, PersistentTape};

impl GradientTape {
    /// What the tape has recorded, in DOT: `dot -Tsvg` draws it.
    ///
    /// A call is a box with its place; what is watched is an ellipse with the name of the variable, or `x0`, `x1` and so
    /// on in the order in which it was watched. An edge has the name of the parameter and the shape. An output that no
    /// call has used leads to its shape alone. A call or an edge through which no gradient flows is dashed. Constants
    /// are not drawn.
    ///
    /// ```
    /// use gradcore::prelude::*;
    ///
    /// let x = tf::constant([1.0f32, 2.0]);
    /// let tape = GradientTape::new();
    /// tape.watch(&x);
    /// let y = tf::exp(&x);
    /// let dot = tape.to_dot();
    /// assert!(dot.starts_with("digraph tape {"));
    /// assert!(dot.contains(r#"x0 -> call0 [label="x [2]"]"#));
    /// # let _: Tensor = y;
    /// ```
    #[must_use]
    pub fn to_dot(&self) -> String {
        dot(&self.0.record.borrow())
    }
}

impl PersistentTape {
    /// As [`GradientTape::to_dot`].
    #[must_use]
    pub fn to_dot(&self) -> String {
        dot(&self.0.record.borrow())
    }
}

const BEGIN: &str = "digraph tape {\n    node [fontname=\"monospace\"];\n    edge [fontname=\"monospace\"];\n";

fn dot(record: &Record) -> String {
    let mut lines = Vec::new();
    let leaves = record.leaves();
    let names = names(&record.list, &leaves);
    for (slot, name) in &leaves {
        let id = &names[*slot as usize].id;
        let label = name.as_deref().unwrap_or(id);
        lines.push(format!("{id} [shape=ellipse, label={}]", quoted(label)));
    }
    (0..record.list.len()).for_each(|place| draw_call(record, place, &names, &mut lines));
    draw_cuts(record, &names, &mut lines);
    draw_unused(record, &leaves, &names, &mut lines);
    let body = lines.iter().fold(String::new(), |mut body, line| {
        let _ = writeln!(body, "    {line};");
        body
    });
    format!("{BEGIN}{body}}}\n")
}

/// What an edge comes from.
#[derive(Clone, Default)]
struct Named {
    /// The leaf or the call.
    id: String,
    /// Which output of the call it is, if that has several.
    output: Option<usize>,
}

/// By slot.
fn names(list: &WengertList, leaves: &[(Slot, Option<String>)]) -> Vec<Named> {
    let mut names = vec![Named::default(); list.shapes.len()];
    for (number, (slot, _)) in leaves.iter().enumerate() {
        names[*slot as usize].id = format!("x{number}");
    }
    for place in 0..list.len() {
        let outputs = list.outputs_of(place);
        let is_only = outputs.len() == 1;
        for (number, slot) in outputs.enumerate() {
            names[slot] = Named { id: format!("call{place}"), output: (!is_only).then_some(number) };
        }
    }
    names
}

fn draw_call(record: &Record, place: usize, names: &[Named], lines: &mut Vec<String>) {
    let Some(backward) = record.list.backward(place) else { return };
    let id = format!("call{place}");
    let inputs: Vec<(usize, Slot)> =
        record.list.inputs_of(place).iter().copied().enumerate().filter(|(_, slot)| *slot != NONE).collect();
    let is_cut = inputs.iter().all(|(position, _)| backward.stops(*position));
    lines.push(call_box(&id, backward.origin(), is_cut));
    for (position, slot) in inputs {
        let parameter = backward.parameter(position);
        lines.push(edge(record, names, slot, &id, &parameter, backward.stops(position)));
    }
}

fn call_box(id: &str, Origin { rule, called }: Origin, is_cut: bool) -> String {
    let label = quoted(&format!("{}\n{}:{}", rule.name, called.file(), called.line()));
    format!("{id} [shape=box, label={label}{}]", dashed(is_cut))
}

fn edge(record: &Record, names: &[Named], from: Slot, to: &str, label: &str, is_cut: bool) -> String {
    let Named { id, output } = &names[from as usize];
    let shape = record.list.shapes[from as usize].to_vec();
    let label = quoted(format!("{label} {shape:?}").trim_start());
    let output = output.map_or_else(String::new, |output| format!(", taillabel=\"{output}\""));
    format!("{id} -> {to} [label={label}{output}{}]", dashed(is_cut))
}

fn dashed(is_cut: bool) -> &'static str {
    if is_cut { ", style=dashed" } else { "" }
}

/// The calls that are on the tape only to explain missing gradients.
fn draw_cuts(record: &Record, names: &[Named], lines: &mut Vec<String>) {
    let mut calls: Vec<Origin> = Vec::new();
    for cut in &record.cuts {
        let is_same = |call: &Origin| std::ptr::eq(call.rule, cut.origin.rule) && call.called == cut.origin.called;
        let known = calls.iter().position(is_same);
        let number = known.unwrap_or(calls.len());
        let id = format!("cut{number}");
        if known.is_none() {
            calls.push(cut.origin);
            lines.push(call_box(&id, cut.origin, true));
        }
        for slot in &cut.inputs {
            let line = edge(record, names, *slot, &id, "", true);
            if !lines.contains(&line) {
                lines.push(line);
            }
        }
    }
}

/// What no call has used: targets, most often.
fn draw_unused(record: &Record, leaves: &[(Slot, Option<String>)], names: &[Named], lines: &mut Vec<String>) {
    let list = &record.list;
    let mut is_used = vec![false; list.shapes.len()];
    let inputs = (0..list.len()).flat_map(|place| list.inputs_of(place));
    let cut = record.cuts.iter().flat_map(|cut| &cut.inputs);
    inputs.chain(cut).filter(|slot| **slot != NONE).for_each(|slot| is_used[*slot as usize] = true);
    leaves.iter().for_each(|(slot, _)| is_used[*slot as usize] = true);
    for (slot, _) in (0..).zip(&is_used).filter(|(_, is_used)| !**is_used) {
        let id = format!("unused{slot}");
        lines.push(format!("{id} [shape=plaintext, label={}]", quoted(&format!("{:?}", list.shapes[slot].to_vec()))));
        let Named { id: from, output } = &names[slot];
        let output = output.map_or_else(String::new, |output| format!(" [taillabel=\"{output}\"]"));
        lines.push(format!("{from} -> {id}{output}"));
    }
}

/// A string of DOT.
fn quoted(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    format!("\"{escaped}\"")
}

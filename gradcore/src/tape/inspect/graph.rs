//! The tape as a graph, in the language of Graphviz.

use std::collections::HashSet;

use crate::recording::call_site::CallSite;
use crate::recording::record::{Cut, Record};
use crate::recording::slots::{NONE, Slot};
use crate::tape::GradientTape;

impl<K> GradientTape<K> {
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

const BEGIN: &str = "digraph tape {\n    node [fontname=\"monospace\"];\n    edge [fontname=\"monospace\"];\n";

fn dot(record: &Record) -> String {
    let mut drawing = Drawing { record, ends: Vec::new(), lines: Vec::new() };
    drawing.leaves();
    (0..record.list.len()).for_each(|place| drawing.call(place));
    drawing.cuts();
    drawing.unused();
    let body: Vec<String> = drawing.lines.iter().map(|line| format!("    {line};\n")).collect();
    format!("{BEGIN}{}}}\n", body.concat())
}

struct Drawing<'r> {
    record: &'r Record,
    /// By slot: where it comes from.
    ends: Vec<End>,
    lines: Vec<String>,
}

/// What an edge begins at.
#[derive(Clone, Default)]
struct End {
    /// The leaf or the call.
    id: String,
    /// Which output of the call it is, if that has several.
    output: Option<usize>,
}

impl Drawing<'_> {
    fn leaves(&mut self) {
        self.ends = vec![End::default(); self.record.list.shapes.len()];
        for (number, (slot, name)) in self.record.leaves().into_iter().enumerate() {
            let id = format!("x{number}");
            let label = quoted(name.as_deref().unwrap_or(&id));
            self.lines.push(format!("{id} [shape=ellipse, label={label}]"));
            self.ends[slot as usize].id = id;
        }
    }

    fn call(&mut self, place: usize) {
        let list = &self.record.list;
        let Some(backward) = list.backward(place) else { return };
        let id = format!("call{place}");
        let inputs = || list.inputs_of(place).iter().enumerate().filter(|(_, slot)| **slot != NONE);
        let is_cut = inputs().all(|(position, _)| backward.stops(position));
        self.call_box(&id, backward.site(), is_cut);
        for (position, slot) in inputs() {
            self.edge(*slot, &id, &backward.parameter(position), backward.stops(position));
        }
        let outputs = list.outputs_of(place);
        let is_only = outputs.len() == 1;
        for (number, slot) in outputs.enumerate() {
            self.ends[slot] = End { id: id.clone(), output: (!is_only).then_some(number) };
        }
    }

    fn call_box(&mut self, id: &str, CallSite { rule, called }: CallSite, is_cut: bool) {
        let label = quoted(&format!("{}\n{}:{}", rule.name, called.file(), called.line()));
        self.lines.push(format!("{id} [shape=box, label={label}{}]", dashed(is_cut)));
    }

    fn edge(&mut self, from: Slot, to: &str, parameter: &str, is_cut: bool) {
        let End { id, output } = &self.ends[from as usize];
        let label = quoted(format!("{parameter} {}", self.shape(from)).trim_start());
        let output = output.map_or_else(String::new, |output| format!(", taillabel=\"{output}\""));
        self.lines.push(format!("{id} -> {to} [label={label}{output}{}]", dashed(is_cut)));
    }

    fn shape(&self, slot: Slot) -> String {
        format!("{:?}", self.record.list.shapes[slot as usize].to_vec())
    }

    /// The calls that are on the tape only to explain missing gradients, each once, however often it was made.
    fn cuts(&mut self) {
        let mut calls: Vec<CallSite> = Vec::new();
        let mut edges = HashSet::new();
        for Cut { site, inputs, .. } in &self.record.cuts {
            let is_same = |call: &CallSite| std::ptr::eq(call.rule, site.rule) && call.called == site.called;
            let known = calls.iter().position(is_same);
            let number = known.unwrap_or(calls.len());
            let id = format!("cut{number}");
            if known.is_none() {
                calls.push(*site);
                self.call_box(&id, *site, true);
            }
            for slot in inputs.iter().filter(|slot| edges.insert((number, **slot))) {
                self.edge(*slot, &id, "", true);
            }
        }
    }

    /// What no call has used: targets, most often.
    fn unused(&mut self) {
        let list = &self.record.list;
        let inputs = (0..list.len()).flat_map(|place| list.inputs_of(place));
        let used: HashSet<Slot> = inputs.chain(self.record.cuts.iter().flat_map(|cut| &cut.inputs)).copied().collect();
        let outputs = (0..list.len()).flat_map(|place| list.outputs_of(place));
        for slot in outputs.filter_map(|slot| Slot::try_from(slot).ok()).filter(|slot| !used.contains(slot)) {
            let shape = quoted(&self.shape(slot));
            let End { id, output } = &self.ends[slot as usize];
            let output = output.map_or_else(String::new, |output| format!(" [taillabel=\"{output}\"]"));
            let drawn =
                [format!("unused{slot} [shape=plaintext, label={shape}]"), format!("{id} -> unused{slot}{output}")];
            self.lines.extend(drawn);
        }
    }
}

fn dashed(is_cut: bool) -> &'static str {
    if is_cut { ", style=dashed" } else { "" }
}

/// A string of DOT.
fn quoted(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    format!("\"{escaped}\"")
}

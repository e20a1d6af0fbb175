//! What the calls of rules leave behind, and how it is run. It knows no operation, and has no public face: that is
//! [`tape`](crate::tape).
//!
//! * What is known of a call: its `call_site`, `tensor_ref`s to what goes in and comes out, `positions` of these in the bits of
//!   a word, its `node`, which is the contract with whoever runs it, `notes` of it if a person asks.
//! * What is recorded: `slots` map tensors to numbers, a `list` (Wengert's) has the calls, with `hooks` on their gradients; the
//!   `bodies` that ran unseen; a `record` is all that one tape has.
//! * How: the `recorder` has the tapes of a thread and, in `frames`, the calls that are under way; a `follower` sees calls and
//!   keeps no list, the `notebook` has notes, its `pause` stops tapes for a while, and its `discovery` finds the inputs of a
//!   call that does not name them; `running` is a record that is being written.
//! * Reverse mode: `gradients` by slot, `accumulate` adds up, `backward` is the loop, `numerics` finds the first NaN,
//!   `nested_pass` is a pass inside a rule.
//! * Forward mode: `transpose` turns one call around, in a `trial` of its rule, `tangents` follow calls as they are made.

pub(crate) mod accumulate;
pub(crate) mod backward;
pub(crate) mod bodies;
pub(crate) mod call_site;
pub(crate) mod follower;
pub(crate) mod frames;
pub(crate) mod gradients;
pub(crate) mod hooks;
pub(crate) mod list;
pub(crate) mod lost;
pub(crate) mod nested_pass;
pub(crate) mod node;
pub(crate) mod notebook;
pub(crate) mod notes;
pub(crate) mod numerics;
pub(crate) mod positions;
pub(crate) mod record;
pub(crate) mod recorder;
pub(crate) mod running;
pub(crate) mod slots;
pub(crate) mod tangents;
pub(crate) mod tensor_ref;
pub(crate) mod transpose;
pub(crate) mod trial;

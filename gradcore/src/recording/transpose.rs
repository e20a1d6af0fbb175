//! The tangents of a call's outputs, by transposing its rule.
//!
//! A rule is a linear function of its upstream gradient v: it gives Jᵀv. So ⟨Jᵀv, t⟩ = ⟨v, Jt⟩, and the gradient of
//! that by v is Jt, whatever v is. A rule that is not linear has no transpose; it is found out by asking for v in
//! two directions, and far out.

use std::rc::Rc;

use smallvec::SmallVec;

use super::accumulate;
use super::call_site::CallSite;
use super::gradients::Gradients;
use super::list::WengertList;
use super::node::{Backward, ProbeOutputs};
use super::record::{Record, Settings};
use super::recorder::{self, pause::Paused, probing::Probing};
use super::running::Recording;
use super::slots::{NONE, Slot};
use super::tensor_ref::TensorRef;
use super::trial::{FORWARD, Trial};
use crate::error::Error;
use crate::shape::Shape;
use crate::tensor::Erased;

/// The tangent of a tensor, or why it has none although something it depends on has one.
pub(crate) type Tangent = Result<Erased, Box<Error>>;

/// A tangent for each tensor that has one.
type Tangents = SmallVec<[Option<Tangent>; 2]>;

/// What a call makes of the tangents of its inputs.
pub(crate) struct Pushed {
    pub(crate) tangents: Tangents,
    /// Whether the rule lets nothing through.
    pub(crate) stops: bool,
}

/// The tangents of the outputs of a call, which have these shapes. Tapes from the serial number `paused` on do not see
/// how they are computed.
pub(crate) fn pushed(
    backward: &Rc<dyn Backward>,
    tangents: &[Option<Tangent>],
    outputs: &[Shape],
    paused: u64,
) -> Pushed {
    let all =
        |tangent: Option<Tangent>| Pushed { tangents: outputs.iter().map(|_| tangent.clone()).collect(), stops: false };
    if let Some(failed) = tangents.iter().flatten().find(|tangent| tangent.is_err()) {
        return all(Some(failed.clone()));
    }
    let tangents: SmallVec<[Option<&Erased>; 2]> =
        tangents.iter().map(|tangent| tangent.as_ref().and_then(|tangent| tangent.as_ref().ok())).collect();
    match transposed(backward, &tangents, outputs, paused) {
        Ok(probe) if probe.gradients.iter().all(Option::is_none) => Pushed { stops: probe.is_stopped, ..all(None) },
        Ok(probe) => Pushed { tangents: probe.tangents.into_iter().map(|found| found.map(Ok)).collect(), stops: false },
        Err(error) => all(Some(Err(Box::new(in_forward_mode(*error, backward.site()))))),
    }
}

/// What a transposition comes to at one upstream gradient v.
struct Probe {
    /// v, for each output that has gradients.
    upstream: SmallVec<[Option<Erased>; 1]>,
    /// Jᵀv, for each input that has a tangent.
    gradients: SmallVec<[Option<Erased>; 2]>,
    /// Jt, for each output.
    tangents: SmallVec<[Option<Erased>; 1]>,
    /// Whether the rule let nothing through to an input.
    is_stopped: bool,
}

/// One probe that is seen by the tapes that are not paused. Unless the rule is known to be linear, it is compared with
/// another in another direction, whose elements are both small and large, and with the gradients far out.
fn transposed(
    backward: &Rc<dyn Backward>,
    tangents: &[Option<&Erased>],
    outputs: &[Shape],
    paused: u64,
) -> Result<Probe, Box<Error>> {
    let seen = |numbers: Option<Numbers<'_>>| {
        let _paused = Paused::from(paused);
        probe(backward, tangents, outputs, numbers)
    };
    let _trial = Trial::begin();
    if backward.site().rule.is_linear {
        return seen(None);
    }
    let unseen = Paused::from(0);
    let other = probe(backward, tangents, outputs, Some(&mut spread_numbers()))?;
    let far = upstream(backward, outputs, Some(&mut numbers().map(|n| FAR * n)));
    let far = run_alone(backward, tangents, outputs, &far)?;
    drop(unseen);
    let probe = seen(Some(&mut numbers()))?;
    match () {
        () if !probe.agrees_with(&other) || !probe.scaled_to(&far) => Err(Box::new(not_linear(backward.site()))),
        () if !probe.is_transposed(tangents) => Err(Box::new(unseen_by_tapes(backward.site()))),
        () => Ok(probe),
    }
}

/// How far out the gradients are looked at. A power of two: what is linear is scaled by it exactly, whatever it rounds.
const FAR: f64 = -64.0;

/// What an upstream gradient consists of.
type Numbers<'a> = &'a mut dyn Iterator<Item = f64>;

/// Upstream gradients of these numbers, or of any.
fn upstream(
    backward: &Rc<dyn Backward>,
    outputs: &[Shape],
    numbers: Option<Numbers<'_>>,
) -> SmallVec<[Option<Erased>; 1]> {
    // The reference is made anew, for a shorter life.
    let numbers = numbers.map(|numbers| numbers as Numbers<'_>);
    let mut probed = ProbeOutputs { shapes: outputs.iter(), numbers, filled: SmallVec::new() };
    backward.probe_outputs(&mut probed);
    probed.filled.iter_mut().flatten().for_each(Erased::become_gradient);
    probed.filled
}

/// Transposes a rule at an upstream gradient of these numbers. Without them it is known to be linear, so that none matters.
fn probe(
    backward: &Rc<dyn Backward>,
    tangents: &[Option<&Erased>],
    outputs: &[Shape],
    numbers: Option<Numbers<'_>>,
) -> Result<Probe, Box<Error>> {
    let tape = Recording::start(Settings::default());
    let probing = if numbers.is_none() { Probing::on(tape.serial) } else { Probing::off() };
    let upstream = upstream(backward, outputs, numbers);
    for v in upstream.iter().flatten() {
        tape.record.borrow_mut().watch(TensorRef { identity: v.as_untyped().identity(), seen: v.as_untyped() });
    }
    let alone = run_alone(backward, tangents, outputs, &upstream)?;
    drop(probing);
    recorder::stop(tape.serial);

    let mut record = tape.record.borrow_mut();
    let slot_of = |record: &Record, tensor: &Erased| record.slot(tensor.as_untyped().identity());
    let mut list = std::mem::take(&mut record.list);
    let watched: SmallVec<[Slot; 1]> = upstream.iter().flatten().map(|v| slot_of(&record, v)).collect();
    let mut pass = Gradients::of(&list, watched.into_iter(), accumulate::add);
    let gradients: SmallVec<[Option<Erased>; 2]> =
        (0..).zip(tangents).map(|(slot, _)| alone.get(slot).cloned()).collect();
    for (gradient, tangent) in gradients.iter().zip(tangents) {
        if let (Some(gradient), Some(tangent)) = (gradient, tangent) {
            pass.start(slot_of(&record, gradient), tangent);
        }
    }
    drop(record);
    pass.propagate(&mut list)?;
    let record = tape.record.borrow();
    // What the rule gives and does not make of v is zero, if it is linear.
    let is_given = gradients.iter().any(Option::is_some);
    let zeros = |v: &Erased| is_given.then(|| v.as_untyped().filled(0.0).into_start());
    let tangent_of = |v: &Option<Erased>| {
        let v = v.as_ref()?;
        let mut tangent = pass.get(slot_of(&record, v)).cloned().or_else(|| zeros(v))?;
        tangent.become_gradient();
        Some(tangent)
    };
    let tangents = upstream.iter().map(tangent_of).collect();
    let is_stopped = !alone.stops().is_empty() || upstream.iter().all(Option::is_none);
    Ok(Probe { upstream, gradients, tangents, is_stopped })
}

/// Runs a backward function outside of any pass: the gradients of the inputs that have tangents, by position.
fn run_alone(
    backward: &Rc<dyn Backward>,
    tangents: &[Option<&Erased>],
    outputs: &[Shape],
    upstream: &[Option<Erased>],
) -> Result<Gradients, Box<Error>> {
    let mut list = WengertList::default();
    let slot_of = |tangent: Option<&Erased>| {
        let slot = list.new_slot(tangent.map_or(Shape::SCALAR, |tangent| tangent.as_untyped().shared_shape()));
        if tangent.is_some() { slot } else { NONE }
    };
    let sources: SmallVec<[Slot; 4]> = tangents.iter().copied().map(slot_of).collect();
    let slots: SmallVec<[Slot; 1]> = outputs.iter().map(|shape| list.new_slot(shape.clone())).collect();
    let first = slots.first().copied().unwrap_or_default();
    list.push(sources.iter().copied(), Rc::clone(backward), first, slots.len());
    let mut gradients = Gradients::of(&list, sources.into_iter(), accumulate::add);
    for (slot, v) in slots.into_iter().zip(upstream) {
        if let Some(v) = v {
            gradients.start(slot, v);
        }
    }
    gradients.propagate(&mut list)?;
    Ok(gradients)
}

/// Numbers of both signs, from 0.5 to 1.5 in size, that follow no simple pattern: multiples of the golden ratio and of
/// the plastic number, without their integer parts.
pub(crate) fn numbers() -> impl Iterator<Item = f64> {
    let part = |k: u32, ratio: f64| (f64::from(k) * ratio).fract();
    (1..).map(move |k| (0.5 + part(k, 0.618_033_988_75)) * if part(k, 0.754_877_666_25) < 0.5 { -1.0 } else { 1.0 })
}

/// As [`numbers`], in another order, and from 2⁻¹⁰ to 2¹⁰ in size.
fn spread_numbers() -> impl Iterator<Item = f64> {
    let size = |k: i32| f64::powi(2.0, if k % 2 == 0 { 10 - k % 8 } else { k % 8 - 10 });
    numbers().skip(17).zip(0..).map(move |(number, k)| number * size(k))
}

/// How far numbers may be off, in proportion to the largest.
const ROUNDING: f64 = 1e-4;

impl Probe {
    /// Whether ⟨Jᵀv, t⟩ = ⟨v, Jt⟩: the tapes have seen all of the rule. What is not finite tells nothing, and what is as
    /// small as the rounding of |v| |t| is no difference.
    fn is_transposed(&self, tangents: &[Option<&Erased>]) -> bool {
        let all = self
            .gradients
            .iter()
            .chain(&self.upstream)
            .chain(&self.tangents)
            .flatten()
            .chain(tangents.iter().copied().flatten());
        if all.into_iter().any(|tensor| tensor.first_not_finite().is_some()) {
            return true;
        }
        let of_inputs = product(self.gradients.iter().map(Option::as_ref).zip(tangents.iter().copied()));
        let of_outputs = product(self.upstream.iter().zip(&self.tangents).map(|(v, t)| (v.as_ref(), t.as_ref())));
        let v = norm(self.upstream.iter().flatten());
        let t = norm(tangents.iter().flatten().copied());
        let off = (of_inputs.sum - of_outputs.sum).abs();
        off <= ROUNDING * (of_inputs.size + of_outputs.size) + 64.0 * f64::from(f32::EPSILON) * v * t
    }

    /// Whether the gradients far out are these times the distance.
    fn scaled_to(&self, far: &Gradients) -> bool {
        (0..).zip(&self.gradients).all(|(slot, near)| match (near, far.get(slot)) {
            (Some(near), Some(far)) => {
                let scaled: Vec<f64> = near.to_numbers().into_iter().map(|number| FAR * number).collect();
                are_close(&scaled, &far.to_numbers())
            }
            (near, far) => near.is_none() && far.is_none(),
        })
    }

    /// Whether the tangents are the same: they do not depend on v.
    fn agrees_with(&self, other: &Probe) -> bool {
        self.tangents.iter().zip(&other.tangents).all(|pair| match pair {
            (None, None) => true,
            (Some(one), Some(two)) => are_close(&one.to_numbers(), &two.to_numbers()),
            (Some(some), None) | (None, Some(some)) => some.to_numbers().iter().all(|number| *number == 0.0),
        })
    }
}

/// A sum of products, and that of their absolute values.
#[derive(Default)]
struct Product {
    sum: f64,
    size: f64,
}

/// The sum of the products of pairs of tensors, without what is not finite. What is not there is zero.
fn product<'e>(pairs: impl Iterator<Item = (Option<&'e Erased>, Option<&'e Erased>)>) -> Product {
    let pairs = pairs.filter_map(|(a, b)| Some((a?.to_numbers(), b?.to_numbers())));
    let terms = pairs.flat_map(|(a, b)| a.into_iter().zip(b)).map(|(a, b)| a * b).filter(|term| term.is_finite());
    terms.fold(Product::default(), |Product { sum, size }, term| Product { sum: sum + term, size: size + term.abs() })
}

/// The Euclidean norm of several tensors.
fn norm<'e>(tensors: impl Iterator<Item = &'e Erased>) -> f64 {
    tensors.flat_map(Erased::to_numbers).filter(|number| number.is_finite()).map(|n| n * n).sum::<f64>().sqrt()
}

fn are_close(one: &[f64], two: &[f64]) -> bool {
    let size = one.iter().chain(two).filter(|number| number.is_finite()).fold(0.0, |size: f64, n| size.max(n.abs()));
    // Denormals are rounded more coarsely than what they are multiples of.
    let allowed = (ROUNDING * size).max(FAR.abs() * f64::from(f32::MIN_POSITIVE));
    one.iter().zip(two).all(|(one, two)| {
        let off = (one - two).abs();
        off <= allowed || !off.is_finite()
    })
}

fn not_linear(site: CallSite) -> Error {
    Error::NotLinear { call: site.rule_call() }
}

/// A rule is linear, and tapes have not seen all that it computes.
fn unseen_by_tapes(site: CallSite) -> Error {
    Error::HigherDerivative { order: FORWARD, call: site.rule_call(), reason: PLAIN_NUMBERS }
}

const PLAIN_NUMBERS: &str = "its `grad` seems to compute with numbers that it reads out of the upstream gradient, which no tape sees; write it with tensors";

/// What is missing in forward mode is not a second derivative to the user.
fn in_forward_mode(error: Error, site: CallSite) -> Error {
    match error {
        Error::HigherDerivative { call, reason, .. } if call.function == site.rule.name => {
            Error::HigherDerivative { order: FORWARD, call, reason }
        }
        _ => error,
    }
}

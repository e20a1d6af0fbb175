//! The backward pass: from the gradients of targets to those of sources. It knows no operation.

use std::ops::Range;

use super::gradients::{Add, Gradients};
use super::hooks::Hooks;
use super::list::{Taken, WengertList};
use super::node::{Outcome, Sink, Upstream};
use super::numerics;
use super::slots::{NONE, Slot};
use super::trial::{self, is_trial};
use crate::tensor::Erased;

impl Gradients {
    /// No gradients yet, of a pass over a list back to sources; contributions are added up by `add`.
    pub(crate) fn of(list: &WengertList, sources: impl Iterator<Item = Slot> + Clone, add: Add) -> Self {
        let sources = sources.filter(|slot| *slot != NONE);
        let mut is_source = vec![false; list.shapes.len()];
        sources.clone().for_each(|slot| is_source[slot as usize] = true);
        Gradients::none(list.dependents(sources), is_source, list.checks_numerics, add)
    }

    /// Runs the calls from the last to the first; what each has kept is dropped when it has run.
    pub(crate) fn propagate(&mut self, list: &mut WengertList) -> Outcome {
        if self.bad.is_some() {
            let targets = self.by_slot.iter().map(Option::is_some).collect();
            numerics::first_call(list, targets).map_or(Ok(()), |error| Err(Box::new(error)))?;
        }
        if !list.hooks.is_empty() {
            let hooks = std::mem::take(&mut list.hooks);
            return self.propagate_with_hooks(list, &hooks);
        }
        self.propagate_part(list, 0..list.len())
    }

    /// As [`propagate`](Self::propagate), for the calls at some places.
    #[inline]
    fn propagate_part(&mut self, list: &mut WengertList, places: Range<usize>) -> Outcome {
        let is_trial = is_trial();
        for place in places.rev() {
            let Some(Taken { backward, inputs, outputs }) = list.take(place) else { continue };
            let inputs = &list.inputs[inputs];
            if !inputs.iter().any(|slot| *slot != NONE && self.depends[*slot as usize]) {
                continue;
            }
            // Most calls have one output, whose gradient stands here and is not moved again.
            let (mut one, mut several) = ([None], Vec::new());
            let upstream: &mut [Option<Erased>] = if outputs.len() == 1 {
                one[0] = self.take_upstream(outputs.start);
                &mut one
            } else {
                several.extend(outputs.clone().map(|slot| self.take_upstream(slot)));
                &mut several
            };
            if upstream.iter().all(Option::is_none) {
                continue;
            }
            if let Some(bad) = &mut self.bad {
                *bad = numerics::bad_before(list.notes(place), upstream);
            }
            if is_trial && backward.site().rule.has_effect {
                return Err(Box::new(trial::refused(backward.site())));
            }
            upstream.iter_mut().flatten().for_each(Erased::become_gradient);
            let upstream = Upstream { gradients: upstream, shapes: &list.shapes[outputs] };
            let mut sink = Sink::new(self, &list.shapes, inputs, &*backward);
            backward.run(upstream, &mut sink);
            sink.finish()?;
        }
        Ok(())
    }

    /// The gradient that reached an output of a call, if one did.
    #[inline]
    fn take_upstream(&mut self, slot: usize) -> Option<Erased> {
        match self.is_source[slot] {
            true => self.by_slot[slot].clone(),
            false => self.by_slot[slot].take(),
        }
    }

    /// Runs the calls from the last to the first, with stops at tensors that have hooks. A tensor's gradient is complete when the
    /// calls have run that came after it.
    fn propagate_with_hooks(&mut self, list: &mut WengertList, hooks: &Hooks) -> Outcome {
        let mut end = list.len();
        for of_slot in hooks.0.chunk_by(|(one, _), (other, _)| one == other).rev() {
            let slot = of_slot[0].0;
            let begin = list.first_after(slot);
            self.propagate_part(list, begin..end)?;
            end = begin;
            if let Some(gradient) = self.needed(slot) {
                for (_, hook) in of_slot {
                    let mut shown = gradient.clone().into_value();
                    let before = shown.as_untyped().identity();
                    hook.run(&mut shown)?;
                    if shown.as_untyped().identity() != before {
                        *gradient = shown.with_choices_of(gradient);
                    }
                }
            }
        }
        self.propagate_part(list, 0..end)
    }
}

//! The forward accumulator: tangents along with values.

use std::collections::VecDeque;
use std::fmt;
use std::rc::Rc;

use super::options::{GradientOptions, Ones, UnconnectedGradients, unconnected_gradients};
use super::structure::{Differentiable, Found, Leaf, handles, stretched};
use crate::error::{Error, Unconnected};
use crate::recording::call_site::{CallSite, places};
use crate::recording::record::Record;
use crate::recording::running::Recording;
use crate::recording::tangents::Tangents;
use crate::recording::transpose::Tangent;
use crate::tensor::{Erased, Identity};

/// Computes Jacobian-vector products along with values, in forward mode (TensorFlow's `autodiff.ForwardAccumulator`).
///
/// From [`ForwardAccumulator::new`] until it is dropped, every operation of its thread on tensors that depend on a primal
/// also computes a tangent. Custom rules are honoured: each is transposed, so what it says is what is multiplied by. A
/// rule that is not linear in its upstream gradient has no transpose, and is an error that names it; so is one whose `grad`
/// changes what outlives it, such as a counter.
///
/// Accumulators nest, with each other and with tapes; those that began earlier see what is computed for later ones.
///
/// ```
/// use gradcore::prelude::*;
///
/// let x = tf::constant([1.0f32, 2.0]);
/// let acc = ForwardAccumulator::new(&x, tf::constant([1.0f32, 0.0]))?;
/// let y = &x * &x;
/// assert_eq!(acc.jvp(&y)?.to_vec(), [2.0, 0.0]);
/// # Ok::<(), Error>(())
/// ```
pub struct ForwardAccumulator {
    /// It follows calls until it is dropped.
    _recording: Recording,
    tangents: Rc<Tangents>,
}

impl fmt::Debug for ForwardAccumulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ForwardAccumulator({} tensors)", self.tangents.record.borrow().slot_count())
    }
}

/// Tangents in the structure of the primals.
#[diagnostic::on_unimplemented(
    message = "the tangents must have the structure and dtypes of the primals, `{P}`",
    label = "these tangents are for other primals"
)]
pub trait TangentsOf<P> {}
impl<P> TangentsOf<P> for P {}

impl ForwardAccumulator {
    /// Follows `primals`, which move along `tangents`: one for each, of its shape, or a scalar for all of its elements.
    ///
    /// # Errors
    /// [`Error::TangentShape`] or [`Error::TangentCount`] if tangents do not fit, [`Error::RepeatedPrimal`] if a tensor is
    /// among the primals twice.
    pub fn new<P: Differentiable, V: Differentiable>(primals: P, tangents: V) -> Result<Self, Error>
    where
        V::Gradients: TangentsOf<P::Gradients>,
    {
        let moves = paired(&primals, &tangents)?;
        let (recording, tangents) = Recording::follow(|record| Rc::new(Tangents::new(record)));
        let mut moves = moves.into_iter();
        primals.visit(&mut |primal: Leaf<'_>| {
            if let Some(tangent) = moves.next() {
                tangents.start(primal.tensor_ref, tangent);
            }
        });
        Ok(ForwardAccumulator { _recording: recording, tangents })
    }

    /// The tangents of `target`, in its structure: that of a primal is the one it was given. They are looked up, not
    /// computed.
    ///
    /// # Errors
    /// [`Error::Unconnected`] with the reason if a tensor has no tangent; [`Error::NotLinear`] and the errors of rules if
    /// one could not be computed.
    pub fn jvp<Y: Differentiable>(&self, target: Y) -> Result<Y::Gradients, Error> {
        self.jvp_with(target, unconnected_gradients(UnconnectedGradients::None))
    }

    /// As [`jvp`](Self::jvp), with [`unconnected_gradients`].
    ///
    /// # Errors
    /// As for [`jvp`](Self::jvp).
    pub fn jvp_with<Y: Differentiable>(
        &self,
        target: Y,
        options: GradientOptions<Ones>,
    ) -> Result<Y::Gradients, Error> {
        let zeros = options.unconnected == UnconnectedGradients::Zero;
        let mut found = VecDeque::new();
        target.visit(&mut |leaf: Leaf<'_>| found.push_back(self.tangent(leaf, zeros)));
        target.gradients(&mut Found(&mut found))
    }

    /// As [`jvp`](Self::jvp), with zeros where the target does not depend on the primals.
    pub(crate) fn jvp_or_zeros<Y: Differentiable>(&self, target: &Y) -> Result<Y::Gradients, Error> {
        let record = self.tangents.record.borrow();
        tangents_or_zeros(target, |identity| self.tangents.get(identity), record.stopping_cuts())
    }

    fn tangent(&self, Leaf { tensor_ref, value }: Leaf<'_>, zeros: bool) -> Result<Erased, Error> {
        match self.tangents.get(tensor_ref.identity) {
            Some(tangent) => tangent.map(Erased::into_value).map_err(|error| *error),
            None if zeros => Ok(value.filled(0.0)),
            None => {
                let reason = explain(&self.tangents.record.borrow(), tensor_ref.identity);
                Err(Error::Unconnected { source_name: "the primals".into(), reason })
            }
        }
    }
}

/// The tangents of `target`: zeros where there is none, because it does not depend on the primals. If none has one, and
/// there were `cuts` through which no tangent flows, they may have led to it, which is an error.
pub(super) fn tangents_or_zeros<Y: Differentiable>(
    target: &Y,
    tangent: impl Fn(Identity) -> Option<Tangent>,
    cuts: impl Iterator<Item = CallSite>,
) -> Result<Y::Gradients, Error> {
    let (mut found, mut is_reached) = (VecDeque::new(), false);
    target.visit(&mut |Leaf { tensor_ref, value }: Leaf<'_>| {
        let tangent = tangent(tensor_ref.identity);
        is_reached |= tangent.is_some();
        let tangent = tangent.map(|tangent| tangent.map(Erased::into_value));
        found.push_back(tangent.unwrap_or_else(|| Ok(value.filled(0.0))).map_err(|error| *error));
    });
    let cuts = places(cuts);
    match is_reached || cuts.is_empty() {
        true => target.gradients(&mut Found(&mut found)),
        false => Err(Error::Unconnected { source_name: "the primals".into(), reason: Unconnected::NoTangent { cuts } }),
    }
}

/// Why a tensor has no tangent.
fn explain(record: &Record, target: Identity) -> Unconnected {
    match record.is_younger(target) {
        true => Unconnected::NoTangent { cuts: record.cut_places() },
        false => Unconnected::BeforeAccumulator,
    }
}

/// A tangent for each primal.
pub(super) fn paired(primals: &impl Differentiable, tangents: &impl Differentiable) -> Result<Vec<Erased>, Error> {
    let given = handles(tangents);
    let mut paired: Vec<Result<Erased, Error>> = Vec::new();
    let mut seen: Vec<Identity> = Vec::new();
    primals.visit(&mut |Leaf { tensor_ref, value }: Leaf<'_>| {
        let place = seen.len();
        let tangent = match (seen.iter().position(|earlier| *earlier == tensor_ref.identity), given.get(place)) {
            (Some(first), _) => Err(Error::RepeatedPrimal { first, second: place }),
            // The counts differ, which is reported below.
            (None, None) => Ok(value.filled(0.0)),
            (None, Some(tangent)) => stretched(tangent, value).ok_or_else(|| Error::TangentShape {
                place,
                expected: value.shape().to_vec(),
                found: tangent.as_untyped().shape().to_vec(),
            }),
        };
        seen.push(tensor_ref.identity);
        paired.push(tangent);
    });
    if seen.len() != given.len() {
        return Err(Error::TangentCount { expected: seen.len(), found: given.len() });
    }
    paired.into_iter().collect()
}

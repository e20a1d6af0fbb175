//! What `grad` over arrays captures. A view of an argument is kept as a handle to the tensor that it looks into.

use std::any::Any;

use ndarray::{Array, ArrayRef, ArrayView, Axis, CowArray, Dimension, ShapeBuilder};
use smallvec::SmallVec;

use super::ArraysCall;
use crate::recording::notes::NotedValue;
use crate::rule::Capture;
use crate::rule::capture::{RESIDUAL, ResidualOption, ResidualReference, ResidualValue, Snapshot};
use crate::tensor::Tensor;

/// A view, kept beyond the call.
enum Residual<T, D> {
    /// Of elements of a tensor.
    Shared { tensor: Tensor<T>, window: Window<D> },
    /// Of anything else: a copy.
    Copied(Array<T, D>),
}

/// Where a view looks among the elements of a tensor.
struct Window<D> {
    offset: usize,
    dim: D,
    strides: D,
    /// Axes along which it goes backwards; the strides are those without that.
    inverted: SmallVec<[usize; 4]>,
}

impl<D: Dimension> Window<D> {
    /// Where a view looks in `values`, if it does.
    fn of<T>(mut view: ArrayView<'_, T, D>, values: &[T]) -> Option<Self> {
        let inverted: SmallVec<[usize; 4]> = (0..view.ndim()).filter(|axis| view.strides()[*axis] < 0).collect();
        inverted.iter().for_each(|axis| view.invert_axis(Axis(*axis)));
        let distance = view.as_ptr().addr().checked_sub(values.as_ptr().addr())?;
        let mut strides = view.raw_dim();
        for (stride, found) in strides.slice_mut().iter_mut().zip(view.strides()) {
            *stride = found.cast_unsigned();
        }
        let window = Window { offset: distance.checked_div(size_of::<T>())?, dim: view.raw_dim(), strides, inverted };
        let seen = window.open(values)?;
        (seen.as_ptr() == view.as_ptr()).then_some(window)
    }

    fn open<'a, T>(&self, values: &'a [T]) -> Option<ArrayView<'a, T, D>> {
        let values = values.get(self.offset..).filter(|values| !values.is_empty())?;
        ArrayView::from_shape(self.dim.clone().strides(self.strides.clone()), values).ok()
    }

    /// The view again.
    fn look<'a, T>(&self, values: &'a [T]) -> ArrayView<'a, T, D> {
        let mut view = self.open(values).expect("a tensor does not change");
        self.inverted.iter().for_each(|axis| view.invert_axis(Axis(*axis)));
        view
    }
}

impl<T: Clone + 'static, D: Dimension> Residual<T, D> {
    fn new(view: ArrayView<'_, T, D>, tensors: &[&dyn Any]) -> Self {
        let tensors = tensors.iter().filter_map(|tensor| tensor.downcast_ref::<Tensor<T>>());
        for tensor in tensors {
            if let Some(window) = Window::of(view.view(), tensor.values()) {
                return Residual::Shared { tensor: tensor.clone(), window };
            }
        }
        Residual::Copied(view.to_owned())
    }

    /// As [`new`](Self::new), noted under a name.
    fn noted<W>(view: ArrayView<'_, T, D>, call: &ArraysCall<'_, W>, name: &'static str) -> Self
    where
        D: 'static,
    {
        let residual = Residual::new(view, &call.tensors);
        match &residual {
            Residual::Shared { tensor, .. } => call.note_residuals(|| NotedValue::all_in(name, tensor)),
            Residual::Copied(array) => {
                call.note_residuals(|| [NotedValue::opaque(name, array, array.len() * size_of::<T>())]);
            }
        }
        residual
    }

    fn view(&self) -> ArrayView<'_, T, D> {
        match self {
            Residual::Shared { tensor, window } => window.look(tensor.values()),
            Residual::Copied(array) => array.view(),
        }
    }
}

/// What need not be held while it is seen.
pub struct Nothing;

/// Before everything else: a captured view, or a reference to what is one. Inside `grad` it is held, and seen from there
/// in the type that it has outside.
pub trait KeepArray {
    /// How it is kept.
    type Residual;
    /// Keeps it, if a tape watches an input in `positions`.
    fn keep_for_grad<W>(&self, call: &ArraysCall<'_, W>, positions: u64, expression: &'static str) -> Self::Residual;
}

macro_rules! views {
    ($($(#[$doc:meta])* $residual:ident of $captured:ty: hold $held:ident => $holding:expr, $holder:ty; see $seen:ident => $seeing:expr, $shown:ty;)+) => { $(
        $(#[$doc])*
        pub struct $residual<T, D>(Option<Residual<T, D>>);

        impl<T: Clone + 'static, D: Dimension> $residual<T, D> {
            /// The elements, for as long as they are seen.
            pub fn hold(&self) -> $holder {
                let $held = self.0.as_ref().expect(RESIDUAL);
                $holding
            }
            /// What was captured.
            pub fn see<'h>(&'h self, $seen: &'h $holder) -> $shown {
                $seeing
            }
        }

        impl<T: Clone + 'static, D: Dimension + 'static> KeepArray for &&&Capture<'_, $captured> {
            type Residual = $residual<T, D>;
            fn keep_for_grad<W>(&self, call: &ArraysCall<'_, W>, positions: u64, name: &'static str) -> $residual<T, D> {
                $residual(call.watches(positions).then(|| Residual::noted(self.0.view(), call, name)))
            }
        }
    )+ };
}
views! {
    /// A captured view.
    ResidualView of ArrayView<'_, T, D>: hold residual => residual.view(), ArrayView<'_, T, D>; see held => held.view(), ArrayView<'h, T, D>;
    /// A captured reference to a view.
    ResidualViewReference of &ArrayView<'_, T, D>: hold residual => residual.view(), ArrayView<'_, T, D>; see held => held, &'h ArrayView<'h, T, D>;
    /// A captured reference to elements, whoever owns them.
    ResidualArrayReference of &ArrayRef<T, D>: hold residual => residual.view(), ArrayView<'_, T, D>; see held => held, &'h ArrayRef<T, D>;
    /// A captured view that may own its elements.
    ResidualCow of CowArray<'_, T, D>: hold residual => residual.view(), ArrayView<'_, T, D>; see held => held.view().into(), CowArray<'h, T, D>;
}

/// A captured view that may be missing.
#[allow(clippy::option_option, reason = "not kept, or kept and none, or kept and some")]
pub struct ResidualOptionalView<T, D>(Option<Option<Residual<T, D>>>);

impl<T: Clone + 'static, D: Dimension> ResidualOptionalView<T, D> {
    /// The elements, for as long as they are seen.
    pub fn hold(&self) -> Option<ArrayView<'_, T, D>> {
        self.0.as_ref().expect(RESIDUAL).as_ref().map(Residual::view)
    }
    /// What was captured.
    #[allow(clippy::ref_option, clippy::unused_self, reason = "generated code does the same for all that is kept")]
    pub fn see<'h>(&'h self, held: &'h Option<ArrayView<'_, T, D>>) -> Option<ArrayView<'h, T, D>> {
        held.as_ref().map(|view| view.view())
    }
}

impl<T: Clone + 'static, D: Dimension + 'static> KeepArray for &&&Capture<'_, Option<ArrayView<'_, T, D>>> {
    type Residual = ResidualOptionalView<T, D>;
    fn keep_for_grad<W>(&self, call: &ArraysCall<'_, W>, positions: u64, name: &'static str) -> Self::Residual {
        let keep = || self.0.as_ref().map(|view| Residual::noted(view.view(), call, name));
        ResidualOptionalView(call.watches(positions).then(keep))
    }
}

/// Everything else is seen as it always is.
macro_rules! others {
    ($([$($bounds:tt)*] $residual:ty, $shown:ty where [$($known:tt)*];)+) => { $(
        impl<$($bounds)*> $residual {
            /// Nothing more to hold.
            #[inline]
            #[allow(clippy::unused_self, reason = "generated code does the same for all that is kept")]
            pub fn hold(&self) -> Nothing {
                Nothing
            }
            /// What was captured.
            #[inline]
            pub fn see(&self, _: &Nothing) -> $shown
            where
                $($known)*
            {
                self.get()
            }
        }
    )+ };
}
others! {
    [U: ?Sized, K] ResidualReference<U, K>, &U where [U: Snapshot<Residual = K>];
    [U: ?Sized, K] ResidualOption<U, K>, Option<&U> where [U: Snapshot<Residual = K>];
    [U, K] ResidualValue<U, K>, U where [U: Snapshot<Residual = K>, K: Snapshot<Residual = U>];
}

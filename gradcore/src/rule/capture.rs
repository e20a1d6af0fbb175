//! What `grad` captures: kept as cheap handles, and inside `grad` of the type that it has outside.

use std::any::Any;
use std::marker::PhantomData;

use super::Call;
use crate::element::Element;
use crate::recording::notes::NotedValue;
use crate::recording::tensor_ref::TensorRef;
use crate::tensor::Tensor;
use crate::variable::Variable;

/// `(&&&&Capture(&x)).keep_for_grad(…)` keeps the local `x`: a reference as what it refers to, everything else as a clone.
pub struct Capture<'a, C: ?Sized>(pub &'a C);

/// How a captured value is kept, and seen again through a reference.
#[diagnostic::on_unimplemented(
    message = "`grad` cannot capture a value of type `{Self}`",
    label = "`grad` runs later, so it needs its own copy of this: `{Self}` would have to be `Clone`, and borrow nothing",
    note = "derive `Clone` for the type; or, where variables are in it, use its fields (`self.layer.w`), bind what `grad` needs by `let` before it, or hold the whole in an `Rc`, as `Rc<dyn Fn(&Tensor) -> Tensor>` holds a function"
)]
pub trait Snapshot {
    type Residual: 'static;
    fn snapshot(&self) -> Self::Residual;
    fn seen(residual: &Self::Residual) -> &Self;
    /// The tensor that this is, if it is one: a tape may watch it.
    #[doc(hidden)]
    fn tensor_ref(&self) -> Option<TensorRef<'_>> {
        None
    }
}

#[diagnostic::do_not_recommend]
impl<U: Clone + 'static> Snapshot for U {
    type Residual = U;
    #[inline]
    fn snapshot(&self) -> U {
        self.clone()
    }
    #[inline]
    fn seen(residual: &U) -> &U {
        residual
    }
    #[inline]
    fn tensor_ref(&self) -> Option<TensorRef<'_>> {
        fn member_of<T: Element>(value: &dyn Any) -> Option<TensorRef<'_>> {
            let tensor: &Tensor<T> = value.downcast_ref()?;
            Some(TensorRef { identity: tensor.identity(), seen: tensor })
        }
        member_of::<f32>(self).or_else(|| member_of::<f64>(self))
    }
}

impl<T: Element> Snapshot for Variable<T> {
    type Residual = Variable<T>;
    #[inline]
    fn snapshot(&self) -> Self {
        Variable::snapshot(self)
    }
    #[inline]
    fn seen(residual: &Self) -> &Self {
        residual
    }
    #[inline]
    fn tensor_ref(&self) -> Option<TensorRef<'_>> {
        Some(super::input::Argument::tensor_ref(self))
    }
}

/// Each is kept as it is.
impl<T: Element> Snapshot for [Variable<T>] {
    type Residual = Vec<Variable<T>>;
    fn snapshot(&self) -> Vec<Variable<T>> {
        self.iter().map(Variable::snapshot).collect()
    }
    fn seen(residual: &Vec<Variable<T>>) -> &Self {
        residual
    }
}

impl<U: Clone + 'static> Snapshot for [U] {
    type Residual = Vec<U>;
    fn snapshot(&self) -> Vec<U> {
        self.to_vec()
    }
    fn seen(residual: &Vec<U>) -> &[U] {
        residual
    }
}

impl Snapshot for str {
    type Residual = String;
    fn snapshot(&self) -> String {
        self.to_owned()
    }
    fn seen(residual: &String) -> &str {
        residual
    }
}

/// Keeps a value if a tape watches one of the inputs in `positions`, whose gradients use it.
#[inline]
#[track_caller]
fn keep<W, S: Snapshot + ?Sized>(
    value: &S,
    call: &Call<W>,
    positions: u64,
    expression: &'static str,
) -> Option<S::Residual> {
    if !call.watches(positions) {
        return None;
    }
    // Another snapshot for the notes: what is looked at is slow to move.
    call.note_residuals(|| NotedValue::all_in(expression, &value.snapshot()));
    Some(value.snapshot())
}

/// A kept value is there whenever a gradient runs that uses it.
pub(super) const RESIDUAL: &str = "what a gradient uses is kept when its input is watched";

/// A captured reference to a `U`, kept as a `K`.
pub struct ResidualReference<U: ?Sized, K>(Option<K>, PhantomData<fn(&U)>);
impl<U: ?Sized, K> ResidualReference<U, K> {
    /// What it refers to.
    #[inline]
    pub fn get(&self) -> &U
    where
        U: Snapshot<Residual = K>,
    {
        U::seen(self.0.as_ref().expect(RESIDUAL))
    }
}

/// A captured `Option` of a reference to a `U`, kept as a `K`.
#[allow(clippy::option_option, reason = "not kept, or kept and none, or kept and some")]
pub struct ResidualOption<U: ?Sized, K>(Option<Option<K>>, PhantomData<fn(&U)>);
impl<U: ?Sized, K> ResidualOption<U, K> {
    /// What it refers to, if to anything.
    #[inline]
    pub fn get(&self) -> Option<&U>
    where
        U: Snapshot<Residual = K>,
    {
        self.0.as_ref().expect(RESIDUAL).as_ref().map(U::seen)
    }
}

/// A captured `U`, kept as a `K`, which is the same.
pub struct ResidualValue<U, K>(Option<K>, PhantomData<fn(U)>);
impl<U, K> ResidualValue<U, K> {
    /// A clone of it.
    #[inline]
    pub fn get(&self) -> U
    where
        U: Snapshot<Residual = K>,
        K: Snapshot<Residual = U>,
    {
        self.0.as_ref().expect(RESIDUAL).snapshot()
    }
}

/// Second: a reference is kept as what it refers to.
pub trait KeepReference<U: ?Sized> {
    /// Keeps it, if a tape watches an input in `positions`.
    fn keep_for_grad<W>(
        &self,
        call: &Call<W>,
        positions: u64,
        expression: &'static str,
    ) -> ResidualReference<U, U::Residual>
    where
        U: Snapshot;
}
impl<U: ?Sized> KeepReference<U> for &&Capture<'_, &U> {
    #[inline]
    #[track_caller]
    fn keep_for_grad<W>(
        &self,
        call: &Call<W>,
        positions: u64,
        expression: &'static str,
    ) -> ResidualReference<U, U::Residual>
    where
        U: Snapshot,
    {
        ResidualReference(keep(*self.0, call, positions, expression), PhantomData)
    }
}

impl<U: ?Sized> KeepReference<U> for &&Capture<'_, &mut U> {
    #[inline]
    #[track_caller]
    fn keep_for_grad<W>(
        &self,
        call: &Call<W>,
        positions: u64,
        expression: &'static str,
    ) -> ResidualReference<U, U::Residual>
    where
        U: Snapshot,
    {
        ResidualReference(keep(&**self.0, call, positions, expression), PhantomData)
    }
}

/// Second, too: an optional reference is kept as what it refers to, if it refers to anything.
pub trait KeepOption<U: ?Sized> {
    /// Keeps it, if a tape watches an input in `positions`.
    fn keep_for_grad<W>(
        &self,
        call: &Call<W>,
        positions: u64,
        expression: &'static str,
    ) -> ResidualOption<U, U::Residual>
    where
        U: Snapshot;
}
impl<U: ?Sized> KeepOption<U> for &&Capture<'_, Option<&U>> {
    #[inline]
    #[track_caller]
    fn keep_for_grad<W>(
        &self,
        call: &Call<W>,
        positions: u64,
        expression: &'static str,
    ) -> ResidualOption<U, U::Residual>
    where
        U: Snapshot,
    {
        let residual = match self.0 {
            Some(value) => keep(*value, call, positions, expression).map(Some),
            None => Some(None),
        };
        ResidualOption(residual, PhantomData)
    }
}

/// A captured list of references to `U`s, each kept as a `K`, and seen in the form `F`.
pub struct ResidualList<F, U: ?Sized, K>(Option<Vec<K>>, PhantomData<fn(&U) -> F>);

/// In which form `grad` sees a list.
pub trait ListForm<U: ?Sized> {
    type Seen<'k>
    where
        U: 'k;
    fn collected<'k>(references: impl Iterator<Item = &'k U>) -> Self::Seen<'k>;
}

impl<F: ListForm<U>, U: ?Sized, K> ResidualList<F, U, K> {
    /// The list.
    ///
    /// # Panics
    /// Never: what a gradient uses is kept when its input is watched.
    pub fn get(&self) -> F::Seen<'_>
    where
        U: Snapshot<Residual = K>,
    {
        F::collected(self.0.as_ref().expect(RESIDUAL).iter().map(U::seen))
    }
}

/// A `Vec` of references, for a slice of references too.
pub struct References;
impl<U: ?Sized> ListForm<U> for References {
    type Seen<'k>
        = Vec<&'k U>
    where
        U: 'k;
    fn collected<'k>(references: impl Iterator<Item = &'k U>) -> Vec<&'k U> {
        references.collect()
    }
}

/// An array of references.
pub struct ArrayOfReferences<const N: usize>;
impl<U: ?Sized, const N: usize> ListForm<U> for ArrayOfReferences<N> {
    type Seen<'k>
        = [&'k U; N]
    where
        U: 'k;
    fn collected<'k>(references: impl Iterator<Item = &'k U>) -> [&'k U; N] {
        let references: Vec<&U> = references.collect();
        references.try_into().unwrap_or_else(|_| unreachable!("every element is kept"))
    }
}

/// A `Vec` of variables.
pub struct Variables;
impl<T: Element> ListForm<Variable<T>> for Variables {
    type Seen<'k> = Vec<Variable<T>>;
    fn collected<'k>(variables: impl Iterator<Item = &'k Variable<T>>) -> Vec<Variable<T>> {
        variables.map(Variable::snapshot).collect()
    }
}

/// An array of variables.
pub struct ArrayOfVariables<const N: usize>;
impl<T: Element, const N: usize> ListForm<Variable<T>> for ArrayOfVariables<N> {
    type Seen<'k> = [Variable<T>; N];
    fn collected<'k>(variables: impl Iterator<Item = &'k Variable<T>>) -> [Variable<T>; N] {
        let variables: Vec<Variable<T>> = variables.map(Variable::snapshot).collect();
        variables.try_into().unwrap_or_else(|_| unreachable!("every element is kept"))
    }
}

/// A variable that may be missing.
pub struct OptionalVariable;
impl<T: Element> ListForm<Variable<T>> for OptionalVariable {
    type Seen<'k> = Option<Variable<T>>;
    fn collected<'k>(variables: impl Iterator<Item = &'k Variable<T>>) -> Option<Variable<T>> {
        variables.map(Variable::snapshot).next()
    }
}

/// First: a list of references, or of variables, which cannot be cloned.
pub trait KeepList<U: ?Sized> {
    /// How `grad` sees it.
    type Form;
    /// Keeps it, if a tape watches an input in `positions`.
    fn keep_for_grad<W>(
        &self,
        call: &Call<W>,
        positions: u64,
        expression: &'static str,
    ) -> ResidualList<Self::Form, U, U::Residual>
    where
        U: Snapshot;
}

macro_rules! lists {
    ($(<$($parameter:ident $(: $bound:ident)?),* $(; $length:ident)?> $list:ty, of $element:ty => $form:ty;)+) => { $(
        impl<$($parameter: $($bound +)? ?Sized),* $(, const $length: usize)?> KeepList<$element> for &&&Capture<'_, $list> {
            type Form = $form;
            #[track_caller]
            fn keep_for_grad<W>(
                &self,
                call: &Call<W>,
                positions: u64,
                expression: &'static str,
            ) -> ResidualList<$form, $element, <$element as Snapshot>::Residual>
            where
                $element: Snapshot,
            {
                let keep_one = |element: &$element| keep(element, call, positions, expression);
                ResidualList(call.watches(positions).then(|| self.0.iter().filter_map(|element| keep_one(element)).collect()), PhantomData)
            }
        }
    )+ };
}
lists! {
    <U> Vec<&U>, of U => References;
    <U> &[&U], of U => References;
    <U; N> [&U; N], of U => ArrayOfReferences<N>;
    <T: Element> Vec<Variable<T>>, of Variable<T> => Variables;
    <T: Element; N> [Variable<T>; N], of Variable<T> => ArrayOfVariables<N>;
    <T: Element> Option<Variable<T>>, of Variable<T> => OptionalVariable;
}

/// Third: any other value is cloned.
pub trait KeepValue<U> {
    /// Keeps it, if a tape watches an input in `positions`.
    fn keep_for_grad<W>(
        &self,
        call: &Call<W>,
        positions: u64,
        expression: &'static str,
    ) -> ResidualValue<U, U::Residual>
    where
        U: Snapshot;
}
impl<U> KeepValue<U> for &Capture<'_, U> {
    #[inline]
    #[track_caller]
    fn keep_for_grad<W>(
        &self,
        call: &Call<W>,
        positions: u64,
        expression: &'static str,
    ) -> ResidualValue<U, U::Residual>
    where
        U: Snapshot,
    {
        ResidualValue(keep(self.0, call, positions, expression), PhantomData)
    }
}

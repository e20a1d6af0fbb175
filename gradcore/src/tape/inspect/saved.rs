//! What a tape keeps alive for the gradients that may be asked for.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::panic::Location;
use std::rc::Rc;

use crate::recording::list::WengertList;
use crate::recording::notes::{NotedValue, Value};
use crate::tape::GradientTape;
use crate::tensor::{Erased, HandleCount};

impl<K> GradientTape<K> {
    /// What this tape keeps alive: every value that a gradient will use, with the call that it belongs to and its name
    /// there. It prints as a table. [`note_saved`](Self::note_saved) has to be on.
    ///
    /// ```
    /// use gradcore::prelude::*;
    ///
    /// let (x, w) = (tf::ones([2, 3]), Variable::new(tf::ones([3, 4])).named("w"));
    /// let tape = GradientTape::new().note_saved(true);
    /// let y = tf::reduce_sum(tf::exp(tf::matmul(&x, &w, ..)), ..);
    /// let saved = tape.saved();
    /// let names: Vec<_> = saved.values().iter().map(|value| (value.function, value.name.as_str())).collect();
    /// assert_eq!(names[0], ("matmul", "a"));
    /// assert_eq!(saved.shared_bytes(), 24); // `x`, which is still there; the output of `exp` is the tape's own
    /// println!("{saved}");
    /// # let _: Tensor = y;
    /// ```
    #[must_use]
    pub fn saved(&self) -> Saved {
        Saved::of(&self.0.record.borrow().list)
    }
}

/// What a tape keeps alive, from [`GradientTape::saved`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Saved {
    values: Vec<SavedValue>,
    calls_without_notes: usize,
}

/// A value that a tape keeps for the gradient of one call.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SavedValue {
    /// The annotated function, or the operation.
    pub function: &'static str,
    /// Where it was called.
    pub called: &'static Location<'static>,
    /// The local, parameter or place that `grad` uses, as it is written there; `xs[2]` for a part of a list.
    pub name: String,
    /// What it is.
    pub kind: SavedKind,
    /// Bytes of its elements, or of the value itself.
    pub bytes: usize,
    /// Whether nothing but this tape keeps it alive, at the time of asking.
    pub is_owned: bool,
    /// Whether it shares its elements with a value before it, so that its bytes are counted there.
    pub is_repeated: bool,
}

/// What a kept value is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SavedKind {
    /// A tensor, or the value that a variable had. (Were it called `Tensor`, rustc would write `gradcore::Tensor` for the
    /// type in its messages.)
    TensorOf {
        /// TensorFlow's name of the dtype.
        dtype: &'static str,
        /// Sizes of the axes.
        shape: Vec<usize>,
    },
    /// Any other value, such as a function that `recompute_grad` will run again. What it has on the heap is not counted,
    /// but for a `Vec` of numbers.
    Opaque {
        /// Its type.
        type_name: &'static str,
    },
}

impl Saved {
    /// Every value, in the order of the calls; of each call the tensors first.
    #[must_use]
    pub fn values(&self) -> &[SavedValue] {
        &self.values
    }

    /// Bytes that only the tape keeps alive; what is kept several times counts once.
    #[must_use]
    pub fn owned_bytes(&self) -> usize {
        self.bytes(true)
    }

    /// Bytes that others keep alive as well; what is kept several times counts once.
    #[must_use]
    pub fn shared_bytes(&self) -> usize {
        self.bytes(false)
    }

    /// Number of calls of which nothing is known, because the tape was not asked to note what it keeps.
    #[must_use]
    pub fn calls_without_notes(&self) -> usize {
        self.calls_without_notes
    }

    fn bytes(&self, is_owned: bool) -> usize {
        let counted = self.values.iter().filter(|value| value.is_owned == is_owned && !value.is_repeated);
        counted.map(|value| value.bytes).sum()
    }
}

/// How many of the handles to elements are this tape's.
#[derive(Default)]
struct Handles(HashMap<usize, usize>);

impl Handles {
    /// Each kept tensor has two: that which the gradient will use, and that in the notes. What was reshaped holds its
    /// original once, however many hold it.
    fn of<'k>(tensors: impl Iterator<Item = &'k Erased>) -> Self {
        let mut own = Handles::default();
        for (this, original) in tensors.map(Erased::handle_counts) {
            let Some(HandleCount { address, .. }) = this else { continue };
            let handles = own.0.entry(address).or_default();
            *handles += 2;
            if let (2, Some(original)) = (*handles, original) {
                *own.0.entry(original.address).or_default() += 1;
            }
        }
        own
    }

    /// Whether all handles to the elements of a tensor are this tape's.
    fn are_all_of(&self, tensor: &Erased) -> bool {
        let (this, original) = tensor.handle_counts();
        let mut handle_counts = this.into_iter().chain(original);
        handle_counts.all(|handle_count| self.0.get(&handle_count.address) == Some(&handle_count.handles))
    }
}

impl Saved {
    fn of(list: &WengertList) -> Self {
        let calls = || (0..list.len()).filter_map(|place| Some((list.backward(place)?, list.notes(place))));
        let residuals = || calls().filter_map(|(_, notes)| notes?.saved.as_ref());
        let own = Handles::of(residuals().flatten().filter_map(NotedValue::tensor));
        let mut seen = HashSet::new();
        let mut saved = Saved { values: Vec::new(), calls_without_notes: calls().count() - residuals().count() };
        for (call, notes) in calls() {
            let Some(residuals) = notes.and_then(|notes| notes.saved.as_ref()) else { continue };
            for (place, value) in residuals.iter().enumerate() {
                let is_shared = Rc::strong_count(call) > 1 || value.tensor().is_some_and(|t| !own.are_all_of(t));
                saved.values.push(SavedValue {
                    function: call.site().rule.name,
                    called: call.site().called,
                    name: shown(residuals, place),
                    kind: value.kind(),
                    bytes: value.bytes(),
                    is_owned: !is_shared,
                    is_repeated: value.elements().is_some_and(|address| !seen.insert(address)),
                });
            }
        }
        saved
    }
}

/// The name of what is kept at a place, with its number if there are several of that name.
fn shown(residuals: &[NotedValue], place: usize) -> String {
    let name = residuals[place].name;
    let before = residuals[..place].iter().filter(|residuals| residuals.name == name).count();
    let is_only = before == 0 && residuals[place + 1..].iter().all(|residuals| residuals.name != name);
    if is_only { name.to_owned() } else { format!("{name}[{before}]") }
}

impl NotedValue {
    fn kind(&self) -> SavedKind {
        match &self.value {
            Value::Tensor(tensor) => {
                SavedKind::TensorOf { dtype: tensor.dtype(), shape: tensor.as_untyped().shape().to_vec() }
            }
            Value::Opaque { type_name, .. } => SavedKind::Opaque { type_name },
        }
    }

    fn bytes(&self) -> usize {
        match &self.value {
            Value::Tensor(tensor) => tensor.bytes(),
            Value::Opaque { bytes, .. } => *bytes,
        }
    }

    /// Where the elements are, if others may hold them too.
    fn elements(&self) -> Option<usize> {
        let (this, original) = self.tensor()?.handle_counts();
        original.or(this).map(|handle_count| handle_count.address)
    }
}

impl fmt::Display for Saved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let heading = ["function", "called at", "keeps", "of", "bytes", ""].map(str::to_owned);
        let rows: Vec<[String; 6]> = std::iter::once(heading).chain(self.values.iter().map(row)).collect();
        let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
        let [function, called, name, kind, bytes] = [0, 1, 2, 3, 4].map(width);
        for [a, b, c, d, e, last] in &rows {
            let line = format!("{a:function$}  {b:called$}  {c:name$}  {d:kind$}  {e:>bytes$}  {last}");
            writeln!(f, "{}", line.trim_end())?;
        }
        write!(f, "{} bytes owned by the tape, {} shared with others", self.owned_bytes(), self.shared_bytes())?;
        if self.values.iter().any(|value| value.is_repeated) {
            write!(f, "; what is repeated counts once")?;
        }
        match self.calls_without_notes {
            0 => Ok(()),
            calls => write!(f, "\nnothing is known of {calls} calls; ask for notes with `note_saved(true)`"),
        }
    }
}

fn row(value: &SavedValue) -> [String; 6] {
    let SavedValue { function, called, name, kind, bytes, is_owned, is_repeated } = value;
    let kind = match kind {
        SavedKind::TensorOf { dtype, shape } => format!("{dtype} {shape:?}"),
        SavedKind::Opaque { type_name } => format!("opaque `{type_name}`"),
    };
    let held = match (is_owned, is_repeated) {
        (true, false) => "owned",
        (true, true) => "owned, repeated",
        (false, false) => "shared",
        (false, true) => "shared, repeated",
    };
    [(*function).to_owned(), called.to_string(), name.clone(), kind, bytes.to_string(), held.to_owned()]
}

//! State that `grad` keeps: what is shared is changed, what is read is as it was, and what is the rule's own is its own.
//! (What would be lost does not compile: `tests/ui/captures/cell_*.rs`.)

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use gradcore::prelude::*;

use crate::gradient_of;

/// Its methods have the names of those of cells, and change nothing.
#[derive(Clone)]
struct Switch(f32);

impl Switch {
    fn set(&self, factor: f32) -> f32 {
        self.0 * factor
    }
    fn take(&self) -> f32 {
        self.0
    }
}

struct Layer {
    count: Rc<Cell<u32>>,
    counts: Vec<Rc<Cell<u32>>>,
    average: Rc<RefCell<Tensor>>,
    optional: Option<Rc<Cell<u32>>>,
    atomic: Arc<AtomicU32>,
    scale: Cell<f32>,
    table: RefCell<Vec<f32>>,
    switch: Switch,
}

impl Layer {
    fn new() -> Self {
        Layer {
            count: Rc::default(),
            counts: vec![Rc::default(), Rc::default()],
            average: Rc::new(RefCell::new(tf::constant([0.0]))),
            optional: Some(Rc::default()),
            atomic: Arc::default(),
            scale: Cell::new(2.0),
            table: RefCell::new(vec![3.0, 5.0]),
            switch: Switch(1.0),
        }
    }

    #[custom_gradient]
    fn observed(&self, x: &Tensor) -> Tensor {
        let grad = |dy| {
            self.count.set(self.count.get() + 1);
            let last = self.counts.len() - 1;
            self.counts[last].update(|count| count + 1);
            self.counts.iter().for_each(|count| count.set(count.get() + 1));
            self.average.replace(dy.clone());
            if let Some(count) = &self.optional {
                count.replace(7);
            }
            self.atomic.fetch_add(1, Ordering::SeqCst);
            dy * 2.0
        };
        (x * 2.0, grad)
    }

    #[custom_gradient]
    fn read(&self, x: &Tensor) -> Tensor {
        let grad = |dy| {
            let own = Cell::new(self.scale.get());
            own.set(own.take() * self.table.borrow()[0]);
            let seen: Vec<f32> = self.table.borrow().iter().copied().take(1).collect();
            dy * own.get() * seen.iter().sum::<f32>() * self.switch.set(2.0) * self.switch.take()
        };
        (x * 1.0, grad)
    }

    #[custom_gradient(recompute)]
    fn observed_again(&self, x: &Tensor) -> Tensor {
        let grad = |dy| {
            self.count.set(self.count.get() + 1);
            dy * self.scale.get()
        };
        (x * self.scale.get(), grad)
    }
}

#[test]
fn what_is_shared_is_changed() {
    let layer = Layer::new();
    assert_eq!(gradient_of(|x| layer.observed(x), [5.0]), [2.0]);
    let counts: Vec<u32> = layer.counts.iter().map(|count| count.get()).collect();
    assert_eq!((layer.count.get(), counts), (1, vec![1, 2]));
    assert_eq!(layer.average.borrow().to_vec(), [1.0]);
    assert_eq!((layer.optional.as_ref().map(|count| count.get()), layer.atomic.load(Ordering::SeqCst)), (Some(7), 1));
    assert_eq!(gradient_of(|x| layer.observed_again(x), [5.0]), [2.0]);
    assert_eq!(layer.count.get(), 2);
}

#[test]
fn a_cell_is_read_as_it_was() {
    let layer = Layer::new();
    let x = tf::constant([1.0]);
    let tape = GradientTape::new();
    tape.watch(&x);
    let y = layer.read(&x);
    layer.scale.set(100.0);
    layer.table.borrow_mut()[0] = 100.0;
    assert_eq!(tape.gradient(&y, &x).map(|dx| dx.to_vec()), Ok(vec![36.0]));
}

//! Forward mode runs a rule on upstream gradients that it makes up. A `grad` that changes what outlives it is not run so.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::VecDeque;
use std::fmt::Write;
use std::rc::Rc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, RwLock, mpsc};

use gradcore::prelude::*;

/// The tangent is refused, for that reason.
#[track_caller]
fn is_refused(name: &str, tangent: Result<Tensor, Error>) {
    let error = tangent.expect_err(name);
    assert!(
        matches!(&error, Error::HigherDerivative { order: "forward-mode", call, .. } if call.function == name),
        "{name}: {error}"
    );
    let text = error.to_string();
    assert!(text.contains("(tests/forward/effects.rs:"), "{text}");
    assert!(
        text.contains("its `grad` seems to change what outlives it") && text.contains("; take gradients"),
        "{text}"
    );
}

fn tangent(f: impl Fn(&Tensor) -> Tensor) -> Result<Tensor, Error> {
    let x = tf::constant([1.0, 2.0]);
    let acc = ForwardAccumulator::new(&x, tf::constant([1.0, 10.0]))?;
    acc.jvp(f(&x))
}

fn gradient(f: impl Fn(&Tensor) -> Tensor) -> Result<Vec<f32>, Error> {
    let x = tf::constant([1.0, 2.0]);
    Ok(functional::grad(|x| tf::reduce_sum(f(x), ..), &x)?.to_vec())
}

/// A layer with state of every kind.
#[derive(Default)]
struct Layer {
    ema: Rc<RefCell<Vec<f32>>>,
    count: Rc<Cell<u32>>,
    atomic: Arc<AtomicU32>,
    mutex: Arc<Mutex<Vec<f32>>>,
    rwlock: Arc<RwLock<u32>>,
    once: Rc<OnceCell<f32>>,
    text: Rc<RefCell<String>>,
    counts: Vec<Rc<Cell<u32>>>,
    optional: Option<Rc<Cell<u32>>>,
}

impl Layer {
    #[custom_gradient]
    fn moving_average(&self, x: &Tensor) -> Tensor {
        let grad = |dy| {
            self.ema.borrow_mut().push(tf::reduce_sum(dy, ..).item());
            dy * 2.0
        };
        (x * 2.0, grad)
    }

    #[custom_gradient]
    fn guarded(&self, x: &Tensor) -> Tensor {
        let grad = |dy| {
            let mut ema = self.ema.borrow_mut();
            ema.clear();
            dy * 2.0
        };
        (x * 2.0, grad)
    }

    #[custom_gradient]
    fn counted(&self, x: &Tensor) -> Tensor {
        fn grad(dy: &Tensor) -> Tensor {
            self.count.set(self.count.get() + 1);
            dy * 2.0
        }
        (x * 2.0, grad)
    }

    #[custom_gradient]
    fn counted_by_path(&self, x: &Tensor) -> Tensor {
        let grad = |dy| {
            Cell::set(&self.count, 7);
            dy * 2.0
        };
        (x * 2.0, grad)
    }

    #[custom_gradient]
    fn counted_by_a_local(&self, x: &Tensor) -> Tensor {
        let grad = |dy| {
            let count = Rc::clone(&self.count);
            count.set(7);
            dy * 2.0
        };
        (x * 2.0, grad)
    }

    #[custom_gradient]
    fn counted_in_a_loop(&self, x: &Tensor) -> Tensor {
        let grad = |dy| {
            for count in &self.counts {
                count.set(7);
            }
            dy * 2.0
        };
        (x * 2.0, grad)
    }

    #[custom_gradient]
    fn counted_by_a_closure(&self, x: &Tensor) -> Tensor {
        let grad = |dy| {
            self.counts.iter().for_each(|count| count.set(7));
            dy * 2.0
        };
        (x * 2.0, grad)
    }

    #[custom_gradient]
    fn counted_if_it_is_there(&self, x: &Tensor) -> Tensor {
        let grad = |dy| {
            if let Some(count) = &self.optional {
                count.set(7);
            }
            dy * 2.0
        };
        (x * 2.0, grad)
    }

    #[custom_gradient]
    fn counted_by_an_index(&self, x: &Tensor) -> Tensor {
        let grad = |dy| {
            let last = self.counts.len() - 1;
            self.counts[last].replace(7);
            dy * 2.0
        };
        (x * 2.0, grad)
    }

    #[custom_gradient]
    fn atomic(&self, x: &Tensor) -> Tensor {
        (x * 2.0, |dy| {
            self.atomic.fetch_add(1, Ordering::Relaxed);
            dy * 2.0
        })
    }

    #[custom_gradient]
    fn locked(&self, x: &Tensor) -> Tensor {
        let grad = |dy| {
            self.mutex.lock().expect("no poison").push(tf::reduce_sum(dy, ..).item());
            dy * 2.0
        };
        (x * 2.0, grad)
    }

    #[custom_gradient]
    fn written(&self, x: &Tensor) -> Tensor {
        let grad = |dy| {
            *self.rwlock.write().expect("no poison") += 7;
            dy * 2.0
        };
        (x * 2.0, grad)
    }

    #[custom_gradient]
    fn once(&self, x: &Tensor) -> Tensor {
        let grad = |dy| {
            let _ = self.once.set(tf::reduce_sum(dy, ..).item());
            dy * 2.0
        };
        (x * 2.0, grad)
    }

    #[custom_gradient]
    fn logged(&self, x: &Tensor) -> Tensor {
        let grad = |dy| {
            write!(self.text.borrow_mut(), "{dy}").expect("a string takes everything");
            dy * 2.0
        };
        (x * 2.0, grad)
    }

    #[custom_gradient(recompute)]
    fn recomputed(&self, x: &Tensor) -> Tensor {
        let y = x * 2.0;
        let grad = |dy| {
            self.count.set(7);
            dy * 2.0
        };
        (y, grad)
    }

    fn state(&self) -> String {
        let counts: Vec<u32> = self.counts.iter().map(|count| count.get()).collect();
        let Layer { ema, count, atomic, mutex, rwlock, once, text, optional, .. } = self;
        format!("{ema:?} {count:?} {atomic:?} {mutex:?} {rwlock:?} {once:?} {text:?} {counts:?} {optional:?}")
    }
}

type Method = fn(&Layer, &Tensor) -> Tensor;

const CHANGING: [(&str, Method); 15] = [
    ("moving_average", Layer::moving_average),
    ("guarded", Layer::guarded),
    ("counted", Layer::counted),
    ("counted_by_path", Layer::counted_by_path),
    ("counted_by_a_local", Layer::counted_by_a_local),
    ("counted_in_a_loop", Layer::counted_in_a_loop),
    ("counted_by_a_closure", Layer::counted_by_a_closure),
    ("counted_if_it_is_there", Layer::counted_if_it_is_there),
    ("counted_by_an_index", Layer::counted_by_an_index),
    ("atomic", Layer::atomic),
    ("locked", Layer::locked),
    ("written", Layer::written),
    ("once", Layer::once),
    ("logged", Layer::logged),
    ("recomputed", Layer::recomputed),
];

fn layer() -> Layer {
    let ema = Rc::new(RefCell::new(vec![0.5]));
    Layer { ema, counts: vec![Rc::default(), Rc::default()], optional: Some(Rc::default()), ..Layer::default() }
}

#[test]
fn the_tangent_is_refused_and_the_state_untouched() -> Result<(), Error> {
    for (name, rule) in CHANGING {
        let layer = layer();
        let before = layer.state();
        is_refused(name, tangent(|x| rule(&layer, x)));
        is_refused(name, tangent(|x| tf::exp(rule(&layer, x) * 2.0)));
        assert_eq!(layer.state(), before, "{name}");
        // Reverse mode runs it once.
        assert_eq!(gradient(|x| rule(&layer, x))?, [2.0, 2.0], "{name}");
        assert_ne!(layer.state(), before, "{name}");
    }
    Ok(())
}

#[test]
fn every_form_of_forward_mode_refuses() -> Result<(), Error> {
    let layer = layer();
    let before = layer.state();
    let x = tf::constant([1.0, 2.0]);
    is_refused("counted", functional::jvp(|x| layer.counted(x), &x, tf::constant([1.0, 0.0])).map(|(_, dy)| dy));
    let (_, push) = functional::linearize(|x| layer.counted(x), &x)?;
    is_refused("counted", push.apply(tf::constant([1.0, 0.0])));
    is_refused("counted", tangent(|x| outer(x, &layer.count)));
    let f = tf::recompute_grad(|x: &Tensor| x * 1.0);
    is_refused("counted", tangent(|x| f(&layer.counted(x))));
    assert_eq!(layer.state(), before);
    Ok(())
}

#[custom_gradient]
fn counted(x: &Tensor, count: &Rc<Cell<u32>>) -> Tensor {
    (x * 2.0, |dy| {
        count.set(count.get() + 1);
        dy * 2.0
    })
}

/// Its gradient is computed by a rule that counts, and so its tangent would be by the `grad` of that.
#[custom_gradient]
fn outer(x: &Tensor, count: &Rc<Cell<u32>>) -> Tensor {
    (x * 2.0, |dy| counted(dy, count))
}

#[custom_gradient]
fn around(x: &Tensor, count: &Rc<Cell<u32>>) -> Tensor {
    (counted(x, count), |dy| dy * 2.0)
}

#[test]
fn a_rule_inside_another_is_run_by_nobody() -> Result<(), Error> {
    let count = Rc::new(Cell::new(0));
    // The rule around it says all that there is to say.
    assert_eq!(tangent(|x| around(x, &count))?.to_vec(), [2.0, 20.0]);
    let inside = Rc::clone(&count);
    let again = tf::recompute_grad(move |x: &Tensor| counted(x, &inside));
    is_refused("counted", tangent(|x| again(x)));
    assert_eq!(count.get(), 0);
    Ok(())
}

#[test]
fn a_closure_is_refused_too() -> Result<(), Error> {
    let count = Rc::new(Cell::new(0));
    #[custom_gradient(closure)]
    fn by_closure(x: &Tensor) -> Tensor {
        let grad = |dy| {
            count.update(|count| count + 1);
            dy * 2.0
        };
        (x * 2.0, grad)
    }
    is_refused("by_closure", tangent(|x| by_closure(x)));
    assert_eq!(count.get(), 0);
    assert_eq!(gradient(|x| by_closure(x))?, [2.0, 2.0]);
    assert_eq!(count.get(), 1);
    Ok(())
}

static RUNS: AtomicU32 = AtomicU32::new(0);
static ELEMENTS: AtomicU32 = AtomicU32::new(0);

thread_local! {
    static HERE: Cell<u32> = const { Cell::new(0) };
}

#[custom_gradient]
fn counted_in_a_static(x: &Tensor) -> Tensor {
    (x * 2.0, |dy| {
        RUNS.fetch_add(1, Ordering::SeqCst);
        dy * 2.0
    })
}

#[custom_gradient]
fn counted_on_a_thread(x: &Tensor) -> Tensor {
    (x * 2.0, |dy| {
        HERE.with(|count| count.set(count.get() + 1));
        dy * 2.0
    })
}

#[custom_gradient(elementwise)]
fn counted_by_element(x: f32) -> f32 {
    (x * 2.0, |dy| {
        ELEMENTS.fetch_add(1, Ordering::SeqCst);
        dy * 2.0
    })
}

#[custom_gradient(elementwise)]
fn counted_in_a_constant(x: f32, count: &Arc<AtomicU32>) -> f32 {
    (x * 2.0, |dy| {
        count.fetch_add(1, Ordering::SeqCst);
        dy * 2.0
    })
}

#[custom_gradient]
fn sent(x: &Tensor, sender: &mpsc::Sender<f32>) -> Tensor {
    (x * 2.0, |dy| {
        sender.send(tf::reduce_sum(dy, ..).item()).expect("somebody listens");
        dy * 2.0
    })
}

#[test]
fn statics_constants_and_channels_stay_as_they_are() -> Result<(), Error> {
    let (count, (sender, receiver)) = (Arc::new(AtomicU32::new(0)), mpsc::channel());
    is_refused("counted_in_a_static", tangent(counted_in_a_static));
    is_refused("counted_on_a_thread", tangent(counted_on_a_thread));
    is_refused("counted_by_element", tangent(counted_by_element));
    is_refused("counted_in_a_constant", tangent(|x| counted_in_a_constant(x, &count)));
    is_refused("sent", tangent(|x| sent(x, &sender)));
    let counts =
        || [RUNS.load(Ordering::SeqCst), HERE.get(), ELEMENTS.load(Ordering::SeqCst), count.load(Ordering::SeqCst)];
    assert_eq!(counts(), [0; 4]);
    assert!(receiver.try_recv().is_err());
    gradient(counted_in_a_static)?;
    gradient(counted_on_a_thread)?;
    gradient(counted_by_element)?;
    gradient(|x| counted_in_a_constant(x, &count))?;
    gradient(|x| sent(x, &sender))?;
    assert_eq!(counts(), [1, 1, 2, 2]);
    assert_eq!(receiver.try_recv(), Ok(2.0));
    Ok(())
}

/// What a `grad` makes and changes itself is nobody else's.
#[custom_gradient]
fn with_locals(
    x: &Tensor,
    factors: &[f32],
    names: &str,
    shift: &Rc<Cell<f32>>,
    table: &Rc<RefCell<Vec<f32>>>,
) -> Tensor {
    let grad = |dy| {
        let mut parts = Vec::new();
        for factor in factors.iter().take(2) {
            parts.push(dy * *factor);
        }
        let (seen, own) = (Cell::new(0), RefCell::new(VecDeque::new()));
        factors.iter().for_each(|factor| {
            seen.set(seen.get() + 1);
            own.borrow_mut().push_back(*factor);
        });
        let mut shape = dy.shape().to_vec();
        shape.push(1);
        shape.swap(0, 1);
        let (mut longest, mut total) = (None, 0.0);
        for (factor, name) in factors.iter().zip(names.replace('a', "b").split(' ')) {
            longest = longest.take().max(Some(name.len()));
            total += factor * 0.0;
        }
        let list = table.borrow().clone();
        let first = list.first().copied().unwrap_or_default() + shift.get();
        println!("{shape:?} {longest:?} {seen:?}, {total}", total = total + first);
        tf::add_n(&parts)
    };
    (x * 2.0, grad)
}

#[test]
fn what_is_the_rules_own_may_change() -> Result<(), Error> {
    let (shift, table) = (Rc::new(Cell::new(0.0)), Rc::new(RefCell::new(vec![1.0])));
    let tangent = tangent(|x| with_locals(x, &[0.5, 1.5, 7.0], "a b c", &shift, &table))?;
    assert_eq!(tangent.to_vec(), [2.0, 20.0]);
    Ok(())
}

/// Second derivatives come from two tapes.
#[test]
fn tapes_inside_each_other_see_a_rule_with_state() -> Result<(), Error> {
    let count = Rc::new(Cell::new(0));
    let x = tf::constant([1.0, 2.0]);
    let (outer, inner) = (GradientTape::new(), GradientTape::new());
    outer.watch(&x);
    inner.watch(&x);
    let y = tf::square(counted(&x, &count));
    let dx = inner.gradient(&y, &x)?;
    assert_eq!((dx.to_vec(), count.get()), (vec![8.0, 16.0], 1));
    assert_eq!((outer.gradient(&dx, &x)?.to_vec(), count.get()), (vec![8.0, 8.0], 2));
    Ok(())
}

/// A check runs a rule in forward mode where it can.
#[test]
fn a_rule_with_state_can_be_checked() {
    let count = Rc::new(Cell::new(0));
    let checked = check_gradients(|x| counted(x, &count), tf::constant([1.0, 2.0]), ..);
    assert!(checked.is_ok(), "{checked:?}");
    assert!(count.get() > 0);
}

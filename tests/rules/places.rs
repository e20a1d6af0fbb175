//! Where a rule may stand, and in which company: methods, traits, generic types, other rules, `cfg`.

use gradcore::prelude::*;

use crate::gradient_of;

#[test]
fn parameters_may_be_configured() {
    #[custom_gradient]
    fn f(
        #[cfg(not(test))] absent: &Missing,
        x: &Tensor,
        #[cfg(test)] present: f32,
        #[cfg(not(test))]
        #[cfg(unix)]
        other: &Tensor,
    ) -> Tensor {
        (x * present, |dy| dy * present)
    }
    assert_eq!(gradient_of(|x| f(x, 3.0), [1.0]), [3.0]);
}

#[test]
fn arguments_are_taken_apart() {
    struct Limits {
        low: f32,
        high: f32,
    }
    #[custom_gradient]
    fn f((x, factor): (&Tensor, &Tensor), Limits { low, high }: Limits, [a, b]: [f32; 2], _: &str) -> Tensor {
        let grad = |dy| (dy * factor * (high - low), dy * x * a * b);
        (x * factor * (high - low), grad)
    }
    let (x, factor) = (tf::constant(2.0), tf::constant(5.0));
    let tape = GradientTape::new();
    tape.watch((&x, &factor));
    let y = f((&x, &factor), Limits { low: 1.0, high: 4.0 }, [10.0, 10.0], "");
    let (dx, dfactor) = tape.gradient(&y, (&x, &factor)).expect("gradients");
    assert_eq!((y.item(), dx.item(), dfactor.item()), (30.0, 15.0, 200.0));
}

trait Activation {
    const SLOPE: f32;

    fn slope(&self) -> f32 {
        Self::SLOPE
    }

    #[custom_gradient]
    fn call(&self, x: &Tensor) -> Tensor {
        let slope = self.slope();
        (x * slope, |dy| dy * slope * Self::SLOPE)
    }
}

struct Triple;

impl Activation for Triple {
    const SLOPE: f32 = 3.0;
}

#[derive(Clone)]
struct Scale<T> {
    by: T,
}

impl<T: Real> Scale<T> {
    #[custom_gradient]
    fn new_and_applied(x: &Tensor<T>, by: T) -> Tensor<T> {
        let scale = Self { by };
        (x * scale.by, |dy| dy * scale.by)
    }

    #[custom_gradient]
    fn applied(self, x: &Tensor<T>) -> Tensor<T> {
        (x * self.by, |dy| dy * self.by)
    }

    #[custom_gradient]
    fn as_a_whole(&self, x: &Tensor<T>) -> Tensor<T> {
        (self.times(x), |dy| self.times(dy))
    }

    fn times(&self, x: &Tensor<T>) -> Tensor<T> {
        x * self.by
    }
}

#[test]
fn methods_of_traits_and_of_generic_types() {
    assert_eq!(gradient_of(|x| Triple.call(x), [1.0]), [9.0]);
    assert_eq!(gradient_of(|x| Scale::new_and_applied(x, 2.0), [1.0]), [2.0]);
    assert_eq!(gradient_of(|x| Scale { by: 4.0 }.applied(x), [1.0]), [4.0]);
    assert_eq!(gradient_of(|x| Scale { by: 5.0 }.as_a_whole(x), [1.0]), [5.0]);
}

#[test]
fn rules_within_rules() {
    #[custom_gradient]
    fn outer(x: &Tensor) -> Tensor {
        #[custom_gradient]
        fn inner(x: &Tensor) -> Tensor {
            (x * 2.0, |dy| dy * 7.0)
        }
        let grad = |dy| inner(&inner(dy));
        (inner(x), grad)
    }
    assert_eq!(gradient_of(outer, [1.0]), [4.0]);
}

#[test]
fn names_of_generated_code_and_raw_names_are_free() {
    #[custom_gradient]
    fn r#match(call: &Tensor, sink: &Tensor, r#fn: f32, shared_0_a: f32, kept_call: f32) -> Tensor {
        let rule = call * sink;
        let grad = |upstream| {
            let a = upstream * sink * r#fn;
            (a * shared_0_a, upstream * call * kept_call)
        };
        (rule, grad)
    }
    let sink = tf::constant([3.0]);
    assert_eq!(gradient_of(|x| r#match(x, &sink, 2.0, 5.0, 7.0), [1.0]), [30.0]);
}

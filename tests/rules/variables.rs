//! Methods, and the variables that a body reads.

use std::rc::Rc;

use gradcore::prelude::*;

use crate::gradient_of;

struct Layer {
    w: Variable,
    scale: f32,
}

impl Layer {
    /// Reads its weight, so the weight is listed and gets the second gradient.
    #[custom_gradient(variables(self.w))]
    fn call(&self, inputs: &Tensor) -> Tensor {
        let grad =
            |dy| (tf::matmul(dy, &self.w, transpose_b(true)) * self.scale, tf::matmul(inputs, dy, transpose_a(true)));
        (tf::matmul(inputs, &self.w, ..), grad)
    }

    #[custom_gradient]
    fn scaled(&self, x: &Tensor) -> Tensor {
        (x * self.scale, |dy| dy * self.scale * 2.0)
    }

    #[custom_gradient]
    fn forgetful(&self, x: &Tensor) -> Tensor {
        (tf::matmul(x, &self.w, ..), |dy| dy)
    }

    #[custom_gradient]
    fn forgetful_rule(&self, x: &Tensor) -> Tensor {
        (x * 1.0, |dy| dy * tf::reduce_sum(&self.w, ..))
    }

    #[custom_gradient]
    fn constant(&self, _x: &Tensor) -> Tensor {
        (&self.w, |_| None)
    }

    #[custom_gradient]
    fn stopped(&self, x: &Tensor) -> Tensor {
        let w = tf::reduce_sum(tf::stop_gradient(&self.w), ..);
        (x * &w, |dy| dy * &w)
    }
}

fn layer() -> Layer {
    Layer { w: Variable::new([[2.0, 3.0]]).named("w"), scale: 10.0 }
}

#[test]
fn methods_and_variables() {
    let layer = layer();
    let x = tf::constant([[1.0]]);
    let tape = GradientTape::new();
    tape.watch(&x);
    let y = layer.call(&x);
    let (dx, dw) = tape.gradient(&y, (&x, &layer.w)).expect("gradients");
    assert_eq!((dx.to_vec(), dw.to_vec()), (vec![50.0], vec![1.0, 1.0]));
    assert_eq!(gradient_of(|x| layer.scaled(x), [1.0]), [20.0]);
    assert_eq!(gradient_of(|x| layer.stopped(x), [1.0]), [5.0]);
}

#[test]
#[should_panic(expected = "`forgetful` (tests/rules/variables.rs:")]
fn a_variable_that_the_body_reads_must_be_listed() {
    gradient_of(|x| layer().forgetful(&tf::reshape(x, [1, 1])), [1.0]);
}

#[test]
fn a_variable_that_grad_alone_uses_need_not_be_listed() {
    assert_eq!(gradient_of(|x| layer().forgetful_rule(x), [1.0]), [5.0]);
}

#[test]
#[should_panic(expected = "`forgetful` (tests/rules/variables.rs:")]
fn whichever_thread_made_the_variable() {
    let layer = std::thread::spawn(layer).join().expect("no panic");
    gradient_of(|x| layer.forgetful(&tf::reshape(x, [1, 1])), [1.0]);
}

#[test]
#[should_panic(expected = "`constant` (tests/rules/variables.rs:")]
fn a_variable_that_is_the_value_must_be_listed() {
    gradient_of(|x| layer().constant(x), [1.0]);
}

#[test]
fn a_variable_made_by_the_body_is_its_own() {
    #[custom_gradient]
    fn f(x: &Tensor) -> Tensor {
        let w: Variable = Variable::new(2.0);
        (x * (&w * 3), |dy| dy * 6)
    }
    assert_eq!(gradient_of(f, [1.0]), [6.0]);
}

#[test]
fn without_a_tape_nothing_is_asked_of_variables() {
    assert_eq!(layer().forgetful(&tf::constant([[1.0]])).to_vec(), [2.0, 3.0]);
}

#[test]
fn a_variable_may_be_an_argument_and_change_in_the_body() {
    #[custom_gradient]
    fn f(v: &mut Variable) -> Tensor {
        let y = tf::identity(&*v);
        v.assign_add(1.0).expect("a scalar");
        (y, |dy| dy * 7)
    }
    let mut v: Variable = Variable::new(3.0);
    let tape = GradientTape::new();
    let y = f(&mut v);
    assert_eq!((y.item(), v.item()), (3.0, 4.0));
    assert_eq!(tape.gradient(&y, &v).expect("a gradient").item(), 7.0);
}

#[test]
fn variables_in_an_array_and_by_mutable_reference() {
    struct Stack {
        ws: Vec<Variable>,
    }
    impl Stack {
        #[custom_gradient(variables(self.ws[0], self.ws[1]))]
        fn call(&self, x: &Tensor) -> Tensor {
            (x * &self.ws[0] * &self.ws[1], |dy| (None, dy * &self.ws[1], dy * &self.ws[0]))
        }
    }
    #[custom_gradient]
    fn moved(v: &mut Variable) -> Tensor {
        (&*v * 2, |dy| dy * v)
    }
    let stack = Stack { ws: vec![Variable::new(2.0), Variable::new(3.0)] };
    let tape = GradientTape::new();
    let y = stack.call(&tf::constant(1.0));
    let gradients = tape.gradient(&y, &stack.ws).expect("gradients");
    assert_eq!((gradients[0].item(), gradients[1].item()), (3.0, 2.0));
    let mut v: Variable = Variable::new(5.0);
    let tape = GradientTape::new();
    let y = moved(&mut v);
    assert_eq!(tape.gradient(&y, &v).expect("a gradient").item(), 5.0);
}

struct Biased {
    scale: Option<Variable>,
    shared: Rc<Variable>,
}

impl Biased {
    #[custom_gradient(variables(self.scale, self.shared))]
    fn call(&self, x: &Tensor) -> Tensor {
        let y = self.scale.as_ref().map_or_else(|| x * 1.0, |scale| x * scale) + &*self.shared;
        let grad = |dy| {
            let dx = self.scale.as_ref().map_or_else(|| dy * 1.0, |scale| dy * scale);
            (dx, self.scale.as_ref().map(|_| dy * x), dy)
        };
        (y, grad)
    }
}

#[test]
fn a_variable_may_be_missing_or_shared() -> Result<(), Error> {
    let x = tf::constant([3.0]);
    for (scale, dx) in [(Some(Variable::new([5.0])), 5.0), (None, 1.0)] {
        let layer = Biased { scale, shared: Rc::new(Variable::new([7.0])) };
        let tape = GradientTape::persistent();
        tape.watch(&x);
        let y = layer.call(&x);
        assert_eq!(tape.gradient(&y, &x)?.to_vec(), [dx]);
        assert_eq!(tape.gradient(&y, &*layer.shared)?.to_vec(), [1.0]);
        if let Some(scale) = &layer.scale {
            assert_eq!(tape.gradient(&y, scale)?.to_vec(), [3.0]);
        }
    }
    Ok(())
}

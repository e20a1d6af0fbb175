//! Rules whose gradients depend on the upstream gradient in ways that the syntax hides, or are zero: none is refused.

use gradcore::prelude::*;

/// The gradients of both inputs, at 2 and 3.
fn gradients_of(f: impl Fn(&Tensor, &Tensor) -> Tensor) -> (f32, f32) {
    let (x, w) = (tf::constant(2.0), tf::constant(3.0));
    let tape = GradientTape::new();
    tape.watch((&x, &w));
    let (dx, dw) = tape.gradient(f(&x, &w), (&x, &w)).expect("gradients");
    (dx.item(), dw.item())
}

#[test]
fn through_lists_closures_and_references() {
    #[custom_gradient]
    fn pushed(x: &Tensor, w: &Tensor) -> Tensor {
        let grad = |dy| {
            let mut found = Vec::new();
            let mut push = |gradient: Tensor| found.push(gradient);
            push(dy * w);
            push(dy * x);
            let of_w = found.pop().expect("two");
            (found.pop().expect("one"), of_w)
        };
        (x * w, grad)
    }
    #[custom_gradient]
    fn written(x: &Tensor, w: &Tensor) -> Tensor {
        let grad = |dy: &Tensor| {
            let mut values = vec![0.0f32];
            let view = &mut values;
            for (value, upstream) in view.iter_mut().zip(dy.to_vec()) {
                *value = upstream * w.item();
            }
            (tf::constant(values[0]), dy * x)
        };
        (x * w, grad)
    }
    #[custom_gradient]
    fn by_inner_rule(x: &Tensor, w: &Tensor) -> Tensor {
        let grad = |dy: &Tensor| {
            #[custom_gradient(closure)]
            fn times(factor: &Tensor) -> Tensor {
                (factor * dy, |ddy| ddy * dy)
            }
            (times(w), times(x))
        };
        (x * w, grad)
    }
    #[custom_gradient]
    fn assigned(x: &Tensor, w: &Tensor) -> Tensor {
        let grad = |dy| {
            let (dx, dw);
            if x.rank() == 0 {
                (dx, dw) = (dy * w, dy * x);
            } else {
                (dx, dw) = (dy * 1.0, dy * 1.0);
            }
            (dx, dw)
        };
        (x * w, grad)
    }
    for f in [pushed, written, by_inner_rule, assigned] {
        assert_eq!(gradients_of(f), (3.0, 2.0));
    }
}

#[test]
fn zeros_by_any_spelling() {
    #[custom_gradient]
    fn of_x_alone(x: &Tensor, w: &Tensor, spelling: u8) -> Tensor {
        let grad = |dy| {
            let zero = tf::zeros_like(w);
            match spelling {
                0 => (dy * w, zero.clone()),
                1 => (dy * w, -tf::zeros_like(w)),
                2 => (dy * w, tf::constant(0.0)),
                _ => (dy * w, tf::reshape(tf::zeros([1]), [])),
            }
        };
        (x * w, grad)
    }
    for spelling in 0..4 {
        assert_eq!(gradients_of(|x, w| of_x_alone(x, w, spelling)), (3.0, 0.0));
    }
}

#[test]
fn none_in_lists_and_tuples() {
    #[custom_gradient]
    fn listed(ws: &[Tensor], x: &Tensor) -> Tensor {
        (&ws[0] * x, |dy| (vec![None::<Tensor>; ws.len()], dy * &ws[0]))
    }
    #[custom_gradient]
    fn nested(pair: (&Tensor, &Tensor), w: &Tensor) -> Tensor {
        (pair.1 * w, |dy| ((None, dy * w), dy * pair.1))
    }
    let x = tf::constant(5.0);
    let tape = GradientTape::persistent();
    tape.watch(&x);
    assert_eq!(tape.gradient(listed(&[tf::constant(7.0)], &x), &x).expect("a gradient").item(), 7.0);
    assert_eq!(tape.gradient(nested((&x, &tf::constant(7.0)), &x), &x).expect("a gradient").item(), 7.0);
}

#[test]
fn a_failure_may_write_its_type() {
    #[custom_gradient]
    fn f(x: &Tensor, w: &Tensor) -> Tensor {
        (x * w, |dy| Ok::<_, String>((dy * w, dy * x)))
    }
    assert_eq!(gradients_of(f), (3.0, 2.0));
}

#[test]
fn integers_are_constants_in_every_company() {
    #[custom_gradient]
    fn f(x: &Tensor, w: &Tensor, ids: (&Tensor<i32>, &Tensor<i64>), mask: std::rc::Rc<Tensor<bool>>) -> Tensor {
        let size = ids.0.size() + ids.1.size() + mask.size();
        assert_eq!(size, 3);
        (x * w, |dy| (dy * w, dy * x))
    }
    let mask = std::rc::Rc::new(tf::constant(true));
    assert_eq!(gradients_of(|x, w| f(x, w, (&tf::constant(1), &tf::constant(1)), mask.clone())), (3.0, 2.0));
}

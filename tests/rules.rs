//! What `#[custom_gradient]` makes of functions: every form that a rule and its parameters can take.

#![allow(clippy::float_cmp, reason = "the numbers are exact in binary")]

use gradcore::prelude::*;

/// The gradient of `f` at `x`, as a vector.
fn gradient_of(f: impl Fn(&Tensor) -> Tensor, x: impl AsRef<[f32]>) -> Vec<f32> {
    let x = tf::constant(x.as_ref());
    let tape = GradientTape::new();
    tape.watch(&x);
    let y = f(&x);
    tape.gradient(&y, &x).expect("a gradient").to_vec()
}

#[test]
fn grad_is_bound_by_let_under_any_name() {
    #[custom_gradient]
    fn f(x: &Tensor) -> Tensor {
        let rule = |dy| dy * 7.0;
        (x * 2.0, rule)
    }
    assert_eq!(gradient_of(f, [1.0, 2.0]), [7.0, 7.0]);
}

#[test]
fn grad_is_written_in_the_pair() {
    #[custom_gradient()]
    fn f(x: &Tensor) -> Tensor {
        (x * 2.0, |dy| dy * x)
    }
    assert_eq!(gradient_of(f, [1.0, 2.0]), [1.0, 2.0]);
}

#[test]
fn grad_is_an_inner_function_that_uses_outer_locals() {
    #[custom_gradient]
    fn f(x: &Tensor, scale: f32) -> Tensor {
        let slope = scale + 1.0;
        fn grad(dy: &Tensor) -> Tensor {
            dy * x * slope
        }
        (x * 2.0, grad)
    }
    assert_eq!(gradient_of(|x| f(x, 2.0), [1.0, 2.0]), [3.0, 6.0]);
}

#[test]
fn several_inputs_get_gradients_in_their_order() {
    #[custom_gradient]
    fn swapped_product(a: &Tensor, b: &Tensor) -> Tensor {
        (a * b, |dy| (dy * a, dy * b))
    }
    let (a, b) = (tf::constant(3.0), tf::constant(5.0));
    let tape = GradientTape::new();
    tape.watch((&a, &b));
    let y = swapped_product(&a, &b);
    let (da, db) = tape.gradient(&y, (&a, &b)).expect("gradients");
    assert_eq!((da.item(), db.item()), (3.0, 5.0));
}

#[test]
fn the_same_tensor_twice_gets_the_sum() {
    #[custom_gradient]
    fn f(_a: &Tensor, b: &Tensor) -> Tensor {
        (b * 1, |dy| (dy * 2, dy * 3))
    }
    assert_eq!(gradient_of(|x| f(x, x), [1.0]), [5.0]);
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
fn several_outputs_give_as_many_upstream_gradients() {
    #[custom_gradient]
    fn both(x: &Tensor) -> (Tensor, Tensor) {
        let grad = |from_double, from_square| from_double * 10.0 + from_square * 100.0;
        ((x * 2.0, x * x), grad)
    }
    let x = tf::constant([1.0, 2.0]);
    let tape = GradientTape::new();
    tape.watch(&x);
    let (double, square) = both(&x);
    let dx = tape.gradient(double * 3.0 + square, &x).expect("a gradient");
    assert_eq!(dx.to_vec(), [130.0, 130.0]);
}

#[test]
fn an_unused_output_arrives_as_zeros() {
    #[custom_gradient]
    fn both(x: &Tensor) -> (Tensor, Tensor) {
        ((x * 2.0, tf::reduce_sum(x, ..)), |a, b| a + b)
    }
    let x = tf::constant([1.0, 2.0]);
    let tape = GradientTape::new();
    tape.watch(&x);
    let (double, _) = both(&x);
    assert_eq!(tape.gradient(&double, &x).expect("a gradient").to_vec(), [1.0, 1.0]);
}

#[test]
fn an_integer_output_has_no_gradient_and_arrives_as_zeros() {
    #[custom_gradient]
    fn with_place(x: &Tensor) -> (Tensor, Tensor<i64>) {
        let grad = |dy, dplace: &Tensor<i64>| dy * tf::cast(tf::reduce_sum(dplace, ..) + 1, tf::float32);
        ((tf::reduce_max(x, ..), tf::argmax(x, axis(0))), grad)
    }
    let x = tf::constant([[1.0], [2.0]]);
    let tape = GradientTape::new();
    tape.watch(&x);
    let (most, place) = with_place(&x);
    assert_eq!(place.to_vec(), [1]);
    let error = tape.gradient(&most, &x).expect_err("a scalar is no gradient of x");
    assert!(error.to_string().contains("has shape [], expected [2, 1]"), "{error}");
    assert!(error.to_string().ends_with("wrap the gradient in `tf::broadcast_to(…, x.shape())`"), "{error}");
}

#[test]
fn constants_take_no_gradient_whatever_their_type() {
    #[custom_gradient]
    fn f(k: usize, x: &Tensor, mode: &str, mask: &Tensor<bool>, labels: &Tensor<i64>, w: Option<&Tensor>) -> Tensor {
        let factor = if mode == "double" && k > 1 { 2.0 } else { 1.0 };
        let y = tf::where_(mask, x * factor, 0.0);
        let grad = |dy| (tf::where_(mask, dy * factor, 0.0), w.map(|w| w * 0.0));
        assert_eq!(labels.size(), 2);
        (y, grad)
    }
    let (mask, labels) = (tf::constant([true, false]), tf::constant([1, 2]));
    assert_eq!(gradient_of(|x| f(2, x, "double", &mask, &labels, None), [1.0, 2.0]), [2.0, 0.0]);
}

#[test]
fn nondiff_takes_a_tensor_out_of_the_gradients() {
    #[custom_gradient]
    fn scale(x: &Tensor, #[nondiff] factor: &Tensor) -> Tensor {
        (x * factor, |dy| dy * factor)
    }
    let factor = tf::constant(3.0);
    assert_eq!(gradient_of(|x| scale(x, &factor), [1.0]), [3.0]);
}

#[test]
fn nondiff_holds_for_watched_tensors_and_at_every_order() {
    #[custom_gradient]
    fn masked(dy: &Tensor, #[nondiff] y: &Tensor) -> Tensor {
        let mask = tf::cast(y > 0, tf::float32);
        (dy * &mask, |ddy| ddy * mask)
    }
    #[custom_gradient]
    fn ramp(x: &Tensor) -> Tensor {
        let y = tf::maximum(x, 0) * x;
        (&y, |dy| masked(dy, &y) * x * 2)
    }
    let x = tf::constant([-1.0, 3.0]);
    let tape = GradientTape::persistent();
    tape.watch(&x);
    let first = tape.gradient(ramp(&x), &x).expect("a gradient");
    let second = tape.gradient(&first, &x).expect("a second gradient");
    assert_eq!((first.to_vec(), second.to_vec()), (vec![0.0, 6.0], vec![0.0, 2.0]));
}

#[test]
fn an_inner_function_may_declare_what_its_exits_return() {
    #[custom_gradient]
    fn f(x: &Tensor, straight: bool) -> Tensor {
        fn grad(dy: &Tensor) -> Tensor {
            if straight {
                return dy.clone();
            }
            dy * x
        }
        (tf::round(x), grad)
    }
    assert_eq!(gradient_of(|x| f(x, true), [2.5]), [1.0]);
    assert_eq!(gradient_of(|x| f(x, false), [2.5]), [2.5]);
}

#[test]
fn gradients_may_be_listed_in_an_array() {
    #[custom_gradient]
    fn f(a: &Tensor, b: &Tensor) -> Tensor {
        (a * b, |dy| [dy * b, dy * a])
    }
    assert_eq!(gradient_of(|x| f(x, x), [3.0]), [6.0]);
}

#[test]
fn none_stops_the_gradient_and_says_so() {
    #[custom_gradient]
    fn first_only(a: &Tensor, b: &Tensor) -> Tensor {
        (a * b, |dy| (dy * b, None))
    }
    let (a, b) = (tf::constant(2.0), tf::constant(3.0));
    let tape = GradientTape::persistent();
    tape.watch((&a, &b));
    let y = first_only(&a, &b);
    assert_eq!(tape.gradient(&y, &a).expect("a gradient").item(), 3.0);
    let error = tape.gradient(&y, &b).expect_err("no gradient").to_string();
    assert!(error.contains("no gradient flows through `first_only` at tests/rules.rs"), "{error}");
    let y = first_only(&a, &b) + &b;
    assert_eq!(tape.gradient(&y, &b).expect("the other path").item(), 1.0);
}

#[test]
fn owned_and_mutable_parameters() {
    #[custom_gradient]
    fn f(mut x: Tensor, mut times: usize) -> Tensor {
        let kept = x.clone();
        while times > 0 {
            x = x * 2.0;
            times -= 1;
        }
        (x, |dy| dy * kept)
    }
    assert_eq!(gradient_of(|x| f(x.clone(), 3), [1.0, 2.0]), [1.0, 2.0]);
}

#[test]
fn unused_and_unnamed_parameters() {
    #[custom_gradient]
    fn straight(_primal: &Tensor, d: &Tensor, _: &Tensor) -> Tensor {
        (d + 1.0, |dy| (None, dy, None))
    }
    let unused = tf::constant([5.0, 6.0]);
    assert_eq!(gradient_of(|x| straight(&unused, x, &unused), [1.0, 2.0]), [1.0, 1.0]);
}

#[test]
fn exits_in_branches_returns_and_results() {
    #[custom_gradient]
    fn f(x: &Tensor, mode: i32) -> Result<Tensor, String> {
        if mode < 0 {
            return Err("negative".to_owned());
        }
        if mode == 0 {
            return Ok((x * 1.0, |dy| dy * 10.0));
        }
        let power = u32::try_from(mode).map_err(|error| error.to_string())?;
        let grad = |dy| dy * 20.0;
        match power {
            1 => Ok((x * 2.0, grad)),
            _ => {
                let scale = 30.0;
                Ok((x * 3.0, |dy| dy * scale))
            }
        }
    }
    for (mode, expected) in [(0, 10.0), (1, 20.0), (2, 30.0)] {
        assert_eq!(gradient_of(|x| f(x, mode).expect("not negative"), [1.0]), [expected]);
    }
    assert_eq!(f(&tf::constant(1.0), -1).unwrap_err(), "negative");
}

#[test]
fn an_error_in_the_body_leaves_the_tape_recording() {
    #[custom_gradient]
    fn fails(x: &Tensor) -> Result<Tensor, String> {
        let y = Err::<Tensor, _>("no".to_owned())?;
        Ok((y, |dy| dy * x))
    }
    let x = tf::constant(3.0);
    let tape = GradientTape::new();
    tape.watch(&x);
    assert!(fails(&x).is_err());
    let y = &x * &x;
    assert_eq!(tape.gradient(&y, &x).expect("a gradient").item(), 6.0);
}

#[test]
fn generics_lifetimes_where_clauses_docs_and_attributes_survive() {
    /// Documented.
    #[custom_gradient]
    #[inline]
    #[must_use]
    #[allow(dead_code)]
    pub(crate) fn scaled<'a, T, F>(x: &'a Tensor<T>, factor: F) -> Tensor<T>
    where
        T: Real,
        F: Fn(T) -> T + Clone + 'static,
    {
        let y = x * factor(T::ONE);
        (y, |dy| dy * factor(T::of(10.0)))
    }
    let x = tf::constant([1.0f64, 2.0]);
    let tape = GradientTape::new();
    tape.watch(&x);
    let y = scaled(&x, |v| v * 2.0);
    assert_eq!(y.to_vec(), [2.0, 4.0]);
    assert_eq!(tape.gradient(&y, &x).expect("a gradient").to_vec(), [20.0, 20.0]);
}

#[test]
fn a_capture_means_the_binding_visible_where_grad_stands() {
    #[custom_gradient]
    fn f(x: &Tensor) -> Tensor {
        let x = &(x * 10.0);
        let grad = |dy| dy * x;
        let x = x * 1000.0;
        (x, grad)
    }
    assert_eq!(gradient_of(f, [1.0]), [10.0]);
}

#[test]
fn captures_keep_their_types_inside_grad() {
    fn twice(x: &Tensor) -> Tensor {
        x * 2.0
    }
    const FACTOR: f32 = 3.0;
    #[custom_gradient]
    fn f(x: &Tensor, powers: &[f32], name: &str) -> Tensor {
        let (a, b) = (tf::square(x), vec![1.0, 2.0]);
        let helper = |t: &Tensor| twice(t) * FACTOR;
        let grad = |dy| {
            let factor = powers.iter().sum::<f32>();
            let message = format!("{name} {factor} {}", b.len());
            assert_eq!(message, "rule 3 2");
            helper(dy) * &a * factor + a * 0.0
        };
        (x * b[1], grad)
    }
    assert_eq!(gradient_of(|x| f(x, &[1.0, 2.0], "rule"), [2.0]), [72.0]);
}

#[test]
fn comparisons_are_element_wise_for_tensors_and_as_always_otherwise() {
    #[custom_gradient]
    fn f<T: Real>(x: &Tensor<T>, n: usize, limit: T) -> Tensor<T> {
        let (low, high) = (T::of(-1.0), limit);
        assert!(n > 2 && n != 4 && 3 <= n && "a" < "b" && low < high);
        let inside = tf::cast(x >= low, tf::float64) * tf::cast(x <= high, tf::float64);
        let same = tf::cast(x == x, tf::float64) * tf::cast(low != x, tf::float64);
        let mask = inside * same > 0.0;
        let y = tf::where_(&mask, x, x * T::of(0.0));
        (y, |dy| tf::where_(&mask, dy, dy * T::of(0.0)))
    }
    let x = tf::constant([-1.0f32, 0.0, 1.0, 2.0]);
    let tape = GradientTape::new();
    tape.watch(&x);
    let y = f(&x, 3, 1.0);
    assert_eq!(tape.gradient(&y, &x).expect("a gradient").to_vec(), [0.0, 1.0, 1.0, 0.0]);
}

#[test]
fn integer_literals_stand_beside_tensors_of_floats() {
    #[custom_gradient]
    fn f(x: &Tensor<f64>) -> Tensor<f64> {
        let y = tf::where_(x > 0, tf::maximum(2 * x - 1, 0), (1 - x) / 4);
        (y, |dy| tf::where_(0 < x, dy * 2, dy / -4))
    }
    let x = tf::constant([-3.0f64, 3.0]);
    let tape = GradientTape::new();
    tape.watch(&x);
    let y = f(&x);
    assert_eq!(y.to_vec(), [1.0, 5.0]);
    assert_eq!(tape.gradient(&y, &x).expect("a gradient").to_vec(), [-0.25, 2.0]);
}

#[test]
fn masks_are_combined_as_in_python() {
    #[custom_gradient]
    fn clipped(x: &Tensor, low: &Tensor, high: &Tensor) -> Tensor {
        let y = tf::clip_by_value(x, low, high);
        (y, |dy| (tf::where_(!((x < low) & (dy > 0) | (x > high) & (dy < 0)), dy, 0), None, None))
    }
    let x = tf::constant([-2.0, 0.0, 2.0, -2.0, 2.0]);
    let tape = GradientTape::new();
    tape.watch(&x);
    let y = clipped(&x, &tf::constant(-1.0), &tf::constant(1.0));
    let dy = tf::constant([1.0, 1.0, -1.0, -1.0, 1.0]);
    let dx = tape.gradient_with(&y, &x, output_gradients(&dy)).expect("a gradient");
    assert_eq!(dx.to_vec(), [0.0, 1.0, 0.0, -1.0, 1.0]);
}

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
        (x * 1.0, |dy| dy * &self.w)
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
#[should_panic(expected = "`forgetful` (tests/rules.rs:")]
fn a_variable_that_the_body_reads_must_be_listed() {
    gradient_of(|x| layer().forgetful(&tf::reshape(x, [1, 1])), [1.0]);
}

#[test]
#[should_panic(expected = "uses the watched variable `self.w` of shape [1, 2], which is none of its inputs")]
fn a_variable_that_grad_captures_must_be_listed() {
    gradient_of(|x| layer().forgetful_rule(x), [1.0]);
}

#[test]
#[should_panic(expected = "`forgetful` (tests/rules.rs:")]
fn whichever_thread_made_the_variable() {
    let layer = std::thread::spawn(layer).join().expect("no panic");
    gradient_of(|x| layer.forgetful(&tf::reshape(x, [1, 1])), [1.0]);
}

#[test]
fn without_a_tape_nothing_is_asked_of_variables() {
    assert_eq!(layer().forgetful(&tf::constant([[1.0]])).to_vec(), [2.0, 3.0]);
}

#[test]
fn a_rule_may_call_its_own_function() {
    #[custom_gradient]
    fn norm(x: &Tensor) -> Tensor {
        (tf::sqrt(tf::reduce_sum(x * x, ..)), |dy| dy * x / norm(x))
    }
    assert_eq!(gradient_of(norm, [3.0, 4.0]), [0.6, 0.8]);
}

#[test]
fn a_rule_may_leave_early() {
    #[custom_gradient]
    fn f(x: &Tensor, y: &Tensor) -> Tensor {
        let grad = |dy: &Tensor| {
            if dy.rank() == 0 {
                return (dy * 2.0, dy * 3.0);
            }
            (dy * 4.0, dy * 5.0)
        };
        (x * y, grad)
    }
    let y = tf::constant(1.0);
    assert_eq!(gradient_of(|x| f(x, &tf::constant([1.0])), [1.0]), [4.0]);
    assert_eq!(gradient_of(|x| f(&tf::reshape(x, []), &y), [1.0]), [2.0]);
}

#[test]
fn a_rule_may_return_a_tuple_that_it_was_given() {
    fn both(dy: &Tensor) -> (Tensor, Option<Tensor>) {
        (dy * 2.0, None)
    }
    #[custom_gradient]
    fn f(x: &Tensor, y: &Tensor) -> Tensor {
        (x * y, |dy| both(dy))
    }
    assert_eq!(gradient_of(|x| f(x, &tf::constant([1.0])), [1.0]), [2.0]);
}

#[test]
fn none_in_branches_and_declared_types_need_no_help() {
    #[custom_gradient]
    fn branches(x: &Tensor, y: &Tensor, first: bool) -> Tensor {
        let grad = |dy| if first { (dy * 2, None) } else { (dy * 3, None) };
        (x * y, grad)
    }
    #[custom_gradient]
    fn early(x: &Tensor, y: &Tensor) -> Tensor {
        let grad = |dy: &Tensor| {
            if dy.rank() == 1 {
                return (dy * 4, None);
            }
            (dy * 5, None)
        };
        (x * y, grad)
    }
    #[custom_gradient]
    fn declared(x: &Tensor, y: &Tensor) -> Tensor {
        fn grad(dy: &Tensor) -> (Tensor, Option<Tensor>) {
            if dy.rank() == 1 {
                return (dy * 6, None);
            }
            ((dy.item() * 7.0).into(), Some(dy * 1))
        }
        (x * y, grad)
    }
    let y = tf::constant([1.0]);
    assert_eq!(gradient_of(|x| branches(x, &y, true), [1.0]), [2.0]);
    assert_eq!(gradient_of(|x| branches(x, &y, false), [1.0]), [3.0]);
    assert_eq!(gradient_of(|x| early(x, &y), [1.0]), [4.0]);
    assert_eq!(gradient_of(|x| declared(x, &y), [1.0]), [6.0]);
}

#[test]
fn an_exit_may_stand_in_the_value_of_another() {
    #[custom_gradient]
    fn f(x: &Tensor, mode: i32) -> Tensor {
        let grad = |dy| dy * 2;
        let y = match mode {
            0 => return (x * 1, |dy| dy * 7),
            _ => x * 2,
        };
        (
            match mode {
                1 => return (x * 1, |dy| dy * 8),
                _ => y,
            },
            grad,
        )
    }
    let gradients = [0, 1, 2].map(|mode| gradient_of(|x| f(x, mode), [1.0])[0]);
    assert_eq!(gradients, [7.0, 8.0, 2.0]);
}

#[test]
fn captures_with_alike_names_stay_apart() {
    struct Parts {
        w: f32,
        a: (f32, f32),
        all: [f32; 2],
    }
    impl Parts {
        #[custom_gradient]
        fn f(&self, x: &Tensor) -> Tensor {
            let (self_w, self_a_0, all_0, all) = (self.w * 100.0, 1000.0, 10_000.0, self.all);
            let grad = |dy| {
                assert!(self.w > 0.0 && all[1] > 0.0, "{self_w}");
                dy * self_w + dy * self.w + dy * self_a_0 + dy * self.a.0 + dy * all_0 + dy * all[0] + dy * self.all[1]
            };
            (x * 1, grad)
        }
    }
    let parts = Parts { w: 1.0, a: (2.0, 3.0), all: [4.0, 5.0] };
    assert_eq!(gradient_of(|x| parts.f(x), [1.0]), [100.0 + 1.0 + 1000.0 + 2.0 + 10_000.0 + 4.0 + 5.0]);
    assert_eq!(parts.a.1, 3.0);
}

#[test]
fn what_only_looks_like_a_capture_a_rule_or_a_comparison() {
    fn constant<const YES: bool>(x: &Tensor) -> Tensor {
        x * i32::from(YES)
    }
    #[custom_gradient]
    fn f(x: &Tensor, option: Option<f32>) -> Tensor {
        let None = option else { return (x * 1, |dy| dy * 2) };
        let twice = |t: &Tensor| {
            let grad = |z: &Tensor| z * 2;
            grad(t)
        };
        let view = x.view();
        assert!(view.len() < 10);
        let grad = |dy: &Tensor| {
            assert!(dy.view().len() < 10);
            dy * 3
        };
        (twice(&constant::<{ 3 > 2 }>(x)), grad)
    }
    assert_eq!(gradient_of(|x| f(x, None), [1.0]), [3.0]);
    assert_eq!(gradient_of(|x| f(x, Some(1.0)), [1.0]), [2.0]);
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

#[test]
fn second_order_goes_through_grad_and_through_captured_intermediates() {
    // Rule `dy · y` with y = x³: the first derivative is 8, the second that of x³ itself, 12 (TensorFlow, row 80).
    #[custom_gradient]
    fn f(x: &Tensor) -> Tensor {
        let y = x * x * x;
        (y, |dy| dy * y)
    }
    let x = tf::constant(2.0);
    let (outer, inner) = (GradientTape::new(), GradientTape::new());
    outer.watch(&x);
    inner.watch(&x);
    let y = f(&x);
    let first = inner.gradient(&y, &x).expect("a gradient");
    let second = outer.gradient(&first, &x).expect("a second gradient");
    assert_eq!((first.item(), second.item()), (8.0, 12.0));
}

#[test]
fn the_output_has_an_identity_of_its_own() {
    #[custom_gradient]
    fn same(x: &Tensor) -> Tensor {
        (x, |dy| dy * 3.0)
    }
    assert_eq!(gradient_of(|x| same(&same(x)), [1.0]), [9.0]);
    let x = tf::constant(1.0);
    let tape = GradientTape::new();
    tape.watch(&x);
    let y = same(&x);
    assert_eq!(tape.gradient((&x, &y), &x).expect("a gradient").item(), 4.0);
}

#[test]
fn the_crate_may_live_elsewhere() {
    mod elsewhere {
        pub(super) use ::gradcore as core;
    }
    #[custom_gradient(crate = elsewhere::core)]
    fn f(x: &Tensor) -> Tensor {
        (x * 1.0, |dy| dy * 5.0)
    }
    assert_eq!(gradient_of(f, [1.0]), [5.0]);
}

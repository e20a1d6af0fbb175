//! What `grad` captures, and under which name.

use gradcore::prelude::*;

use crate::gradient_of;

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
fn captures_in_the_tokens_of_macros() {
    struct Model {
        n: usize,
        width: usize,
    }
    impl Model {
        #[custom_gradient]
        fn f(&self, x: &Tensor, text: &str) -> Tensor {
            let values = vec![0.0, 1.0, 2.0];
            let w = self.width;
            let grad = |dy| {
                assert!(text.parse::<f32>().is_ok(), "{text}");
                assert_eq!(values[..self.n], [0.0, 1.0]);
                assert_eq!((0..self.n).len(), 2);
                assert_eq!(format!("{text:>w$}"), "   1.5");
                dy * 2
            };
            (x * 1, grad)
        }
    }
    assert_eq!(gradient_of(|x| Model { n: 2, width: 6 }.f(x, "1.5"), [1.0]), [2.0]);
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
fn a_local_that_shadows_a_parameter_is_what_counts() {
    #[custom_gradient]
    fn f(x: &Tensor, s: impl Into<f32>, v: &mut Vec<f32>) -> Tensor {
        let s: f32 = s.into();
        let v = v.clone();
        (x * s * v[0], |dy| dy * s * v.iter().sum::<f32>())
    }
    assert_eq!(gradient_of(|x| f(x, 2.0, &mut vec![3.0]), [1.0]), [6.0]);
}

#[test]
fn an_element_is_looked_up_where_grad_does() {
    #[custom_gradient]
    fn f(x: &Tensor, ks: &[f32]) -> Tensor {
        let grad = |dy| if ks.len() > 1 { dy * ks[1] } else { dy * ks[0] };
        (x * ks[0], grad)
    }
    assert_eq!(gradient_of(|x| f(x, &[5.0]), [1.0]), [5.0]);
    assert_eq!(gradient_of(|x| f(x, &[5.0, 7.0]), [1.0]), [7.0]);
    assert_eq!(f(&tf::constant(2.0), &[5.0]).item(), 10.0);
}

struct Pair(Variable, [Variable; 2]);

impl Pair {
    #[custom_gradient(variables(self.0, self.1[0]))]
    fn call(&self, x: &Tensor, r#type: &str) -> Tensor {
        let grad = |dy| {
            assert_eq!(format!("{type}-{}", self.1[0].size()), "sum-1");
            assert!(self.0.size() == 1);
            (dy * 1.0, dy * 2.0, dy * 3.0)
        };
        (x + &self.0 + &self.1[0], grad)
    }

    #[custom_gradient(recompute, variables(self.0, self.1[0]))]
    fn again(&self, x: &Tensor, mut factor: f32) -> Tensor {
        factor += 1.0;
        let y = x * &self.0 * &self.1[0] * factor;
        (y, |dy| (dy * factor, dy * x, dy * &self.0))
    }
}

#[test]
fn parts_by_number_are_parts_also_in_macros() -> Result<(), Error> {
    let pair = Pair(Variable::new([2.0]), [3.0, 5.0].map(|value| Variable::new([value])));
    let x = tf::constant([1.0]);
    let tape = GradientTape::persistent();
    tape.watch(&x);
    let y = pair.call(&x, "sum");
    let (dx, d0, d1) = tape.gradient(&y, (&x, &pair.0, &pair.1[0]))?;
    assert_eq!((dx.to_vec(), d0.to_vec(), d1.to_vec()), (vec![1.0], vec![2.0], vec![3.0]));
    let y = pair.again(&x, 3.0);
    assert_eq!((y.to_vec(), tape.gradient(&y, &x)?.to_vec()), (vec![24.0], vec![4.0]));
    Ok(())
}

/// What changes above `grad` alone may be used as ever below it, moved too.
#[test]
fn a_local_may_change_until_grad_captures_it() {
    #[custom_gradient]
    fn power(x: &Tensor, n: i32) -> Tensor {
        let mut y = tf::ones_like(x);
        for _ in 1..n {
            y = &y * x;
        }
        let grad = |dy| dy * n * &y;
        assert!(y.size() > 0 && !y.clone().shape().contains(&0));
        let moved = y * x;
        (moved, grad)
    }

    #[custom_gradient]
    fn moved_in_the_pair(x: &Tensor) -> Tensor {
        let mut terms = vec![tf::ones_like(x)];
        terms.push(x * 2.0);
        let grad = |dy| dy * &terms[1];
        terms.iter().for_each(|term| assert_eq!(term.shape(), x.shape()));
        (terms.into_iter().fold(tf::zeros_like(x), |sum, term| sum + term), grad)
    }
    assert_eq!(gradient_of(|x| power(x, 3), [2.0]), [12.0]);
    assert_eq!(gradient_of(moved_in_the_pair, [2.0]), [4.0]);
}

#[test]
fn a_local_may_change_where_the_pair_is_not_reached_or_grad_is_made_anew() {
    #[custom_gradient]
    fn power(x: &Tensor, n: i32) -> Tensor {
        let (mut y, mut k) = (tf::ones_like(x), 0);
        loop {
            let grad = |dy| dy * k * &y / x;
            if k == n {
                return (y, grad);
            }
            y = &y * x;
            k += 1;
        }
    }

    #[custom_gradient]
    fn branching(x: &Tensor, other: bool) -> Tensor {
        let mut scale = 2.0;
        let grad = |dy| dy * scale;
        if other {
            scale += 1.0;
            return (x * scale, |dy| dy * scale);
        }
        (x * scale, grad)
    }
    assert_eq!(gradient_of(|x| power(x, 3), [2.0]), [12.0]);
    assert_eq!(gradient_of(|x| branching(x, false), [2.0]), [2.0]);
    assert_eq!(gradient_of(|x| branching(x, true), [2.0]), [3.0]);
}

/// Of a pair that is written in place the value comes first, as everywhere in Rust.
#[test]
fn a_value_that_changes_a_local_comes_before_the_grad_beside_it() {
    #[custom_gradient]
    fn counted(x: &Tensor) -> Tensor {
        let mut n = 1.0;
        (
            {
                n += 1.0;
                x * n
            },
            |dy| dy * n,
        )
    }

    #[custom_gradient(recompute)]
    fn counted_again(x: &Tensor) -> Tensor {
        let mut n = 1.0;
        (
            {
                n += 1.0;
                x * n
            },
            |dy| dy * n,
        )
    }

    #[custom_gradient]
    fn popped(x: &Tensor) -> Tensor {
        let mut terms = vec![x * 2.0, x * 3.0];
        (terms.pop().expect("two terms"), |dy| dy * f32::from(terms.len() == 1))
    }
    assert_eq!(gradient_of(counted, [3.0]), [2.0]);
    assert_eq!(gradient_of(counted_again, [3.0]), [2.0]);
    assert_eq!(gradient_of(|x| popped(x), [3.0]), [1.0]);
}

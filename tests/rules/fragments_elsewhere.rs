//! Fragments in places, checks, comparisons, functions, statements, and in other fragments.

use std::rc::Rc;

use crate::fragments::at_two_points;
use gradcore::prelude::*;

struct Layer {
    w: Variable,
    k: f32,
}

macro_rules! method {
    ($name:ident(&$self:ident), $place:expr, $this:expr, $slope:expr) => {
        impl Layer {
            #[custom_gradient(variables($place))]
            fn $name(&$self, x: &Tensor) -> Tensor {
                (x * &$place * $this.k, |dy| (dy * &$place * $slope, dy * x * $slope))
            }
        }
    };
}
method!(by_parts(&self), self.w, self, 1.0 + self.k);
method!(in_parentheses(&self), (self.w), (self), 1.0 + (self).k);

/// A layer cannot be cloned, so a capture of all of `self` would not compile.
#[test]
fn places_may_be_fragments_and_stand_in_parentheses() {
    let layer = Rc::new(Layer { w: Variable::new(2.0), k: 3.0 });
    assert_eq!(at_two_points(|x| layer.by_parts(x)), [(12.0, 8.0), (-18.0, 8.0)]);
    assert_eq!(at_two_points(|x| layer.in_parentheses(x)), [(12.0, 8.0), (-18.0, 8.0)]);
    let x = tf::constant(5.0);
    let tape = GradientTape::new();
    let y = layer.in_parentheses(&x);
    assert_eq!(tape.gradient(&y, &layer.w).expect("a gradient").item(), 20.0);
}

/// The tests that these generate run beside this file's own.
mod checked {
    use gradcore::prelude::*;

    macro_rules! checked {
        ($name:ident, $straight:ident, $sizes:expr, $n:expr, $why:literal, $reason:expr) => {
            #[custom_gradient(check(x = $sizes, n = $n))]
            fn $name(x: &Tensor, n: f32) -> Tensor {
                (x * n, |dy| dy * n)
            }
            #[custom_gradient(check(x = [2, $n as usize], not_a_derivative = $why))]
            fn $straight(x: &Tensor) -> Tensor {
                (tf::round(x), |dy| dy)
            }
            #[custom_gradient(check(x = 0.25 + $n, not_a_derivative = $reason))]
            pub(super) fn other(x: &Tensor) -> Tensor {
                (tf::round(x), |dy| dy)
            }
        };
    }
    checked!(scaled, straight_through, [2, 3], 1.0 + 1.0, "straight-through estimator", "straight-through estimator");

    #[test]
    fn they_can_be_called() {
        assert_eq!(super::at_two_points(|x| scaled(x, 3.0)), [(6.0, 3.0), (-9.0, 3.0)]);
        assert_eq!(super::at_two_points(straight_through), [(2.0, 1.0), (-3.0, 1.0)]);
        assert_eq!(super::at_two_points(other), [(2.0, 1.0), (-3.0, 1.0)]);
    }
}

/// What is compared may be a fragment on either side.
#[test]
fn comparisons_have_fragments_on_both_sides() {
    macro_rules! compared {
        ($name:ident($x:ident), $left:expr, $right:expr) => {
            #[custom_gradient]
            fn $name($x: &Tensor) -> Tensor {
                let mask = $left < $right;
                (tf::where_(mask, $x, 0.0), |dy| tf::where_($right >= $left, dy * $right, 0.0))
            }
        };
    }
    compared!(f(x), x * 2.0 - 1.0, 1.0 + 2.5);
    assert_eq!(at_two_points(f), [(2.0, 3.5), (-3.0, 3.5)]);
}

#[test]
fn functions_bodies_and_options_may_be_fragments() {
    macro_rules! annotated {
        (by element $name:ident($x:ident: $ty:ty) -> $out:ty $body:block) => {
            #[custom_gradient(elementwise)]
            fn $name($x: $ty) -> $out $body
        };
        (in $path:path: $(#[$meta:meta])* $name:ident($x:ident, $maybe:ident: $optional:ty)) => {
            #[custom_gradient(crate = $path)]
            $(#[$meta])*
            fn $name($x: &Tensor, $maybe: $optional) -> Tensor {
                let scale = $maybe.map_or(1.0, Tensor::item) + 1.0;
                ($x * scale, |dy| (dy * scale, None))
            }
        };
        ($function:item) => {
            #[custom_gradient]
            $function
        };
    }
    annotated! {
        fn item(x: &Tensor) -> Tensor {
            (x * 2.0, |dy| dy * 3.0)
        }
    }
    annotated!(by element body(x: f32) -> f32 { (x * 2.0, |dy| dy * x) });
    annotated!(in ::gradcore: #[inline] #[allow(clippy::all)] optional(x, maybe: Option<&Tensor>));
    assert_eq!(at_two_points(item), [(4.0, 3.0), (-6.0, 3.0)]);
    assert_eq!(at_two_points(body), [(4.0, 2.0), (-6.0, -3.0)]);
    assert_eq!(at_two_points(|x| optional(x, Some(&tf::constant(4.0)))), [(10.0, 5.0), (-15.0, 5.0)]);
    assert_eq!(at_two_points(|x| optional(x, None)), [(4.0, 2.0), (-6.0, 2.0)]);
}

#[test]
fn statements_and_items_may_be_fragments() {
    macro_rules! stated {
        ($name:ident($x:ident), $statement:stmt, $item:item, $block:block, $scale:expr) => {
            #[custom_gradient]
            fn $name($x: &Tensor) -> Tensor {
                $item
                $statement;
                let y = $block;
                let grad = |dy| {
                    let scaled = dy * $scale;
                    scaled * twice(2.0)
                };
                (y, grad)
            }
        };
    }
    stated!(
        f(x),
        let shift: f32 = 1.0,
        fn twice(x: f32) -> f32 {
            2.0 * x
        },
        { x * twice(1.0) - shift },
        shift - 3.0
    );
    // 2 x - 1, and (1 - 3) · 4.
    assert_eq!(at_two_points(f), [(3.0, -8.0), (-7.0, -8.0)]);
}

#[test]
fn fragments_of_fragments_keep_their_precedence() {
    macro_rules! inner {
        ($name:ident($x:ident), $value:expr, $slope:expr) => {
            #[custom_gradient]
            fn $name($x: &Tensor) -> Tensor {
                let twice = |t: f32| $slope * t;
                fn grad(dy: &Tensor) -> Tensor {
                    dy * $slope * twice(2.0)
                }
                ($value * 2.0, grad)
            }
        };
    }
    macro_rules! outer {
        ($name:ident($x:ident), $a:expr, $b:expr) => {
            inner!($name($x), $x - $a, $b - $a);
        };
    }
    outer!(f(x), 1.0 + 1.0, 5.0f32 - 1.0);
    // 2 (x - 2), and (4 - 2) · (4 - 2) · 2.
    assert_eq!(at_two_points(f), [(0.0, 8.0), (-10.0, 8.0)]);
}

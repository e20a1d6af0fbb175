//! Rules that a `macro_rules!` makes. What it is given arrives as a group without delimiters, which keeps its precedence
//! wherever it stands: each kind of fragment, in each option, at two points.

use gradcore::prelude::*;
use ndarray::{Array1, ArrayView1};

/// The value and the gradient at 2 and at -3, of a function of one number.
pub(crate) fn at_two_points(f: impl Fn(&Tensor) -> Tensor) -> [(f32, f32); 2] {
    [2.0, -3.0].map(|point| {
        let x = tf::constant(point);
        let tape = GradientTape::new();
        tape.watch(&x);
        let y = f(&x);
        (y.item(), tape.gradient(&y, &x).expect("a gradient").item())
    })
}

/// As [`at_two_points`], of a function of vectors.
fn of_vectors(f: impl Fn(&Tensor) -> Tensor) -> [(f32, f32); 2] {
    at_two_points(|x| tf::reduce_sum(f(&tf::reshape(x, [1])), ..))
}

/// A function, and a gradient of it that is not its derivative, from the same terms.
macro_rules! by_expression {
    ($name:ident($x:ident), $term:expr, $slope:expr) => {
        #[custom_gradient]
        fn $name($x: &Tensor) -> Tensor {
            ($x * $term, |dy| dy * $slope)
        }
    };
}

#[test]
fn expressions_keep_their_precedence() {
    by_expression!(two_terms(x), 1.0 + 2.0, 3.0 + 4.0);
    assert_eq!(at_two_points(two_terms), [(6.0, 7.0), (-9.0, 7.0)]);
    by_expression!(of_captures(x), x + 1.0, x - 1.0);
    assert_eq!(at_two_points(of_captures), [(6.0, 1.0), (6.0, -4.0)]);
}

#[test]
fn expressions_keep_their_precedence_under_every_operator() {
    macro_rules! operators {
        ($name:ident, $a:expr, $b:expr, $limit:expr) => {
            #[custom_gradient]
            fn $name(x: &Tensor) -> Tensor {
                let lowered = x - $a;
                let grad = |dy| {
                    let negative = -$a;
                    let divided = dy / $b;
                    tf::where_(x > $limit, divided * negative, dy * -$b)
                };
                (lowered / $b, grad)
            }
        };
    }
    operators!(f, 1.0 + 1.0, 2.0 + 2.0, 1.0 - 2.0);
    // (x - 2) / 4; -2 / 4 above -1, -4 below.
    assert_eq!(at_two_points(f), [(0.0, -0.5), (-1.25, -4.0)]);
}

#[test]
fn expressions_keep_their_precedence_before_methods_casts_and_ranges() {
    macro_rules! postfix {
        ($name:ident($x:ident), $number:expr, $tensors:expr) => {
            #[custom_gradient]
            fn $name($x: &Tensor) -> Tensor {
                let power = $number.powi(2);
                let cast = $number as f32;
                let count = f32::from((0..$number as u8).fold(0u8, |count, _| count + 1));
                ($x * power + cast, |dy| dy * count + $tensors.clone())
            }
        };
    }
    postfix!(f(x), 1.5f32 + 1.5, x * 2.0);
    assert_eq!(at_two_points(f), [(21.0, 7.0), (-24.0, -3.0)]);
}

#[test]
fn fields_that_are_called_are_no_methods() {
    #[derive(Clone)]
    struct Layer {
        slope: fn(&Tensor) -> Tensor,
    }
    macro_rules! calling {
        ($name:ident($layer:ident), $function:expr) => {
            #[custom_gradient]
            fn $name(x: &Tensor, $layer: Layer) -> Tensor {
                ($function(x), |dy| dy * $function(x))
            }
        };
    }
    calling!(f(layer), layer.slope);
    let layer = Layer { slope: |x| x * 3.0 };
    assert_eq!(at_two_points(|x| f(x, layer.clone())), [(6.0, 6.0), (-9.0, -9.0)]);
}

#[test]
fn blocks_structs_and_branches_may_be_expressions() {
    #[derive(Clone)]
    struct Pair {
        scale: f32,
    }
    macro_rules! branching {
        ($name:ident($x:ident), $pair:expr, $branch:expr, $condition:expr) => {
            #[custom_gradient]
            fn $name($x: &Tensor) -> Tensor {
                if $condition {
                    return ($x * $branch - $branch, |dy| dy * $branch);
                }
                match $pair {
                    Pair { scale } => ($x * scale, |dy| dy * scale),
                }
            }
        };
    }
    branching!(f(x), Pair { scale: 4.0 }, if x.item() > 2.5 { 1.0 } else { 2.0 }, x.item() > 0.0);
    assert_eq!(at_two_points(f), [(2.0, 2.0), (-12.0, 4.0)]);
}

#[test]
fn the_tokens_of_macros_keep_their_precedence() {
    macro_rules! asserting {
        ($name:ident, $term:expr, $list:expr) => {
            #[custom_gradient]
            fn $name(x: &Tensor) -> Tensor {
                assert!(2.0 * $term > 5.0 && !$term.is_nan(), "{}", 2.0 * $term);
                let listed: Vec<f32> = vec![2.0 * $term, $list];
                (x * listed[0], |dy| dy * listed.iter().sum::<f32>() * vec![-$term][0])
            }
        };
    }
    asserting!(f, 1.0 + 2.0, 1.0f32 - 2.0);
    assert_eq!(at_two_points(f), [(12.0, -15.0), (-18.0, -15.0)]);
}

#[test]
fn types_names_patterns_paths_and_what_else_there_is() {
    mod kept {
        use gradcore::prelude::*;

        macro_rules! rule {
            (
                $visible:vis $name:ident<$life:lifetime>($x:ident: $tensor:ty, $($constant:ident: $ty:ty),*) -> $out:ty,
                $pattern:pat = $parts:expr, $path:path, $literal:literal, $block:block, $($grad:tt)*
            ) => {
                #[custom_gradient]
                $visible fn $name<$life>($x: &$life $tensor, $($constant: $ty),*) -> $out {
                    let $pattern = $parts;
                    let y = $path($x) * $literal + $block;
                    (y, $($grad)*)
                }
            };
        }
        rule! {
            pub(super) f<'a>(x: Tensor<f32>, scale: f32, _unused: usize) -> Tensor,
            (first, _) = (scale + 1.0, 0), tf::square, -0.5, { x * first }, |dy| dy * (first - x)
        }
    }
    // -x² / 2 + 3 x, and 3 - x.
    assert_eq!(at_two_points(|x| kept::f(x, 2.0, 0)), [(4.0, 1.0), (-13.5, 6.0)]);
}

#[test]
fn literals_have_a_sign_of_their_own() {
    macro_rules! signed {
        ($name:ident, $literal:literal) => {
            #[custom_gradient]
            fn $name(x: &Tensor) -> Tensor {
                (x - $literal, |dy| dy * $literal.abs() * -$literal)
            }
        };
    }
    signed!(f, -0.5f32);
    assert_eq!(at_two_points(f), [(2.5, 0.25), (-2.5, 0.25)]);
}

#[test]
fn a_pair_its_rule_and_none_may_be_fragments() {
    macro_rules! whole {
        ($x:ident: $pair:ident, $by_name:ident, $in_place:ident, $stops:ident: $both:expr, $grad:expr, $none:expr) => {
            #[custom_gradient]
            fn $pair($x: &Tensor) -> Tensor {
                $both
            }
            #[custom_gradient]
            fn $by_name($x: &Tensor) -> Result<Tensor, Error> {
                let rule = $grad;
                Ok(($x * 2.0, rule))
            }
            #[custom_gradient]
            fn $in_place($x: &Tensor) -> Tensor {
                ($x * 2.0, $grad)
            }
            #[custom_gradient]
            fn $stops(x: &Tensor, y: &Tensor) -> Tensor {
                (x * y, |dy| (dy * 5.0, $none))
            }
        };
    }
    whole!(x: pair, by_name, in_place, stops: (x * 2.0, |dy| dy * (3.0 + 1.0)), |dy| dy * x + dy, None);
    assert_eq!(at_two_points(pair), [(4.0, 4.0), (-6.0, 4.0)]);
    assert_eq!(at_two_points(|x| by_name(x).expect("a value")), [(4.0, 3.0), (-6.0, -2.0)]);
    assert_eq!(at_two_points(in_place), [(4.0, 3.0), (-6.0, -2.0)]);
    assert_eq!(at_two_points(|x| stops(x, &tf::constant(2.0))), [(4.0, 5.0), (-6.0, 5.0)]);
    let (x, y) = (tf::constant(2.0), tf::constant(3.0));
    let tape = GradientTape::new();
    tape.watch((&x, &y));
    let error = tape.gradient(stops(&x, &y), &y).expect_err("no gradient").to_string();
    assert!(error.contains("no gradient flows through `stops`"), "{error}");
}

/// With every fragment, a body for one element.
macro_rules! by_element {
    ($name:ident($x:ident: $number:ty) -> $out:ty, $term:expr, $literal:literal, $slope:expr) => {
        #[custom_gradient(elementwise)]
        fn $name($x: $number, #[nondiff] k: $number) -> $out {
            let y = $x * $term - k;
            let grad = |dy: $number| {
                let squared = $slope.powi(2);
                dy * squared / $slope - -$literal * dy
            };
            (y, grad)
        }
    };
}

#[test]
fn a_body_for_one_element_is_made_of_fragments() {
    by_element!(concrete(x: f32) -> f32, 1.0 + 2.0, -0.5, x + 1.0);
    by_element!(typed(x: f64) -> f64, 1.0 + 2.0, 0.5, x + 1.0);
    // 3 x - k, and (x + 1) - 0.5.
    assert_eq!(at_two_points(|x| concrete(x, 1.0)), [(5.0, 2.5), (-10.0, -2.5)]);
    let typed = |x: &Tensor| tf::cast(typed(&tf::cast(x, tf::float64), 1.0), tf::float32);
    assert_eq!(at_two_points(typed), [(5.0, 3.5), (-10.0, -1.5)]);

    macro_rules! generic {
        ($name:ident<$t:ident: $bound:path>($y:ident) -> $out:ty, $term:expr) => {
            #[custom_gradient(elementwise)]
            fn $name<$t: $bound>(x: $t, $y: $out) -> $out {
                (x * $term, |dy| (dy * $term, dy * (x + $term)))
            }
        };
    }
    generic!(generic<T: Real>(y) -> T, 2.0 + y);
    let y = tf::constant(1.0);
    assert_eq!(at_two_points(|x| generic(x, &y)), [(6.0, 3.0), (-9.0, 3.0)]);
    assert_eq!(at_two_points(|x| generic(&y, x)), [(4.0, 5.0), (-1.0, 0.0)]);
}

#[test]
fn a_body_over_arrays_is_made_of_fragments() {
    macro_rules! over_arrays {
        ($name:ident($a:ident: $view:ty) -> $out:ty, $term:expr, $slope:expr) => {
            #[custom_gradient(arrays)]
            fn $name($a: $view) -> $out {
                (&$a * $term, |dy: ArrayView1<f32>| &dy * $slope)
            }
        };
    }
    over_arrays!(f(a: ArrayView1<f32>) -> Array1<f32>, 1.0 + 2.0, 3.0 + 4.0);
    assert_eq!(of_vectors(f), [(6.0, 7.0), (-9.0, 7.0)]);
}

#[test]
fn closures_are_made_of_fragments() {
    macro_rules! factory {
        ($outer:ident($by:ident, $double:ident), $name:ident, $scale:expr, $slope:expr) => {
            fn $outer($by: f32) -> impl Fn(&Tensor) -> Tensor {
                let $double = $by * 2.0;
                #[custom_gradient(closure)]
                fn $name(x: &Tensor) -> Tensor {
                    (x * $scale, |dy| dy * $slope)
                }
                $name
            }
        };
    }
    factory!(make(scale, slope), inner, scale + 1.0, slope + 1.0);
    assert_eq!(at_two_points(make(2.0)), [(6.0, 5.0), (-9.0, 5.0)]);
}

#[test]
fn what_is_recomputed_or_broadcast_is_made_of_fragments() {
    macro_rules! with_options {
        ($again:ident, $stretched:ident($x:ident), $($option:ident)?, $term:expr, $slope:expr) => {
            #[custom_gradient(recompute)]
            fn $again($x: &Tensor) -> Tensor {
                let y = tf::exp($x) * $term;
                (&y - y.clone() + $x * $term, |dy| dy * $slope)
            }
            $(#[custom_gradient($option)])?
            fn $stretched($x: &Tensor, rows: &Tensor) -> Tensor {
                ($x * rows * $term, |dy| (dy * rows * $term, dy * $slope))
            }
        };
    }
    with_options!(again, stretched(x), broadcast, 1.0 + 2.0, x + 1.0);
    assert_eq!(at_two_points(again), [(6.0, 3.0), (-9.0, -2.0)]);
    let rows = tf::constant([1.0, 2.0]);
    assert_eq!(at_two_points(|x| tf::reduce_sum(stretched(x, &rows), ..)), [(18.0, 9.0), (-27.0, 9.0)]);
}

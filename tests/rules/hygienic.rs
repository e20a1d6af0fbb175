//! Names that `macro_rules!` tells apart, and macros that name the locals around them.

use gradcore::prelude::*;

use crate::gradient_of;

struct Pair {
    t: f32,
}

macro_rules! with_a_local_t {
    ($name:ident, $argument:ident) => {
        #[custom_gradient]
        fn $name($argument: &Tensor) -> Tensor {
            let t = $argument * 2.0;
            let grad = |dy| dy * &t * $argument;
            (&t * $argument, grad)
        }
    };
}
with_a_local_t!(of_its_name, t);
with_a_local_t!(of_another_name, x);

macro_rules! with_an_expression {
    ($name:ident, $argument:ident, $factor:expr) => {
        #[custom_gradient]
        fn $name($argument: &Tensor) -> Tensor {
            let Pair { t } = Pair { t: 5.0 };
            fn grad(dy: &Tensor) -> Tensor {
                let pair = Pair { t };
                assert_eq!(pair.t, t);
                dy * pair.t * $factor
            }
            ($argument * t * $factor, grad)
        }
    };
}
with_an_expression!(scaled, t, t * 2.0);

#[test]
fn a_local_of_a_macro_is_none_of_its_caller() {
    assert_eq!(gradient_of(of_its_name, [3.0]), [18.0]);
    assert_eq!(gradient_of(of_another_name, [3.0]), [18.0]);
    assert_eq!(of_its_name(&tf::constant([3.0])).to_vec(), [18.0]);
    assert_eq!(gradient_of(scaled, [3.0]), [30.0]);
    assert_eq!(scaled(&tf::constant([3.0])).to_vec(), [90.0]);
}

#[test]
fn a_local_macro_names_captures() {
    #[custom_gradient]
    fn owned(x: &Tensor, k: f32) -> Tensor {
        let w = x * k;
        macro_rules! times {
            ($t:expr) => {
                $t * &w
            };
        }
        (times!(x) + &w, |dy| times!(dy) * 2.0 + dy * k + &w * 0.0 * dy)
    }
    #[custom_gradient]
    fn borrowed(x: &Tensor, k: &[f32]) -> Tensor {
        macro_rules! times {
            ($t:expr) => {
                $t * x * k[0]
            };
        }
        let grad = |dy| times!(dy) * 2.0;
        (times!(x), grad)
    }
    #[custom_gradient(recompute)]
    fn in_grad_alone(x: &Tensor, k: &[f32]) -> Tensor {
        macro_rules! times {
            ($t:expr) => {
                $t * x * k[0]
            };
        }
        (x * x * k[0], |dy| times!(dy) * 2.0)
    }
    assert_eq!(gradient_of(|x| owned(x, 2.0), [3.0]), [14.0]);
    assert_eq!(gradient_of(|x| borrowed(x, &[2.0]), [3.0]), [12.0]);
    assert_eq!(gradient_of(|x| in_grad_alone(x, &[2.0]), [3.0]), [12.0]);
}

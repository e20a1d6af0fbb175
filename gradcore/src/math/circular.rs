//! Sine, cosine and tangent, in radians.

use super::float::{Float, polynomial, sum};

/// `f32` or `f64`, as an angle.
pub(crate) trait Angle: Float {
    /// What is around the nearest multiple of π / 2, for angles that are [near](is_near).
    fn quadrant(self) -> Quadrant<Self>;
    fn far_sin(self) -> Self;
    fn far_cos(self) -> Self;
    fn far_tan(self) -> Self;
}

/// An angle less the multiple of π / 2 that is nearest to it.
#[derive(Clone, Copy)]
pub(crate) struct Quadrant<F> {
    /// What is left, in two parts.
    left: [F; 2],
    /// Whether the multiple is odd.
    is_odd: bool,
    /// Whether half of it, rounded down, is odd.
    is_second_half: bool,
}

/// The greatest angle for which π / 2 in the parts below is exact enough.
const MOST: f64 = 1_048_576.0;

/// π / 2 in three parts: multiples of the first two up to [`MOST`] are exact.
const QUARTER: [f64; 3] = [1.570_796_326_734_125_6, 6.077_100_506_303_966e-11, 2.022_266_248_795_950_6e-21];

/// The multiple of π / 2 that is nearest to an angle: as a number, and in the lowest bits.
#[inline(always)]
fn nearest_multiple(x: f64) -> (f64, u64) {
    /// 1.5 · 2⁵²
    const ROUNDING: f64 = 6_755_399_441_055_744.0;
    let shifted = x * std::f64::consts::FRAC_2_PI + ROUNDING;
    (shifted - ROUNDING, shifted.to_bits())
}

/// The functions of angles that are not near, by a reduction that takes as many digits of π as it needs.
macro_rules! far {
    ($sin:ident $cos:ident $tan:ident) => {
        fn far_sin(self) -> Self {
            libm::$sin(self)
        }
        fn far_cos(self) -> Self {
            libm::$cos(self)
        }
        fn far_tan(self) -> Self {
            libm::$tan(self)
        }
    };
}

impl Angle for f32 {
    #[inline(always)]
    #[allow(clippy::cast_possible_truncation, reason = "the second part is what the first loses")]
    fn quadrant(self) -> Quadrant<f32> {
        let x = f64::from(self);
        let (n, bits) = nearest_multiple(x);
        let left = x - n * QUARTER[0] - n * QUARTER[1];
        let first = left as f32;
        let bits = bits as u32;
        Quadrant {
            left: [first, (left - f64::from(first)) as f32],
            is_odd: bits & 1 != 0,
            is_second_half: bits & 2 != 0,
        }
    }
    far!(sinf cosf tanf);
}

impl Angle for f64 {
    #[inline(always)]
    fn quadrant(self) -> Quadrant<f64> {
        let (n, bits) = nearest_multiple(self);
        let [first, rest] = sum(self - n * QUARTER[0], -n * QUARTER[1]);
        let [first, rest] = sum(first, rest - n * QUARTER[2]);
        Quadrant { left: [first, rest], is_odd: bits & 1 != 0, is_second_half: bits & 2 != 0 }
    }
    far!(sin cos tan);
}

impl<F: Float> Quadrant<F> {
    /// Sine and cosine of what is left.
    #[inline(always)]
    fn sin_and_cos(self) -> [F; 2] {
        let [r, rest] = self.left;
        let z = r * r;
        let half = F::HALF * z;
        let most = F::ONE - half;
        let sin = r + (r * z * polynomial(z, F::SIN) + rest * most);
        let cos = most + (((F::ONE - most) - half) + (z * z * polynomial(z, F::COS) - r * rest));
        [sin, cos]
    }
}

/// Whether `sin`, `cos` and `tan` of an angle are those of [`near`], which become vectors in a loop.
#[inline(always)]
pub(crate) fn is_near<F: Float>(x: F) -> bool {
    x.abs() <= F::of(MOST)
}

/// The functions of angles up to [`MOST`], without branches; of others they are anything.
pub(crate) mod near {
    use super::{Angle, Quadrant};

    #[inline(always)]
    pub(crate) fn sin<F: Angle>(x: F) -> F {
        let quadrant @ Quadrant { is_odd, is_second_half, .. } = x.quadrant();
        let [sin, cos] = quadrant.sin_and_cos();
        let y = if is_odd { cos } else { sin };
        let y = if is_second_half { -y } else { y };
        if x == F::ZERO { x } else { y }
    }

    #[inline(always)]
    pub(crate) fn cos<F: Angle>(x: F) -> F {
        let quadrant @ Quadrant { is_odd, is_second_half, .. } = x.quadrant();
        let [sin, cos] = quadrant.sin_and_cos();
        let y = if is_odd { sin } else { cos };
        if is_odd == is_second_half { y } else { -y }
    }

    #[inline(always)]
    pub(crate) fn tan<F: Angle>(x: F) -> F {
        let quadrant @ Quadrant { is_odd, .. } = x.quadrant();
        let [sin, cos] = quadrant.sin_and_cos();
        let y = if is_odd { -cos } else { sin } / if is_odd { sin } else { cos };
        if x == F::ZERO { x } else { y }
    }
}

macro_rules! anywhere {
    ($($(#[$doc:meta])* $function:ident $far:ident)+) => { $(
        $(#[$doc])*
        #[inline(always)]
        pub(crate) fn $function<F: Angle>(x: F) -> F {
            if is_near(x) { near::$function(x) } else { x.$far() }
        }
    )+ };
}
anywhere! {
    /// The sine.
    sin far_sin
    /// The cosine.
    cos far_cos
    /// The tangent.
    tan far_tan
}

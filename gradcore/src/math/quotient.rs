//! Products of quotients whose parts have exponents beyond the type's.

/// `f32` or `f64`, with quotients of products.
pub(crate) trait Quotient {
    /// self · x / y², which overflows and underflows only where the result does.
    fn times_over_square(self, x: Self, y: Self) -> Self;
}

/// By way of `f64`, whose exponents have room for four of `f32`.
impl Quotient for f32 {
    #[inline(always)]
    #[allow(clippy::cast_possible_truncation, reason = "the result is rounded to its type")]
    fn times_over_square(self, x: f32, y: f32) -> f32 {
        let (dy, x, y) = (f64::from(self), f64::from(x), f64::from(y));
        (dy * x / (y * y)) as f32
    }
}

/// By exponents apart from the rest.
impl Quotient for f64 {
    #[inline(always)]
    fn times_over_square(self, x: f64, y: f64) -> f64 {
        let ((dy, of_dy), (x, of_x), (y, of_y)) = (in_parts(self), in_parts(x), in_parts(y));
        let exponent = of_dy + of_x - 2 * of_y;
        // Three steps, for the exponent of the result may be three times as large as that of a number.
        let (third, rest) = (exponent / 3, exponent - exponent / 3 * 2);
        dy * x / (y * y) * power_of_two(third) * power_of_two(third) * power_of_two(rest)
    }
}

const BIAS: i64 = 1023;
const EXPONENT: u64 = 0x7ff << 52;

/// A number as one from 1 to 2 in size, and the exponent of 2 by which that is multiplied. Zeros, infinities and NaN are left as
/// they are.
#[inline(always)]
#[allow(clippy::cast_possible_wrap, reason = "an exponent has 11 bits")]
fn in_parts(x: f64) -> (f64, i64) {
    // A subnormal number times so much is none.
    let is_small = x.to_bits() & EXPONENT == 0;
    let (x, shift) = if is_small { (x * power_of_two(54), 54) } else { (x, 0) };
    let bits = x.to_bits();
    let biased = (bits & EXPONENT) >> 52;
    let has_parts = (biased.wrapping_sub(1)) < (EXPONENT >> 52) - 1;
    let part = f64::from_bits(bits & !EXPONENT | (BIAS as u64) << 52);
    if has_parts { (part, biased as i64 - BIAS - shift) } else { (x, 0) }
}

/// 2 to a power, limited to the exponents that there are.
#[inline(always)]
#[allow(clippy::cast_sign_loss, reason = "the sum is positive")]
fn power_of_two(exponent: i64) -> f64 {
    f64::from_bits(((exponent.clamp(1 - BIAS, BIAS) + BIAS) as u64) << 52)
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "the numbers are powers of two, exactly represented")]
mod tests {
    use super::Quotient;

    #[test]
    fn only_the_result_overflows() {
        let two = |exponent: i32| f64::powi(2.0, exponent);
        assert_eq!(two(1000).times_over_square(two(1000), two(1000)), 1.0);
        assert_eq!(two(-1000).times_over_square(-two(-1000), two(-1000)), -1.0);
        assert_eq!((3.0 * two(900)).times_over_square(two(-1000), two(-50)), 3.0);
        assert_eq!(two(1000).times_over_square(two(1000), two(-1000)), f64::INFINITY);
        assert_eq!(two(-1000).times_over_square(two(-1000), two(1000)), 0.0);
        assert_eq!(0.0f64.times_over_square(1e300, 1e-300), 0.0);
        assert!(1.0f64.times_over_square(0.0, 0.0).is_nan());
        assert_eq!(1e30f32.times_over_square(1e10, 1e20), 1.0f32);
        assert_eq!(1e-16f32.times_over_square(1e-30, 1e-25), 1e4f32);
    }
}

//! What the functions need of a type of floats.

#![allow(
    clippy::cast_lossless,
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "powers of two and small integers are exact"
)]

use std::ops::{Add, Div, Mul, Neg, Sub};

/// `f32` or `f64`. The lists are coefficients of polynomials, from the lowest power on.
pub(crate) trait Float:
    'static
    + Copy
    + PartialOrd
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
{
    const ZERO: Self;
    const HALF: Self;
    const ONE: Self;
    const TWO: Self;
    const INFINITY: Self;
    const NAN: Self;
    const LOG2_E: Self;
    /// ln 2 in two parts: an exponent times the first is exact.
    const LN_2: [Self; 2];
    /// What is added to it is rounded to an integer, which stands in the lowest bits, plus twice the bias of exponents.
    const ROUNDING: Self;
    /// Between these ends `exp` is neither 0 nor ∞.
    const OF_EXP: [Self; 2];
    /// Below this `expm1` is -1.
    const LEAST_OF_EXPM1: Self;
    /// From this on `tanh` is 1.
    const MOST_OF_TANH: Self;
    /// From this on `erfc` is 0.
    const MOST_OF_ERFC: Self;
    /// Where the argument of the polynomial of `erfc` is 0.
    const MIDDLE_OF_ERFC: Self;
    const EXP: &'static [Self];
    const LOG: &'static [Self];
    const SIN: &'static [Self];
    const COS: &'static [Self];
    const TANH: &'static [Self];
    const ERF: &'static [Self];
    const ERFC: &'static [Self];

    /// The nearest value of this type.
    fn of(value: f64) -> Self;
    fn abs(self) -> Self;
    fn copysign(self, sign: Self) -> Self;
    fn sqrt(self) -> Self;
    /// For a sum of [`ROUNDING`](Self::ROUNDING) and n: two factors whose product is 2ⁿ, neither of them 0 or ∞ for any n
    /// that `exp` needs.
    fn powers(shifted: Self) -> [Self; 2];
    /// For such a sum: 2ⁿ⁻¹.
    fn half_power(shifted: Self) -> Self;
    /// k and m with self = 2ᵏ m, where m lies between √½ and √2, of a positive number that may be subnormal.
    fn binade(self) -> (Self, Self);
    /// 2⁻ᵏ, where that is a normal number.
    fn inverse_power(k: Self) -> Self;
    /// The upper half of the digits: its square is exact.
    fn head(self) -> Self;
}

/// c₀ + c₁ x + c₂ x² + ...
#[inline(always)]
pub(super) fn polynomial<F: Float>(x: F, coefficients: &[F]) -> F {
    let mut sum = F::ZERO;
    for (k, &coefficient) in coefficients.iter().rev().enumerate() {
        sum = if k == 0 { coefficient } else { sum * x + coefficient };
    }
    sum
}

/// The nearest value between two ends; NaN stays NaN.
#[inline(always)]
pub(super) fn between<F: Float>(x: F, [least, most]: [F; 2]) -> F {
    let x = if x < least { least } else { x };
    if x > most { most } else { x }
}

/// A product in two parts, exactly: the nearest number, and what is left.
#[inline(always)]
pub(super) fn product<F: Float>(x: F, y: F) -> [F; 2] {
    let (nearest, of_x, of_y) = (x * y, x.head(), y.head());
    let (rest_of_x, rest_of_y) = (x - of_x, y - of_y);
    let rest = ((of_x * of_y - nearest) + of_x * rest_of_y + rest_of_x * of_y) + rest_of_x * rest_of_y;
    [nearest, rest]
}

/// A sum in two parts, exactly, of a greater and a lesser number.
#[inline(always)]
pub(super) fn sum_of_greater<F: Float>(greater: F, lesser: F) -> [F; 2] {
    let nearest = greater + lesser;
    [nearest, lesser - (nearest - greater)]
}

/// A sum in two parts, exactly.
#[inline(always)]
pub(super) fn sum<F: Float>(x: F, y: F) -> [F; 2] {
    let nearest = x + y;
    let of_y = nearest - x;
    [nearest, (x - (nearest - of_y)) + (y - of_y)]
}

macro_rules! floats {
    ($($float:ident $bits:ident $bias:literal { $($constants:tt)* })+) => { $(
        impl Float for $float {
            const ZERO: Self = 0.0;
            const HALF: Self = 0.5;
            const ONE: Self = 1.0;
            const TWO: Self = 2.0;
            const INFINITY: Self = $float::INFINITY;
            const NAN: Self = $float::NAN;
            const LOG2_E: Self = std::$float::consts::LOG2_E;
            const ROUNDING: Self = floats!(@rounding $float) + 2.0 * $bias as $float;
            $($constants)*

            #[inline(always)]
            fn of(value: f64) -> Self {
                value as $float
            }
            #[inline(always)]
            fn abs(self) -> Self {
                $float::abs(self)
            }
            #[inline(always)]
            fn copysign(self, sign: Self) -> Self {
                $float::copysign(self, sign)
            }
            #[inline(always)]
            fn sqrt(self) -> Self {
                $float::sqrt(self)
            }
            #[inline(always)]
            fn powers(shifted: Self) -> [Self; 2] {
                let biased_twice = shifted.to_bits().wrapping_sub(floats!(@rounding $float).to_bits());
                let first = biased_twice >> 1;
                [first, biased_twice.wrapping_sub(first)].map(|biased| $float::from_bits(biased << ($float::MANTISSA_DIGITS - 1)))
            }
            #[inline(always)]
            fn half_power(shifted: Self) -> Self {
                let biased_twice = shifted.to_bits().wrapping_sub(floats!(@rounding $float).to_bits());
                $float::from_bits(biased_twice.wrapping_sub($bias + 1) << ($float::MANTISSA_DIGITS - 1))
            }
            #[inline(always)]
            fn binade(self) -> (Self, Self) {
                const DIGITS: u32 = $float::MANTISSA_DIGITS - 1;
                const LEAST: $bits = std::$float::consts::FRAC_1_SQRT_2.to_bits();
                /// Makes every subnormal number a normal one.
                const LIFT: $float = 2.0 * (1u64 << DIGITS) as $float;
                /// An integer in the lowest bits of this is a part of the number.
                const INTEGERS: $float = (1u64 << DIGITS) as $float;
                let is_subnormal = self < $float::MIN_POSITIVE;
                let (lifted, lift) = if is_subnormal { (self * LIFT, (DIGITS + 1) as $float) } else { (self, 0.0) };
                let bits = lifted.to_bits().wrapping_add(Self::ONE.to_bits() - LEAST);
                let biased = $float::from_bits((bits >> DIGITS) | INTEGERS.to_bits());
                let m = $float::from_bits((bits & ((1 << DIGITS) - 1)).wrapping_add(LEAST));
                (biased - (INTEGERS + $bias as $float) - lift, m)
            }
            #[inline(always)]
            fn inverse_power(k: Self) -> Self {
                const DIGITS: u32 = $float::MANTISSA_DIGITS - 1;
                const INTEGERS: $float = (1u64 << DIGITS) as $float;
                $float::from_bits(((INTEGERS + $bias as $float) - k).to_bits() << DIGITS)
            }
            #[inline(always)]
            fn head(self) -> Self {
                const LOWER: $bits = (1 << $float::MANTISSA_DIGITS.div_ceil(2)) - 1;
                $float::from_bits(self.to_bits() & !LOWER)
            }
        }
    )+ };
    (@rounding f32) => { 12_582_912.0f32 };
    (@rounding f64) => { 6_755_399_441_055_744.0f64 };
}
floats! {
    f32 u32 127 {
        const LN_2: [f32; 2] = [0.693_145_75, 1.428_606_8e-6];
        const OF_EXP: [f32; 2] = [-105.0, 89.0];
        const LEAST_OF_EXPM1: f32 = -20.0;
        const MOST_OF_TANH: f32 = 10.0;
        const MOST_OF_ERFC: f32 = 10.1;
        const MIDDLE_OF_ERFC: f32 = 2.0;
        const EXP: &'static [f32] = &[0.5, 0.166_666_67, 0.041_666_508, 0.008_333_177, 0.001_393_086_9, 0.000_199_723];
        const LOG: &'static [f32] = &[0.666_666_87, 0.399_884_6, 0.295_913_3];
        const SIN: &'static [f32] = &[-0.166_666_64, 0.008_332_715, -0.000_195_833_78];
        const COS: &'static [f32] = &[0.041_666_664, -0.001_388_827, 2.454_337_5e-5];
        const TANH: &'static [f32] = &[-0.333_333_28, 0.133_327_65, -0.053_851_344, 0.021_000_803, -0.006_102_651_4];
        const ERF: &'static [f32] = &[
            0.128_379_17, -0.376_126_23, 0.112_834_29, -0.026_837_025, 0.005_118_954_5, -0.000_678_096_9,
        ];
        const ERFC: &'static [f32] = &[
            1.276_978_4, -0.092_763_9, -0.166_030_85, 0.164_053_41, -0.054_208_808, -0.008_047_351,
            0.008_647_935, 0.001_283_149_2, -0.001_260_193_8, -0.000_375_430_42, 2.343_561e-5,
        ];
    }
    f64 u64 1023 {
        const LN_2: [f64; 2] = [0.693_147_180_369_123_8, 1.908_214_929_270_587_7e-10];
        const OF_EXP: [f64; 2] = [-746.0, 710.0];
        const LEAST_OF_EXPM1: f64 = -40.0;
        const MOST_OF_TANH: f64 = 20.0;
        const MOST_OF_ERFC: f64 = 27.3;
        const MIDDLE_OF_ERFC: f64 = 2.5;
        const EXP: &'static [f64] = &[
            0.5, 0.166_666_666_666_666_7, 0.041_666_666_666_666_68, 0.008_333_333_333_325_884, 0.001_388_888_888_887_697_6,
            0.000_198_412_698_754_704_65, 2.480_158_734_245_771e-5, 2.755_725_473_606_4e-6, 2.755_725_696_049_010_4e-7,
            2.510_545_097_637_701e-8, 2.092_036_815_795_744_6e-9,
        ];
        const LOG: &'static [f64] = &[
            0.666_666_666_666_667, 0.399_999_999_998_971_35, 0.285_714_286_273_698_9, 0.222_222_108_887_260_82,
            0.181_829_076_389_476_8, 0.153_310_971_767_755_52, 0.146_242_173_025_159_3,
        ];
        const SIN: &'static [f64] = &[
            -0.166_666_666_666_666_66, 0.008_333_333_333_331_29, -0.000_198_412_698_370_488_63, 2.755_731_620_285_077e-6,
            -2.505_114_692_272_614_5e-8, 1.591_894_834_442_368_7e-10,
        ];
        const COS: &'static [f64] = &[
            0.041_666_666_666_666_664, -0.001_388_888_888_888_705, 2.480_158_729_844_044e-5, -2.755_731_714_721_481_7e-7,
            2.087_612_542_905_304_5e-9, -1.138_136_521_435_327_4e-11,
        ];
        const TANH: &'static [f64] = &[
            -0.333_333_333_333_333_26, 0.133_333_333_333_275_32, -0.053_968_253_961_990_016, 0.021_869_488_277_997_826,
            -0.008_863_230_102_120_227, 0.003_592_061_453_142_784_3, -0.001_455_323_230_334_849_6,
            0.000_587_486_204_999_009_5, -0.000_230_880_516_685_611_27, 7.972_327_166_009_581e-5, -1.730_738_265_308_928_4e-5,
        ];
        const ERF: &'static [f64] = &[
            0.128_379_167_095_512_6, -0.376_126_389_031_838_9, 0.112_837_916_709_593_96, -0.026_866_170_645_631_956,
            0.005_223_977_627_110_406, -0.000_854_832_687_073_329_5, 0.000_120_553_144_906_096_49, -1.492_477_120_714_008_7e-5,
            1.643_881_246_893_658e-6, -1.600_437_188_660_471_3e-7, 1.169_049_218_030_292_8e-8,
        ];
        const ERFC: &'static [f64] = &[
            1.264_838_184_366_861_5, -0.122_356_763_082_404_02, -0.099_024_539_573_603_77, 0.157_629_919_023_185_8,
            -0.102_967_056_038_336_18, 0.032_760_893_269_810_69, 0.000_931_892_810_563_713, -0.004_382_078_359_294_53,
            0.000_491_865_903_683_751_5, 0.000_632_124_516_987_104_1, -8.847_992_629_742_118e-5, -0.000_113_523_368_624_919_38,
            6.269_244_465_459_66e-6, 2.270_337_525_639_673_6e-5, 2.599_232_439_147_761_6e-6, -4.227_268_569_547_041e-6,
            -1.566_284_594_993_594_2e-6, 5.431_862_518_315_751e-7, 5.096_091_337_345_92e-7, 1.455_099_547_448_933_6e-8,
            -1.072_200_082_807_259_5e-7, -2.703_852_083_189_818_3e-8, 1.142_083_782_983_151_1e-8, 4.740_071_033_699_784e-9,
        ];
    }
}

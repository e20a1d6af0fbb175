//! Impls for tuples of every length, written once.

/// Calls a macro once for each length of tuples, with the members: `for_each_tuple! { impls 1..=4 }`.
///
/// A member is `(0 A a TA VA DA)`: its index, and names that no other member has, `a` for a value, the others for types.
macro_rules! for_each_tuple {
    ($impls:ident 1..=4) => { $crate::tuples::for_each_tuple! { $impls lengths + + + + } };
    ($impls:ident 1..=8) => { $crate::tuples::for_each_tuple! { $impls lengths + + + + + + + + } };
    ($impls:ident 2..=8) => { $crate::tuples::for_each_tuple! { $impls lengths - + + + + + + + } };
    ($impls:ident 1..=12) => { $crate::tuples::for_each_tuple! { $impls lengths + + + + + + + + + + + + } };
    ($impls:ident lengths $($length:tt)+) => {
        $crate::tuples::for_each_tuple! {
            $impls [$($length)+] []
            (0 A a TA VA DA) (1 B b TB VB DB) (2 C c TC VC DC) (3 D d TD VD DD) (4 E e TE VE DE) (5 F f TF VF DF)
            (6 G g TG VG DG) (7 H h TH VH DH) (8 I i TI VI DI) (9 J j TJ VJ DJ) (10 K k TK VK DK) (11 L l TL VL DL)
        }
    };
    ($impls:ident [] $($rest:tt)*) => {};
    // A length to write impls for.
    ($impls:ident [+ $($length:tt)*] [$($member:tt)*] $next:tt $($rest:tt)*) => {
        $impls! { $($member)* $next }
        $crate::tuples::for_each_tuple! { $impls [$($length)*] [$($member)* $next] $($rest)* }
    };
    // A length to pass over.
    ($impls:ident [- $($length:tt)*] [$($member:tt)*] $next:tt $($rest:tt)*) => {
        $crate::tuples::for_each_tuple! { $impls [$($length)*] [$($member)* $next] $($rest)* }
    };
}

/// Nested pairs that end in `()`: types, patterns or values, each in brackets. `nested!([A] [B])` is `(A, (B, ()))`.
macro_rules! nested {
    () => { () };
    ([$($first:tt)*] $($rest:tt)*) => { ($($first)*, $crate::tuples::nested!($($rest)*)) };
}

pub(crate) use {for_each_tuple, nested};

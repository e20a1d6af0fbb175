//! Expansions of a few shapes: what must be there, and what must not.

use proc_macro2::TokenStream;
use quote::quote;

/// The expansion of a function, formatted, with the path of the contract left out.
fn expanded(options: TokenStream, function: TokenStream) -> String {
    let file = syn::parse2(super::rewrite(options, function, "::gradcore")).expect("the expansion is Rust");
    prettyplease::unparse(&file).replace("::gradcore::__private::", "")
}

/// Without what the formatting adds.
fn spaceless(text: &str) -> String {
    text.replace(char::is_whitespace, "").replace(",)", ")")
}

fn leaky_relu() -> TokenStream {
    quote! {
        fn leaky_relu(x: &Tensor) -> Tensor {
            let y = tf::where_(x > 0, x, x * 0.2);
            let grad = |dy| tf::where_(x > 0, dy, dy * 0.2);
            (y, grad)
        }
    }
}

/// Two inputs, and `let`s before their gradients.
fn product() -> TokenStream {
    quote! {
        fn product(a: &Tensor, b: &Tensor, k: f32) -> Tensor {
            let grad = |dy| {
                let of_a = tf::exp(b);
                let scaled = dy * k;
                (&scaled * of_a, scaled * a)
            };
            (a * tf::exp(b) * k, grad)
        }
    }
}

/// A body for one element.
fn clipped() -> TokenStream {
    quote! {
        fn clipped<T: Real>(x: T, #[nondiff] limit: T) -> T {
            if x.abs() > limit {
                return (limit.copysign(x), |_| 0.0);
            }
            (x, |dy| dy)
        }
    }
}

/// The documentation of the attribute shows these expansions. `UPDATE=1 cargo test -p gradmacro-backend` writes them anew.
#[test]
fn the_documented_expansions_are_the_real_ones() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../src/expansion.md");
    let page = std::fs::read_to_string(path).expect("the page is in the repository");
    let mut parts = page.split("```");
    let mut real = parts.next().unwrap_or_default().to_owned();
    let shapes = [(quote!(), leaky_relu()), (quote!(), product()), (quote!(elementwise), clipped())];
    for (options, function) in shapes {
        let expansion = expanded(options, function);
        assert!(expansion.lines().count() <= 60, "the expansion of a small function stays readable");
        let _shown = parts.next().expect("a listing for each shape");
        let after = parts.next().unwrap_or_default();
        real += &["```text\n", &expansion, "```", after].concat();
    }
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(path, &real).expect("the page can be written");
    } else {
        assert_eq!(page, real, "the documented expansions are out of date");
    }
    assert!(expanded(quote!(), leaky_relu()).lines().count() <= 40, "that of the smallest fits on a screen");
}

#[test]
fn each_gradient_keeps_and_runs_what_it_alone_uses() {
    let expansion = expanded(
        quote!(),
        quote! {
            fn multiply(a: &Tensor, b: &Tensor) -> Tensor {
                (a * b, |dy| (dy * b, dy * a))
            }
        },
    );
    for part in [
        r#"let residual_b = (&&&&Capture(&b)).keep_for_grad(&call, 1, "b");"#,
        r#"let residual_a = (&&&&Capture(&a)).keep_for_grad(&call, 2, "a");"#,
        "let b = residual_b.get();",
        "let a = residual_a.get();",
    ] {
        assert_eq!(spaceless(&expansion).matches(&spaceless(part)).count(), 1, "{part} in\n{expansion}");
    }
}

/// A literal `None` at every end of the function.
#[test]
fn a_rule_says_to_which_inputs_no_gradient_flows() {
    let expansion =
        |body: TokenStream| spaceless(&expanded(quote!(), quote!(fn f(a: &Tensor, b: &Tensor) -> Tensor { #body })));
    let always = quote!((a * b, |dy| (dy * b, None)));
    let sometimes = quote!(if k { (a * b, |dy| (dy * b, None)) } else { (a * b, |dy| (None, dy * a)) });
    assert!(expansion(always).contains(r#""a","b";.stopping(2)),"#));
    assert!(expansion(sometimes).contains(r#""a","b"),"#));
}

#[test]
fn fields_of_self_are_captured_without_the_rest() {
    let expansion = expanded(
        quote!(variables(self.w)),
        quote! {
            #[doc = "Documented."]
            pub(crate) fn call<'a, T: Real>(&'a self, x: &'a Tensor<T>, #[nondiff] mask: &Tensor<T>) -> Tensor<T>
            where
                T: Copy,
            {
                let grad = |dy| (dy * &self.w * self.scale, None);
                (x * &self.w * mask, grad)
            }
        },
    );
    for part in [
        "///Documented.",
        "pub(crate) fn call<'a, T: Real>(",
        "x: &'a Tensor<T>, mask: &Tensor<T>",
        "T: Copy,",
        "((&&&Probe(&x)).__parameter(), (Nondiff((&&&Probe(&mask)).__parameter()), (Input(&self.w), ())))",
        r#""x", "mask", "self.w""#,
        r#"(&&&&Capture(&self.w)).keep_for_grad(&call, 1, "self.w")"#,
        r#"(&&&&Capture(&self.scale)).keep_for_grad(&call, 1, "self.scale")"#,
        "dy * &its_self_w * its_self_scale",
        ".next(|| NoGradient)",
    ] {
        assert!(spaceless(&expansion).contains(&spaceless(part)), "{part} in\n{expansion}");
    }
    assert!(!expansion.contains("nondiff"), "{expansion}");
}

#[test]
fn a_check_gives_every_parameter_its_argument_by_type() {
    let expansion = expanded(
        quote!(check(mask = tf::ones([2]), n = 4, x = [2, 3], scale = |v| v)),
        quote! {
            #[cfg(feature = "slow")]
            fn scaled<'a, T: Real>(
                x: &'a Tensor<T>,
                n: i32,
                #[nondiff] mask: &Tensor<T>,
                scale: impl Fn(f64) -> f64 + Clone + 'static,
            ) -> Tensor<T> {
                (x * mask * scale(n), |dy| dy * mask * scale(n))
            }
        },
    );
    let generated = expansion.split_once("#[cfg(test)]").expect("a test").1;
    for part in [
        "#[::core::prelude::v1::test]",
        "fn scaled_gradients() {",
        "CheckedParameter::<&'_ Tensor<::core::primitive::f64>",
        r#"::new("x", 0)).__sizes([2, 3])"#,
        r#"(&&CheckedParameter::<i32>::new("n", 1)).__value(4)"#,
        "Fixed((&&CheckedParameter::<&Tensor<::core::primitive::f64>",
        r#"::new("mask", 2)).__value(tf::ones([2]))"#,
        "Passed(|v| v)",
        "scaled::<::core::primitive::f64",
        ">(argument_0, argument_1, argument_2, argument_3)",
    ] {
        assert!(spaceless(generated).contains(&spaceless(part)), "{part} in\n{generated}");
    }
    assert!(generated.contains("f32"), "a generic function is checked with both dtypes");
    assert_eq!(expansion.matches(r#"#[cfg(feature = "slow")]"#).count(), 2, "{expansion}");
}

#[test]
fn arrays_are_seen_inside_and_tensors_outside() {
    let expansion = expanded(
        quote!(arrays),
        quote! {
            #[allow_constant_gradient]
            fn scale<'a, T: Real>(a: ArrayView2<'a, T>, mut b: Array1<T>, c: &ArrayRef<T, Ix1>, n: usize) -> Result<(Array2<T>, Array1<T>), E> {
                let grad = |dy, dz: &Array1<T>| (a.t(), None, if n > 1 { dz } else { &b });
                if a < b { Ok(((a, b), grad)) } else { Err(E) }
            }
        },
    );
    for part in [
        "fn scale<'a, T: Real>(a: &'a Tensor<T>, b: &Tensor<T>, c: &Tensor<T>, n: usize) -> Result<(Tensor<T>, Tensor<T>), E>",
        r#"let mut call = arrays::enter(rule!("scale", ::core::line!(), "a", "b", "c", "n"; .stopping(2)),"#,
        "arrays::ranked::<ArrayView2<'_, T>, _",
        "(Constant, ())",
        "let a: ArrayView2<'_, T> = arrays::own(call.view::<ArrayView2<'_, T>>(a, 0usize));",
        "let mut b: Array1<T> = arrays::own(call.view::<Array1<T>>(b, 1usize));",
        "call.view::<&ArrayRef<T, Ix1>>(c, 2usize)",
        "let c: &ArrayRef<T, Ix1> = &held;",
        r#"let residual_a = (&&&&Capture(&a)).keep_for_grad(&call, 1, "a");"#,
        "move |(dy, upstream_1), sink|",
        ">(upstream_1); let dz: &Array1<T> = &held;",
        "let a = residual_a.see(&held);",
        "arrays::NoGradient",
        "if a < b",
        "call.exit::<(Array2<T>, Array1<T>)>(",
    ] {
        assert!(spaceless(&expansion).contains(&spaceless(part)), "{part} in\n{expansion}");
    }
}

#[test]
fn an_explicit_track_caller_keeps_the_body_in_the_function() {
    let mut function = leaky_relu();
    function = quote!(#[track_caller] #function);
    let expansion = expanded(quote!(crate = some::core), function);
    assert!(!expansion.contains("|| -> Tensor"), "{expansion}");
    assert_eq!(expansion.matches("#[track_caller]").count(), 1, "{expansion}");
    assert!(expansion.contains("use some::core::__private::dispatch::*;"), "{expansion}");
}

#[test]
fn all_mistakes_are_reported_and_the_signature_stays() {
    let expansion = expanded(
        quote!(brodcast),
        quote! {
            async fn f(a: &Tensor, b: &Tensor) -> Tensor {
                if a.size() > 1 {
                    return a.clone();
                }
                (a * b, |dy, dz| dy)
            }
        },
    );
    assert_eq!(expansion.matches("compile_error!").count(), 4, "{expansion}");
    assert!(expansion.contains("fn f(a: &Tensor, b: &Tensor) -> Tensor {"), "{expansion}");
}

#[test]
fn a_body_for_one_element_is_emitted_once() {
    let expansion = expanded(
        quote!(elementwise),
        quote! {
            /// Documented.
            pub(crate) fn leaky_relu<T: Real>(x: T, #[nondiff] slope: T, name: &str) -> T {
                let y = if x > 0.0 { x } else { slope * x };
                let grad = |dy| if x > 0.0 { dy } else { slope * dy };
                (y, grad)
            }
        },
    );
    for part in [
        "/// Documented.",
        "pub(crate) fn leaky_relu<T: Real>(x: &Tensor<T>, slope: T, name: &str) -> Tensor<T>",
        "fn leaky_relu_of_one_element<T: Real, M: Mode<T, 1>>(mode: M, [x,]: [T; 1], [slope,]: [T; 1], (name, ()): (&str, ()),) -> M::Out",
        "let y = if x > <T as Real>::of(0.0) { x } else { slope * x };",
        "mode.exit(mode.reads(), y, grad)",
        "Twice(leaky_relu_of_one_element::<Dual<T>, ForGradients<Dual<T>",
    ] {
        assert_eq!(spaceless(&expansion).matches(&spaceless(part)).count(), 1, "{part} in\n{expansion}");
    }
    assert!(!expansion.contains("nondiff") && !expansion.contains("__compare"), "{expansion}");
    let small = expanded(
        quote!(elementwise),
        quote! {
            fn leaky_relu(x: f32, #[nondiff] slope: f32) -> f32 {
                let y = if x > 0.0 { x } else { slope * x };
                let grad = |dy| if x > 0.0 { dy } else { slope * dy };
                (y, grad)
            }
        },
    );
    assert!(small.contains("if x > 0.0 {") && small.contains("Once("), "{small}");
    assert!(small.lines().count() < 40, "{} lines:\n{small}", small.lines().count());
}

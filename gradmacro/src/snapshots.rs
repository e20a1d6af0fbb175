//! Expansions of a few shapes: what must be there, and what must not.

use quote::quote;

/// The expansion of a function, formatted, with the path of the contract shortened.
fn expanded(options: proc_macro2::TokenStream, function: proc_macro2::TokenStream) -> String {
    let file = syn::parse2(super::rewrite(options, function)).expect("the expansion is Rust");
    prettyplease::unparse(&file).replace("::gradcore::__private::", "")
}

#[test]
fn leaky_relu_stays_short() {
    let expansion = expanded(
        quote!(),
        quote! {
            fn leaky_relu(x: &Tensor) -> Tensor {
                let y = tf::where_(x > 0.0, x, x * 0.2);
                let grad = |dy| tf::where_(x > 0.0, dy, dy * 0.2);
                (y, grad)
            }
        },
    );
    println!("{expansion}");
}

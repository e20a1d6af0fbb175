//! Source text as a person writes it, for messages: tokens turned into text have spaces everywhere.

use quote::ToTokens;

/// A type, or bounds.
pub(crate) fn type_as_written(tokens: &impl ToTokens) -> String {
    const CLOSER: [(&str, &str); 9] = [
        ("& ", "&"),
        (" < ", "<"),
        (" <", "<"),
        ("< ", "<"),
        (" >", ">"),
        (" ,", ","),
        ("[ ", "["),
        (" ]", "]"),
        (" :: ", "::"),
    ];
    CLOSER.iter().fold(tokens.to_token_stream().to_string(), |text, (from, to)| text.replace(from, to))
}

/// A place, such as `self.layers[0].w`.
pub(crate) fn place_as_written(place: &impl ToTokens) -> String {
    place.to_token_stream().to_string().replace(' ', "")
}

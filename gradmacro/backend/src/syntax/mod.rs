//! What the tokens show, whatever the options: types, attributes, scopes, names, effects, patterns.

pub(crate) mod attributes;
pub(crate) mod configured;
pub(crate) mod effects;
pub(crate) mod groups;
pub(crate) mod hygiene;
pub(crate) mod mention;
pub(crate) mod patterns;
pub(crate) mod scope;
pub(crate) mod types;
pub(crate) mod values;
pub(crate) mod written;

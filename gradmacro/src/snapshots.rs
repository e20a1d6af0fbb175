//! Expansions of a few shapes: what must be there, and what must not.

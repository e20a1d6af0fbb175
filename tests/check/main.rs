//! Checked gradients: what `check_gradients` finds, and the tests that `check(…)` generates.

mod correct;
mod generated;
mod planted;

//! Misuse, and what the compiler says of it: a case for each mistake, in folders by class.
//!
//! Messages of rustc differ between compilers, so the cases run on the one that wrote the `.stderr` files alone.
//! `TRYBUILD=overwrite cargo test --test ui` writes them anew.

use std::process::Command;

/// The compiler of the `.stderr` files.
const PINNED: &str = "rustc 1.95.";

#[test]
fn misuse_is_explained() {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = Command::new(rustc).arg("--version").output().expect("cargo runs with a compiler");
    let version = String::from_utf8_lossy(&version.stdout);
    if !version.starts_with(PINNED) {
        println!("SKIPPED: the messages are those of {PINNED}x, this is {version}");
        return;
    }
    trybuild::TestCases::new().compile_fail("tests/ui/*/*.rs");
}

//! Violations of each kind, planted into copies of the workspace, are found; the project as it stands has none.

use std::fs;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use layers::{HOUSES, House, circles, cut, root};

/// Cargo runs once at a time, and uses the same folder.
static FOLDER: Mutex<()> = Mutex::new(());

fn house(package: &str) -> &'static House {
    HOUSES.iter().find(|house| house.package == package).expect("a crate that is checked")
}

/// What is found of a room when `planted` stands at the end of a file.
fn found(package: &str, room: &str, file: &str, planted: &str) -> Option<String> {
    let _alone = FOLDER.lock().unwrap_or_else(PoisonError::into_inner);
    let copy = cut::Workspace::copied(&root(), &root().join("target/layers")).expect("the workspace can be copied");
    let path = copy.file(file);
    let text = fs::read_to_string(&path).expect("a file of the copy");
    fs::write(&path, text + planted).expect("the copy can be changed");
    let (_, seen) = house(package).rooms().find(|(name, _)| *name == room).expect("a room");
    copy.needed_from_above(house(package), room, &seen).expect("cargo runs")
}

const SHAPE: &str = "gradcore/src/shape.rs";
const RECORDING: &str = "gradcore/src/recording/nested_pass.rs";

#[test]
fn a_room_that_needs_nothing_from_above_passes() {
    assert_eq!(found("gradcore", "shape", SHAPE, ""), None);
    assert_eq!(found("gradmacro-backend", "syntax", "gradmacro/backend/src/syntax/types.rs", ""), None);
}

#[test]
fn an_import_is_found() {
    let says = found("gradcore", "shape", SHAPE, "use crate::ops::square as _;").expect("a mistake");
    assert!(says.contains("`shape` needs more") && says.contains("crate::ops"), "{says}");
}

#[test]
fn a_full_path_is_found() {
    let planted = "fn planted(x: &crate::Tensor) { let _ = crate::tape::GradientTape::new; }";
    let says = found("gradcore", "recording", RECORDING, planted).expect("a mistake");
    assert!(says.contains("could not find `tape`") || says.contains("cannot find"), "{says}");
}

#[test]
fn a_re_export_is_found() {
    let says = found("gradcore", "recording", RECORDING, "use crate::GradientTape as Planted;").expect("a mistake");
    assert!(says.contains("GradientTape"), "{says}");
}

#[test]
fn an_operator_is_found() {
    let planted = "fn planted(x: crate::tensor::Tensor) -> crate::tensor::Tensor { &x * &x }";
    let says = found("gradcore", "recording", RECORDING, planted).expect("a mistake");
    assert!(says.contains("cannot multiply `&Tensor` by `&Tensor`"), "{says}");
    let planted = "fn planted(x: &mut crate::tensor::Tensor) { *x += x.clone(); }";
    let says = found("gradcore", "recording", RECORDING, planted).expect("a mistake");
    assert!(says.contains("binary assignment operation `+=` cannot be applied"), "{says}");
}

#[test]
fn rooms_of_one_floor_do_not_see_each_other() {
    let planted = "use crate::check::parse as _;";
    let says = found("gradmacro-backend", "expand", "gradmacro/backend/src/expand/tokens.rs", planted);
    assert!(says.is_some_and(|says| says.contains("crate::check")));
}

/// The circles in a small crate of these files.
fn circles_of(name: &str, files: &[(&str, &str)]) -> Vec<String> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    for (name, text) in files {
        let path = folder.join("src").join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    }
    circles::found(&folder, &House { package: "small", folder: "", floors: &[], circle: &["x", "y"] })
        .expect("it is Rust")
}

#[test]
fn files_that_import_each_other_are_found() {
    let none =
        circles_of("none", &[("lib.rs", "mod a; mod b;"), ("a.rs", "use crate::b::B;"), ("b.rs", "pub struct B;")]);
    assert!(none.is_empty(), "{none:?}");
    let circle = circles_of(
        "circle",
        &[("lib.rs", "mod a; mod b;"), ("a.rs", "use crate::b::B;"), ("b.rs", "fn f() { super::a::g() }")],
    );
    assert_eq!(circle, ["small: files import each other:\n  a.rs imports b.rs\n  b.rs imports a.rs"]);
    let by_re_export = circles_of(
        "by_re_export",
        &[
            ("lib.rs", "mod a; mod b; pub use a::inner::A;"),
            ("a/mod.rs", "pub mod inner;"),
            ("a/inner.rs", "use crate::b::*; pub struct A;"),
            ("b.rs", "impl From<crate::A> for u8 {}"),
        ],
    );
    assert_eq!(by_re_export, ["small: files import each other:\n  a/inner.rs imports b.rs\n  b.rs imports a/inner.rs"]);
    let in_a_macro = circles_of(
        "in_a_macro",
        &[
            ("lib.rs", "mod a; mod b; mod c; mod d;"),
            ("a.rs", "fn f() { crate::b::g() }"),
            ("b.rs", "macro_rules! m { () => { $crate::c::h() } }"),
            ("c.rs", "use super::{d, d::D};"),
            ("d.rs", "#[cfg(test)] mod tests { use crate::c; } fn k() { crate::a::f() }"),
        ],
    );
    assert_eq!(in_a_macro.len(), 1, "{in_a_macro:?}");
    let allowed =
        circles_of("allowed", &[("lib.rs", "mod x; mod y;"), ("x.rs", "use crate::y;"), ("y.rs", "use crate::x;")]);
    assert!(allowed.is_empty(), "{allowed:?}");
}

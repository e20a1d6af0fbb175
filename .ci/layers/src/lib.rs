//! What the rooms of this project may import: a room is a file or a folder directly below `src`.
//!
//! [`cut`] compiles each room with those below it and nothing else, so that rustc itself tells what it needs from above,
//! be it by an import, a full path, a re-export, a macro, or the impl of an operator. [`circles`] finds files that import
//! each other, within one room as well.

pub mod circles;
pub mod cut;

use std::path::{Path, PathBuf};

/// A crate whose rooms lie above each other.
#[derive(Debug, Clone, Copy)]
pub struct House {
    /// Name of the package.
    pub package: &'static str,
    /// Its folder, from the root of the workspace.
    pub folder: &'static str,
    /// From the ground up. Rooms of one floor do not see each other.
    pub floors: &'static [&'static [&'static str]],
    /// Rooms whose files may import each other in circles.
    pub circle: &'static [&'static str],
}

/// The crates that are checked.
pub const HOUSES: [House; 2] = [
    House {
        package: "gradmacro-backend",
        folder: "gradmacro/backend",
        floors: &[&["names", "report"], &["syntax"], &["model"], &["check", "expand"]],
        circle: &[],
    },
    House {
        package: "gradcore",
        folder: "gradcore",
        floors: &[
            &["error", "math", "threads", "tuples"],
            &["random", "shape"],
            &["pool"],
            &["buffers"],
            // The closed set of dtypes: what an element is says which tensors there are.
            &["element+tensor"],
            &["kernels"],
            &["variable"],
            &["recording"],
            &["rule"],
            &["ops"],
            &["elementwise"],
            &["arguments"],
            &["tape"],
            &["companions", "functional", "memory", "optimizers"],
            &["tf"],
            &["check"],
            &["prelude"],
        ],
        circle: &["element", "tensor"],
    },
];

impl House {
    /// The rooms with those that each may see: the floors below its own, and itself.
    pub fn rooms(&self) -> impl Iterator<Item = (&'static str, Vec<&'static str>)> {
        let floors = self.floors;
        let on = |floor: &'static [&'static str]| floor.iter().copied();
        floors.iter().enumerate().flat_map(move |(number, floor)| {
            let below: Vec<&str> = floors[..number].iter().flat_map(|floor| on(floor)).flat_map(parts).collect();
            on(floor).map(move |room| (room, below.iter().copied().chain(parts(room)).collect()))
        })
    }
}

/// Rooms that stand together, with `+` between them.
fn parts(room: &'static str) -> impl Iterator<Item = &'static str> {
    room.split('+')
}

/// The root of the workspace.
#[must_use]
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap_or(Path::new(".")).to_path_buf()
}

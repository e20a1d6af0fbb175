//! A copy of the workspace in which a crate has some of its rooms only.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{fs, io};

use quote::ToTokens;
use syn::{Item, UseTree};

use crate::House;

/// A copy of the workspace.
#[derive(Debug)]
pub struct Workspace {
    root: PathBuf,
}

impl Workspace {
    /// Copies what cargo needs to check the crates.
    ///
    /// # Errors
    /// If a file cannot be read or written.
    pub fn copied(workspace: &Path, folder: &Path) -> io::Result<Self> {
        let root = folder.join("copy");
        if root.exists() {
            fs::remove_dir_all(&root)?;
        }
        fs::create_dir_all(&root)?;
        for name in ["Cargo.lock", "gradcore", "gradmacro", ".ci/layers/Cargo.toml", ".ci/layers/src"] {
            copy(&workspace.join(name), &root.join(name))?;
        }
        // The package of the root is left out, with the targets that its manifest names.
        let manifest = fs::read_to_string(workspace.join("Cargo.toml"))?;
        let end = manifest.find("\n[package]").unwrap_or(manifest.len());
        fs::write(root.join("Cargo.toml"), &manifest[..end])?;
        Ok(Workspace { root })
    }

    /// A file of the copy, to be changed.
    #[must_use]
    pub fn file(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// What rustc says of a room when it and the rooms in `seen` are all that there is: nothing, if it needs no other.
    ///
    /// # Errors
    /// If the crate's root cannot be read or written, or cargo cannot be run.
    pub fn needed_from_above(
        &self,
        house: &House,
        room: &str,
        seen: &[&str],
    ) -> Result<Option<String>, Box<dyn std::error::Error>> {
        let path = self.root.join(house.folder).join("src/lib.rs");
        let whole = fs::read_to_string(&path)?;
        let mut lib = syn::parse_file(&whole)?;
        // Its texts include files that are not copied.
        lib.attrs.clear();
        lib.items = with_rooms(lib.items, seen);
        fs::write(&path, lib.to_token_stream().to_string())?;
        let output = Command::new(env!("CARGO"))
            .args(["check", "--quiet", "--lib", "--offline", "--package", house.package])
            .current_dir(&self.root)
            .env("CARGO_TARGET_DIR", self.root.join("../target"))
            // What a room has for those above it is not used here.
            .env("RUSTFLAGS", "--cap-lints allow")
            .output();
        fs::write(&path, whole)?;
        let output = output?;
        let says = String::from_utf8_lossy(&output.stderr);
        let heading = format!("{}: `{room}` needs more than the rooms below it:", house.package);
        Ok((!output.status.success()).then(|| format!("{heading}\n{says}")))
    }
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    if from.is_dir() {
        fs::create_dir_all(to)?;
        return fs::read_dir(from)?.try_for_each(|entry| {
            let name = entry?.file_name();
            copy(&from.join(&name), &to.join(&name))
        });
    }
    fs::create_dir_all(to.parent().unwrap_or(to))?;
    fs::copy(from, to).map(drop)
}

/// The items of a crate's root that need no other rooms.
fn with_rooms(items: Vec<Item>, rooms: &[&str]) -> Vec<Item> {
    let kept = items.into_iter().filter_map(|item| match item {
        Item::Mod(mut module) => match module.content.take() {
            Some((braces, inner)) => {
                module.content = Some((braces, with_rooms(inner, rooms)));
                Some(Item::Mod(module))
            }
            None => rooms.iter().any(|room| module.ident == room).then_some(Item::Mod(module)),
        },
        Item::Use(import) => comes_from(&import.tree, rooms).then_some(Item::Use(import)),
        // What the crate does by all of its rooms, and programs in documentation.
        Item::Fn(_) | Item::Struct(_) => None,
        other => Some(other),
    });
    kept.collect()
}

/// Whether something is imported from one of the rooms, or from elsewhere than a room.
fn comes_from(tree: &UseTree, rooms: &[&str]) -> bool {
    match tree {
        UseTree::Path(path) if path.ident == "crate" => comes_from(&path.tree, rooms),
        UseTree::Path(path) => path.ident == "gradmacro" || rooms.iter().any(|room| path.ident == room),
        // A macro of the root's own.
        UseTree::Rename(name) => name.ident.to_string().starts_with("__"),
        UseTree::Name(_) | UseTree::Glob(_) | UseTree::Group(_) => false,
    }
}

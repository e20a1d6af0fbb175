//! Files that import each other in a circle.
//!
//! A file imports what its `use`s and its full paths lead to, through re-exports to the file that has it. A re-export is no
//! import of the file in which it stands. Tests may look anywhere.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::{fs, io};

use syn::visit::{self, Visit};
use syn::{Attribute, Item, ItemMod, ItemUse, Macro, UseTree, Visibility};

use crate::House;

/// The circles among the files of a crate, but for those that it may have.
///
/// # Errors
/// If a file cannot be read, or is no Rust.
pub fn found(root: &Path, house: &House) -> Result<Vec<String>, Box<dyn std::error::Error>> {
    let source = root.join(house.folder).join("src");
    let mut modules = Modules::default();
    modules.read(&source.join("lib.rs"), &source, Vec::new())?;
    let imports = modules.imports();
    let reached: BTreeMap<&Path, BTreeSet<&Path>> =
        imports.keys().map(|file| (*file, reachable(&imports, file))).collect();
    let mut circles: BTreeSet<Vec<&Path>> = BTreeSet::new();
    for (file, reaches) in &reached {
        let circle: Vec<&Path> = reaches.iter().copied().filter(|other| reached[other].contains(file)).collect();
        circles.extend((circle.len() > 1).then_some(circle));
    }
    let may_be = |file: &&Path| {
        let inner = file.strip_prefix(&source).unwrap_or(file).with_extension("");
        house.circle.iter().any(|allowed| inner.starts_with(allowed))
    };
    let shown = |file: &Path| file.strip_prefix(&source).unwrap_or(file).display().to_string();
    let refused = circles.into_iter().filter(|circle| !circle.iter().all(may_be));
    let told = refused.map(|circle| {
        let edges = circle.iter().map(|file| {
            let others = circle.iter().filter(|other| imports[file].contains(*other));
            format!("  {} imports {}", shown(file), others.map(|other| shown(other)).collect::<Vec<_>>().join(", "))
        });
        format!("{}: files import each other:\n{}", house.package, edges.collect::<Vec<_>>().join("\n"))
    });
    Ok(told.collect())
}

fn reachable<'a>(imports: &BTreeMap<&'a Path, BTreeSet<&'a Path>>, from: &Path) -> BTreeSet<&'a Path> {
    let mut reached = BTreeSet::new();
    let mut open: Vec<&Path> = imports[from].iter().copied().collect();
    while let Some(file) = open.pop() {
        if reached.insert(file) {
            open.extend(&imports[file]);
        }
    }
    reached
}

type ModulePath = Vec<String>;

/// The modules of a crate, by their paths.
#[derive(Default)]
struct Modules(BTreeMap<ModulePath, Module>);

#[derive(Default)]
struct Module {
    file: PathBuf,
    children: BTreeSet<String>,
    /// What others see under a name, and where that leads to; under `*` all that a glob brings.
    exports: Vec<(String, Vec<String>)>,
    /// The paths that it uses itself.
    uses: BTreeSet<Vec<String>>,
}

impl Modules {
    /// Reads a file and those of its modules, which stand in `folder`.
    fn read(&mut self, file: &Path, folder: &Path, path: ModulePath) -> Result<(), Box<dyn std::error::Error>> {
        let text =
            fs::read_to_string(file).map_err(|error| io::Error::other(format!("{}: {error}", file.display())))?;
        self.take(syn::parse_file(&text)?.items, file, folder, path)
    }

    fn take(
        &mut self,
        items: Vec<Item>,
        file: &Path,
        folder: &Path,
        path: ModulePath,
    ) -> Result<(), Box<dyn std::error::Error>> {
        let mut module = Module { file: file.to_owned(), ..Module::default() };
        for item in items {
            match item {
                Item::Mod(ItemMod { attrs, .. }) if is_for_tests(&attrs) => {}
                Item::Mod(ItemMod { ident, content, .. }) => {
                    let name = ident.to_string();
                    let (child, inner) = ([path.as_slice(), std::slice::from_ref(&name)].concat(), folder.join(&name));
                    module.children.insert(name.clone());
                    match content {
                        Some((_, items)) => self.take(items, file, &inner, child)?,
                        None if inner.join("mod.rs").exists() => self.read(&inner.join("mod.rs"), &inner, child)?,
                        None => self.read(&folder.join(format!("{name}.rs")), &inner, child)?,
                    }
                }
                Item::Use(import) => module.import(&import),
                other => module.visit_item(&other),
            }
        }
        self.0.insert(path, module);
        Ok(())
    }

    /// For each file those that it imports.
    fn imports(&self) -> BTreeMap<&Path, BTreeSet<&Path>> {
        let mut imports: BTreeMap<&Path, BTreeSet<&Path>> = BTreeMap::new();
        for (path, module) in &self.0 {
            let of_file = imports.entry(&module.file).or_default();
            of_file.extend(module.uses.iter().filter_map(|used| self.resolved(path, used, 0)));
            of_file.remove(&*module.file);
        }
        imports
    }

    /// The file that has what a path leads to, if it is one of this crate.
    fn resolved(&self, from: &ModulePath, used: &[String], depth: usize) -> Option<&Path> {
        let mut at = from.clone();
        let mut rest = used;
        match used.first()?.as_str() {
            "crate" | "gradcore" => (at, rest) = (Vec::new(), &used[1..]),
            "self" => rest = &used[1..],
            "super" => {
                at.pop();
                rest = &used[1..];
            }
            first if self.0[from].children.contains(first) => {}
            _ => return None,
        }
        while let Some((name, after)) = rest.split_first() {
            let module = self.0.get(&at)?;
            if name == "super" {
                at.pop();
            } else if module.children.contains(name) {
                at.push(name.clone());
            } else {
                // Eight are enough for every chain of re-exports.
                let by_name =
                    module.exports.iter().filter(|(exported, _)| exported == name).map(|(_, path)| (path, None));
                let by_glob =
                    module.exports.iter().filter(|(exported, _)| exported == "*").map(|(_, path)| (path, Some(name)));
                let exports = by_name.chain(by_glob).filter(|_| depth < 8);
                let mut found = exports.filter_map(|(path, name)| {
                    let path: Vec<String> = path.iter().chain(name).chain(after).cloned().collect();
                    self.resolved(&at, &path, depth + 1)
                });
                return found.next().or(Some(&module.file));
            }
            rest = after;
        }
        self.0.get(&at).map(|module| &*module.file)
    }
}

impl Module {
    fn import(&mut self, import: &ItemUse) {
        if is_for_tests(&import.attrs) {
            return;
        }
        let mut paths = Vec::new();
        flatten(&import.tree, &mut Vec::new(), &mut paths);
        match import.vis {
            Visibility::Inherited => self.uses.extend(paths.into_iter().map(|(_, path)| path)),
            _ => self.exports.extend(paths),
        }
    }
}

/// The paths of a `use`, each with the name that it brings.
fn flatten(tree: &UseTree, path: &mut Vec<String>, found: &mut Vec<(String, Vec<String>)>) {
    let with = |name: &syn::Ident, path: &[String]| [path, &[name.to_string()]].concat();
    match tree {
        UseTree::Path(step) => {
            path.push(step.ident.to_string());
            flatten(&step.tree, path, found);
            path.pop();
        }
        UseTree::Group(group) => group.items.iter().for_each(|tree| flatten(tree, path, found)),
        UseTree::Name(name) if name.ident == "self" => {
            found.push((path.last().cloned().unwrap_or_default(), path.clone()));
        }
        UseTree::Name(name) => found.push((name.ident.to_string(), with(&name.ident, path))),
        UseTree::Rename(name) => found.push((name.rename.to_string(), with(&name.ident, path))),
        UseTree::Glob(_) => found.push(("*".to_owned(), path.clone())),
    }
}

fn is_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute.meta.require_list().is_ok_and(|list| list.tokens.to_string().starts_with("test"))
    })
}

impl Visit<'_> for Module {
    fn visit_item_use(&mut self, import: &ItemUse) {
        self.import(import);
    }
    fn visit_path(&mut self, path: &syn::Path) {
        if path.segments.len() > 1 {
            self.uses.insert(path.segments.iter().map(|segment| segment.ident.to_string()).collect());
        }
        visit::visit_path(self, path);
    }
    /// Tokens of macros, whose paths begin with `crate` or `$crate`.
    fn visit_macro(&mut self, tokens: &Macro) {
        visit::visit_macro(self, tokens);
        let text = tokens.tokens.to_string();
        for path in text.split("crate ::").skip(1) {
            let is_name = |name: &&str| name.chars().all(|c| c.is_alphanumeric() || c == '_') && !name.is_empty();
            let steps = path.split("::").map(|step| step.split_whitespace().next().unwrap_or_default());
            let steps: Vec<String> = steps.take_while(is_name).map(ToOwned::to_owned).collect();
            self.uses.insert([&["crate".to_owned()], &*steps].concat());
        }
    }
}

//! The same work in this library, in loops by hand and in other systems, side by side.
//!
//! `side_by_side PYTHON PAGE` measures and writes the page; `side_by_side serve SYSTEM` is one of the systems. `run` does
//! all that comes before.

mod measure;
mod page;
mod plot;
mod serve;
mod systems;
mod work;

use std::env;
use std::error::Error;
use std::path::Path;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["serve", name] => {
            let own = systems::OWN.iter().find(|own| own.name == *name).ok_or("there is no such system")?;
            Ok(serve::serve(own.version, own.prepare)?)
        }
        [python, page] => {
            page::write(Path::new(page), &[measure::with_threads(python, 1)?, measure::with_threads(python, 2)?])
        }
        _ => Err("usage: side_by_side PYTHON PAGE, or side_by_side serve SYSTEM".into()),
    }
}

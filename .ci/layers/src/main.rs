//! `cargo run -p layers`: fails on an import against the layers, and on a circle of files.

use std::process::ExitCode;

use layers::{HOUSES, circles, cut, root};

fn main() -> Result<ExitCode, Box<dyn std::error::Error>> {
    let root = root();
    let copy = cut::Workspace::copied(&root, &root.join("target/layers"))?;
    let mut mistakes = Vec::new();
    for house in &HOUSES {
        mistakes.extend(circles::found(&root, house)?);
        for (room, seen) in house.rooms() {
            mistakes.extend(copy.needed_from_above(house, room, &seen)?);
        }
    }
    mistakes.iter().for_each(|mistake| eprintln!("{mistake}"));
    let rooms: usize = HOUSES.iter().map(|house| house.rooms().count()).sum();
    println!("{rooms} rooms of {} crates, {} mistakes", HOUSES.len(), mistakes.len());
    Ok(if mistakes.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

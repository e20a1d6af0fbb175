//! Runs one kind of call so many times, for `instructions` to count: `counted KIND TIMES`. Without arguments it lists the
//! kinds.

mod work;

use std::env;
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).filter(|argument| argument != "--bench").collect();
    match arguments.as_slice() {
        [] => work::WORKS.iter().for_each(|(name, _)| println!("{name}")),
        [kind, times] => {
            let (_, run) = work::WORKS.iter().find(|(name, _)| name == kind).ok_or("there is no such kind")?;
            run(times.parse()?);
        }
        _ => return Err("usage: counted KIND TIMES".into()),
    }
    Ok(())
}

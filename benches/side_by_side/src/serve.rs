//! A system as a process of its own, which does what it is told on its standard input.
//!
//! `prepare WORK SIZE` answers `ready` with some numbers of every result, or `none`; `time RUNS` answers with the seconds
//! of a run. `python/serve.py` speaks the same words.

use std::io::{self, BufRead, Write};
use std::time::Instant;

/// Places of a result whose numbers are compared, beside their mean.
const PLACES: usize = 4;

/// What has been seen of the results of a run.
#[derive(Debug, Default)]
pub(crate) struct Seen(Vec<Vec<f64>>);

impl Seen {
    /// The mean of a result, and some of its elements.
    pub(crate) fn result(&mut self, values: &[f32]) {
        let last = values.len() - 1;
        let mean = values.iter().map(|&value| f64::from(value)).sum::<f64>() / values.len() as f64;
        let some = (0..PLACES).map(|k| f64::from(values[last * k / (PLACES - 1)]));
        self.0.push([mean].into_iter().chain(some).collect());
    }
}

/// Work that can be run; where somebody looks, he sees the results.
pub(crate) type Ready = Box<dyn FnMut(Option<&mut Seen>)>;

/// Serves until the input ends.
pub(crate) fn serve(version: &str, prepare: fn(&str, usize) -> Option<Ready>) -> io::Result<()> {
    let say = |line: String| {
        println!("{line}");
        io::stdout().flush()
    };
    say(version.into())?;
    let mut ready: Option<Ready> = None;
    for line in io::stdin().lock().lines() {
        let line = line?;
        match (line.split(' ').collect::<Vec<_>>().as_slice(), &mut ready) {
            (["prepare", work, size], _) => {
                drop(ready.take());
                ready = prepare(work, size.parse().expect("a size"));
                match &mut ready {
                    Some(run) => {
                        let mut seen = Seen::default();
                        run(Some(&mut seen));
                        let numbers =
                            |result: Vec<f64>| result.iter().map(f64::to_string).collect::<Vec<_>>().join(" ");
                        say(format!("ready {}", seen.0.into_iter().map(numbers).collect::<Vec<_>>().join(";")))?;
                    }
                    None => say("none".into())?,
                }
            }
            (["time", runs], Some(run)) => {
                let runs = runs.parse::<u32>().expect("a number of runs");
                let start = Instant::now();
                (0..runs).for_each(|_| run(None));
                say((start.elapsed().as_secs_f64() / f64::from(runs)).to_string())?;
            }
            _ => panic!("nobody knows what `{line}` asks for"),
        }
    }
    Ok(())
}

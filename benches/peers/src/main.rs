//! What a recorded operation costs here and in other crates that differentiate.

mod chain;
mod leaky_relu;

use std::error::Error;
use std::time::Instant;

const RUNS: usize = 50;

/// Nanoseconds of one run, where the peer has such a thing.
#[derive(Clone, Copy)]
struct Times {
    /// Forward without a tape.
    plain: Option<f64>,
    /// Forward, recorded.
    forward: f64,
    backward: f64,
}

impl Times {
    fn each(self) -> [Option<f64>; 3] {
        [self.plain, Some(self.forward), Some(self.backward)]
    }
}

/// One run, whose gradients it has checked.
type Run = Result<Times, Box<dyn Error>>;

struct Peer {
    name: &'static str,
    run: fn() -> Run,
}

/// The result and the nanoseconds that it took.
fn timed<R>(run: impl FnOnce() -> R) -> (R, f64) {
    let start = Instant::now();
    let result = run();
    (result, start.elapsed().as_secs_f64() * 1e9)
}

/// The least of each time over many runs, in which the peers take turns.
fn best(peers: &[Peer]) -> Result<Vec<[Option<f64>; 3]>, Box<dyn Error>> {
    let mut best = vec![[None; 3]; peers.len()];
    for _ in 0..RUNS {
        for (best, peer) in best.iter_mut().zip(peers) {
            for (best, now) in best.iter_mut().zip((peer.run)()?.each()) {
                *best = now.map(|now: f64| best.map_or(now, |best: f64| best.min(now)));
            }
        }
    }
    Ok(best)
}

/// Prints the times in a unit of so many nanoseconds, each with its ratio to that of the first peer.
fn print(title: &str, unit: f64, peers: &[Peer]) -> Result<(), Box<dyn Error>> {
    let times = best(peers)?;
    println!("{title}, the best of {RUNS} runs (in brackets: by gradcore's time)\n");
    println!("{:32} {:>17} {:>17} {:>17}", "", "without a tape", "recorded", "backward");
    for (peer, each) in peers.iter().zip(&times) {
        let shown = each.iter().zip(&times[0]).map(|(time, ours)| match (time, ours) {
            (Some(time), Some(ours)) => format!("{:.2} ({:.2})", time / unit, time / ours),
            (Some(time), None) => format!("{:.2}", time / unit),
            (None, _) => "-".into(),
        });
        println!("{:32} {}", peer.name, shown.map(|time| format!("{time:>17}")).collect::<Vec<_>>().join(" "));
    }
    println!();
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    print("nanoseconds for each of 10 000 operations on scalars", f64::from(chain::LENGTH), &chain::PEERS)?;
    print("milliseconds for the sum of leaky_relu of 1 000 000 elements", 1e6, &leaky_relu::PEERS)
}

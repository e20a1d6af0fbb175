//! What a call costs beyond its arithmetic; a rule where no tape is active should cost 2 ns more than its body.
//!
//! `cargo bench --bench calls` prints the time of 10 000 calls of each kind, and how it has changed since the last time.

mod work;

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};

const TIMES: u32 = 10_000;

fn calls(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group(format!("{TIMES} calls"));
    for (name, run) in work::WORKS {
        group.bench_function(name, |bencher| bencher.iter(|| run(black_box(TIMES))));
    }
    group.finish();
}

criterion_group!(benches, calls);
criterion_main!(benches);

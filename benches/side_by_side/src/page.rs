//! The page: tables of ratios.

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use crate::measure::{Measured, Row};
use crate::plot;
use crate::work::{WORKS, Work};

/// Writes the page, and its plots into the folder of its name.
pub(crate) fn write(page: &Path, all: &[Measured]) -> Result<(), Box<dyn Error>> {
    let folder = page.with_extension("");
    let name = folder.file_name().and_then(|name| name.to_str()).ok_or("a page has a name")?;
    fs::create_dir_all(&folder)?;
    let mut text = introduction(&all[0])?;
    for measured in all {
        let title = cores(measured.threads);
        let picture = format!("{}.svg", title.to_lowercase().replace(' ', "_"));
        plot::draw(&folder.join(&picture), measured)?;
        writeln!(text, "\n## {title}\n\n![Time against the number of elements]({name}/{picture})")?;
        for work in &WORKS {
            table(&mut text, work, measured)?;
        }
    }
    fs::write(page, text)?;
    Ok(())
}

/// What a number of threads is called.
pub(crate) fn cores(threads: usize) -> String {
    match threads {
        1 => "One core".into(),
        _ => format!("{threads} cores"),
    }
}

fn introduction(measured: &Measured) -> Result<String, Box<dyn Error>> {
    let mut text = String::from(
        "# Performance

The same work in this library, in loops by hand and in other systems, which take turns; `bash benches/side_by_side/run`
measured it and wrote this page. Every time is the least of seven turns, and before any was taken the results of all systems
were compared with those of the loops by hand.

The first column is the time of the loops by hand and, where they do nothing but read and write, their bytes per second; the
others are how many times as long a system takes. The loops write into buffers that are used again, are compiled for the best
instruction set of the machine and compute `exp`, `log` and `tanh` by polynomials
([`hand.rs`](../benches/side_by_side/src/systems/hand.rs)): no system can do much better. This library computes them so
too, with smaller errors ([`math`](../gradcore/src/math/mod.rs)).

Systems that compile (XLA, `jit`, `torch.compile`) have done so before. candle is built with the same kernels for products as
this library, which it would not be by itself. A dash stands where a system cannot do the work, or where nobody has written it
for that system.

",
    );
    writeln!(
        text,
        "Measured on {}, {}, {}.\n",
        output("date", &["-u", "+%Y-%m-%d"])?,
        machine()?,
        output("rustc", &["--version"])?
    )?;
    let versions = measured.systems.iter().map(|system| format!("* {}: {}", system.name, system.version));
    writeln!(text, "{}", versions.collect::<Vec<_>>().join("\n"))?;
    Ok(text)
}

fn output(program: &str, arguments: &[&str]) -> Result<String, Box<dyn Error>> {
    Ok(String::from_utf8(Command::new(program).args(arguments).output()?.stdout)?.trim().into())
}

fn machine() -> Result<String, Box<dyn Error>> {
    let text = fs::read_to_string("/proc/cpuinfo")?;
    let of = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)?.split_once(": ").map(|(_, it)| it));
    let count = text.lines().filter(|line| line.starts_with("processor")).count();
    let vectors = if of("flags").is_some_and(|flags| flags.contains("avx512f")) { ", AVX-512" } else { "" };
    Ok(format!("{} ({count} cores{vectors})", of("model name").unwrap_or("an unknown processor")))
}

fn table(text: &mut String, work: &Work, measured: &Measured) -> Result<(), Box<dyn Error>> {
    let rows: Vec<&Row> = measured.rows.iter().filter(|row| row.work.name == work.name).collect();
    let shown: Vec<usize> =
        (1..measured.systems.len()).filter(|&k| rows.iter().any(|row| row.seconds[k].is_some())).collect();
    let names = shown.iter().map(|&k| measured.systems[k].name).collect::<Vec<_>>().join(" | ");
    writeln!(text, "\n### {}\n\n| n | by hand | {names} |\n|--:|--:|{}", work.title, "--:|".repeat(shown.len()))?;
    for row in rows {
        let hand = row.seconds[0].ok_or("everything is written by hand")?;
        let ratios = shown.iter().map(|&k| row.seconds[k].map_or("–".into(), |seconds| ratio(seconds / hand)));
        let ratios = ratios.collect::<Vec<_>>().join(" | ");
        let speed = work.bytes.filter(|_| row.size >= 1000).map(|bytes| (bytes * row.size) as f64 / hand / 1e9);
        let speed = speed.map_or(String::new(), |speed| format!(" ({speed:.0} GB/s)"));
        writeln!(text, "| {} | {}{speed} | {ratios} |", count(row.size), time(hand))?;
    }
    Ok(())
}

fn ratio(ratio: f64) -> String {
    match ratio {
        ratio if ratio < 9.95 => format!("{ratio:.2}"),
        ratio => format!("{ratio:.0}"),
    }
}

fn time(seconds: f64) -> String {
    match seconds {
        seconds if seconds < 1e-6 => format!("{:.0} ns", seconds * 1e9),
        seconds if seconds < 1e-3 => format!("{:.1} µs", seconds * 1e6),
        seconds => format!("{:.2} ms", seconds * 1e3),
    }
}

/// With a space before each three digits.
fn count(size: usize) -> String {
    let digits = size.to_string();
    let groups = digits.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy);
    groups.collect::<Vec<_>>().join(" ")
}

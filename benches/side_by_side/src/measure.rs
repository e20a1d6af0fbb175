//! Systems as processes, which take turns.

use std::env;
use std::error::Error;
use std::io::{BufRead, BufReader, Lines, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use crate::systems::{OWN, PYTHON};
use crate::work::{WORKS, Work};

/// How often the systems take turns.
const ROUNDS: usize = 7;
/// Seconds of a turn, about.
const TURN: f64 = 0.03;
/// By how much results may differ, as a part of the largest number that is compared of each.
const TOLERANCE: f64 = 2e-4;

/// The times of one number of threads.
#[derive(Debug)]
pub(crate) struct Measured {
    pub(crate) threads: usize,
    pub(crate) systems: Vec<System>,
    pub(crate) rows: Vec<Row>,
}

#[derive(Debug)]
pub(crate) struct System {
    pub(crate) name: &'static str,
    pub(crate) version: String,
}

/// The seconds of each system for some work; the least of all turns.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) work: &'static Work,
    pub(crate) size: usize,
    pub(crate) seconds: Vec<Option<f64>>,
}

struct Process {
    name: &'static str,
    version: String,
    child: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
}

impl Process {
    fn start(name: &'static str, threads: usize, program: &str, arguments: &[&str]) -> Result<Self, Box<dyn Error>> {
        let mut command = match threads {
            1 => {
                let mut command = Command::new("taskset");
                command.args(["-c", "0", program]);
                command
            }
            _ => Command::new(program),
        };
        let count = threads.to_string();
        for variable in ["RAYON_NUM_THREADS", "OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"] {
            command.env(variable, &count);
        }
        let mut child = command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let input = child.stdin.take().ok_or("a process without an input")?;
        let output = BufReader::new(child.stdout.take().ok_or("a process without an output")?).lines();
        let mut process = Process { name, version: String::new(), child, input, output };
        process.version = process.answer()?;
        Ok(process)
    }

    fn answer(&mut self) -> Result<String, Box<dyn Error>> {
        self.output.next().ok_or_else(|| format!("{} has stopped", self.name))?.map_err(Into::into)
    }

    fn ask(&mut self, question: &str) -> Result<String, Box<dyn Error>> {
        writeln!(self.input, "{question}")?;
        self.answer()
    }

    /// The numbers of each result, if the system does such work.
    fn prepare(&mut self, work: &Work, size: usize) -> Result<Option<Vec<Vec<f64>>>, Box<dyn Error>> {
        let answer = self.ask(&format!("prepare {} {size}", work.name))?;
        let Some(numbers) = answer.strip_prefix("ready ") else { return Ok(None) };
        let result = |numbers: &str| numbers.split(' ').map(str::parse).collect::<Result<Vec<f64>, _>>();
        Ok(Some(numbers.split(';').map(result).collect::<Result<_, _>>()?))
    }

    fn time(&mut self, runs: u32) -> Result<f64, Box<dyn Error>> {
        Ok(self.ask(&format!("time {runs}"))?.parse()?)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have stopped by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn start_all(python: &str, threads: usize) -> Result<Vec<Process>, Box<dyn Error>> {
    let own = env::current_exe()?;
    let own = own.to_str().ok_or("the program has a path that is no text")?;
    let script: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("python/serve.py");
    let script = script.to_str().ok_or("the script has a path that is no text")?;
    let parts = OWN.iter().map(|it| Process::start(it.name, threads, own, &["serve", it.name]));
    parts.chain(PYTHON.iter().map(|name| Process::start(name, threads, python, &[script, name]))).collect()
}

/// Every system does all the work that it can, on so many cores.
pub(crate) fn with_threads(python: &str, threads: usize) -> Result<Measured, Box<dyn Error>> {
    let mut processes = start_all(python, threads)?;
    let mut rows = Vec::new();
    for work in &WORKS {
        for &size in work.sizes {
            let seconds = measure(&mut processes, work, size)?;
            eprintln!("{threads} threads, {} {size}: {seconds:?}", work.name);
            rows.push(Row { work, size, seconds });
        }
    }
    let systems = processes.iter().map(|it| System { name: it.name, version: it.version.clone() }).collect();
    Ok(Measured { threads, systems, rows })
}

fn measure(processes: &mut [Process], work: &Work, size: usize) -> Result<Vec<Option<f64>>, Box<dyn Error>> {
    let mut runs = Vec::new();
    let mut expected = None;
    for process in processes.iter_mut() {
        let Some(found) = process.prepare(work, size)? else {
            runs.push(None);
            continue;
        };
        let expected = expected.get_or_insert_with(|| found.clone());
        if !agree(expected, &found) {
            return Err(format!("{}: {} finds {found:?} for {expected:?}", work.name, process.name).into());
        }
        let once = process.time(1)?;
        runs.push(Some((TURN / once).clamp(1.0, 100_000.0) as u32));
    }
    let mut best = vec![None; processes.len()];
    for _ in 0..ROUNDS {
        for ((process, runs), best) in processes.iter_mut().zip(&runs).zip(&mut best) {
            if let Some(runs) = runs {
                let now = process.time(*runs)?;
                *best = Some(best.map_or(now, |best: f64| best.min(now)));
            }
        }
    }
    Ok(best)
}

fn agree(expected: &[Vec<f64>], found: &[Vec<f64>]) -> bool {
    let close = |(expected, found): (&Vec<f64>, &Vec<f64>)| {
        let largest = expected.iter().fold(f64::MIN_POSITIVE, |most, it| most.max(it.abs()));
        expected.len() == found.len() && expected.iter().zip(found).all(|(a, b)| (a - b).abs() <= TOLERANCE * largest)
    };
    expected.len() == found.len() && expected.iter().zip(found).all(close)
}

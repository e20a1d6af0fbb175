//! `docs/tensorflow.md` has every row once, and every proof that it and `docs/numbers.md` name exists.

use std::fs;
use std::path::Path;

const PAGE: &str = include_str!("../../docs/tensorflow.md");
const NUMBERS: &str = include_str!("../../docs/numbers.md");

/// A row: its number, what it says of this library, and the proofs.
struct Row {
    number: String,
    here: String,
    proofs: Vec<String>,
}

impl Row {
    /// The rows of a table whose first cell is such a number as `2.114`.
    fn read(line: &str) -> Option<Self> {
        let cells: Vec<&str> = line.strip_prefix('|')?.split('|').map(str::trim).collect();
        let [number, _, _, here, proofs, ""] = cells[..] else { return None };
        let (section, place) = number.split_once('.')?;
        section.parse::<u32>().ok().and(place.parse::<u32>().ok())?;
        let proofs = proofs.split('`').filter(|proof| !proof.trim().is_empty()).map(str::to_owned).collect();
        Some(Row { number: number.to_owned(), here: here.to_owned(), proofs })
    }
}

fn rows() -> Vec<Row> {
    PAGE.lines().filter_map(Row::read).collect()
}

/// Whether a test of that name, or a compile-time case with its message, is in the sources.
fn exists(proof: &str) -> bool {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let Some((file, function)) = proof.split_once("::") else {
        let case = root.join(proof);
        return proof.starts_with("tests/ui/") && case.is_file() && case.with_extension("stderr").is_file();
    };
    let source = fs::read_to_string(root.join(file)).unwrap_or_default();
    // The tests of operations are made by a macro, one for each name.
    let is_test = |line: &str, next: &str| line.trim() == "#[test]" && next.contains(&format!("fn {function}("));
    let of_macro = |line: &str| line.trim().starts_with(&format!("{function}: |given|"));
    let is_beside = |line: &&str| ["#[should_panic", "#[ignore"].iter().any(|mark| line.trim().starts_with(mark));
    let lines: Vec<&str> = source.lines().filter(|line| !is_beside(line)).collect();
    lines.windows(2).any(|pair| is_test(pair[0], pair[1])) || lines.iter().any(|line| of_macro(line))
}

#[test]
fn every_row_is_there_once_and_in_order() {
    let found: Vec<String> = rows().into_iter().map(|row| row.number).collect();
    let section = |section: u32, rows: u32| (1..=rows).map(move |row| format!("{section}.{row}"));
    let expected: Vec<String> = section(1, 106).chain(section(2, 114)).collect();
    assert_eq!(found, expected);
}

#[test]
fn every_row_says_what_happens_here() {
    let verdicts = ["same", "better", "compile error", "named error", "not here: "];
    let unclear: Vec<String> = rows()
        .into_iter()
        .filter(|row| !verdicts.iter().any(|verdict| row.here.starts_with(verdict)))
        .map(|row| row.number)
        .collect();
    assert!(unclear.is_empty(), "rows {unclear:?} begin with none of {verdicts:?}");
}

#[test]
fn every_row_is_proved() {
    let missing: Vec<String> = rows()
        .iter()
        .flat_map(|row| row.proofs.iter().map(move |proof| (row, proof)))
        .filter(|(_, proof)| !exists(proof))
        .map(|(row, proof)| format!("{}: {proof}", row.number))
        .collect();
    assert!(missing.is_empty(), "no such test or case:\n{}", missing.join("\n"));
    let bare = |row: &&Row| row.proofs.is_empty() != row.here.starts_with("not here");
    let bare: Vec<String> = rows().iter().filter(bare).map(|row| row.number.clone()).collect();
    assert!(bare.is_empty(), "rows {bare:?} have no proof, or have one and say `not here`");
}

/// What cannot compile is shown by a case.
#[test]
fn every_compile_error_has_its_message() {
    let told = |row: &Row| row.proofs.iter().any(|proof| proof.starts_with("tests/ui/"));
    let untold: Vec<String> = rows()
        .into_iter()
        .filter(|row| row.here.contains("compile error") && !told(row))
        .map(|row| row.number)
        .collect();
    assert!(untold.is_empty(), "rows {untold:?} name no case in tests/ui");
}

#[test]
fn every_sentence_on_numbers_is_proved() {
    let sentences: Vec<&str> = NUMBERS.split("\n* ").skip(1).collect();
    assert!(sentences.len() > 15, "the page lists what holds");
    let is_proof = |quoted: &&str| quoted.contains(".rs::");
    let proofs = |sentence: &str| -> Vec<String> { sentence.split('`').filter(is_proof).map(str::to_owned).collect() };
    let bare: Vec<&&str> = sentences.iter().filter(|sentence| proofs(sentence).is_empty()).collect();
    assert!(bare.is_empty(), "no test is named for {bare:?}");
    let missing: Vec<String> =
        sentences.iter().flat_map(|sentence| proofs(sentence)).filter(|proof| !exists(proof)).collect();
    assert!(missing.is_empty(), "no such test:\n{}", missing.join("\n"));
}

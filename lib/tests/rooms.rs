//! The rooms of the library call one another as the table in src/lib.rs says.

#![allow(clippy::unwrap_used)] // helpers of tests are not functions with #[test]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// For each room the row of the table it stands in, and which rooms it never calls.
fn table() -> BTreeMap<String, (usize, Vec<String>)> {
    let names = |cell: &str| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>();
    let lib = fs::read_to_string(src().join("lib.rs")).unwrap();
    let rows = lib.lines().filter_map(|line| line.strip_prefix("//! | ")).skip(1).enumerate();
    rows.flat_map(|(row, line)| {
        let cells: Vec<_> = line.split('|').collect();
        let never = names(cells[2]);
        names(cells[0]).into_iter().map(move |room| (room, (row, never.clone())))
    })
    .collect()
}

fn src() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// A file but for its tests.
fn shipped(file: &Path) -> Option<String> {
    let source = fs::read_to_string(file).ok()?;
    source.split("#[cfg(test)]\nmod tests {").next().map(str::to_owned)
}

/// The rooms that a source calls.
fn called(source: &str) -> BTreeSet<String> {
    let code: String = source.lines().map(|line| line.split("//").next().unwrap()).collect();
    let word = |text: &str| -> String {
        text.trim_start().chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect()
    };
    let mut called = BTreeSet::new();
    for after in code.split("crate::").skip(1) {
        let Some(list) = after.strip_prefix('{') else {
            called.insert(word(after));
            continue;
        };
        let mut depth = 0;
        called.insert(word(list));
        for (at, c) in list.char_indices() {
            match c {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                ',' if depth == 0 => drop(called.insert(word(&list[at + 1..]))),
                _ => {}
            }
        }
    }
    called
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => files(&path, found),
            false => found.push(path),
        }
    }
}

#[test]
fn every_room_calls_only_those_it_may() {
    // Files that are nothing but tests.
    const TESTS: [&str; 4] = ["tests", "sample", "flood", "make_vectors"];
    let rooms = table();
    for name in rooms.values().flat_map(|(_, never)| never) {
        assert!(rooms.contains_key(name), "'{name}' is never called, and is no room");
    }
    let mut all = Vec::new();
    files(&src(), &mut all);
    let mut seen = BTreeSet::new();
    for file in all {
        let path = file.strip_prefix(src()).unwrap().with_extension("");
        let steps: Vec<_> = path.iter().map(|step| step.to_str().unwrap()).collect();
        if path == Path::new("lib") || steps.iter().any(|step| TESTS.contains(step)) {
            continue;
        }
        let (row, never) = rooms.get(steps[0]).unwrap_or_else(|| panic!("{} is not in the table", steps[0]));
        seen.insert(steps[0].to_owned());
        let Some(source) = shipped(&file) else { continue };
        // By that, the root is reached without its name.
        let depth = steps.iter().filter(|step| **step != "mod").count();
        assert!(!source.contains(&"super::".repeat(depth)), "{} climbs too far", file.display());
        for other in called(&source).iter().filter(|other| *other != steps[0]) {
            let Some((theirs, _)) = rooms.get(other) else { continue };
            assert!(theirs <= row, "{} calls {other}, which stands below it", file.display());
            assert!(!never.contains(other), "{} calls {other}", file.display());
        }
    }
    assert!(rooms.keys().eq(seen.iter()), "the table has rooms that are not there");
}

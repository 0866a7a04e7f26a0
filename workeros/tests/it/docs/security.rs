//! Every rule of `docs/security.md` is held by the tests it names, and every rule
//! that a test names is there.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// The tests by their names, with the rules that their doc comments begin with.
type Tests = BTreeMap<String, BTreeSet<String>>;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// The tests of all crates. Those of the testkit are made by macros.
fn tests() -> Tests {
    let mut tests = Tests::new();
    for entry in fs::read_dir(root()).unwrap() {
        let library = entry.unwrap().path();
        for folder in ["tests/it", "src/testkit"] {
            let folder = library.join(folder);
            if folder.is_dir() {
                read(&folder, &mut tests);
            }
        }
    }
    tests
}

fn read(folder: &Path, tests: &mut Tests) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read(&path, tests);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            collect(&fs::read_to_string(&path).unwrap(), tests);
        }
    }
}

fn collect(source: &str, tests: &mut Tests) {
    let mut documented = Vec::new();
    let mut is_within = false;
    for line in source.lines().map(str::trim_start) {
        if let Some(comment) = line.strip_prefix("/// ") {
            if !is_within {
                documented = ids(comment);
            }
            is_within = true;
        } else if let Some((_, name)) = line.split_once("fn ") {
            let name = name.split(|char: char| !char.is_alphanumeric() && char != '_');
            let name = name.into_iter().next().unwrap_or_default().to_owned();
            tests
                .entry(name)
                .or_default()
                .append(&mut documented.drain(..).collect());
            is_within = false;
        } else if !line.starts_with("#[") && !line.starts_with("///") {
            documented.clear();
            is_within = false;
        }
    }
}

/// `PW-6, R19: …`.
fn ids(comment: &str) -> Vec<String> {
    let named = comment.split_once(": ").map(|(named, _)| named.split(", "));
    let ids: Vec<_> = named.into_iter().flatten().map(ToOwned::to_owned).collect();
    if ids.iter().all(|id| is_id(id)) {
        ids
    } else {
        Vec::new()
    }
}

/// `PW-6`, `R19`.
fn is_id(text: &str) -> bool {
    let digits = text.trim_start_matches(|char: char| char.is_ascii_uppercase());
    let group = &text[..text.len() - digits.len()];
    let number = digits.strip_prefix('-').unwrap_or(digits);
    !group.is_empty() && !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
}

/// What a rule is called without its number.
fn group(id: &str) -> &str {
    id.trim_end_matches(|char: char| char.is_ascii_digit())
}

/// The rules of the page, each with the tests it names.
fn rules() -> Vec<(String, Vec<String>)> {
    let page = fs::read_to_string(root().join("docs/security.md")).unwrap();
    let rows = page.lines().filter_map(|line| line.strip_prefix("| "));
    let rows = rows.filter_map(|row| {
        let mut cells = row.split(" | ");
        let id = cells.next().filter(|id| is_id(id))?;
        let names = cells.last()?.split('`').skip(1).step_by(2);
        Some((id.to_owned(), names.map(ToOwned::to_owned).collect()))
    });
    rows.collect()
}

#[test]
fn every_rule_of_security_is_held_by_tests_and_no_other_is_named() {
    let (tests, rules) = (tests(), rules());
    assert!(rules.len() > 60, "only {} rules", rules.len());
    let mut broken = Vec::new();
    for (id, names) in &rules {
        if names.is_empty() {
            broken.push(format!("{id} has no test"));
        }
        for name in names {
            let named = tests.get(name).is_some_and(|ids| ids.contains(id));
            if !named {
                broken.push(format!("no test `{name}` begins its comment with {id}"));
            }
        }
    }
    let groups: BTreeSet<_> = rules.iter().map(|(id, _)| group(id)).collect();
    for (name, ids) in &tests {
        let unknown = ids.iter().filter(|id| groups.contains(group(id)));
        let unknown = unknown.filter(|id| !rules.iter().any(|(rule, _)| rule == *id));
        broken.extend(unknown.map(|id| format!("`{name}` is of {id}, which is not on the page")));
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn ids_are_read_as_they_are_written() {
    assert_eq!(ids("PW-6, R19: of 64 one"), ["PW-6", "R19"]);
    for comment in [
        "Of many: one",
        "PW-: x",
        "PW-6 and R19: x",
        "pw-6: x",
        "PW-6",
    ] {
        assert!(ids(comment).is_empty(), "{comment}");
    }
    let mut tests = Tests::new();
    let source = "/// PW-6: it is.\n/// More.\n#[test]\nfn it_is() {}\n\nfn is_not() {}";
    collect(source, &mut tests);
    assert_eq!(tests["it_is"], BTreeSet::from(["PW-6".to_owned()]));
    assert!(tests["is_not"].is_empty());
}

//! Dependencies and manifests.

use std::collections::BTreeSet;

use super::workspace::{libraries, members, root, tree};

/// Which crates of the workspace a published one may depend on, tests apart.
const KNOWS: [(&str, &[&str]); 8] = [
    ("workeros-dsl", &[]),
    ("workeros-core", &["workeros-dsl"]),
    ("workeros-schema", &["workeros-core", "workeros-dsl"]),
    ("workeros-auth", &["workeros-core"]),
    (
        "workeros-http",
        &[
            "workeros-auth",
            "workeros-core",
            "workeros-dsl",
            "workeros-schema",
        ],
    ),
    ("workeros-adapters", &["workeros-core"]),
    (
        "workeros",
        &[
            "workeros-adapters",
            "workeros-auth",
            "workeros-core",
            "workeros-dsl",
            "workeros-http",
            "workeros-schema",
        ],
    ),
    ("workeros-cli", &["workeros"]),
];

/// What does I/O, or knows of a runtime or a clock.
const IMPURE: [&str; 16] = [
    "actix-web",
    "axum",
    "chrono",
    "futures-io",
    "hyper",
    "jiff",
    "mio",
    "object_store",
    "reqwest",
    "rusqlite",
    "smol",
    "sqlx",
    "sqlx-core",
    "tokio",
    "tokio-util",
    "tracing-subscriber",
];

/// What the crates at the bottom are not built from.
const PURE: [(&str, &[&str]); 2] = [
    (
        "workeros-dsl",
        &[
            "async-trait",
            "futures",
            "futures-core",
            "futures-util",
            "http",
        ],
    ),
    // `async-trait` is for its contracts, `futures` for its test kit.
    ("workeros-core", &[]),
];

/// Crates that one of ours, and no other, may depend on.
const CONFINED: [(&str, &[&str]); 9] = [
    ("actix-web", &["workeros-http"]),
    ("axum", &["workeros-http"]),
    ("hyper", &["workeros-http"]),
    ("lettre", &["workeros-adapters"]),
    ("object_store", &["workeros-adapters"]),
    ("reqwest", &["workeros-adapters"]),
    ("rusqlite", &["workeros-adapters"]),
    ("sea-query", &["workeros-dsl", "workeros-schema"]),
    ("sqlx", &["workeros-adapters"]),
];

/// What nobody gets who did not ask for it by a feature.
const ASKED_FOR: [&str; 10] = [
    "actix-web",
    "axum",
    "hyper",
    "lettre",
    "native-tls",
    "openssl",
    "openssl-sys",
    "reqwest",
    "sqlx",
    "sqlx-postgres",
];

#[test]
fn each_crate_knows_only_what_it_may() {
    let members = members();
    let names: BTreeSet<_> = members.iter().map(|member| member.name.as_str()).collect();
    let mut broken = Vec::new();
    for member in members.iter().filter(|member| member.published) {
        let name = member.name.as_str();
        let Some((_, allowed)) = KNOWS.iter().find(|(known, _)| *known == name) else {
            broken.push(format!(
                "`{name}` is new: say in KNOWS which crates it may depend on"
            ));
            continue;
        };
        let known = member.dependencies.iter().map(String::as_str);
        let known = known.filter(|dependency| names.contains(dependency));
        broken.extend(known.filter(|known| !allowed.contains(known)).map(|known| {
            format!(
                "`{name}` -> `{known}`: it may depend on {allowed:?} alone; let them meet in types \
                 and traits of `workeros-core`, or move what is needed there"
            )
        }));
    }
    let gone = KNOWS.iter().filter(|(name, _)| !names.contains(name));
    broken.extend(gone.map(|(name, _)| format!("`{name}` is gone: remove it from KNOWS")));
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn the_language_and_the_contracts_do_nothing_themselves() {
    let mut broken = Vec::new();
    for member in libraries() {
        let name = member.name.as_str();
        let Some((_, more)) = PURE.iter().find(|(pure, _)| *pure == name) else {
            continue;
        };
        let needed = &member.dependencies | &tree(name);
        assert!(needed.contains("serde_json"), "no tree: {needed:?}");
        let impure = IMPURE
            .iter()
            .chain(*more)
            .filter(|impure| needed.contains(**impure));
        broken.extend(impure.map(|impure| {
            format!(
                "`{name}` -> `{impure}`: it does no I/O and has no clock and no runtime; put a \
                 trait into `workeros-core` and what needs `{impure}` into `workeros-adapters`"
            )
        }));
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn heavy_crates_stay_where_they_are() {
    let mut broken = Vec::new();
    for member in libraries() {
        for (confined, allowed) in CONFINED {
            if member.dependencies.contains(confined) && !allowed.contains(&member.name.as_str()) {
                broken.push(format!(
                    "`{}` -> `{confined}`: only {allowed:?} may depend on it; go through what they \
                     offer, or add it to the dev-dependencies if a test needs it",
                    member.name
                ));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn nobody_gets_what_he_did_not_ask_for() {
    let tree = tree("workeros");
    assert!(tree.contains("libsqlite3-sys"), "no tree: {tree:?}");
    let found: Vec<_> = ASKED_FOR
        .iter()
        .filter(|name| tree.contains(**name))
        .collect();
    assert!(
        found.is_empty(),
        "the default features of `workeros` bring {found:?}: find out through whom with \
         `cargo tree -p workeros -e normal -i <name>`, and put it behind a feature"
    );
}

#[test]
fn manifests_are_complete() {
    let mut broken = Vec::new();
    for member in members() {
        let name = &member.name;
        let manifest = std::fs::read_to_string(member.folder.join("Cargo.toml")).unwrap();
        if !manifest.contains("\n[lints]\nworkspace = true\n") {
            broken.push(format!(
                "`{name}` has its own lints: write `[lints] workspace = true`"
            ));
        }
        if !member.published {
            continue;
        }
        for key in [
            "description",
            "license",
            "repository",
            "edition",
            "rust_version",
        ] {
            if member.metadata[key].as_str().is_none_or(str::is_empty) {
                broken.push(format!(
                    "`{name}` has no `{key}`: take it from the workspace"
                ));
            }
        }
        for (key, value) in [("license", "MIT OR Apache-2.0"), ("edition", "2024")] {
            if member.metadata[key] != value {
                broken.push(format!("the `{key}` of `{name}` is not `{value}`"));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

/// CFG-3: no crate of ours has `unsafe` code, and what the others are known for is
/// looked up: what is let pass is known to be harmless, and says why.
#[test]
fn cfg_3_nothing_is_unsafe_and_advisories_are_heeded() {
    let read = |path: &str| std::fs::read_to_string(root().join(path)).unwrap();
    assert!(read("Cargo.toml").contains("\nunsafe_code = \"forbid\"\n"));
    let rules = read("deny.toml");
    let (_, advisories) = rules.split_once("[advisories]").unwrap();
    let let_pass = advisories.matches("RUSTSEC-").count();
    assert!(let_pass <= 1, "{advisories}");
    assert_eq!(advisories.matches("reason = \"").count(), let_pass);
    for rule in ["unknown-registry = \"deny\"", "unknown-git = \"deny\""] {
        assert!(rules.contains(rule), "{rule}");
    }
    assert!(read("scripts/test").contains("cargo deny "));
}

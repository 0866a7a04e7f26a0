//! What the documentation names is there, and what is there is named.

use std::fs;
use std::path::{Path, PathBuf};

use workeros::{Sqlite, Workeros};

mod better_auth;
mod security;

/// The pages people read, without those of the crates.
fn pages() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let names = [
        "README.md",
        "ARCHITECTURE.md",
        "CONTRIBUTING.md",
        "SECURITY.md",
        "CHANGELOG.md",
    ];
    let mut pages: Vec<PathBuf> = names.iter().map(|name| root.join(name)).collect();
    pages.extend(entries(&root.join("docs")));
    pages.extend(entries(&root.join("docs/auth")));
    let examples = entries(&root.join("examples")).into_iter();
    pages.extend(examples.map(|example| example.join("README.md")));
    pages.retain(|page| page.extension().is_some_and(|extension| extension == "md"));
    pages.retain(|page| page.exists());
    assert!(pages.len() > names.len(), "{pages:?}");
    pages
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().path()).collect()
}

/// The lines of a page that are no code.
fn prose(page: &Path) -> Vec<String> {
    let text = fs::read_to_string(page).unwrap();
    let mut is_code = false;
    let mut lines = Vec::new();
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            is_code = !is_code;
        } else if !is_code {
            lines.push(line.to_owned());
        }
    }
    lines
}

/// The targets of the links of a page that stay within the repository.
fn links(page: &Path) -> Vec<String> {
    let text = prose(page).join("\n");
    let targets = text.split("](").skip(1);
    targets
        .filter_map(|rest| rest.split_once(')'))
        .map(|(target, _)| target.to_owned())
        .filter(|target| !target.contains("://") && !target.starts_with("mailto:"))
        .collect()
}

/// The anchors a page has: its headings as GitHub writes them.
fn anchors(page: &Path) -> Vec<String> {
    let lines = prose(page);
    let headings = lines.iter().filter(|line| line.starts_with('#'));
    headings
        .map(|line| {
            let heading = line.trim_start_matches('#').trim().to_lowercase();
            let kept = |char: &char| char.is_alphanumeric() || " -_".contains(*char);
            heading.chars().filter(kept).collect::<String>()
        })
        .map(|heading| heading.replace(' ', "-"))
        .collect()
}

#[test]
fn links_lead_somewhere() {
    let mut dead = Vec::new();
    for page in pages() {
        for link in links(&page) {
            let (path, anchor) = link.split_once('#').unwrap_or((&link, ""));
            let target = if path.is_empty() {
                page.clone()
            } else {
                page.parent().unwrap().join(path)
            };
            let is_there = target.exists();
            let is_named =
                anchor.is_empty() || (is_there && anchors(&target).iter().any(|it| it == anchor));
            if !is_there || !is_named {
                dead.push(format!("{}: {link}", page.display()));
            }
        }
    }
    assert!(dead.is_empty(), "{dead:#?}");
}

#[test]
fn every_example_in_rust_is_run() {
    let guide = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/guide.rs");
    let guide = fs::read_to_string(guide).unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    for page in pages() {
        let has_examples = fs::read_to_string(&page).unwrap().contains("```rust");
        let name = page.strip_prefix(root).unwrap().display();
        let is_run = guide.contains(&format!("\"{name}\""));
        assert_eq!(has_examples, is_run, "{name}");
    }
}

#[tokio::test]
async fn every_endpoint_is_documented_and_no_other() {
    let database = Sqlite::memory().await.unwrap();
    let backend = Workeros::builder().db(database).build().await.unwrap();
    let endpoints = backend.backend().endpoints();
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/http.md");
    let text = prose(&page).join("\n");

    let names: Vec<String> = endpoints
        .iter()
        .map(|endpoint| format!("{} {}", endpoint.method(), endpoint.path()))
        .collect();
    for (endpoint, name) in endpoints.iter().zip(&names) {
        // What end users have as the team has it is said once.
        let of_team = name.replace("/api/t/{workspace}/auth/", "/api/auth/");
        let is_named = [name, &of_team].map(|name| text.contains(&format!("`{name}`")));
        assert!(is_named.contains(&true), "{name} is missing");
        for parameter in endpoint.parameters() {
            let is_named = text.contains(&format!("`{parameter}`"));
            assert!(is_named, "{name}: `{parameter}` is missing");
        }
    }
    let spans = text.split('`').skip(1).step_by(2);
    let documented = spans.filter(|span| {
        span.split_once(' ').is_some_and(|(method, path)| {
            ["GET", "POST", "PATCH", "PUT", "DELETE"].contains(&method) && path.starts_with('/')
        })
    });
    for span in documented {
        assert!(names.iter().any(|name| name == span), "there is no {span}");
    }
}

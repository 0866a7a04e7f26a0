//! The workspace as cargo sees it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value as Json;

/// A crate of the workspace.
pub(super) struct Member {
    pub(super) name: String,
    pub(super) folder: PathBuf,
    pub(super) published: bool,
    /// What is needed to build it, optional or not.
    pub(super) dependencies: BTreeSet<String>,
    /// All that cargo tells.
    pub(super) metadata: Json,
}

/// The crates of the workspace.
pub(super) fn members() -> Vec<Member> {
    let metadata = cargo(&["metadata", "--format-version=1", "--no-deps"]);
    let metadata: Json = serde_json::from_str(&metadata).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    packages.iter().map(member).collect()
}

/// The crates others build on.
pub(super) fn libraries() -> Vec<Member> {
    let mut members = members();
    members.retain(|member| member.published && member.name != "workeros-cli");
    members
}

/// The names of all crates that a crate of the workspace is built from, with
/// its default features, on this machine.
pub(super) fn tree(name: &str) -> BTreeSet<String> {
    let version = cargo(&["--version", "--verbose"]);
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    let edges = "--edges=normal,build";
    let tree = cargo(&[
        "tree",
        "--package",
        name,
        edges,
        "--prefix=none",
        "--format={p}",
        "--target",
        host.unwrap(),
    ]);
    let words = tree.lines().filter_map(|line| line.split(' ').next());
    words
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

pub(super) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

fn member(package: &Json) -> Member {
    let manifest = Path::new(text(&package["manifest_path"]));
    let dependencies = package["dependencies"].as_array().unwrap().iter();
    Member {
        name: text(&package["name"]).to_owned(),
        folder: manifest.parent().unwrap().to_owned(),
        published: package["publish"]
            .as_array()
            .is_none_or(|registries| !registries.is_empty()),
        dependencies: dependencies
            .filter(|dependency| dependency["kind"] != "dev")
            .map(|dependency| text(&dependency["name"]).to_owned())
            .collect(),
        metadata: package.clone(),
    }
}

fn text(json: &Json) -> &str {
    json.as_str().unwrap()
}

/// What cargo prints, without asking the network.
fn cargo(arguments: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO"));
    command
        .args(arguments)
        .current_dir(root())
        .env("CARGO_NET_OFFLINE", "true");
    let output = command.output().unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "cargo {arguments:?}: {complaint}");
    String::from_utf8(output.stdout).unwrap()
}

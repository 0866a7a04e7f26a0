use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::ParseError;

/// A backend: collections, permissions, users, over HTTP.
#[derive(Debug, Parser)]
#[command(name = "workeros", version)]
pub(crate) struct Options {
    /// What to log, as `tracing` filters are written: `warn`,
    /// `info,workeros_http=debug`
    #[arg(
        long,
        global = true,
        env = "WORKEROS_LOG",
        default_value = "info",
        value_parser = filter
    )]
    pub(crate) log: EnvFilter,

    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve the backend until SIGTERM or SIGINT
    Serve(Serve),
    /// Bring the system tables up to date, and end
    Migrate(Store),
    /// Make a collection of a table that is there, without any change to it. A
    /// server that is running on SQLite sees it after its next start
    Adopt(Adopt),
}

#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// Where to listen; port 0 takes a free one
    #[arg(long, env = "WORKEROS_LISTEN", default_value = "127.0.0.1:8080")]
    pub(crate) listen: SocketAddr,

    #[command(flatten)]
    pub(crate) store: Store,

    /// Where clients reach the server, if not where it listens:
    /// https://api.example.com
    #[arg(long, env = "WORKEROS_PUBLIC_URL")]
    pub(crate) public_url: Option<String>,

    /// An origin whose pages may use the backend from a browser; may be given
    /// several times
    #[arg(
        long = "allow-origin",
        env = "WORKEROS_ALLOW_ORIGIN",
        value_delimiter = ','
    )]
    pub(crate) allowed_origins: Vec<String>,

    /// What the first sign-up must know to become the administrator
    #[arg(long, env = "WORKEROS_SETUP_TOKEN", hide_env_values = true)]
    pub(crate) setup_token: Option<String>,

    /// The master secret, at least 32 bytes; made and kept in the database if
    /// not given
    #[arg(long, env = "WORKEROS_SECRET", hide_env_values = true)]
    pub(crate) secret: Option<String>,
}

/// Where the data is.
#[derive(Debug, Args)]
pub(crate) struct Store {
    /// The folder for the SQLite database
    #[arg(long, env = "WORKEROS_DATA_DIR", default_value = "./.data")]
    pub(crate) data_dir: PathBuf,

    /// Another database instead: postgres://user:password@host/name, or
    /// sqlite:path
    #[arg(long, env = "WORKEROS_DATABASE_URL", hide_env_values = true)]
    pub(crate) database_url: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Adopt {
    /// The name the collection is to have
    pub(crate) slug: String,

    /// The table
    pub(crate) table: String,

    /// The column the table's primary key is expected to be; refused if it is
    /// another
    #[arg(long)]
    pub(crate) pk_column: Option<String>,

    /// The column that says when a row was made
    #[arg(long)]
    pub(crate) created_column: Option<String>,

    /// The column that says when a row was last written
    #[arg(long)]
    pub(crate) updated_column: Option<String>,

    /// The column that names the user a row belongs to
    #[arg(long)]
    pub(crate) owner_column: Option<String>,

    /// The column that names the workspace a row belongs to; without it the
    /// whole table belongs to the default one
    #[arg(long)]
    pub(crate) tenant_column: Option<String>,

    #[command(flatten)]
    pub(crate) store: Store,
}

/// Left to itself, clap takes the conversion that lets mistakes pass.
fn filter(text: &str) -> Result<EnvFilter, ParseError> {
    EnvFilter::builder().parse(text)
}

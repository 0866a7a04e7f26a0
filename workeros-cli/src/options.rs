use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
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

    /// An origin whose pages may act for whoever is signed in, without reading
    /// answers: another name of this server. May be given several times
    #[arg(
        long = "trust-origin",
        env = "WORKEROS_TRUST_ORIGIN",
        value_delimiter = ','
    )]
    pub(crate) trusted_origins: Vec<String>,

    /// The address or network (10.0.0.0/8) of a proxy that is believed when it
    /// names the client of a request; may be given several times
    #[arg(
        long = "trust-proxy",
        env = "WORKEROS_TRUST_PROXY",
        value_delimiter = ','
    )]
    pub(crate) trusted_proxies: Vec<String>,

    /// The proxies write `Forwarded`, and not `X-Forwarded-For`
    #[arg(long, env = "WORKEROS_FORWARDED_HEADER")]
    pub(crate) forwarded_header: bool,

    /// Who may sign up to the team. The first one always may
    #[arg(long, env = "WORKEROS_SIGN_UP", value_enum, default_value_t)]
    pub(crate) sign_up: SignUp,

    /// What the first sign-up must know to become the administrator
    #[arg(long, env = "WORKEROS_SETUP_TOKEN", hide_env_values = true)]
    pub(crate) setup_token: Option<String>,

    /// The master secret, at least 32 bytes; made and kept in the database if
    /// not given
    #[arg(long, env = "WORKEROS_SECRET", hide_env_values = true)]
    pub(crate) secret: Option<String>,

    /// A secret that was in use before, of which things are still out there;
    /// several by commas, the newest first
    #[arg(
        long = "previous-secret",
        env = "WORKEROS_PREVIOUS_SECRETS",
        hide_env_values = true,
        value_delimiter = ',',
        requires = "secret"
    )]
    pub(crate) previous_secrets: Vec<String>,

    #[command(flatten)]
    pub(crate) mail: Mail,
}

/// Who may sign up.
#[derive(Debug, Clone, Copy, Default, ValueEnum)]
pub(crate) enum SignUp {
    /// Everybody
    #[default]
    Open,
    /// Whoever was invited
    Invited,
    /// Nobody
    Closed,
}

/// Who sends mail.
#[derive(Debug, Args)]
pub(crate) struct Mail {
    /// Who sends mail: smtps://user:password@host, smtp://user:password@host
    /// (STARTTLS), both in a binary built with the feature `smtp`; resend:KEY, sendgrid:KEY, mailgun:KEY@DOMAIN,
    /// mailgun-eu:KEY@DOMAIN or ses:KEY_ID:SECRET@REGION. Without one, mail is
    /// written to the log
    #[arg(
        long,
        env = "WORKEROS_MAIL_URL",
        hide_env_values = true,
        requires = "mail_from"
    )]
    pub(crate) mail_url: Option<String>,

    /// Whom mail is from: no-reply@example.com, or Example
    /// <no-reply@example.com>
    #[arg(long, env = "WORKEROS_MAIL_FROM", requires = "mail_url")]
    pub(crate) mail_from: Option<String>,
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

use std::error::Error as _;
use std::io::Write as _;
use std::process::ExitCode;

use workeros::{Error, ErrorKind};

/// Says what went wrong, and how the process is to end. It is said whatever is
/// logged.
pub(crate) fn failure(error: &Error) -> ExitCode {
    // Without a place to say it there is nothing else to do.
    drop(writeln!(std::io::stderr(), "error: {}", text(error)));
    match error.kind() {
        ErrorKind::Internal | ErrorKind::Unavailable => ExitCode::FAILURE,
        _ => ExitCode::from(2),
    }
}

/// What was found, or the message with those of its causes: this reader is the
/// operator.
fn text(error: &Error) -> String {
    let mut text = match error.details() {
        [] => error.to_string(),
        details => {
            let found = details.iter().map(|detail| {
                let place = detail.path.trim_start_matches('/');
                format!("{place}: {}", detail.message)
            });
            found.collect::<Vec<_>>().join("\n  ")
        }
    };
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

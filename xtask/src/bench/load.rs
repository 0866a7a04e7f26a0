//! One run of wrk.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use serde_json::Value as Json;

use super::command::{bounded, output};
use super::workload::Request;
use crate::Result;

/// What one run under load came to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Load {
    pub(crate) requests: f64,
    pub(crate) seconds: f64,
    /// Bytes of an answer, its head included.
    pub(crate) bytes: f64,
    /// Milliseconds that half of the requests took at most, and 99 of 100.
    pub(crate) p50: f64,
    pub(crate) p99: f64,
    /// Answers that were no success, and connections that failed.
    pub(crate) errors: u64,
}

/// Sends the requests in turn, over connections that are kept, for a time.
pub(crate) fn run(
    address: &str,
    requests: &[Request],
    connections: usize,
    seconds: u64,
    directory: &Path,
) -> Result<Load> {
    let path = directory.join("load.lua");
    fs::write(&path, script(requests))?;
    let most = u32::try_from(seconds)?.saturating_add(60);
    let mut wrk = bounded(most, "wrk");
    wrk.arg("--threads=1")
        .arg(format!("--connections={connections}"))
        .arg(format!("--duration={seconds}s"))
        .args(["--timeout=30s", "--script"])
        .arg(&path)
        .arg(format!("http://{address}/"));
    let printed = output(&mut wrk)?;
    let summary = printed
        .lines()
        .find_map(|line| line.strip_prefix("summary:"));
    let summary: Json = serde_json::from_str(summary.ok_or("wrk printed no summary")?)?;
    let number = |key: &str| summary.get(key).and_then(Json::as_f64).unwrap_or_default();
    let count = number("requests");
    Ok(Load {
        requests: count,
        seconds: number("microseconds") / 1e6,
        bytes: number("bytes") / count.max(1.0),
        p50: number("p50") / 1e3,
        p99: number("p99") / 1e3,
        errors: summary
            .get("errors")
            .and_then(Json::as_u64)
            .unwrap_or_default(),
    })
}

/// The requests are written once, before the run: the driver is to take as
/// little of the machine as it can.
fn script(requests: &[Request]) -> String {
    let mut script = String::from("local requests = {}\nlocal turn = 0\nfunction init()\n");
    for request in requests {
        let headers: Vec<String> = request
            .headers()
            .into_iter()
            .map(|(name, value)| format!("[{}]={}", quoted(name), quoted(value)))
            .collect();
        let body = request.body.as_deref().map_or("nil".to_owned(), quoted);
        // wrk's own `Host` is in `wrk.headers`.
        writeln!(
            script,
            "  requests[#requests + 1] = wrk.format({}, {}, with_host({{{}}}), {body})",
            quoted(request.method),
            quoted(&request.path),
            headers.join(","),
        )
        .ok();
    }
    script.push_str(SCRIPT);
    script
}

const SCRIPT: &str = r#"end
function with_host(headers)
  headers["Host"] = wrk.headers["Host"]
  return headers
end
function request()
  turn = turn % #requests + 1
  return requests[turn]
end
function done(summary, latency)
  local e = summary.errors
  io.write(string.format(
    'summary:{"requests":%d,"microseconds":%d,"bytes":%d,"p50":%f,"p99":%f,"errors":%d}\n',
    summary.requests, summary.duration, summary.bytes,
    latency:percentile(50), latency:percentile(99),
    e.connect + e.read + e.write + e.status + e.timeout))
end
"#;

/// A string of Lua.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || byte == b' ' {
            quoted.push(char::from(byte));
        } else {
            write!(quoted, "\\{byte:03}").ok();
        }
    }
    quoted.push('"');
    quoted
}

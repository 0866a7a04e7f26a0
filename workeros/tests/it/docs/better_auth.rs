//! `docs/auth/better-auth.md`: what it says is served is served, and driven by a
//! script; what it says is not is not; and it says so of every call there is.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use workeros::{Sqlite, Workeros};

use super::{entries, prose};

/// A row of a table: calls, endpoints, and for whom they are or why they are not.
struct Row {
    calls: Vec<String>,
    endpoints: Vec<String>,
    last: String,
}

fn page() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/auth/better-auth.md")
}

/// The rows of the tables below a heading.
fn rows(heading: &str) -> Vec<Row> {
    let lines = prose(&page()).into_iter();
    let below = lines.skip_while(|line| line != heading).skip(1);
    let section = below.take_while(|line| !line.starts_with("# "));
    let rows = section.filter_map(|line| {
        let cells: Vec<_> = line.trim_matches('|').split(" | ").collect();
        let [calls, endpoints, last] = cells.try_into().ok()?;
        Some(Row {
            calls: spans(calls),
            endpoints: spans(endpoints),
            last: last.trim().to_owned(),
        })
    });
    rows.filter(|row| !row.endpoints.is_empty()).collect()
}

/// What is written as code.
fn spans(text: &str) -> Vec<String> {
    let spans = text.split('`').skip(1).step_by(2);
    spans.map(ToOwned::to_owned).collect()
}

fn scripts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/counterparts/better-auth")
}

#[tokio::test]
async fn what_is_said_to_be_served_is() {
    let database = Sqlite::memory().await.unwrap();
    let backend = Workeros::builder().db(database).build().await.unwrap();
    let endpoints = backend.backend().endpoints();
    let endpoints = endpoints.iter();
    let served: BTreeSet<String> = endpoints
        .map(|endpoint| format!("{} {}", endpoint.method(), endpoint.path()))
        .collect();
    let planes = ["/api/auth", "/api/t/{workspace}/auth"];
    let rows_served = rows("# What is served");
    assert!(rows_served.len() > 50, "{}", rows_served.len());
    for row in rows_served {
        let expected = match row.last.as_str() {
            "both" => [true, true],
            "team" => [true, false],
            "end users" => [false, true],
            other => panic!("for whom is `{other}`?"),
        };
        for endpoint in &row.endpoints {
            let (method, path) = endpoint.split_once(' ').unwrap();
            let on = planes.map(|plane| served.contains(&format!("{method} {plane}{path}")));
            assert_eq!(on, expected, "{endpoint}");
        }
    }
    for row in rows("# What is not served") {
        for path in &row.endpoints {
            let is_served = |served: &String| {
                let (_, known) = served.split_once(' ').unwrap();
                planes.iter().any(|plane| known == format!("{plane}{path}"))
            };
            assert!(!served.iter().any(is_served), "{path} is served");
        }
    }
}

#[test]
fn what_is_served_is_driven() {
    let scripts = entries(&scripts()).into_iter();
    let scripts: String = scripts
        .map(|path| fs::read_to_string(path).unwrap())
        .collect();
    for call in rows("# What is served").iter().flat_map(|row| &row.calls) {
        // The client of the plugin, or what it is set up with.
        if call.ends_with("Client") || call.contains(' ') {
            continue;
        }
        let (whole, quoted) = (format!(".{call}("), format!("'{call}'"));
        let mut ways = vec![whole, quoted];
        if let Some(action) = call.strip_prefix("organization.") {
            ways.push(format!("s.{action}("));
        }
        if call.starts_with("use") {
            ways.push(format!(".{call})"));
        }
        let is_driven = ways.iter().any(|way| scripts.contains(way));
        assert!(is_driven, "no script calls {call}");
    }
}

#[test]
fn no_call_of_the_client_is_left_out() {
    let Some(counterparts) = std::env::var_os("WORKEROS_TEST_COUNTERPARTS") else {
        println!("skipped: WORKEROS_TEST_COUNTERPARTS is not set");
        return;
    };
    let packages = Path::new(&counterparts).join("node_modules");
    let library = packages.join("better-auth/dist");
    let plugins = [
        "admin",
        "anonymous",
        "email-otp",
        "jwt",
        "magic-link",
        "one-time-token",
        "organization",
        "two-factor",
    ];
    let mut folders = vec![
        library.join("api/routes"),
        packages.join("@better-auth/passkey/dist"),
    ];
    folders.extend(plugins.map(|plugin| library.join("plugins").join(plugin)));
    let mut known = BTreeSet::new();
    while let Some(folder) = folders.pop() {
        for path in entries(&folder) {
            match path.extension() {
                None if path.is_dir() => folders.push(path),
                Some(extension) if extension == "mjs" => known.extend(paths_of(&path)),
                _ => {}
            }
        }
    }
    assert!(known.len() > 90, "{known:?}");
    let told = rows("# What is served").into_iter();
    let told = told.chain(rows("# What is not served"));
    let told: BTreeSet<String> = told
        .flat_map(|row| row.endpoints)
        .map(|endpoint| {
            endpoint
                .trim_start_matches(char::is_alphabetic)
                .trim()
                .to_owned()
        })
        .collect();
    let left_out: Vec<_> = known.difference(&told).collect();
    assert!(left_out.is_empty(), "{left_out:?}");
}

/// The endpoints that a file of the library makes.
fn paths_of(file: &Path) -> Vec<String> {
    let text = fs::read_to_string(file).unwrap();
    let made = text.split("createAuthEndpoint(\"").skip(1);
    let paths = made.filter_map(|rest| rest.split_once('"'));
    paths
        .map(|(path, _)| {
            path.replace(":token", "{token}")
                .replace(":id", "{provider}")
        })
        .collect()
}

#[test]
fn the_module_of_the_page_is_the_one_that_is_tested() {
    let module = fs::read_to_string(scripts().join("app-tokens.mjs")).unwrap();
    let page = fs::read_to_string(page()).unwrap();
    assert!(page.contains(&format!("```js\n// app-tokens.mjs\n{module}```")));
}

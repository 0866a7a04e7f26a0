//! What no source file of a library says.

use std::fs;
use std::path::Path;

use super::workspace::{libraries, root};

/// Words that stand in the files named and nowhere else, and what to do
/// instead.
const CONFINED: [(&str, &[&str], &str); 7] = [
    (
        "SystemTime::now",
        &["workeros-core/src/clock.rs"],
        "take the time from a `workeros_core::Clock`",
    ),
    (
        "now_utc",
        &[],
        "take the time from a `workeros_core::Clock`",
    ),
    (
        "now_v7",
        &["workeros-core/src/random.rs"],
        "take ids from a `workeros_core::IdGenerator`",
    ),
    (
        "new_v4",
        &[],
        "take ids from a `workeros_core::IdGenerator`",
    ),
    (
        "getrandom::",
        &["workeros-core/src/random.rs"],
        "take random bytes from a `workeros_core::Random`",
    ),
    (
        "env::var",
        &["workeros-adapters/src/testkit/postgres.rs"],
        "let the host pass what it read from its environment",
    ),
    (
        "AssertSqlSafe(",
        &[
            "workeros-adapters/src/database/postgres/query.rs",
            "workeros-adapters/src/testkit/postgres.rs",
        ],
        "send a `workeros_core::Statement`",
    ),
];

/// Macros that make text out of values.
const FORMATTING: [&str; 4] = ["format!(", "format_args!(", "write!(", "writeln!("];

const SQL: [&str; 9] = [
    "SELECT ", "INSERT ", "UPDATE ", "DELETE ", "CREATE ", "ALTER ", "DROP ", " WHERE ", "PRAGMA ",
];

/// A test makes the schema it works in, under a name of its own.
const FORMATS_SQL: [&str; 1] = ["workeros-adapters/src/testkit/postgres.rs"];

#[test]
fn time_chance_and_surroundings_come_through_core() {
    let sources = sources();
    let mut broken = Vec::new();
    for (word, allowed, instead) in CONFINED {
        for source in sources.iter().filter(|source| source.code.contains(word)) {
            if !allowed.contains(&source.path.as_str()) {
                broken.push(format!("{} says `{word}`: {instead}", source.path));
            }
        }
        for path in allowed {
            let said = sources
                .iter()
                .any(|source| source.path == *path && source.code.contains(word));
            if !said {
                broken.push(format!(
                    "{path} no longer says `{word}`: remove it from CONFINED"
                ));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn no_sql_is_pasted_together() {
    let mut broken = Vec::new();
    for source in sources() {
        if FORMATS_SQL.contains(&source.path.as_str()) {
            continue;
        }
        broken.extend(pasted(&source.code).map(|what| {
            format!(
                "{}: {what}: SQL is a literal, made by sea-query, or a bound value",
                source.path
            )
        }));
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn pasted_sql_is_found() {
    for code in [
        r#"let sql = format!("SELECT * FROM {table}");"#,
        "format!(\n    \"DROP TABLE {}\",\n    table\n)",
        r##"format!(r#"UPDATE "{table}" SET x = 1"#)"##,
        r#"write!(out, "\"x\" CREATE {name}")"#,
        "Expr::cust(name)",
        "Expr::cust(\n    text.as_str(),\n)",
    ] {
        assert_eq!(pasted(code).count(), 1, "{code}");
    }
    for code in [
        r#"format!("`{name}` is not known"); Sql::new("SELECT 1")"#,
        r#"format!("select one of {}", names.join(", "))"#,
        r#"Expr::cust("1 = 0")"#,
    ] {
        assert_eq!(pasted(code).next(), None, "{code}");
    }
}

/// CFG-2: what is dangerous says so by its name and, where it is chosen, in the
/// log.
#[test]
fn cfg_2_what_is_dangerous_is_logged_by_its_name() {
    let sources = sources();
    let mut names = Vec::new();
    for source in sources.iter().filter(|it| !it.path.contains("/testkit/")) {
        for rest in after(&source.code, "pub fn danger_") {
            let (name, _) = rest.split_once('(').unwrap();
            names.push(format!("`danger_{name}`"));
        }
    }
    assert!(names.len() >= 2, "{names:?}");
    for name in names {
        let warned = sources
            .iter()
            .flat_map(|it| after(&it.code, "tracing::warn!("));
        let warned = warned.map(literal).filter(|text| text.contains(&name));
        assert_eq!(warned.count(), 1, "{name} is to be warned of in one place");
    }
}

/// A source file without its comments.
struct Source {
    /// From the root of the workspace.
    path: String,
    code: String,
}

fn sources() -> Vec<Source> {
    let mut sources = Vec::new();
    for library in libraries() {
        let before = sources.len();
        read(&library.folder.join("src"), &mut sources);
        assert!(sources.len() > before, "`{}` has no sources", library.name);
    }
    sources
}

fn read(folder: &Path, sources: &mut Vec<Source>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read(&path, sources);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let relative = path.strip_prefix(root()).unwrap();
            let text = fs::read_to_string(&path).unwrap();
            let lines = text
                .lines()
                .filter(|line| !line.trim_start().starts_with("//"));
            sources.push(Source {
                path: relative.to_str().unwrap().replace('\\', "/"),
                code: lines.collect::<Vec<_>>().join("\n"),
            });
        }
    }
}

/// Where values may get into SQL text.
fn pasted(code: &str) -> impl Iterator<Item = String> {
    let formatted = FORMATTING.iter().flat_map(move |formatting| {
        let literals = after(code, formatting).map(literal);
        literals.filter(|literal| SQL.iter().any(|word| literal.contains(word)))
    });
    let custom = after(code, "Expr::cust(");
    let custom = custom.filter(|argument| !argument.trim_start().starts_with('"'));
    let formatted = formatted.map(|literal| format!("the text \"{literal}\" is formatted"));
    formatted.chain(custom.map(|_| "`Expr::cust` is given more than a literal".to_owned()))
}

/// What follows each occurrence of a word. `format!(` is not one of
/// `reformat!(`.
fn after<'a>(code: &'a str, word: &'a str) -> impl Iterator<Item = &'a str> {
    code.match_indices(word)
        .filter(|(index, _)| {
            !code[..*index].ends_with(|before: char| before.is_alphanumeric() || before == '_')
        })
        .map(|(index, _)| &code[index + word.len()..])
}

/// The content of the first string literal.
fn literal(code: &str) -> &str {
    let Some(open) = code.find('"') else {
        return "";
    };
    let before = code[..open].trim_end_matches('#');
    let hashes = open - before.len();
    let content = &code[open + 1..];
    let end = if before.ends_with('r') {
        content.find(&format!("\"{}", "#".repeat(hashes)))
    } else {
        let mut escaped = false;
        content.find(|character| {
            let ends = character == '"' && !escaped;
            escaped = character == '\\' && !escaped;
            ends
        })
    };
    &content[..end.unwrap_or(content.len())]
}

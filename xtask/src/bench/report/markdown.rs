use std::fmt::{self, Write as _};

use super::super::measure::{Cell, Sample};
use super::super::spread::{By, Spread, median};
use super::super::workload::Workload;
use super::Report;

const READING: &str = "\
Each contender is a server process of its own and all listen on the loopback \
interface; wrk drives one of them at a time over connections that are kept, in \
rounds that take turns (A B C A B C …). Driver, server and, where it is used, \
Postgres share the cores of one machine, so requests/s fall with whatever costs \
CPU anywhere; CPU per request (user and system time of the server process, from \
`/proc`) is the steadier figure, and that of Postgres stands beside it. A \
ratio is taken within a round. Of each figure the median is given and, in \
brackets, the least and the most. All hold the same 10 000 posts of twelve columns, and the \
paged table has the rows told below.";

/// What stands beside the figures.
const FAIRNESS: &str = include_str!("fairness.md");

impl Report<'_> {
    /// The report for a reader.
    pub(super) fn markdown(&self) -> String {
        let mut text = String::new();
        // Nothing can fail that only writes to a string.
        self.write_markdown(&mut text).ok();
        text
    }

    fn write_markdown(&self, text: &mut String) -> fmt::Result {
        writeln!(text, "# Results\n")?;
        writeln!(text, "Made by `{}`. {READING}\n", self.options.command)?;
        self.circumstances(text)?;
        self.targets(text)?;
        self.processes(text)?;
        self.stepping(text)?;
        self.contenders(text)?;
        writeln!(text, "{FAIRNESS}")?;
        self.runs(text)
    }

    fn circumstances(&self, text: &mut String) -> fmt::Result {
        let options = self.options;
        writeln!(text, "| | |\n| --- | --- |")?;
        for (name, value) in &self.machine {
            writeln!(text, "| {name} | {value} |")?;
        }
        writeln!(text, "| cargo profile | {} |", self.profile)?;
        writeln!(
            text,
            "| rounds | {} of {} s each |",
            options.rounds, options.seconds
        )?;
        writeln!(text, "| paged table | {} rows |", options.archive)?;
        writeln!(text, "| took | {} s |\n", self.seconds)
    }

    fn targets(&self, text: &mut String) -> fmt::Result {
        writeln!(text, "## Targets\n")?;
        let reached = self.reached();
        let met = reached.iter().filter(|target| target.is_met()).count();
        writeln!(text, "Reached: {met} of {}.\n", reached.len())?;
        writeln!(text, "| work | connections | by | target | measured | |")?;
        writeln!(text, "| --- | --- | --- | --- | --- | --- |")?;
        for target in reached {
            let measured = target.measured;
            let measured = measured.map_or("failed".to_owned(), |spread| spread.to_string());
            let verdict = if target.is_met() {
                "reached"
            } else {
                "**missed**"
            };
            let connections = target.connections.map(|count| count.to_string());
            let connections = connections.unwrap_or_default();
            let (what, by, goal) = (&target.what, &target.by, target.goal);
            writeln!(
                text,
                "| {what} | {connections} | {by} | {goal} | {measured} | {verdict} |"
            )?;
        }
        writeln!(text)
    }

    fn processes(&self, text: &mut String) -> fmt::Result {
        writeln!(text, "## Start and memory\n")?;
        writeln!(
            text,
            "From the start of the process to the first healthy answer, on a database that is \
            there. Resident memory of the server process: idle after a start; at its highest over \
            all runs but the sign-ins, the mapped pages of a database file among it; at its highest \
            with the sign-ins, which come last, and each of which hashes in 19 MiB or more.\n"
        )?;
        writeln!(
            text,
            "| contender | start, ms | idle, MiB | peak, MiB | with sign-ins, MiB | binary, MiB |"
        )?;
        writeln!(text, "| --- | --- | --- | --- | --- | --- |")?;
        for contender in &self.running {
            let start = Spread::of(contender.starts.iter().copied());
            let start = start.map_or(String::new(), |start| format!("{start:.0}"));
            let binary = contender.binary.filter(|_| !self.options.quick);
            let binary = binary.map(|size| format!("{size:.1}"));
            writeln!(
                text,
                "| {} | {start} | {:.1} | {:.1} | {:.1} | {} |",
                contender.name,
                contender.idle,
                contender.peak,
                contender.peak_in_the_end,
                binary.unwrap_or_default()
            )?;
        }
        writeln!(text)
    }

    fn stepping(&self, text: &mut String) -> fmt::Result {
        writeln!(text, "## Lists in process beside raw stepping\n")?;
        writeln!(
            text,
            "One thread, no HTTP: `Items::list` in turns with a loop that binds, steps the same \
            prepared statement on the same file with the same settings, and looks at each column. \
            The loop writes no JSON: it is what no server can reach. Per second of CPU.\n"
        )?;
        let stepping = match &self.stepping {
            Ok(stepping) => stepping,
            Err(error) => return writeln!(text, "Failed: {error}\n"),
        };
        writeln!(text, "| list | lists/s | loops/s | ratio |")?;
        writeln!(text, "| --- | --- | --- | --- |")?;
        for stepping in stepping {
            let spread = |values: &[f64], digits: usize| {
                let spread = Spread::of(values.iter().copied());
                spread.map_or(String::new(), |spread| format!("{spread:.digits$}"))
            };
            writeln!(
                text,
                "| {} | {} | {} | {} |",
                stepping.list,
                spread(&stepping.listed, 0),
                spread(&stepping.stepped, 0),
                spread(&stepping.ratios, 2)
            )?;
        }
        writeln!(text)
    }

    fn runs(&self, text: &mut String) -> fmt::Result {
        writeln!(text, "## Runs\n")?;
        writeln!(
            text,
            "`×` says how many times better workeros is: `ours-postgres` against \
            `handwritten-postgres`, `ours-sqlite` against all others.\n"
        )?;
        let mut last: Option<Workload> = None;
        for run in self.cells.chunk_by(|left, right| {
            left.workload == right.workload && left.connections == right.connections
        }) {
            let Some(first) = run.first() else { continue };
            if last != Some(first.workload) {
                writeln!(text, "### {}\n", first.workload.name())?;
                writeln!(text, "{}.\n", capital(first.workload.title()))?;
                last = Some(first.workload);
            }
            table(text, first.connections, run)?;
        }
        Ok(())
    }

    fn contenders(&self, text: &mut String) -> fmt::Result {
        writeln!(text, "## Contenders\n")?;
        for contender in &self.running {
            writeln!(text, "**{}**\n", contender.name)?;
            for line in &contender.configuration {
                writeln!(text, "- {line}")?;
            }
            writeln!(text)?;
        }
        for missing in &self.missing {
            writeln!(
                text,
                "**{}** is missing: {}\n",
                missing.name, missing.reason
            )?;
        }
        if self.missing.is_empty() {
            writeln!(text, "None is missing.")?;
        }
        Ok(())
    }
}

fn table(text: &mut String, connections: usize, run: &[Cell]) -> fmt::Result {
    writeln!(
        text,
        "| {connections} connections | requests/s | p50, ms | p99, ms | CPU, µs | Postgres CPU, µs \
         | bytes | × requests/s | × CPU |"
    )?;
    writeln!(
        text,
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |"
    )?;
    for cell in run {
        let name = cell.contender;
        if let Some(failure) = &cell.failure {
            writeln!(text, "| {name} | failed: {failure} | | | | | | | |")?;
            continue;
        }
        let middle = |value: fn(&Sample) -> f64| median(cell.samples.iter().map(value));
        let postgres = cell.samples.iter().filter_map(|sample| sample.postgres_cpu);
        let postgres: Vec<f64> = postgres.collect();
        let postgres = if postgres.is_empty() {
            String::new()
        } else {
            format!("{:.0}", median(postgres.into_iter()))
        };
        let ratio = |by| ours(run, cell).and_then(|ours| Spread::ratio(ours, cell, by));
        let ratio = |by| ratio(by).map_or(String::new(), |ratio| ratio.to_string());
        let rate = Spread::of(cell.samples.iter().map(Sample::requests_per_second));
        let rate = rate.map_or(String::new(), |rate| format!("{rate:.0}"));
        writeln!(
            text,
            "| {name} | {rate} | {:.2} | {:.2} | {:.0} | {postgres} | {:.0} | {} | {} |",
            middle(|sample| sample.load.p50),
            middle(|sample| sample.load.p99),
            middle(|sample| sample.cpu),
            middle(|sample| sample.load.bytes),
            ratio(By::RequestsPerSecond),
            ratio(By::Cpu),
        )?;
    }
    writeln!(text)
}

/// What a contender is compared with; ours with nothing.
fn ours<'a>(run: &'a [Cell], cell: &Cell) -> Option<&'a Cell> {
    let name = match cell.contender {
        "ours-sqlite" | "ours-postgres" => return None,
        "handwritten-postgres" => "ours-postgres",
        _ => "ours-sqlite",
    };
    run.iter().find(|ours| ours.contender == name)
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

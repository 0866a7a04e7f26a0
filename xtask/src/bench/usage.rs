//! What processes used, from `/proc`.

use std::fs;
use std::time::Duration;

/// `utime` and `stime` count in hundredths of a second on every Linux.
const TICK: Duration = Duration::from_millis(10);

struct Stat {
    pid: u32,
    parent: u32,
    ticks: u32,
}

/// CPU time of a process and all that descend from it, those included that
/// have ended.
pub(crate) fn cpu(pid: u32) -> Duration {
    TICK * tree(pid).iter().map(|stat| stat.ticks).sum::<u32>()
}

/// Memory of a process and its descendants, in MiB: a line of `status`, such
/// as `VmRSS` now or `VmHWM` at its highest.
pub(crate) fn memory(pid: u32, line: &str) -> f64 {
    let of = |pid: u32| -> Option<u32> {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
        let rest = status
            .lines()
            .find_map(|found| found.strip_prefix(line)?.strip_prefix(':'))?;
        rest.trim().trim_end_matches(" kB").trim().parse().ok()
    };
    let kib: u32 = tree(pid).iter().filter_map(|stat| of(stat.pid)).sum();
    f64::from(kib) / 1024.0
}

fn tree(root: u32) -> Vec<Stat> {
    let mut rest = all();
    let mut tree: Vec<Stat> = Vec::new();
    loop {
        let belongs =
            |stat: &Stat| stat.pid == root || tree.iter().any(|parent| parent.pid == stat.parent);
        let (more, others): (Vec<_>, Vec<_>) = rest.into_iter().partition(belongs);
        if more.is_empty() {
            return tree;
        }
        tree.extend(more);
        rest = others;
    }
}

fn all() -> Vec<Stat> {
    let Ok(entries) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    entries
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter_map(stat)
        .collect()
}

fn stat(pid: u32) -> Option<Stat> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name may hold spaces and brackets; fields are counted behind it.
    let (_, fields) = stat.rsplit_once(") ")?;
    let fields: Vec<&str> = fields.split(' ').collect();
    let number = |index: usize| fields.get(index)?.parse::<u32>().ok();
    // Of its own, in user and in system mode, and of children it waited for.
    let ticks: Option<u32> = (11..15).map(number).sum();
    Some(Stat {
        pid,
        parent: number(1)?,
        ticks: ticks?,
    })
}

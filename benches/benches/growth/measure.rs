use std::time::Instant;

/// How often a request is timed for a median.
pub(crate) const TIMES: usize = 500;

/// The median time of a call in seconds, after a few that do not count.
pub(crate) async fn median<T>(times: usize, mut call: impl AsyncFnMut(usize) -> T) -> f64 {
    let warm = times / 10;
    let mut taken = Vec::with_capacity(times);
    for n in 0..warm + times {
        let start = Instant::now();
        call(n).await;
        if n >= warm {
            taken.push(start.elapsed().as_secs_f64());
        }
    }
    quantile(&mut taken, 0.5)
}

/// How long one call takes, in seconds.
pub(crate) async fn once<T>(call: impl Future<Output = T>) -> f64 {
    let start = Instant::now();
    call.await;
    start.elapsed().as_secs_f64()
}

/// The value below which that part of the values lies.
pub(crate) fn quantile(values: &mut [f64], part: f64) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a part of a length is an index"
    )]
    let index = (values.len() as f64 * part) as usize;
    values[index.min(values.len() - 1)]
}

/// The resident memory of this process in KiB: what it has taken for itself,
/// without pages of files, and all of it.
pub(crate) fn resident() -> (f64, f64) {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let of = |name: &str| -> f64 {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let number = line.unwrap().trim().trim_end_matches(" kB");
        number.parse().unwrap()
    };
    (of("RssAnon:"), of("VmRSS:"))
}

/// KiB in MiB, for a reader.
pub(crate) fn mib(kib: f64) -> String {
    format!("{:.1} MiB", kib / 1024.0)
}

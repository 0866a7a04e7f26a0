// Says what was found: a line of JSON for each check, on standard output.

const PATIENCE_MS = 120_000;

class Failed extends Error {}

/** Does something, says whether it went well, and gives what it gave. */
export async function check(name, work) {
  try {
    const result = await work();
    tell({ check: name, ok: true });
    return result;
  } catch (error) {
    if (!(error instanceof Failed)) tell({ check: name, ok: false, error: String(error?.stack ?? error) });
    throw new Failed(name);
  }
}

/** Does all that is to be checked. It ends when the test does. */
export async function run(name, work) {
  process.stdin.resume().on('end', () => process.exit(1)).unref();
  setTimeout(() => process.exit(1), PATIENCE_MS).unref();
  await check(name, work).catch(() => { process.exitCode = 1; });
}

/** Writes a line for the test. */
export function tell(line) {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

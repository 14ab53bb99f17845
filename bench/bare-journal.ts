import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { parseLine } from '../src/formats/index.ts';
import { Journal } from '../src/journal/journal.ts';
import { recoverFile } from '../src/journal/recover-file.ts';
import { Site } from '../src/sessions/site.ts';
import { stateOf } from '../src/sessions/site-state.ts';
import { LINE_BYTES } from './lines.ts';
import { createStream, type StreamPlan } from './streams.ts';

/**
 * The yardstick for whole paths: the journal's rate for events that are parsed and applied already, and for the sessions,
 * connections and points that come of them. Told how many of which stream, it answers with events a second.
 */

const HOUR_MS = 3_600_000;
/** Between two looks at whether the writer keeps up; as many events come in with a turn of the pipeline. */
const ROWS_IN_TURN = 500;

process.once('disconnect', () => process.exit(1));
const [{ stream, count }] = (await once(process, 'message')) as [{ stream: StreamPlan; count: number }];
const directory = mkdtempSync(join(tmpdir(), 'headcount-bench-'));
process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
const site = new Site({ timeoutMs: HOUR_MS, graceMs: HOUR_MS, maxAgeMs: 24 * HOUR_MS });
const recovered = recoverFile(directory, Date.now(), site);
const settings = {
  directory,
  retentionMs: 24 * HOUR_MS,
  maxBytes: 1e10,
  commitIntervalMs: 20,
  isFollowed: false,
};
const fail = (why: unknown): never => {
  throw new Error(String(why));
};
const journal = new Journal(settings, site, recovered.names, recovered.nextSeq, {
  committed: () => {},
  trouble: fail,
  failed: fail,
});
await journal.start();
const sender = { address: '127.0.0.1', port: 1 };
const writeNext = createStream(stream);
const line = Buffer.alloc(LINE_BYTES);
const rows = Array.from({ length: count }, (_, n) => {
  writeNext(line);
  const event = parseLine(line.toString(), { receivedAt: Date.now(), sender });
  if (typeof event === 'string') throw new Error(event);
  return { event, applied: site.apply(event, n + 1) };
});
const startedAt = performance.now();
for (const [n, { event, applied }] of rows.entries()) {
  journal.add(event, applied);
  if (n % ROWS_IN_TURN === 0) {
    await setImmediate();
    if (journal.isBehind()) await journal.committed();
  }
}
journal.checkpoint(Date.now(), stateOf(site));
await journal.flush(60_000);
process.send?.((count * 1_000) / (performance.now() - startedAt));
process.disconnect();

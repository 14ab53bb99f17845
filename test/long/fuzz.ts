import fc from 'fast-check';
import { datagram } from '../intake/hostile-datagrams.ts';
import { identityHolds, pipelineUnderTest } from '../intake/pipeline-under-test.ts';

/** One million hostile datagrams through one pipeline: no crash, every one accounted for. */
const DATAGRAMS = Number(process.argv[2] ?? 1_000_000);
const BATCH = 10_000;
const sender = { address: '192.0.2.1', port: 4242 };

const { pipeline, site, store } = pipelineUnderTest([{ directory: 'LAB', userId: 'b*' }]);
const seed = Date.now();
let now = Date.UTC(2026, 0, 5, 8);
for (let done = 0; done < DATAGRAMS; done += BATCH) {
  for (const bytes of fc.sample(datagram(), {
    numRuns: Math.min(BATCH, DATAGRAMS - done),
    seed: seed + done,
  })) {
    pipeline.receive(bytes, sender, now);
    now += 1;
  }
  pipeline.work();
  site.tick(now);
  await store.committed();
  store.events.length = 0;
  store.applied.length = 0;
  const fits = site.series.totals.created - site.series.totals.destroyed === site.counts.sessions;
  if (!identityHolds(pipeline) || !fits) throw new Error(`counts do not add up; seed ${seed + done}`);
  if (done % 100_000 === 0) console.log(`${done + BATCH} datagrams`);
}
console.log({ ...pipeline.counters, sessions: site.counts.sessions, seed });

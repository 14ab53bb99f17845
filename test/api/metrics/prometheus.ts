import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** A series as Prometheus holds it. */
export interface Series {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [at: number, value: string];
}

/** A real Prometheus that scrapes one address every 200 ms, with a store of its own. */
export class Prometheus {
  readonly #folder = mkdtempSync(join(tmpdir(), 'headcount-prometheus-'));
  readonly #child: ChildProcess;
  #url = '';

  /** `target`: `address:port`; `job`: more of the job that scrapes it, as JSON. */
  constructor(target: string, job: object = {}) {
    const config = join(this.#folder, 'prometheus.yml');
    writeFileSync(
      config,
      `scrape_configs:
  - job_name: headcount
    scrape_interval: 200ms
    scrape_timeout: 200ms
    static_configs: [{ targets: ["${target}"] }]
${Object.entries(job)
  .map(([key, value]) => `    ${key}: ${JSON.stringify(value)}\n`)
  .join('')}`,
    );
    this.#child = spawn('prometheus', [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(this.#folder, 'data')}`,
      '--web.listen-address=127.0.0.1:0',
    ]);
  }

  async start(): Promise<this> {
    const { stdout, stderr } = this.#child;
    if (stdout === null || stderr === null) throw new Error('no pipes');
    stdout.resume();
    this.#url = await new Promise((found, failed) => {
      createInterface({ input: stderr }).on('line', (line) => {
        const address = /msg="Listening on" address=(\S+)/.exec(line)?.[1];
        if (address !== undefined) found(`http://${address}`);
      });
      this.#child.once('exit', (code) => failed(new Error(`prometheus: exit ${code}`)));
    });
    return this;
  }

  /** What an expression gives now; nothing while it is not ready. */
  async query(expression: string): Promise<readonly Series[]> {
    const response = await fetch(`${this.#url}/api/v1/query?query=${encodeURIComponent(expression)}`);
    if (!response.ok) return [];
    return ((await response.json()) as { data: { result: Series[] } }).data.result;
  }

  /** Why the last scrape failed; empty where it did not. */
  async lastError(): Promise<string> {
    const response = await fetch(`${this.#url}/api/v1/targets`);
    const { data } = (await response.json()) as { data: { activeTargets: { lastError: string }[] } };
    return data.activeTargets.map(({ lastError }) => lastError).join();
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode === null) {
      const exited = once(this.#child, 'exit');
      this.#child.kill('SIGKILL');
      await exited;
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

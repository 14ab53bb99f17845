import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import type { TestProject } from 'vitest/node';
import { type ProvidedQuestDb, QuestDbServer } from './server.ts';

/** The newest one for Java 17 that Maven Central has. */
const VERSION = '9.3.4';
const CACHE = resolve(import.meta.dirname, '../../../node_modules/.cache/headcount');
const FETCH_WITHIN_MS = 300_000;

const run = promisify(execFile);

/**
 * Gives the tests a QuestDB: the one at `QUESTDB_URL`, else one of our own where Java and the jar can be had, which is
 * started when the first test asks for it. Without any, the tests that need one are skipped and a line says so; on CI that
 * is a failure.
 */
export async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const { QUESTDB_URL: url, CI } = process.env;
  const jar = await findJar();
  const reason = jar instanceof Error ? jar.message : null;
  const path = jar instanceof Error ? null : jar;
  if (CI === 'true' && path === null) throw new Error(`no QuestDB of our own to test with: ${reason}`);
  if (url !== undefined) {
    if (path === null) process.stderr.write(`Tests with a QuestDB of their own are skipped: ${reason}\n`);
    project.provide('questdb', { askAt: null, url, jar: path });
    return;
  }
  if (path === null) {
    process.stderr.write(`Tests with a QuestDB are skipped: ${reason}\n`);
    project.provide('questdb', null);
    return;
  }
  const { provided, dispose } = await lazyQuestDb(path);
  project.provide('questdb', provided);
  return dispose;
}

/** Starts a server when somebody asks, and tells everyone who asks where it is. */
async function lazyQuestDb(jar: string): Promise<{ provided: ProvidedQuestDb; dispose(): Promise<void> }> {
  let launched: Promise<QuestDbServer> | null = null;
  // Tests run in processes of their own.
  const desk = createServer((_, response) => {
    launched ??= QuestDbServer.launch(jar);
    launched.then(
      ({ url }) => response.end(url),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  }).listen(0, '127.0.0.1');
  await once(desk, 'listening');
  return {
    provided: { askAt: `http://127.0.0.1:${(desk.address() as AddressInfo).port}`, url: null, jar },
    dispose: async () => {
      desk.close();
      desk.closeAllConnections();
      await (await launched)?.dispose();
    },
  };
}

/** The path of the jar, fetched once. */
async function findJar(): Promise<string | Error> {
  const java = await run('java', ['-version']).catch(() => null);
  const major = Number(/version "(\d+)/.exec(java?.stderr ?? '')?.[1] ?? 0);
  if (major < 17) return new Error('there is no Java 17 or newer (or set QUESTDB_URL)');
  const jar = join(CACHE, `questdb-${VERSION}.jar`);
  return existsSync(jar) ? jar : fetchJar(jar);
}

async function fetchJar(jar: string): Promise<string | Error> {
  mkdirSync(CACHE, { recursive: true });
  const folder = mkdtempSync(join(CACHE, 'fetch-'));
  const goal = [
    'dependency:copy',
    `-Dartifact=org.questdb:questdb:${VERSION}`,
    `-DoutputDirectory=${folder}`,
  ];
  try {
    await run('mvn', ['-q', '-B', ...goal], { timeout: FETCH_WITHIN_MS });
    renameSync(join(folder, `questdb-${VERSION}.jar`), jar);
    return jar;
  } catch {
    return new Error(`Maven cannot fetch org.questdb:questdb:${VERSION} (or set QUESTDB_URL)`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

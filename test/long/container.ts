import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import packageJson from '../../package.json' with { type: 'json' };
import { until } from '../program/program.ts';

/**
 * Builds the image from Containerfile with Buildah, which needs no daemon, and starts it as its configuration says: as its user, with its
 * command, and with the health check beside it. Where the image of Node cannot be had, a Debian with this Node stands in for it.
 *
 *   npm run container             as root, with Debian's buildah and debootstrap; takes a minute or two
 */
const ROOT = resolve(import.meta.dirname, '../..');
const BASE = `docker.io/library/node:${packageJson.devDependencies.node}-bookworm-slim`;
const CONFIG = '/etc/headcount/config.yaml';
const STORE = '/var/lib/headcount';
const CERTIFICATES = '/certificates.pem';
const LINE =
  "/qseow-proxy-session/;sense1;Start session;LAB;anna;Not available;Not available;Start session for user 'LAB\\anna'.";

interface ImageConfig {
  readonly User: string;
  readonly Entrypoint: readonly string[];
  readonly Cmd: readonly string[];
  readonly Healthcheck: { readonly Test: readonly string[] };
  readonly Volumes: Readonly<Record<string, object>>;
  readonly ExposedPorts: Readonly<Record<string, object>>;
}

for (const tool of ['buildah', 'debootstrap']) {
  if (spawnSync(tool, ['--version']).error !== undefined) {
    console.error(`${tool} is not installed`);
    process.exit(64);
  }
}
const work = mkdtempSync(join(tmpdir(), 'headcount-container-'));
process.on('exit', () => {
  // Also what is mounted below it.
  spawnSync('buildah', [...places, 'rm', '--all'], { env });
  rmSync(work, { recursive: true, force: true });
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130));
const places = ['--root', join(work, 'images'), '--runroot', join(work, 'running')];
// Neither a daemon nor namespaces: a container has the network of this machine.
const env = { ...process.env, BUILDAH_ISOLATION: 'chroot' };

/** What Buildah says on its standard output. */
function buildah(...args: readonly string[]): string {
  return execFileSync('buildah', [...places, ...args], {
    cwd: ROOT,
    env,
    encoding: 'utf8',
    stdio: 'pipe',
  }).trim();
}

function claim(what: string, isTrue: boolean): void {
  console.log(`${isTrue ? 'yes' : 'NO '}  ${what}`);
  if (!isTrue) process.exitCode = 1;
}

/** The image of Node, or what stands in for it. */
function bring(): void {
  if (spawnSync('buildah', [...places, 'pull', '--quiet', BASE], { env }).status === 0) return;
  console.log(`${BASE} cannot be had; a Debian with this Node stands in for it`);
  const container = buildah('from', 'scratch');
  const folder = buildah('mount', container);
  execFileSync('debootstrap', ['--variant=minbase', 'bookworm', folder], { stdio: 'pipe' });
  cpSync(process.execPath, join(folder, 'usr/local/bin/node'));
  // The npm that runs this.
  const npm = resolve(process.env['npm_execpath'] ?? '', '../..');
  cpSync(npm, join(folder, 'usr/local/lib/node_modules/npm'), { recursive: true });
  execFileSync('chroot', [
    folder,
    'ln',
    '-s',
    '../lib/node_modules/npm/bin/npm-cli.js',
    '/usr/local/bin/npm',
  ]);
  execFileSync('chroot', [folder, 'useradd', '--uid', '1000', '--user-group', '--create-home', 'node']);
  // Whom this machine trusts besides, npm in the image has to trust.
  const trusted = process.env['NODE_EXTRA_CA_CERTS'];
  if (trusted !== undefined) {
    cpSync(trusted, join(folder, CERTIFICATES));
    buildah('config', '--env', `NODE_EXTRA_CA_CERTS=${CERTIFICATES}`, container);
  }
  buildah('umount', container);
  buildah('commit', '--quiet', '--rm', container, BASE);
}

/** The process that Buildah runs in the container: the last one of its children. */
function inner(pid: number): number {
  const children = readdirSync('/proc').filter((name) => {
    const stat = join('/proc', name, 'stat');
    return (
      /^\d+$/.test(name) &&
      existsSync(stat) &&
      readFileSync(stat, 'utf8').split(') ')[1]?.split(' ')[1] === String(pid)
    );
  });
  const [child] = children;
  return child === undefined ? pid : inner(Number(child));
}

/** Resolves with the log line that says where it listens. */
async function listening(
  child: ChildProcess,
): Promise<{ readonly udp: readonly string[]; readonly api: string }> {
  if (child.stdout === null) throw new Error('no standard output');
  for await (const line of createInterface(child.stdout)) {
    if (line.includes('"msg":"listening"')) return JSON.parse(line);
  }
  throw new Error('it never listened');
}

bring();
const startedAt = performance.now();
buildah('build', '--pull=false', '--format', 'docker', '--file', 'Containerfile', '--tag', 'headcount', '.');
console.log(`built in ${((performance.now() - startedAt) / 1_000).toFixed(0)} s`);
const { config } = JSON.parse(buildah('inspect', '--type', 'image', 'headcount')).Docker as {
  readonly config: ImageConfig;
};
claim('its user is not root', config.User === 'node');
claim('it has one volume, for the store', Object.keys(config.Volumes).join() === STORE);
claim(
  'its ports are those of the defaults',
  Object.keys(config.ExposedPorts).toSorted().join() === '9997/udp,9998/tcp,9999/tcp',
);

writeFileSync(
  join(work, 'config.yaml'),
  `receivers: [{ type: udp, host: 127.0.0.1, port: 0 }]\nstore: { path: ${STORE} }\napi: { port: 0 }\nlog: { format: json }\n`,
  { mode: 0o644 },
);
const container = buildah('from', '--pull-never', 'headcount');
const run = ['run', '--volume', `${join(work, 'config.yaml')}:${CONFIG}:ro`, container, '--'];
const child = spawn('buildah', [...places, ...run, ...config.Entrypoint, ...config.Cmd], {
  env,
  stdio: ['ignore', 'pipe', 'inherit'],
});
const { udp, api } = await listening(child);
child.stdout.resume();
claim('it is ready', (await fetch(`${api}/readyz`)).ok);
const node = inner(Number(child.pid));
claim('it runs as that user', readFileSync(`/proc/${node}/status`, 'utf8').includes('\nUid:\t1000\t1000\t'));
const check = config.Healthcheck.Test.slice(1).map((word) => word.replace('http://127.0.0.1:9999', api));
const inside = (...command: readonly string[]) =>
  spawnSync('buildah', [...places, 'run', container, '--', ...command], { env }).status === 0;
const isHealthy = () => inside(...check);
claim('its health check says that it is healthy', isHealthy());
const socket = createSocket('udp4');
socket.send(LINE, Number(udp[0]?.split(':').at(-1)), '127.0.0.1', () => socket.close());
const counted = async () =>
  (await (await fetch(`${api}/api/v1/counts`)).json()) as { active: { users: number } };
await until(counted, ({ active }) => active.users === 1);
claim('it counts what comes by UDP', true);
claim('the page loads', (await (await fetch(`${api}/`)).text()).includes('<title>Headcount'));
const exited = once(child, 'exit');
process.kill(node, 'SIGTERM');
const [code] = await exited;
claim('it ends with 0 at SIGTERM', code === 0);
claim('its health check says so', !isHealthy());
claim('its store is where the volume is', inside('test', '-e', join(STORE, 'headcount.db')));
process.exit();

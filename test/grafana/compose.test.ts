import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { describe, expect, inject, it } from 'vitest';
import { parse } from 'yaml';
import { isInstalled } from '../api/metrics/installed.ts';
import { QuestDbServer, questDbQuery } from '../sinks/questdb/server.ts';
import { PgWire } from './pg-wire.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const jar = inject('questdb')?.jar ?? null;
const read = (path: string) => readFileSync(resolve(ROOT, path), 'utf8');

interface Service {
  readonly image: string;
  readonly build?: { readonly context: string; readonly dockerfile: string };
  readonly environment?: Readonly<Record<string, string>>;
  readonly volumes?: readonly string[];
  readonly entrypoint?: readonly string[];
  readonly ports?: readonly string[];
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
}

const compose = parse(read('compose.yaml')) as {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
};
const services = Object.entries(compose.services);
const service = (name: string): Service => compose.services[name] ?? { image: '' };

/** With the defaults that are written in the file, and a text of its own for each variable that has to be set. */
function environmentOf(name: string): Record<string, string> {
  const entries = Object.entries(service(name).environment ?? {});
  return Object.fromEntries(
    entries.map(([key, text]) => [
      key,
      text.replace(/\$\{\w+:-(\w+)\}/g, '$1').replace(/\$\{(\w+):\?[^}]*\}/g, '$1-0123456789abcdef'),
    ]),
  );
}

const KEYS = [
  ...['image', 'build', 'command', 'restart', 'stop_grace_period', 'environment', 'volumes', 'ports'],
  ...['healthcheck', 'depends_on', 'entrypoint'],
];

it('every image has a version', () => {
  for (const [name, { image }] of services) expect(image, name).toMatch(/^[\w./-]+:v?\d+\.\d+\.\d+$/);
  expect(read('Containerfile')).toMatch(/^FROM node:24\.\d+\.\d+-[\w-]+$/m);
  expect(environmentOf('grafana')['GF_PLUGINS_PREINSTALL']).toMatch(
    /^questdb-questdb-datasource@\d+\.\d+\.\d+$/,
  );
});

it('the image is built with the Node of development, and has its own version', () => {
  const { version, devDependencies } = JSON.parse(read('package.json'));
  expect(read('Containerfile')).toContain(`FROM node:${devDependencies.node}-`);
  expect(service('headcount').image).toBe(`headcount:${version}`);
});

it.skipIf(jar === null)('QuestDB is the one that we test with', () => {
  expect(basename(jar ?? '')).toBe(`questdb-${service('questdb').image.split(':')[1]}.jar`);
});

it('services have only keys of the Compose specification that we know, and refer to what is there', () => {
  for (const [name, definition] of services) {
    expect(KEYS, name).toEqual(expect.arrayContaining(Object.keys(definition)));
    for (const volume of definition.volumes ?? []) {
      const [source = ''] = volume.split(':');
      if (source.startsWith('./')) expect(existsSync(resolve(ROOT, source)), source).toBe(true);
      else expect(Object.keys(compose.volumes)).toContain(source);
    }
    for (const [other, { condition }] of Object.entries(definition.depends_on ?? {})) {
      expect(condition).toBe('service_healthy');
      expect(service(other).healthcheck?.test[0]).toBe('CMD');
    }
  }
});

it('the network gets in for events alone', () => {
  const open = services.flatMap(([, { ports = [] }]) =>
    ports.filter((port) => !port.startsWith('127.0.0.1:')),
  );
  expect(open).toEqual(['9997:9997/udp']);
});

it('every variable has a default, but for tokens, which have to be made; and no password is written anywhere else', () => {
  const uses = services.flatMap(([, definition]) => JSON.stringify(definition).match(/\$\{[^}]*\}/g) ?? []);
  expect(uses.length).toBeGreaterThan(6);
  for (const use of uses) expect(use).toMatch(/^\$\{(?:[A-Z_]+:-\w+|HEADCOUNT_[A-Z]+_TOKEN:\?[^}]+)\}$/);
  const passwords = services.flatMap(([, { environment = {} }]) =>
    Object.entries(environment).filter(([key]) => /(?:PASSWORD|TOKEN)$/.test(key)),
  );
  expect(passwords.length).toBeGreaterThan(4);
  for (const [key, text] of passwords) expect(text, key).toMatch(/^\$\{/);
});

it('Grafana reads the variables that it is given', () => {
  // Sections and keys of its configuration, GF_<SECTION>_<KEY>.
  const known = ['GF_SECURITY_ADMIN_PASSWORD', 'GF_PLUGINS_PREINSTALL', 'GF_ANALYTICS_REPORTING_ENABLED'];
  const given = Object.keys(environmentOf('grafana'));
  expect(given.filter((name) => name.startsWith('GF_')).toSorted()).toEqual(known.toSorted());
  const used = [...read('grafana/provisioning/datasources/headcount.yaml').matchAll(/\$\{(\w+)\}/g)];
  for (const [, name] of used) expect(given).toContain(name);
});

it('data sources are where the services are, under the names that rules and dashboards use', () => {
  const { datasources } = parse(read('grafana/provisioning/datasources/headcount.yaml'));
  const [questdb, prometheus] = datasources;
  expect(questdb).toMatchObject({ uid: 'questdb', type: 'questdb-questdb-datasource' });
  expect(questdb.jsonData).toMatchObject({ server: 'questdb', port: 8812, tlsMode: 'disable' });
  expect(questdb.jsonData.username).toBe(environmentOf('questdb')['QDB_PG_READONLY_USER']);
  expect(prometheus).toMatchObject({ uid: 'prometheus', type: 'prometheus', url: 'http://prometheus:9090' });
  const { global, scrape_configs: scrapes } = parse(read('grafana/prometheus.yml'));
  expect(prometheus.jsonData.timeInterval).toBe(global.scrape_interval);
  expect(scrapes[0]).toMatchObject({
    job_name: 'headcount',
    static_configs: [{ targets: ['headcount:9999'] }],
  });
  const { providers } = parse(read('grafana/provisioning/dashboards/headcount.yaml'));
  expect(service('grafana').volumes).toContain(`./grafana/dashboards:${providers[0].options.path}:ro`);
});

it('Prometheus starts with its arguments, and the token of Headcount in the file that it reads', () => {
  const { scrape_configs: scrapes } = parse(read('grafana/prometheus.yml'));
  const file: string = scrapes[0].authorization.credentials_file;
  const folder = mkdtempSync(join(tmpdir(), 'headcount-compose-'));
  const [shell = '', ...parameters] = service('prometheus').entrypoint ?? [];
  const here = parameters.map((text) =>
    text
      .replaceAll('$$', '$')
      .replace(file, join(folder, 'token'))
      .replace('/bin/prometheus', 'printf "%s\\n"'),
  );
  const env = { ...process.env, ...environmentOf('prometheus') };
  const { stdout, status } = spawnSync(shell, [...here, '--one', '--two=a b'], { encoding: 'utf8', env });
  expect([stdout, status]).toEqual(['--one\n--two=a b\n', 0]);
  const token = readFileSync(join(folder, 'token'), 'utf8');
  expect(token).toBe(environmentOf('headcount')['HEADCOUNT_READ_TOKEN']);
  expect(statSync(join(folder, 'token')).mode & 0o777).toBe(0o600);
  rmSync(folder, { recursive: true });
});

it('the configuration of Headcount passes its own check', () => {
  const run = (environment: NodeJS.ProcessEnv) =>
    spawnSync(process.execPath, ['src/main.ts', 'check', '--config', 'grafana/headcount.yaml'], {
      cwd: ROOT,
      encoding: 'utf8',
      env: { ...process.env, ...environment },
    });
  const { stdout, stderr, status } = run(environmentOf('headcount'));
  expect(stderr).toBe('');
  expect(status).toBe(0);
  expect(stdout).toContain('questdb');
  expect(run({ QUESTDB_PASSWORD: undefined }).stderr).toContain('QUESTDB_PASSWORD is not set');
});

it('the image has what the program is made of', () => {
  const copied = [...read('Containerfile').matchAll(/^COPY (?!--from)(?:(.*) )?(\S+) \S+$/gm)].flatMap(
    ([, first, last]) => [...(first?.split(' ') ?? []), last ?? ''],
  );
  const ignored = read('.dockerignore')
    .split('\n')
    .filter((line) => line.startsWith('!'));
  expect(ignored.map((line) => line.slice(1)).toSorted()).toEqual(copied.toSorted());
  const imported = readdirSync(resolve(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .flatMap((name) => [...read(`src/${name}`).matchAll(/'(?:\.\.\/)+(receivers|sinks|appender|\w+\.json)/g)])
    .map(([, folder]) => folder);
  expect(copied).toEqual(expect.arrayContaining([...new Set(imported)]));
});

describe.skipIf(!isInstalled('promtool', 'prometheus'))('promtool', () => {
  it('has nothing against the configuration of Prometheus', () => {
    const { status, stderr } = spawnSync(
      'promtool',
      // The file with the token is in the container only.
      ['check', 'config', '--syntax-only', resolve(ROOT, 'grafana/prometheus.yml')],
      {
        encoding: 'utf8',
      },
    );
    expect(stderr).toBe('');
    expect(status).toBe(0);
  });
});

/** Runs the health check of QuestDB as compose does, but on another port. */
function isHealthy(port: number): boolean {
  const [, shell = '', ...parameters] = service('questdb').healthcheck?.test ?? [];
  const here = parameters.map((text) => text.replaceAll('$$', '$').replace('/9000', `/${port}`));
  return spawnSync(shell, here, { timeout: 5_000 }).status === 0;
}

describe.skipIf(jar === null)('a QuestDB with the environment of compose.yaml', () => {
  it('knows every variable, and lets in who has a password, Grafana for reading only', async () => {
    const environment = environmentOf('questdb');
    const { QDB_HTTP_USER: user = '', QDB_HTTP_PASSWORD: password = '', ...env } = environment;
    const server = await QuestDbServer.start(jar ?? '', { env, credentials: { user, password } });
    try {
      expect(isHealthy(Number(new URL(server.url).port))).toBe(true);
      expect(isHealthy(1)).toBe(false);
      const known = (await server.query('SHOW PARAMETERS')).map((row) => row['env_var_name']);
      expect(known).toEqual(expect.arrayContaining(Object.keys(environment)));
      await expect(questDbQuery(server.url, 'SELECT 1')).rejects.toThrow();
      const reader = environment['QDB_PG_READONLY_USER'] ?? '';
      const secret = environment['QDB_PG_READONLY_PASSWORD'] ?? '';
      const wire = await PgWire.connect(server.pgPort, reader, secret);
      await expect(wire.query('CREATE TABLE x (a INT)')).rejects.toThrow(/denied/);
      wire.close();
      await expect(PgWire.connect(server.pgPort, reader, 'wrong')).rejects.toThrow(/password/);
    } finally {
      await server.dispose();
    }
  }, 60_000);
});

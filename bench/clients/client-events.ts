/**
 * Bodies as the client for Node sends them: 50 events of one user, each with its surroundings. The first one of a user is the
 * start of the session.
 */

export const EVENTS_OF_POST = 50;
/** So many users take turns: of one session no more than 1,000 notes an hour are kept. */
const USERS = 2_000;

const ENVIRONMENT = JSON.stringify({
  processor_count: 2,
  command_line: '/usr/bin/node /app/server.mjs --port 8080',
  process_name: '/usr/bin/node',
  process_id: '18881',
  process_memory_size: 10_788_864,
  architecture: 'x64',
  o_s_name: 'Linux',
  o_s_version: '6.12.0',
  runtime_version: 'v24.21.0',
  data: {
    ...{ platform: 'linux', tmpdir: '/tmp', endianness: 'LE' },
    ...{ loadavg: [5.94, 3.98, 2.25], uptime: 966.74 },
  },
  machine_name: 'client-machine',
  ip_address: '192.0.2.1',
  total_physical_memory: 25_276_502_016,
  available_physical_memory: 23_836_274_688,
});

/** The body of the `post`th post of a run, dated now. `run` tells the users of one run from those of another. */
export function clientPost(run: string, post: number): string {
  const date = new Date().toISOString();
  const user = JSON.stringify({ identity: `LAB\\${run}-${post % USERS}`, name: 'Some One' });
  const data = `"tags":[],"data":{"@user":${user},"@environment":${ENVIRONMENT},"@level":"info"}`;
  const events = Array.from({ length: EVENTS_OF_POST }, (_, n) => {
    if (n === 0 && post < USERS) return `{"type":"session","date":"${date}",${data}}`;
    return `{"type":"log","date":"${date}","source":"orders","message":"order ${post}-${n} was taken",${data}}`;
  });
  return `[${events.join(',')}]`;
}

/** As many events for `POST /api/v1/events`: starts and stops of as many users. */
export function itemsPost(run: string, post: number): string {
  const items = Array.from({ length: EVENTS_OF_POST }, (_, n) => ({
    type: n % 2 === 0 ? 'session_start' : 'session_stop',
    host: 'bench-items',
    user: { directory: 'LAB', id: `${run}-${post}-${n >> 1}` },
  }));
  return JSON.stringify(items);
}

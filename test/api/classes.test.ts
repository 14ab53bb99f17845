import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ApiUnderTest, type Item, SALES } from './api-under-test.ts';

const api = new ApiUnderTest();
const line = (type: string, directory: string | null, id: string, host = 'qs1') => ({
  ...{ type, host, user: directory === null ? null : { directory, id } },
  ...(type === 'connection_open' ? { appId: SALES } : {}),
});

beforeAll(async () => {
  await api.start();
  await api.post([
    ...['ann', 'bob', 'svc_poll', 'SVC_reload'].map((id) => line('session_start', 'LAB', id)),
    line('session_start', 'LAB', 'ann', 'qs2'),
    line('session_start', 'Lab', 'svc_poll', 'qs2'),
    line('session_start', 'NONE', 'anonymous7f1c'),
    line('session_start', 'none', 'Anonymous80aa'),
    line('session_start', 'NONE', 'nobody'),
    line('session_start', 'CORP', 'anonymous1'),
    line('session_start', null, ''),
    line('connection_open', 'LAB', 'ann'),
    line('connection_open', 'LAB', 'svc_poll'),
    line('session_stop', 'LAB', 'SVC_reload'),
  ]);
});
afterAll(() => api.stop());

const namesOf = (items: readonly Item[]) => items.map(({ user }) => user?.id ?? null).sort();

describe('each session has the class of its user', () => {
  it.each([
    ['person', ['ann', 'ann', 'anonymous1', 'bob', 'nobody', null]],
    ['anonymous', ['Anonymous80aa', 'anonymous7f1c']],
    ['service', ['SVC_reload', 'svc_poll', 'svc_poll']],
  ])('%s', async (name, ids) => {
    const all = (await api.get('/api/v1/sessions')).body.items;
    const { items } = (await api.get(`/api/v1/sessions?class=${name}`)).body;
    expect(namesOf(items)).toEqual([...ids].sort());
    expect(items).toEqual(all.filter((item) => item['class'] === name));
    const [first, ...more] = items;
    const page = (await api.get(`/api/v1/sessions?class=${name}&limit=1`)).body;
    expect(page.items).toEqual([first]);
    expect(page.nextCursor === null).toBe(more.length === 0);
  });

  it('which is asked for by one of these words', async () => {
    const { statusCode, body } = await api.get('/api/v1/sessions?class=robot');
    expect([statusCode, body['message']]).toEqual([400, 'class: expected one of person, anonymous, service']);
  });
});

describe('counts', () => {
  const active = async (query = '') => (await api.get(`/api/v1/counts${query}`)).body['active'];

  it('tell the classes apart', async () => {
    expect(await active()).toMatchObject({
      ...{ sessions: 10, users: 7, connections: 2, connectedUsers: 2 },
      byClass: {
        person: { sessions: 6, users: 4 },
        anonymous: { sessions: 2, users: 2 },
        service: { sessions: 2, users: 1 },
      },
    });
  });

  it('leave the others out on request', async () => {
    const whole = (await active()) as { bounds: { sessions: { low: number } } };
    expect(await active('?class=person')).toMatchObject({
      ...{ sessions: 6, users: 4, connections: 1, connectedUsers: 1 },
      bounds: { sessions: { low: whole.bounds.sessions.low - 4 } },
    });
    expect(await active('?class=service')).toMatchObject({ sessions: 2, users: 1, connections: 1 });
    expect(await active('?class=anonymous')).toMatchObject({ sessions: 2, users: 2, connectedUsers: 0 });
  });
});

describe('after lines were lost', () => {
  const found = async (query: string) =>
    namesOf((await api.get(`/api/v1/sessions?limit=1000&${query}`)).body.items);

  it('those are doubtful of which no sign of life came since', async () => {
    const open = await found('active=true');
    expect(await found('doubtful=true')).toEqual([]);
    expect(await found('doubtful=false')).toEqual(open);
    api.site.quality.dropped();
    api.pass(1);
    expect(await found('doubtful=true')).toEqual(open);
    await api.post([line('connection_open', 'LAB', 'bob')]);
    expect(await found('doubtful=false')).toEqual(['bob']);
    expect(await found('doubtful=true')).toEqual(open.filter((id) => id !== 'bob'));
    const { items } = (await api.get('/api/v1/sessions')).body;
    expect(namesOf(items.filter((item) => item['doubtful'] === false))).toEqual(['SVC_reload', 'bob']);
  });

  it('a page of them says how many there are', async () => {
    const { body } = await api.get('/api/v1/sessions?doubtful=true&class=service&limit=1');
    expect(body).toMatchObject({ total: 2, quality: 'estimated', nextCursor: expect.any(String) });
  });

  it('one that has ended is not doubtful, and not asked for as such', async () => {
    const { statusCode, body } = await api.get('/api/v1/sessions?doubtful=true&active=false');
    const message = 'doubtful: only open sessions are, so not together with active=false';
    expect([statusCode, body['message']]).toEqual([400, message]);
  });
});

import { afterEach, beforeEach, expect, it } from 'vitest';
import { ApiUnderTest } from '../../api/api-under-test.ts';

let api: ApiUnderTest;
beforeEach(async () => {
  api = await new ApiUnderTest().start();
});
afterEach(() => api.stop());

const ann = { directory: 'LAB', id: 'ann' };
const at = { user: ann, host: 'qs1' };
const note = { ...at, type: 'note', name: 'exported a sheet' };

it('a note stands on the timeline of the newest open session of its user, and moves no count', async () => {
  await api.post([{ ...at, type: 'session_start' }]);
  const before = (await api.get('/api/v1/counts')).body;
  const { body } = await api.post([{ ...note, data: { sheet: 'Sales', rows: 7 } }]);
  expect(body).toMatchObject({ accepted: 1 });
  const { body: sessions } = await api.get('/api/v1/sessions');
  const { body: session } = await api.get(`/api/v1/sessions/${sessions.items[0]?.id}`);
  expect(session['timeline']).toMatchObject([
    { kind: 'session_start', noteType: null },
    { kind: 'note', source: 'exported a sheet', message: '{"sheet":"Sales","rows":7}', noteType: null },
  ]);
  const { body: after } = await api.get('/api/v1/counts');
  for (const part of ['active', 'created', 'destroyed']) expect(after[part]).toEqual(before[part]);
});

it('a note is no sign of life: the session of a user who only takes notes times out', async () => {
  await api.post([{ ...at, type: 'session_start' }]);
  for (let n = 0; n < 3; n += 1) {
    api.pass(800);
    await api.post([note]);
  }
  expect(api.site.counts.sessions).toBe(0);
});

it('a note of nobody who is on is kept, without a session', async () => {
  await api.post([note]);
  const { body } = await api.get('/api/v1/events?kind=note');
  expect(body.items).toMatchObject([{ user: ann, sessionId: null, source: 'exported a sheet' }]);
  expect(api.site.counts.sessions).toBe(0);
});

it.each([
  [{ ...at, type: 'note' }, 'name: expected a string up to 200 characters'],
  [{ ...at, type: 'session_start', name: 'x' }, 'name, data: only a note has them'],
])('%j is refused in words', async (item, reason) => {
  expect((await api.post([item])).body).toMatchObject({ refused: [{ index: 0, reason }] });
});

it('of one session 1,000 notes are kept in an hour, and then those of errors alone', async () => {
  const { body } = await api.post(Array.from({ length: 1_001 }, () => note));
  expect(body).toMatchObject({ accepted: 1_000, refused: [{ index: 1_000, reason: 'too_many_notes' }] });
  expect((await api.post([{ ...note, user: { directory: 'LAB', id: 'bob' } }])).body).toMatchObject({
    accepted: 1,
  });
  api.pass(3_600);
  expect((await api.post([note])).body).toMatchObject({ accepted: 1 });
});

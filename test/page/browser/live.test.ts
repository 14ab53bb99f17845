import { createServer, request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CHROMIUM, cardText, PageUnderTest, visit } from './browser.ts';

describe.skipIf(CHROMIUM === null)('the page in a browser', () => {
  let under: PageUnderTest;
  beforeAll(async () => {
    under = await PageUnderTest.start();
    await under.post([
      ...visit('ann', 'qs1', ['sales']),
      ...visit('bob', 'qs1'),
      ...visit('cy', 'qs2', ['hr']),
    ]);
  });
  afterAll(() => under.stop());

  it('shows the numbers of the API, and follows them', async () => {
    const page = await under.open();
    await expect.poll(() => cardText(page, 'Active sessions')).toBe('3');
    expect(await cardText(page, 'Connected users')).toBe('2');
    expect(await cardText(page, 'Connections')).toBe('2');
    await under.post(visit('dan', 'qs2', ['hr']));
    await expect.poll(() => cardText(page, 'Active sessions')).toBe('4');
    await under.post([{ type: 'session_stop', user: { directory: 'LAB', id: 'dan' }, host: 'qs2' }]);
    await expect.poll(() => cardText(page, 'Active sessions')).toBe('3');
    expect(under.complaints).toEqual([]);
  });

  it('narrows everything to what the filter says, and a link shows the same', async () => {
    const page = await under.open();
    await page.getByRole('combobox', { name: 'Host' }).selectOption('qs2');
    await expect.poll(() => cardText(page, 'Active sessions')).toBe('1');
    expect(new URL(page.url()).search).toBe('?host=qs2');
    const other = await under.open('?host=qs1');
    await expect.poll(() => cardText(other, 'Active sessions')).toBe('2');
    await other.getByRole('button', { name: 'Show everything' }).click();
    await expect.poll(() => cardText(other, 'Active sessions')).toBe('3');
    expect(under.complaints).toEqual([]);
  });

  it('remembers colours and time zone, and is dark where the system is', async () => {
    const page = await under.open('', { colorScheme: 'dark', timezoneId: 'Europe/Berlin' });
    const theme = () => page.locator('html').getAttribute('data-theme');
    expect(await theme()).toBe('dark');
    await page.getByRole('radio', { name: 'Light' }).check();
    expect(await theme()).toBe('light');
    await page.getByText('UTC').check();
    await page.reload();
    expect(await theme()).toBe('light');
    expect(await page.getByRole('radio', { name: 'UTC' }).isChecked()).toBe(true);
  });

  it('says within five seconds that the server is gone, and goes on by itself', async () => {
    const page = await under.open();
    await expect.poll(() => cardText(page, 'Active sessions')).toBe('3');
    await under.restart(async () => {
      const alert = page.getByRole('alert').getByText('Headcount does not answer');
      await alert.waitFor({ state: 'visible', timeout: 5_000 });
    });
    await expect.poll(() => page.getByRole('alert').textContent()).toBe('');
    await under.post(visit('eve', 'qs1'));
    await expect.poll(() => cardText(page, 'Active sessions')).toBe('4');
  });

  it('works below a path of a reverse proxy', async () => {
    const target = new URL(under.program.api);
    const proxy = createServer((asked, answer) => {
      const { host: _, ...headers } = asked.headers;
      const path = asked.url?.replace(/^\/tools\/headcount(?=\/)/, '') ?? '';
      if (path === asked.url) return void answer.writeHead(404).end();
      const passed = request({ port: target.port, host: target.hostname, path, headers }, (got) => {
        answer.writeHead(got.statusCode ?? 502, got.headers);
        got.pipe(answer);
      });
      asked.pipe(passed);
    });
    await new Promise<void>((done) => proxy.listen(0, '127.0.0.1', done));
    const { port } = proxy.address() as { port: number };
    const page = await (await under.browser.newContext()).newPage();
    await page.goto(`http://127.0.0.1:${port}/tools/headcount/?window=1d`);
    await expect.poll(() => cardText(page, 'Active sessions')).toBe('4');
    await page.close();
    proxy.closeAllConnections();
    proxy.close();
  });
});

describe.skipIf(CHROMIUM === null)('the page where a token is needed', () => {
  const TOKEN = 'reader-0123456789abcdef';
  let under: PageUnderTest;
  beforeAll(async () => {
    under = await PageUnderTest.start('', `port: 0, tokens: [{ name: page, token: ${TOKEN} }]`);
  });
  afterAll(() => under.stop());

  it('asks for it, says that one is wrong, and keeps the right one until the tab is closed', async () => {
    const page = await under.open();
    const dialog = page.getByRole('dialog', { name: 'A token is needed' });
    await dialog.getByLabel('Token').fill('wrong-0123456789abcdef');
    await dialog.getByRole('button', { name: 'Show the page' }).click();
    await dialog.getByText('this token is not known').waitFor();
    await dialog.getByLabel('Token').fill(TOKEN);
    await dialog.getByRole('button', { name: 'Show the page' }).click();
    await dialog.waitFor({ state: 'hidden' });
    const welcome = page.getByRole('heading', { name: 'Nothing has come from Qlik Sense yet' });
    await welcome.waitFor();
    await page.reload();
    await welcome.waitFor();
    expect(await dialog.count()).toBe(0);
    expect(await page.evaluate(() => JSON.stringify({ ...localStorage }))).not.toContain(TOKEN);
  });
});

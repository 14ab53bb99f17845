import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { launchBrowser } from '../page/browser/browser.ts';

/*
 * Takes the pictures of the page that the README shows, of a demo that has run for a while:
 *
 *   npm run pictures
 */

const ROOT = resolve(import.meta.dirname, '../..');
const TARGET = join(ROOT, 'docs/pictures');
/** Until the graph of a minute is full. */
const WAIT_MS = 75_000;

const PICTURES = [
  { name: 'page-light', colorScheme: 'light', width: 1440, height: 1000 },
  { name: 'page-dark', colorScheme: 'dark', width: 1440, height: 1000 },
  { name: 'page-phone', colorScheme: 'light', width: 360, height: 780 },
] as const;

const folder = mkdtempSync(join(tmpdir(), 'headcount-pictures-'));
const config = join(folder, 'config.yaml');
writeFileSync(config, 'receivers: [{ type: udp, host: 127.0.0.1, port: 0 }]\napi: { port: 0 }\n');
const demo = spawn(process.execPath, [join(ROOT, 'src/main.ts'), 'demo', '--config', config], {
  cwd: folder,
});
try {
  const address = await new Promise<string>((found, failed) => {
    createInterface({ input: demo.stdout }).on('line', (line) => {
      const [, url] = /open +(http\S+)/.exec(line) ?? [];
      if (url !== undefined) found(url);
    });
    demo.once('exit', (code) => failed(new Error(`the demo ended with ${code}`)));
  });
  await new Promise((done) => setTimeout(done, WAIT_MS));
  mkdirSync(TARGET, { recursive: true });
  const browser = await launchBrowser();
  for (const { name, colorScheme, width, height } of PICTURES) {
    const page = await browser.newPage({ colorScheme, viewport: { width, height } });
    await page.goto(address);
    // The stream, the graphs and every table have come.
    await page.waitForTimeout(5_000);
    await page.screenshot({ path: join(TARGET, `${name}.png`) });
    await page.close();
    console.log(`docs/pictures/${name}.png`);
  }
  await browser.close();
} finally {
  demo.kill('SIGTERM');
  rmSync(folder, { recursive: true, force: true });
}

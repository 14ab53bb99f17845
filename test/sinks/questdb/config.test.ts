import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../../src/config/config.ts';

function problemsOf(yaml: string): string {
  try {
    parseConfig(`sinks:\n  - { type: questdb, ${yaml} }\n`, 'config.yaml');
    return 'none';
  } catch (error) {
    return String(error);
  }
}

describe('the settings of a questdb sink', () => {
  it('have defaults', () => {
    const { sinks } = parseConfig('sinks: [{ type: questdb }]', 'config.yaml');
    expect(sinks).toEqual([
      {
        type: 'questdb',
        url: 'http://127.0.0.1:9000',
        tls: { verify: true },
        batchSize: 5000,
        interval: 250,
        timeout: 30_000,
        undelivered: 'keep',
      },
    ]);
  });

  it.each([
    ['http://[::1]:9000/', 'http://[::1]:9000'],
    ['https://questdb.example.com/behind/a/proxy/', 'https://questdb.example.com/behind/a/proxy'],
  ])('take the URL %s', (url, read) => {
    const { sinks } = parseConfig(`sinks: [{ type: questdb, url: "${url}" }]`, 'config.yaml');
    expect(sinks[0]).toMatchObject({ url: read });
  });

  it.each([
    ['url: "localhost:9000"', 'expected a URL such as "http://127.0.0.1:9000", got "localhost:9000"'],
    ['url: "ftp://localhost"', 'expected a URL'],
    ['url: "http://localhost/?a=b"', 'expected a URL without'],
    ['retention: 36h', 'expected whole days'],
    ['retention: 365', 'expected a duration'],
    ['user: anna', 'sinks[0].user: a password is missing beside it'],
    ['password: x', 'sinks[0].password: a user is missing beside it'],
    ['user: anna, password: x, token: y', 'either a token or a user with a password, not both'],
    ['user: "an:na", password: x', 'has no ":"'],
    ['token: "two words"', 'plain ASCII'],
    ['tls: { ca: ca.pem }', 'the URL says http, not https'],
    ['flush: 1s', 'unknown key'],
  ])('refuse %s', (yaml, message) => {
    expect(problemsOf(yaml)).toContain(message);
  });

  it.each(['password: 31337', 'token: 31337', 'password: [31337]', 'url: "http://u:31337@host"'])(
    'do not show the secret of %s',
    (yaml) => {
      const problems = problemsOf(yaml);
      expect(problems).toContain('config.yaml:2');
      expect(problems).not.toContain('31337');
    },
  );
});

import fc from 'fast-check';

const UA = "UserAgent: 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/131.0.0.0 Safari/537.36'";
const LINES = [
  `/qseow-proxy-session/;node1;Start session;LAB;anna;Not available;Not available;Start session for user 'LAB\\anna'. ${UA}`,
  "/qseow-proxy-session/;node1;Stop session;LAB;anna;Not available;Not available;Stop session for user 'LAB\\anna'.",
  '/qseow-proxy-connection/;node2;Open connection;LAB;bert;AppAccess;/app/a421f4a2-c311-4ef4-ba41-fe2e6a2b0d69;x',
  '/qseow-proxy-connection/;node2;Close connection;LAB;bert;AppAccess;/app/a421f4a2-c311-4ef4-ba41-fe2e6a2b0d69;x',
  '/headcount/2;7;20251026T003510.073+0200;node1;Start session;0;c0de1;p;r;Not available;(null);LAB;carl;Not available;x',
  "<14>harness.exe: /qseow-proxy-session/;node1;Start session;NONE;anonymous1;Not available;Not available;x'",
  'node1;Start session;LAB;dora',
  "Access was denied for User: 'D\\U', SessionID: 'e3', SessionCount: '5', OperationType: 'UsageDenied'",
];
const HOSTILE = [
  '<img src=x onerror=alert(1)>',
  "=cmd|'/c calc'!A1",
  '__proto__',
  'nul\u0000byte',
  'line\r\nbreak',
  '\u202eright-to-left',
  'x'.repeat(60_000),
  ';;;;;;',
  '(null)',
  "'; DROP TABLE events; --",
];

/** One datagram: random bytes, a good line, or a good line with a hostile field, cut, mutated, or in another encoding. */
export function datagram(): fc.Arbitrary<Buffer> {
  const line = fc.constantFrom(...LINES);
  const hostile = fc.tuple(line, fc.constantFrom(...HOSTILE), fc.nat()).map(([text, field, place]) => {
    const fields = text.split(';');
    fields[place % fields.length] = field;
    return Buffer.from(fields.join(';'), 'utf8');
  });
  const mutated = fc
    .tuple(line, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 8 }))
    .map(([text, changes]) => {
      const bytes = Buffer.from(text, 'utf8');
      for (const [place, value] of changes) bytes[place % bytes.length] = value;
      return bytes;
    });
  const several = fc
    .tuple(
      fc.array(line, { maxLength: 6 }),
      fc.constantFrom('\n', '\r\n', '\0', '\r', '', '#012', ' ', '\n<13>x: '),
    )
    .map(([lines, separator]) => Buffer.from(lines.join(separator)));
  return fc.oneof(
    { weight: 2, arbitrary: several },
    { weight: 3, arbitrary: line.map((text) => Buffer.from(text, 'utf8')) },
    { weight: 3, arbitrary: mutated },
    { weight: 2, arbitrary: hostile },
    {
      weight: 1,
      arbitrary: fc.tuple(line, fc.nat()).map(([text, n]) => Buffer.from(text).subarray(0, n % text.length)),
    },
    { weight: 1, arbitrary: line.map((text) => Buffer.from(text, 'utf16le')) },
    { weight: 1, arbitrary: line.map((text) => Buffer.from(text.replace('anna', 'åsa'), 'latin1')) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes)) },
  );
}

import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';

/** PEM texts, named as Qlik Sense exports them. */
export interface Certificates {
  readonly root: string;
  readonly client: string;
  readonly clientKey: string;
  readonly server: string;
  readonly serverKey: string;
}

interface Subject {
  readonly name: string;
  readonly publicKey: KeyObject;
  readonly extensions: readonly Buffer[];
}

interface Issuer {
  readonly name: string;
  readonly key: KeyObject;
  readonly now: number;
}

const DAY_MS = 86_400_000;
const VALID_MS = 365 * DAY_MS;

/** Of a made-up Sense site whose nodes are called `hosts`: good for a year. Its root signs nothing else, ever. */
export function createCertificates(hosts: readonly string[], now: number): Certificates {
  const [root, client, server] = [newKeys(), newKeys(), newKeys()];
  const issuer: Issuer = { name: 'Simulated Sense CA', key: root.privateKey, now };
  const issue = (name: string, { publicKey }: Keys, ...extensions: Buffer[]) =>
    certificate({ name, publicKey, extensions }, issuer);
  const isAuthority = extension(BASIC_CONSTRAINTS, sequence(TRUE));
  return {
    root: issue(issuer.name, root, isAuthority),
    client: issue('QlikClient', client, extension(EXTENDED_KEY_USAGE, sequence(CLIENT_AUTH))),
    clientKey: pemOfKey(client),
    server: issue(
      hosts[0] ?? 'localhost',
      server,
      extension(EXTENDED_KEY_USAGE, sequence(SERVER_AUTH)),
      extension(SUBJECT_ALT_NAME, sequence(...[...hosts, 'localhost'].map(dnsName), ipAddress(127, 0, 0, 1))),
    ),
    serverKey: pemOfKey(server),
  };
}

type Keys = ReturnType<typeof newKeys>;

function newKeys() {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' });
}

function pemOfKey({ privateKey }: Keys): string {
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

/** X.509, version 3 (RFC 5280, section 4.1). */
function certificate({ name, publicKey, extensions }: Subject, issuer: Issuer): string {
  const serial = Buffer.concat([Buffer.of(1), randomBytes(8)]);
  const body = sequence(
    der(0xa0, INTEGER_2),
    der(0x02, serial),
    ECDSA_WITH_SHA256,
    distinguishedName(issuer.name),
    sequence(time(issuer.now - DAY_MS), time(issuer.now + VALID_MS)),
    distinguishedName(name),
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(...extensions)),
  );
  const signature = der(0x03, Buffer.of(0), sign('sha256', body, issuer.key));
  const lines = sequence(body, ECDSA_WITH_SHA256, signature)
    .toString('base64')
    .replaceAll(/.{1,64}/g, '$&\n');
  return `-----BEGIN CERTIFICATE-----\n${lines}-----END CERTIFICATE-----\n`;
}

/** One value of DER: tag, length, content (X.690, section 8.1). */
function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  if (length < 0x80) return Buffer.concat([Buffer.of(tag, length), content]);
  return Buffer.concat([Buffer.of(tag, 0x82, length >> 8, length & 0xff), content]);
}

function sequence(...parts: readonly Uint8Array[]): Buffer {
  return der(0x30, ...parts);
}

function objectId(...bytes: readonly number[]): Buffer {
  return der(0x06, Buffer.from(bytes));
}

function distinguishedName(name: string): Buffer {
  return sequence(der(0x31, sequence(COMMON_NAME, der(0x0c, Buffer.from(name)))));
}

/** `YYMMDDhhmmssZ`. */
function time(at: number): Buffer {
  const digits = new Date(at).toISOString().replaceAll(/\D/g, '');
  return der(0x17, Buffer.from(`${digits.slice(2, 14)}Z`));
}

function extension(id: Buffer, value: Buffer): Buffer {
  return sequence(id, der(0x04, value));
}

function dnsName(name: string): Buffer {
  return der(0x82, Buffer.from(name));
}

function ipAddress(...bytes: readonly number[]): Buffer {
  return der(0x87, Buffer.from(bytes));
}

const TRUE = der(0x01, Buffer.of(0xff));
const INTEGER_2 = der(0x02, Buffer.of(2));
const ECDSA_WITH_SHA256 = sequence(objectId(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02));
const COMMON_NAME = objectId(0x55, 0x04, 0x03);
const BASIC_CONSTRAINTS = objectId(0x55, 0x1d, 0x13);
const SUBJECT_ALT_NAME = objectId(0x55, 0x1d, 0x11);
const EXTENDED_KEY_USAGE = objectId(0x55, 0x1d, 0x25);
const SERVER_AUTH = objectId(0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01);
const CLIENT_AUTH = objectId(0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x02);

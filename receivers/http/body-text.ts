import type { IncomingHttpHeaders } from 'node:http';
import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate, inflateRaw } from 'node:zlib';
import { BodyError } from './body.ts';

type Decompress = (bytes: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>;

const [fromBrotli, fromGzip, fromZlib, fromDeflate] = [brotliDecompress, gunzip, inflate, inflateRaw].map(
  (each) => promisify(each) as Decompress,
) as [Decompress, Decompress, Decompress, Decompress];

const DECOMPRESS: ReadonlyMap<string, Decompress> = new Map([
  ['gzip', fromGzip],
  ['x-gzip', fromGzip],
  ['br', fromBrotli],
  // Named after one format and meant to be the other: both are sent.
  ['deflate', (bytes, options) => (hasZlibHeader(bytes) ? fromZlib : fromDeflate)(bytes, options)],
]);

/**
 * The text of a body, as its headers say it is compressed and encoded. Nothing is guessed: a name that was would count for
 * good. `mostBytes` after decompression.
 * @throws BodyError in words for the sender
 */
export async function bodyText(
  bytes: Buffer,
  headers: IncomingHttpHeaders,
  mostBytes: number,
): Promise<string> {
  const plain = await decompressed(bytes, headers['content-encoding'] ?? '', mostBytes);
  const [, charset = null] = CHARSET.exec(headers['content-type'] ?? '') ?? [];
  return decoded(plain, charset);
}

async function decompressed(bytes: Buffer, encoding: string, mostBytes: number): Promise<Buffer> {
  const name = encoding.trim().toLowerCase();
  if (name === '' || name === 'identity') return bytes;
  const decompress = DECOMPRESS.get(name);
  if (decompress === undefined) {
    throw new BodyError(415, `content-encoding ${quoted(name)} is not read here: gzip, br and deflate are`);
  }
  try {
    return await decompress(bytes, { maxOutputLength: mostBytes });
  } catch (error) {
    const isTooLarge = (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE';
    if (isTooLarge) throw new BodyError(413, `more than ${mostBytes} bytes when decompressed`);
    throw new BodyError(400, `the body is no ${name}: ${(error as Error).message}`);
  }
}

/** RFC 1950: method 8, and a check value over the first two bytes. */
function hasZlibHeader(bytes: Buffer): boolean {
  return bytes.length >= 2 && ((bytes[0] ?? 0) & 15) === 8 && bytes.readUInt16BE(0) % 31 === 0;
}

const CHARSET = /;\s*charset\s*=\s*"?([^\s";]+)/i;
const NOT_UTF_8 =
  'the body is not UTF-8: send UTF-8, or say what it is, such as "content-type: application/json; charset=windows-1252"';

/** A byte order mark comes before what the content type says; without both it is UTF-8. */
function decoded(bytes: Buffer, charset: string | null): string {
  const label = encodingByMark(bytes) ?? charset ?? 'utf-8';
  const decoder = decoderOf(label);
  try {
    return decoder.decode(bytes);
  } catch {
    throw new BodyError(
      400,
      decoder.encoding === 'utf-8' ? NOT_UTF_8 : `the body is not ${decoder.encoding}`,
    );
  }
}

function decoderOf(label: string): InstanceType<typeof TextDecoder> {
  try {
    return new TextDecoder(label, { fatal: true });
  } catch {
    throw new BodyError(415, `charset ${quoted(label)} is not known here`);
  }
}

function encodingByMark(bytes: Buffer): string | null {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return 'utf-8';
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  return bytes[0] === 0xfe && bytes[1] === 0xff ? 'utf-16be' : null;
}

function quoted(text: string): string {
  return JSON.stringify(text.slice(0, 40));
}

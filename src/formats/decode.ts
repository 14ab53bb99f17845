import { type Buffer, isUtf8 } from 'node:buffer';
import { ENCODINGS, type Encoding } from '../contract/encoding.ts';

const DECODERS = new Map(ENCODINGS.map((encoding) => [encoding, new TextDecoder(encoding)]));
const GUESSED: Encoding = 'windows-1252';
const BYTE_ORDER_MARK = 0xfeff;

/**
 * The text of one message, which is `bytes` from `start` to `end`, without the control characters at its end: UTF-8 if
 * the bytes are valid UTF-8, else `encoding`. .NET Framework uses the ANSI code page of its machine where the appender names
 * no encoding: without `encoding` the most common one is taken, and `guessed` is called. Null where the bytes are UTF-16:
 * nobody configured that.
 */
export function decodeMessage(
  bytes: Buffer,
  start = 0,
  end = bytes.length,
  encoding?: Encoding,
  guessed: () => void = () => {},
): string | null {
  if (looksLikeUtf16(bytes, start, end)) return null;
  // Cut here, because a piece of a string is slower to read than a string.
  const last = (bytes[end - 1] ?? 0) < 32 ? lastOfLine(bytes, start, end) : end;
  const text = bytes.toString('utf8', start, last);
  // The decoder writes U+FFFD for a broken sequence, but U+FFFD may also have been sent: Sense's own
  // encoder puts it for a lone surrogate.
  if (text.indexOf('\ufffd') >= 0) {
    const message = bytes.subarray(start, last);
    if (!isUtf8(message)) {
      if (encoding === undefined) guessed();
      return DECODERS.get(encoding ?? GUESSED)?.decode(message) ?? null;
    }
  }
  return text.charCodeAt(0) === BYTE_ORDER_MARK ? text.slice(1) : text;
}

function lastOfLine(bytes: Buffer, start: number, end: number): number {
  let last = end;
  while (last > start && (bytes[last - 1] ?? 0) < 32) last -= 1;
  return last;
}

/** By its byte order mark, or because every other one of the first bytes is NUL. */
function looksLikeUtf16(bytes: Buffer, start: number, end: number): boolean {
  if (end - start < 2) return false;
  const first = bytes[start];
  const second = bytes[start + 1];
  if (first === 0xff && second === 0xfe) return true;
  if (first === 0xfe && second === 0xff) return true;
  if ((first === 0) === (second === 0) || end - start < 4) return false;
  const last = start + Math.min((end - start) & ~1, 16);
  for (let i = start + 2; i < last; i += 2) {
    if ((bytes[i] === 0) !== (first === 0) || (bytes[i + 1] === 0) !== (second === 0)) return false;
  }
  return true;
}

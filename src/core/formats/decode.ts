import { Buffer, isUtf8 } from 'node:buffer';

const WINDOWS_1252 = new TextDecoder('windows-1252');
const BYTE_ORDER_MARK = 0xfeff;

/**
 * The text of one message: UTF-8 if the bytes are valid UTF-8, else the ANSI code page that .NET Framework
 * uses where the appender names no encoding. Null where the bytes are UTF-16: nobody configured that.
 */
export function decodeMessage(bytes: Uint8Array): string | null {
  if (looksLikeUtf16(bytes)) return null;
  const buffer = Buffer.isBuffer(bytes)
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = buffer.toString('utf8');
  // The decoder writes U+FFFD for a broken sequence, but U+FFFD may also have been sent: Sense's own
  // encoder puts it for a lone surrogate.
  if (text.indexOf('\ufffd') >= 0 && !isUtf8(buffer)) return WINDOWS_1252.decode(bytes);
  return text.charCodeAt(0) === BYTE_ORDER_MARK ? text.slice(1) : text;
}

/** By its byte order mark, or because every other one of the first bytes is NUL. */
function looksLikeUtf16(bytes: Uint8Array): boolean {
  const first = bytes[0];
  const second = bytes[1];
  if (first === 0xff && second === 0xfe) return true;
  if (first === 0xfe && second === 0xff) return true;
  if ((first === 0) === (second === 0) || bytes.length < 4) return false;
  const end = Math.min(bytes.length & ~1, 16);
  for (let i = 2; i < end; i += 2) {
    if ((bytes[i] === 0) !== (first === 0) || (bytes[i + 1] === 0) !== (second === 0)) return false;
  }
  return true;
}

import { describe, expect, it } from 'vitest';
import { withoutSignature } from '../../packages/signature.ts';

/** Places in the executable below, in bytes. */
const HEADER = 0x80;
const CHECKSUM = HEADER + 24 + 64;
const CERTIFICATES = HEADER + 24 + 144;
const CODE_BYTES = 1024;

/** The headers of an executable of Windows, some code, and a signature of so many bytes behind it. */
function executableWith(signatureBytes: number): Buffer {
  const file = Buffer.alloc(CODE_BYTES + signatureBytes, 7);
  file.write('MZ', 0, 'latin1');
  file.writeUInt32LE(HEADER, 0x3c);
  file.write('PE\0\0', HEADER, 'latin1');
  file.writeUInt16LE(0x20b, HEADER + 24);
  file.writeUInt32LE(signatureBytes === 0 ? 0 : CODE_BYTES, CERTIFICATES);
  file.writeUInt32LE(signatureBytes, CERTIFICATES + 4);
  return file;
}

describe('the signature of whoever made Node', () => {
  it('is cut off, with all that speaks of it', () => {
    const without = withoutSignature(executableWith(200));
    expect(without).toHaveLength(CODE_BYTES);
    expect(without.readUInt32LE(CHECKSUM)).toBe(0);
    expect(without.readBigUInt64LE(CERTIFICATES)).toBe(0n);
    const [kept, before] = [without, executableWith(200)].map((file) =>
      Buffer.concat([file.subarray(0, CHECKSUM), file.subarray(CERTIFICATES + 8, CODE_BYTES)]),
    );
    expect(kept).toEqual(before);
  });

  it('is not looked for where there is none, nor in executables of Linux', () => {
    const unsigned = executableWith(0);
    expect(withoutSignature(unsigned)).toBe(unsigned);
    const linux = Buffer.from('\x7fELF');
    expect(withoutSignature(linux)).toBe(linux);
  });

  it('is not guessed at', () => {
    const more = Buffer.concat([executableWith(200), Buffer.alloc(8)]);
    expect(() => withoutSignature(more)).toThrow('not at the end');
  });
});

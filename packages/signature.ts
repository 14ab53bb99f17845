/** "PE\0\0" */
const PE = 0x4550;
/** Of a 64-bit executable, behind the 24 bytes of its first two headers. */
const PE32_PLUS = 0x20b;
const CHECKSUM = 24 + 64;
/** The fifth entry of the directory: where the signatures are, and how many bytes. */
const CERTIFICATES = 24 + 112 + 4 * 8;

/**
 * An executable of Windows without the signature of whoever made it, which would be wrong for what it becomes; anything else as it is.
 * Places are those of the PE format: https://learn.microsoft.com/windows/win32/debug/pe-format
 *
 * @throws where the signature is not at the end
 */
export function withoutSignature(executable: Buffer): Buffer {
  if (executable.toString('latin1', 0, 2) !== 'MZ') return executable;
  const header = executable.readUInt32LE(0x3c);
  if (executable.readUInt32LE(header) !== PE || executable.readUInt16LE(header + 24) !== PE32_PLUS) {
    throw new Error('no 64-bit executable of Windows');
  }
  const at = executable.readUInt32LE(header + CERTIFICATES);
  const bytes = executable.readUInt32LE(header + CERTIFICATES + 4);
  if (bytes === 0) return executable;
  if (at + bytes !== executable.length) throw new Error('the signature is not at the end');
  const without = Buffer.from(executable.subarray(0, at));
  without.writeUInt32LE(0, header + CHECKSUM);
  without.writeBigUInt64LE(0n, header + CERTIFICATES);
  return without;
}

/** https://sqlite.org/rescode.html */
const IO_ERROR = 10;
const CORRUPT = 11;
const FULL = 13;
const NOT_A_DATABASE = 26;
/** No room for the -shm file. */
const SHARED_MEMORY_SIZE = 4_874;

/** What SQLite raised, in words that say what to do about it where there is something to do. */
export function databaseTrouble(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  if (!(error instanceof Error && 'errcode' in error && typeof error.errcode === 'number')) return message;
  if (error.errcode === SHARED_MEMORY_SIZE) return `${message}: make room on the disk`;
  switch (error.errcode & 0xff) {
    case CORRUPT:
    case NOT_A_DATABASE:
      return `damaged (${message}); put a backup in its place, or move the store away`;
    case FULL:
      return `${message}: make room on the disk`;
    case IO_ERROR:
      // The number tells a quota from a broken disk; the words do not.
      return `${message} (SQLite ${error.errcode})`;
    default:
      return message;
  }
}

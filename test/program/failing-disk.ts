import { execFile, spawnSync } from 'node:child_process';
import { constants } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Program } from './program.ts';

const { EIO, ENOSPC } = constants.errno;

/** What fails: points of libfiu, each with the chance that a call fails, and the error it then has. */
export interface Fault {
  readonly points: readonly string[];
  readonly chance: number;
  readonly errno?: number;
}

/*
 * libfiu stands between the program and its C library. Of what it wraps, `node:sqlite` calls pread64, pwrite64, fsync and
 * ftruncate64 (strace shows it), and once it runs nothing else in the program does. fdatasync is wrapped but not called. What is mapped, which is the
 * index of the log (-shm), cannot fail this way: mmap is how the whole program gets its memory. Node reads package.json
 * by pread64 too, so that reads fail from the moment on at which the store is opened (`preload-failing-reads.ts`).
 */
const [FSYNC, WRITE] = ['posix/io/sync/fsync', 'posix/io/rw/pwrite'];
export const READ = 'posix/io/rw/pread';
const [TRUNCATE, SHORT_WRITE] = ['posix/io/rw/ftruncate', 'posix/io/rw/pwrite/reduce'];

export const FAULTS = {
  noSync: { points: [FSYNC], chance: 1, errno: EIO },
  noReadNorSync: { points: [READ, FSYNC], chance: 1, errno: EIO },
  someSyncs: { points: [FSYNC], chance: 0.3, errno: EIO },
  someWrites: { points: [WRITE], chance: 0.02, errno: EIO },
  noRoom: { points: [WRITE], chance: 1, errno: ENOSPC },
  littleRoom: { points: [WRITE], chance: 0.02, errno: ENOSPC },
  shortWrites: { points: [SHORT_WRITE], chance: 0.5 },
  everything: { points: [FSYNC, WRITE, TRUNCATE, SHORT_WRITE], chance: 0.05, errno: EIO },
} as const satisfies Record<string, Fault>;

const ANSWERS_WITHIN_MS = 10_000;

/** Makes the disk fail, for one program alone and while that runs. */
export class FailingDisk {
  /** Where libfiu listens. */
  readonly pipes: string;

  /** `folder`: where the pipes are by which the program is told. */
  constructor(folder: string) {
    this.pipes = join(folder, 'fiu');
  }

  /** Where libfiu is not on this machine its tests are skipped, but not in continuous integration. */
  static isPossible(): boolean {
    if (spawnSync('fiu-run', ['-x', 'true']).status === 0) return true;
    const missing = 'libfiu is not installed (apt-get install fiu-utils)';
    if (process.env['CI'] === 'true') throw new Error(missing);
    process.stderr.write(`skipped: ${missing}\n`);
    return false;
  }

  /** The command through which a program runs on it; with `fault` already while it starts. */
  through(fault?: Fault): string[] {
    const commands = fault === undefined ? [] : enabling(fault).flatMap((command) => ['-c', command]);
    return ['fiu-run', '-x', '-f', this.pipes, ...commands];
  }

  fail(program: Program, fault: Fault): Promise<void> {
    return this.#tell(program, enabling(fault));
  }

  mend(program: Program, { points }: Fault): Promise<void> {
    return this.#tell(
      program,
      points.map((name) => `disable name=${name}`),
    );
  }

  async #tell({ child }: Program, commands: readonly string[]): Promise<void> {
    const parameters = commands.flatMap((command) => ['-c', command]);
    const { stdout } = await promisify(execFile)(
      'fiu-ctrl',
      ['-f', this.pipes, ...parameters, String(child.pid)],
      { timeout: ANSWERS_WITHIN_MS },
    );
    if (stdout !== '') throw new Error(stdout);
  }
}

/** What libfiu is told. */
export function enabling({ points, chance, errno = 0 }: Fault): string[] {
  return points.map((name) => `enable_random name=${name},failinfo=${errno},probability=${chance}`);
}

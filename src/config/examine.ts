import { mkdtemp, rmdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { receiverPlugin } from '../../receivers/index.ts';
import { sinkPlugin } from '../../sinks/index.ts';
import { examineQrs } from '../app-names/qrs.ts';
import type { SettingNote } from '../contract/receiver.ts';
import type { Config } from './config.ts';
import type { Path } from './yaml.ts';

/** Something to know about what a setting names; the path begins at the whole configuration. */
export type ConfigNote = Omit<SettingNote, 'path'> & { readonly path: Path };

/** What there is to know about the files and the like that settings name, read now. `now`: ms since 1970 UTC. */
export async function examineConfig(
  { receivers, sinks, apps, store, folder }: Config,
  now: number,
): Promise<readonly ConfigNote[]> {
  const ofReceivers = receivers.map(async (each, index) => {
    const notes = (await receiverPlugin(each).examine?.(each, folder, now)) ?? [];
    return notes.map((note): ConfigNote => ({ ...note, path: ['receivers', index, ...note.path] }));
  });
  const ofQrs = apps.qrs === null ? [] : await examineQrs(apps.qrs, folder, now);
  const qrsNotes = ofQrs.map(
    ({ key, ...note }): ConfigNote => ({ ...note, path: ['apps', 'qrs', 'certificates', key] }),
  );
  const ofSinks = sinks.map(async (each, index) => {
    const notes = (await sinkPlugin(each).examineFiles?.(each, folder)) ?? [];
    return notes.map((note): ConfigNote => ({ ...note, path: ['sinks', index, ...note.path] }));
  });
  const found = await Promise.all([...ofReceivers, ...ofSinks]);
  return [...found.flat(), ...qrsNotes, ...(await examineStore(store.path))];
}

/** Whether the store can be made where it is to be. */
async function examineStore(path: string): Promise<ConfigNote[]> {
  for (let folder = path; ; folder = dirname(folder)) {
    const found = await stat(folder).catch(() => null);
    if (found === null && dirname(folder) !== folder) continue;
    const text = found?.isDirectory() === true ? await problemOfMaking(folder) : `${folder} is no folder`;
    return text === null ? [] : [{ path: ['store', 'path'], text, isProblem: true }];
  }
}

/** Makes something in a folder and takes it away: rights alone do not tell it, as of a file system that knows no new folders. */
async function problemOfMaking(folder: string): Promise<string | null> {
  try {
    await rmdir(await mkdtemp(join(folder, '.headcount-check-')));
    return null;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    // Who calls this may be another user than the one who starts.
    return code === 'EACCES' || code === 'EPERM' ? null : `nothing can be made in ${folder}: ${message}`;
  }
}

/** What this machine has against what receivers ask of it; tries it, and leaves nothing behind. */
export async function tryOutReceivers({ receivers }: Config): Promise<readonly ConfigNote[]> {
  const found = receivers.map(async (each, index) => {
    const notes = (await receiverPlugin(each).tryOut?.(each)) ?? [];
    return notes.map((note): ConfigNote => ({ ...note, path: ['receivers', index, ...note.path] }));
  });
  return (await Promise.all(found)).flat();
}

/** What the far side of one sink is like. */
export interface SinkExamination {
  readonly name: string;
  readonly notes: readonly string[];
  /** Why rows could not be delivered as it is; null where they could. */
  readonly problem: string | null;
}

/** Looks at the far side of each sink that has one, without changing it. */
export function examineSinks({ sinks, folder }: Config, signal: AbortSignal): Promise<SinkExamination[]> {
  const examined = sinks.map(async (each): Promise<SinkExamination[]> => {
    const { examine } = sinkPlugin(each);
    if (examine === undefined) return [];
    const name = each.name ?? each.type;
    try {
      return [{ name, notes: await examine(each, folder, signal), problem: null }];
    } catch (error) {
      return [{ name, notes: [], problem: error instanceof Error ? error.message : String(error) }];
    }
  });
  return Promise.all(examined).then((found) => found.flat());
}

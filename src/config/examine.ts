import { receiverPlugin } from '../../receivers/index.ts';
import { examineQrs } from '../app-names/qrs.ts';
import type { SettingNote } from '../contract/receiver.ts';
import type { Config } from './config.ts';
import type { Path } from './yaml.ts';

/** Something to know about what a setting names; the path begins at the whole configuration. */
export type ConfigNote = Omit<SettingNote, 'path'> & { readonly path: Path };

/** What there is to know about the files and the like that settings name, read now. `now`: ms since 1970 UTC. */
export async function examineConfig(
  { receivers, apps, folder }: Config,
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
  return [...(await Promise.all(ofReceivers)).flat(), ...qrsNotes];
}

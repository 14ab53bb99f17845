import { type FileHandle, open } from 'node:fs/promises';
import { resolve } from 'node:path';
import { z } from 'zod';
import { text } from '../../src/contract/settings.ts';
import { type Batch, defineSink, deliverySettings, type Sink } from '../../src/contract/sink.ts';

const schema = z.strictObject({
  type: z.literal('file'),
  path: text('a file'),
  ...deliverySettings,
});

/** Events and sessions as lines of JSON at the end of a file. What is offered twice is in it twice, the last one counts. */
export const fileSink = defineSink({
  schema,
  create({ path }, { name, folder }): Sink {
    let file: FileHandle | null = null;
    /** Up to where the file holds whole batches; null before it was opened. */
    let safeBytes: number | null = null;

    return {
      name,
      tables: ['session_events', 'sessions'],
      async start() {
        await file?.close();
        file = await open(resolve(folder, path), 'a');
        safeBytes ??= (await file.stat()).size;
        // The write before this start may have ended in the middle of a line: the disk was full.
        await file.truncate(safeBytes);
      },
      async write({ table, rows }: Batch, signal: AbortSignal) {
        if (file === null || safeBytes === null) throw new Error('not started');
        const lines = rows.map((row) => `${JSON.stringify({ table, ...row })}\n`).join('');
        await file.writeFile(lines, { signal });
        await file.datasync();
        // Given up meanwhile: the next start takes these lines away.
        signal.throwIfAborted();
        safeBytes += Buffer.byteLength(lines);
      },
      async stop() {
        await file?.close();
        file = null;
      },
      details: () => ({ path }),
    };
  },
});

import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import type { Command } from 'commander';
import { loadConfig } from '../config/config.ts';
import { fixedAppNames } from '../contract/app-names.ts';
import { parseDuration } from '../contract/settings.ts';
import { DeliveryStore } from '../delivery/delivery-store.ts';
import { createFeeds } from '../delivery/feeds.ts';
import { RowReader } from '../delivery/row-reader.ts';
import { parseIsoTime } from '../formats/event-time.ts';
import { journalFile } from '../journal/journal-file.ts';
import { UserAgents } from '../journal/read/user-agents.ts';
import { CONFIG_OPTION, type CommandIo, EXIT_USAGE } from './command-io.ts';

const HELP = `
This notes the wish: a running Headcount begins with its next offer, another one
when it is started. Rows go out in order, and one that comes twice does no harm.

Examples:
  headcount resend questdb --from 36h
  headcount resend questdb --from 2026-11-20T10:00:00Z
`;

/** `headcount resend`: delivers what was delivered once more, say after a table was lost. */
export function registerResend(program: Command, io: CommandIo, now: () => number): void {
  program
    .command('resend')
    .argument('<sink>', 'name of the sink, as in /api/v1/ingest')
    .description('give a sink everything since a time once more')
    .requiredOption('--from <time>', '2026-11-20T10:00:00Z, or 36h for 36 hours ago')
    .option(...CONFIG_OPTION)
    .addHelpText('after', HELP)
    .action((sink: string, { from, config }: { from: string; config?: string }) => {
      const problem = resend(sink, from, loadConfig(config ?? null, io.cwd, io.env).store.path);
      if (problem === null) return;
      io.stderr(`headcount resend: ${problem}\n`);
      io.setExitCode(EXIT_USAGE);
    });

  function resend(sink: string, from: string, path: string): string | null {
    const since = timeOf(from, now());
    if (since === null)
      return `--from: expected a time such as 2026-11-20T10:00:00Z or 36h, got ${JSON.stringify(from)}`;
    if (since > now()) return `--from: ${new Date(since).toISOString()} is in the future; nothing was noted`;
    if (!DeliveryStore.exists(path)) return `${path}: nothing was ever sent to a sink`;
    const store = new DeliveryStore(path);
    try {
      const known = store.sinks();
      if (!known.includes(sink))
        return `no sink ${JSON.stringify(sink)}; there is: ${known.join(', ') || 'none'}`;
      const rows = rowsSince(since, path, store.feedsOf(sink));
      store.requestResend(sink, since);
      io.stdout(
        `everything since ${new Date(since).toISOString()} goes to ${sink} once more, while Headcount runs: ${rows} rows\n`,
      );
      return null;
    } finally {
      store.close();
    }
  }
}

/** Of what a sink gets, as much as the journal still has. */
function rowsSince(since: number, path: string, names: readonly string[]): number {
  const file = journalFile(path);
  if (!existsSync(file)) return 0;
  const journal = new DatabaseSync(file, { readOnly: true });
  try {
    // Rows are only counted, so names of apps do not matter.
    const reader = new RowReader(journal, '', fixedAppNames(new Map()), new UserAgents());
    return createFeeds(journal, reader, () => false)
      .filter(({ name }) => names.includes(name))
      .reduce((sum, feed) => sum + Math.max(0, feed.last() - feed.numberAt(since) + 1), 0);
  } finally {
    journal.close();
  }
}

/** Milliseconds since 1970 UTC; null where it is no time. */
function timeOf(text: string, now: number): number | null {
  const ago = parseDuration(text);
  return ago === null ? parseIsoTime(text) : now - ago;
}

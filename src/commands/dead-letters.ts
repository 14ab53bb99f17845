import type { Command } from 'commander';
import { loadConfig } from '../config/config.ts';
import { type DeadLetter, DeliveryStore } from '../delivery/delivery-store.ts';
import { CONFIG_OPTION, type CommandIo, EXIT_USAGE } from './command-io.ts';

const ID = /^[1-9]\d{0,14}$/;
/** What JSON leaves as it is: control characters beyond ASCII, and what turns the direction of writing. */
const OBEYED = /[\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

const HELP = `
This works whether Headcount runs or not; a running one heeds it at once.

Examples:
  headcount dead-letters list
  headcount dead-letters retry questdb        all of them
  headcount dead-letters drop questdb 17      the one whose line begins with 17
`;

interface Options {
  readonly config?: string;
  readonly json?: true;
  readonly all?: true;
}

/**
 * `headcount dead-letters`: what sinks could not take, and what is to become of it. Works on the store, whether Headcount runs
 * or not; a running one sees it before its next offer.
 */
export function registerDeadLetters(program: Command, io: CommandIo): void {
  const command = program
    .command('dead-letters')
    .description('rows that a sink refused: list them, offer them again, give them up')
    .helpCommand(false)
    .addHelpText('after', HELP);
  const withStore = (options: Options, use: (store: DeliveryStore) => void): void => {
    const { path } = loadConfig(options.config ?? null, io.cwd, io.env).store;
    if (!DeliveryStore.exists(path)) {
      io.stdout(`${path}: nothing was ever sent to a sink\n`);
      return;
    }
    const store = new DeliveryStore(path);
    try {
      use(store);
    } finally {
      store.close();
    }
  };
  const isKnown = (store: DeliveryStore, sink: string): boolean => {
    if (store.sinks().includes(sink)) return true;
    io.stderr(`no sink ${JSON.stringify(sink)}; there is: ${store.sinks().join(', ') || 'none'}\n`);
    io.setExitCode(EXIT_USAGE);
    return false;
  };

  // Anything else would become NaN, which SQLite takes for null: all of them.
  const isId = (id: string | undefined): boolean => {
    if (id === undefined || ID.test(id)) return true;
    io.stderr(`${JSON.stringify(id)} is not the id of a dead letter; the list begins with it\n`);
    io.setExitCode(EXIT_USAGE);
    return false;
  };

  command
    .command('list')
    .argument('[sink]', 'only those of this sink')
    .description('list what was set aside, and why')
    .option('--json', 'print one JSON object a line, with the row')
    .option(...CONFIG_OPTION)
    .action((sink: string | undefined, options: Options) =>
      withStore(options, (store) => {
        if (sink !== undefined && !isKnown(store, sink)) return;
        let count = 0;
        for (const letter of store.list(sink ?? null)) {
          io.stdout(options.json ? `${quoted(letter)}\n` : lineOf(letter));
          count += 1;
        }
        if (!options.json) io.stdout(count === 0 ? 'no dead letters\n' : `${count} in all\n`);
      }),
    );

  command
    .command('retry')
    .argument('<sink>', 'name of the sink')
    .argument('[id]', 'which one, as the list begins (default: all of the sink)')
    .description('offer them again, once what was wrong has been mended')
    .option(...CONFIG_OPTION)
    .action((sink: string, id: string | undefined, options: Options) =>
      withStore(options, (store) => {
        if (!isKnown(store, sink) || !isId(id)) return;
        const count = store.retry(sink, id === undefined ? null : Number(id));
        io.stdout(`${count} to be offered again, while Headcount runs\n`);
      }),
    );

  command
    .command('drop')
    .argument('<sink>', 'name of the sink')
    .argument('[id]', 'which one, as the list begins')
    .description(
      'give them up: they stay counted, their rows are deleted. One id or --all must be given; without either, and with both, nothing is dropped',
    )
    .option('--all', 'drop all of the sink, in place of one id')
    .option(...CONFIG_OPTION)
    .action((sink: string, id: string | undefined, options: Options) =>
      withStore(options, (store) => {
        if (!isKnown(store, sink)) return;
        if ((id === undefined) === (options.all !== true)) {
          io.stderr('dead-letters drop: nothing was dropped; name one id, or say --all\n');
          io.setExitCode(EXIT_USAGE);
          return;
        }
        if (!isId(id)) return;
        io.stdout(`${store.drop(sink, id === undefined ? null : Number(id))} dropped\n`);
      }),
    );
}

/** Text from the wire is quoted, so that no terminal takes it for a command. */
function lineOf({ id, sink, feed, number, state, at, reason }: DeadLetter): string {
  const retried = state === 'retry' ? ' (to be tried again)' : '';
  return `${id}  ${new Date(at).toISOString()}  ${sink}  ${feed} ${number}  ${quoted(reason)}${retried}\n`;
}

function quoted(value: unknown): string {
  return JSON.stringify(value).replace(
    OBEYED,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

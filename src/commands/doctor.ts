import type { Command } from 'commander';
import { type Config, ConfigError, loadConfig } from '../config/config.ts';
import { hostAndPort } from '../contract/host.ts';
import { examine } from '../doctor/doctor.ts';
import { type Finding, fail, type Level, worstOf } from '../doctor/finding.ts';
import { reportOf } from '../doctor/report.ts';
import type { Clock } from '../simulator/clock.ts';
import { httpUrl } from '../simulator/options.ts';
import { reachable } from '../simulator/senders.ts';
import { readToken } from './api-token.ts';
import { CONFIG_OPTION, type CommandIo } from './command-io.ts';

const HELP = `
Call it on the machine on which Headcount runs, with its configuration. It asks
the running program through its API, and looks at the rest itself. A heartbeat
goes to each receiver on the way that lines take; it is counted as such and
changes nothing else. Databases are looked at and not changed.

The token for the API is that of --token-file, else of HEADCOUNT_TOKEN, else of
the configuration.

Exit codes: 0, all is well; 1, something is wrong (FAIL); 2, nothing is wrong,
but something is to be looked at (WARN).
`;

const EXIT_CODES: Readonly<Record<Level, number>> = { ok: 0, warn: 2, fail: 1 };

interface Arguments {
  readonly config?: string;
  readonly url?: string;
  readonly token?: string;
  readonly tokenFile?: string;
  readonly json?: true;
}

/** `headcount doctor`: looks at everything between the nodes and the databases, one line each with its remedy. */
export function registerDoctor(program: Command, io: CommandIo, clock: Clock): void {
  program
    .command('doctor')
    .description('look for what is wrong, and say what to do about it')
    .option(...CONFIG_OPTION)
    .option('--url <url>', 'where the API is (default: that of the configuration)', httpUrl)
    .option('--token <token>', 'a token for the API that may read')
    .option('--token-file <file>', 'file with such a token')
    .option('--json', 'print one JSON object')
    .addHelpText('after', HELP)
    .action(async (given: Arguments) => {
      const findings = await findingsOf(given, io, clock);
      const worst = worstOf(findings);
      io.stdout(given.json ? `${JSON.stringify({ worst, findings })}\n` : reportOf(findings, io.terminal));
      io.setExitCode(EXIT_CODES[worst]);
    });
}

async function findingsOf(given: Arguments, io: CommandIo, clock: Clock): Promise<Finding[]> {
  const configPath = given.config ?? null;
  let config: Config;
  try {
    config = loadConfig(configPath, io.cwd, io.env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map((problem) => fail('config', problem, 'mend the configuration first'));
  }
  const { host, port } = reachable(config.api);
  const own = port === 0 ? null : `http://${hostAndPort(host, port)}`;
  const ownToken = config.api.tokens.find(({ scopes }) => scopes.includes('read'))?.token ?? null;
  return examine({
    config,
    configPath,
    cwd: io.cwd,
    url: given.url ?? own,
    // What is in the configuration is shown to nobody else.
    token: readToken(given, io) ?? (given.url === undefined ? ownToken : null),
    clock,
    signal: io.signal,
  });
}

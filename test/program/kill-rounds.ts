import { Poster, sendDatagrams, sendLines } from './kill-senders.ts';
import { type Counts, storedEvents, watch, watchOnce, whatIsWrong } from './nothing-lost.ts';
import { Program, ProgramFolder } from './program.ts';

/**
 * Kills the program with SIGKILL while UDP, TCP and HTTP come in, and starts it again, `rounds` times.
 * `randomMs` gives the time until each kill. Returns what is wrong in the end: nothing, if all is well.
 */
export async function killRounds(rounds: number, randomMs: () => number): Promise<string[]> {
  const folder = new ProgramFolder();
  const poster = new Poster();
  const problems: string[] = [];
  try {
    for (let round = 0; round < rounds; round += 1) {
      const program = await Program.start(folder);
      const before = storedEvents(folder.store);
      const posting = poster.postUntilGone(program.api);
      const senders = [sendDatagrams(program.udpPort), sendLines(program.tcpPort, round)];
      const watching = watch(program, problems);
      await new Promise((resolve) => setTimeout(resolve, randomMs()));
      await program.end('SIGKILL');
      for (const sender of senders) sender.stop();
      await posting;
      const [accepted, stored] = [await watching, storedEvents(folder.store) - before];
      if (stored < accepted) problems.push(`round ${round}: ${accepted} accepted, ${stored} stored`);
    }
    const program = await Program.start(folder);
    await poster.post(program.api);
    await watchOnce(program, problems);
    const counts = await program.get<Counts>('/api/v1/counts');
    const code = await program.stop();
    return [
      ...problems,
      ...(code === 0 ? [] : [`exit code ${code}`]),
      ...(poster.refused === 0 ? [] : [`refused ${poster.refused} times`]),
      ...whatIsWrong(folder.store, poster, counts),
    ];
  } finally {
    folder.dispose();
  }
}

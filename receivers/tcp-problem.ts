import { placed } from './bind-place.ts';
import type { TcpConfig } from './tcp.schema.ts';
import { expiryProblem, readTlsFiles, tlsFrom } from './tls-files.ts';

/** What is wrong with the files of `tls`, in the words of `start`; null where nothing is. Relative paths start from `folder`. */
export async function tcpProblem(config: TcpConfig, folder: string, now: number): Promise<string | null> {
  if (config.tls === undefined) return null;
  const tls = tlsFrom(folder, config.tls);
  try {
    const problem = expiryProblem(tls, await readTlsFiles(tls), now);
    return problem === null ? null : placed('tcp', config, problem);
  } catch (error) {
    return placed('tcp', config, error instanceof Error ? error.message : String(error));
  }
}

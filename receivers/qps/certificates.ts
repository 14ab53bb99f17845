import { X509Certificate } from 'node:crypto';
import { examineTlsFiles, type TlsFiles, type TlsPaths, validTo } from '../tls-files.ts';

/** So long before a certificate ends its end is said. */
const AHEAD_DAYS = 30;
const DAY_MS = 86_400_000;
const RENEW = 'export the certificates from the QMC once more';

/** Something to know about one of the files. */
export interface CertificateNote {
  readonly key: keyof TlsPaths;
  readonly text: string;
  /** Whether no poll can work; else it will come to that. */
  readonly isProblem: boolean;
}

/** Everything there is to say about the files, read now. `now`: ms since 1970 UTC. */
export async function examineCertificates(paths: TlsPaths, now: number): Promise<CertificateNote[]> {
  const { files, problems } = await examineTlsFiles('certificates', paths);
  if (files !== null) return expiryNotes(paths, files, now);
  return problems.map((problem) => ({ ...problem, isProblem: true }));
}

/** Which of the certificates are not valid now, or will not be soon. */
export function expiryNotes(paths: TlsPaths, files: TlsFiles, now: number): CertificateNote[] {
  return (['cert', 'ca'] as const).flatMap((key): CertificateNote[] => {
    const pem = files[key];
    if (pem === undefined) return [];
    const end = validTo(pem);
    const daysLeft = Math.floor((Date.parse(end) - now) / DAY_MS);
    const file = `certificates.${key} ${paths[key]}`;
    if (now > Date.parse(end))
      return [{ key, text: `${file}: expired on ${end}; ${RENEW}`, isProblem: true }];
    const begin = new X509Certificate(pem).validFrom;
    if (now < Date.parse(begin)) {
      const text = `${file}: not valid before ${new Date(begin).toISOString()}; is the clock right?`;
      return [{ key, text, isProblem: true }];
    }
    if (daysLeft >= AHEAD_DAYS) return [];
    return [{ key, text: `${file}: expires in ${inDays(daysLeft)}, on ${end}; ${RENEW}`, isProblem: false }];
  });
}

function inDays(days: number): string {
  if (days === 0) return 'less than a day';
  return days === 1 ? '1 day' : `${days} days`;
}

/** Says what is to be known of the certificates at once when it is new, then once a day. */
export class ExpiryReminder {
  readonly #said = new Map<string, number>();

  /** Those of `notes` that are due. */
  due(notes: readonly CertificateNote[], now: number): CertificateNote[] {
    return notes.filter(({ key, isProblem }) => {
      const kind = `${key} ${isProblem}`;
      const last = this.#said.get(kind);
      if (last !== undefined && now - last < DAY_MS) return false;
      this.#said.set(kind, now);
      return true;
    });
  }
}

import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { setImmediate } from 'node:timers/promises';
import { JsonList, type ListFault, type ListLimits, textOf } from '../../receivers/json-list.ts';
import { type CertificateNote, examineCertificates } from '../../receivers/qps/certificates.ts';
import {
  type FailureReason,
  failureOf,
  failureOfStatus,
  WORDS_OF_ANY_SERVICE,
} from '../../receivers/qps/failure.ts';
import { pathsFrom, readTlsFiles } from '../../receivers/tls-files.ts';
import type { NamesById } from '../contract/app-names.ts';
import { hostAndPort } from '../contract/host.ts';
import type { QrsConfig } from './qrs.schema.ts';

const LIMITS: ListLimits = { bytes: 64 * 1_048_576, rowBytes: 256 * 1024, batchBytes: 65_536 };
/** An app has about 500 bytes, so this is more than fits. */
export const MOST_APPS = 200_000;
/** The user under which Sense's own services speak to each other. QRS answers to nobody without one. */
const USER = 'UserDirectory=INTERNAL; UserId=sa_api';

/** There is no usable answer; the message says where, why, and what to do. */
export class QrsError extends Error {
  override readonly name = 'QrsError';
}

/** One question. */
export interface QrsQuestion {
  readonly settings: QrsConfig;
  /** Where relative paths of the certificates start from. */
  readonly folder: string;
  /** 16 letters or digits, new for each question. */
  readonly key: string;
  /** Ends the question when its time is over, or nobody wants the answer any more. */
  readonly signal: AbortSignal;
}

/**
 * The names of all apps, as the repository service tells them through its API (QRS). What is no printable character
 * in a name becomes a blank.
 * @throws QrsError
 */
export async function fetchAppNames(question: QrsQuestion): Promise<NamesById> {
  const { settings, folder } = question;
  const place = hostAndPort(settings.host, settings.port);
  const files = await readTlsFiles('apps.qrs.certificates', pathsFrom(folder, settings.certificates)).catch(
    (error: Error) => {
      throw new QrsError(`${place}: ${error.message}; ${WORDS.certificates?.[1]}`);
    },
  );
  const state: Reached = { reached: 'nothing' };
  try {
    const response = await send(question, files, state);
    state.reached = 'answer';
    return await readAnswer(response, place);
  } catch (error) {
    if (error instanceof QrsError) throw error;
    const { reason, detail } = failureOf(error as NodeJS.ErrnoException, state.reached);
    throw question.signal.aborted ? qrsError(place, 'timeout', '') : qrsError(place, reason, detail);
  }
}

/** Everything there is to say about the certificates that `apps.qrs` names, read now. */
export function examineQrs(settings: QrsConfig, folder: string, now: number): Promise<CertificateNote[]> {
  return examineCertificates(pathsFrom(folder, settings.certificates), now);
}

interface Reached {
  reached: 'nothing' | 'connection' | 'answer';
}

function send(
  { settings, key, signal }: QrsQuestion,
  files: { readonly cert: string; readonly key: string; readonly ca?: string },
  state: Reached,
): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const sent = request({
    ...files,
    signal,
    // Once an hour: no connection is kept.
    agent: false,
    host: settings.host,
    port: settings.port,
    ...(settings.servername === undefined ? {} : { servername: settings.servername }),
    path: `/qrs/app?xrfkey=${key}`,
    headers: { 'X-Qlik-Xrfkey': key, 'X-Qlik-User': USER, accept: 'application/json' },
  });
  sent.on('socket', (socket) => {
    socket.once('secureConnect', () => {
      state.reached = 'connection';
    });
  });
  sent.on('response', resolve);
  sent.on('error', reject);
  sent.end();
  return promise;
}

async function readAnswer(response: IncomingMessage, place: string): Promise<NamesById> {
  const status = response.statusCode ?? 0;
  const names = new Map<string, string>();
  const list = new JsonList(LIMITS, (rows) => takeApps(rows, names));
  const refuse = (reason: FailureReason, detail: string): never => {
    response.on('error', () => {});
    response.destroy();
    throw qrsError(place, reason, detail);
  };
  if (status !== 200) return refuse(failureOfStatus(status).reason, `status ${status}`);
  for await (const chunk of response as AsyncIterable<Buffer>) {
    const fault = list.push(chunk);
    if (fault !== null) return refuse(fault, '');
    // Others get their turn, however fast the answer comes.
    await setImmediate();
  }
  const fault = list.end();
  return fault === null ? names : refuse(fault, '');
}

/** An app without a name is left out: it is as good as unknown. */
function takeApps(rows: readonly unknown[], names: Map<string, string>): ListFault | null {
  for (const row of rows) {
    if (typeof row !== 'object' || row === null || Array.isArray(row)) return 'bad_row';
    const fields = row as Readonly<Record<string, unknown>>;
    const id = textOf(fields, 'id');
    if (id === null || id === '') return 'bad_row';
    const name = printable(textOf(fields, 'name') ?? '');
    if (name !== '') names.set(id.toLowerCase(), name);
    if (names.size > MOST_APPS) return 'too_large';
  }
  return null;
}

function printable(name: string): string {
  return name
    .toWellFormed()
    .replace(/\p{Cc}/gu, ' ')
    .trim();
}

/** What each means here, and what to do about it. What is not here is the same as an unexpected status. */
const WORDS: { readonly [Reason in FailureReason]?: readonly [what: string, remedy: string] } = {
  ...WORDS_OF_ANY_SERVICE,
  no_connection: [
    'no connection',
    'does the repository service run there, and does the firewall let this machine in?',
  ],
  foreign_certificate: [
    'its certificate is not of the authority in certificates.ca',
    'the root.pem must be of the same site, and the port that of QRS',
  ],
  wrong_name: ['its certificate is for another name', 'set "servername" to that name'],
  server_error: ['it failed on its side', 'look into the log of its repository service'],
  cut_off: ['its answer ended in the middle', 'look for what cuts connections on the way'],
  too_large: ['its answer is too large', 'is it the port of QRS, 4242?'],
};

function qrsError(place: string, reason: FailureReason, detail: string): QrsError {
  const [what, remedy] = WORDS[reason] ?? ['its answer is no list of apps', 'is it the port of QRS, 4242?'];
  return new QrsError(`${place}: ${what}${detail === '' ? '' : ` (${detail})`}; ${remedy}`);
}

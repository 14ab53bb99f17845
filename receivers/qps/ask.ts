import type { IncomingMessage } from 'node:http';
import { type Agent, request } from 'node:https';
import { setImmediate } from 'node:timers/promises';
import type { TLSSocket } from 'node:tls';
import type { AnswerLimits, AnswerReader } from './answer.ts';
import { type Failure, failureOf, failureOfStatus } from './failure.ts';
import type { QpsServer } from './qps.schema.ts';

/** 64 KiB are parsed in a few milliseconds. */
export const LIMITS: AnswerLimits = { bytes: 64 * 1_048_576, sessions: 200_000, batchBytes: 65_536 };

/** One question. */
export interface Question {
  readonly server: QpsServer;
  readonly virtualProxy: string;
  readonly agent: Agent;
  /** 16 letters or digits, new for each question. */
  readonly key: string;
  /** Ends the question when its time is over, or nobody wants the answer any more. */
  readonly signal: AbortSignal;
}

/** Asks who is on one virtual proxy, and reads the answer into `reader`. Null is a good answer. Never rejects. */
export async function ask(question: Question, reader: AnswerReader): Promise<Failure | null> {
  const state: Reached = { reached: 'nothing' };
  for (let isSecond = false; ; isSecond = true) {
    try {
      const response = await send(question, state);
      return await readAnswer(response, reader, state);
    } catch (error) {
      const failure = failureOf(error as NodeJS.ErrnoException, state.reached);
      if (question.signal.aborted)
        return { ...failure, reason: 'timeout', detail: whereItWas(state.reached) };
      // A server may close a connection that was idle at the very moment in which it is used again.
      if (isSecond || !state.isReused || state.reached === 'answer') return failure;
      state.reached = 'nothing';
    }
  }
}

interface Reached {
  reached: Failure['reached'];
  /** Whether the connection had carried an earlier question. */
  isReused?: boolean;
}

function whereItWas(reached: Failure['reached']): string {
  if (reached === 'nothing') return 'not even a connection';
  return reached === 'connection' ? 'a connection, but no answer' : 'only the beginning of it';
}

function send(question: Question, state: Reached): Promise<IncomingMessage> {
  const { server, virtualProxy, agent, key, signal } = question;
  const prefix = virtualProxy === '/' ? '' : virtualProxy;
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const sent = request({
    agent,
    signal,
    host: server.host,
    port: server.port,
    ...(server.servername === undefined ? {} : { servername: server.servername }),
    path: `/qps${prefix}/session?Xrfkey=${key}`,
    headers: { 'X-Qlik-Xrfkey': key, accept: 'application/json' },
  });
  sent.on('socket', (socket) => {
    state.isReused = sent.reusedSocket;
    const connected = () => {
      state.reached = 'connection';
    };
    if (sent.reusedSocket) connected();
    else (socket as TLSSocket).once('secureConnect', connected);
  });
  sent.on('response', resolve);
  sent.on('error', reject);
  sent.end();
  return promise;
}

async function readAnswer(
  response: IncomingMessage,
  reader: AnswerReader,
  state: Reached,
): Promise<Failure | null> {
  state.reached = 'answer';
  const { statusCode = 0, headers } = response;
  // Nothing of it is wanted, so the connection goes too; redirects are not followed.
  if (statusCode !== 200) return dropped(response, failureOfStatus(statusCode));
  if (Number(headers['content-length'] ?? 0) > LIMITS.bytes) return dropped(response, faulty('too_large'));
  let sinceTurn = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    const fault = reader.push(chunk);
    if (fault !== null) return dropped(response, faulty(fault));
    sinceTurn += chunk.length;
    if (sinceTurn < LIMITS.batchBytes) continue;
    // Others get their turn, however fast the answer comes.
    await setImmediate();
    sinceTurn = 0;
  }
  const fault = reader.end();
  return fault === null ? null : faulty(fault);
}

function faulty(reason: Failure['reason']): Failure {
  return { reason, detail: '', reached: 'answer' };
}

function dropped(response: IncomingMessage, failure: Failure): Failure {
  response.on('error', () => {});
  response.destroy();
  return failure;
}

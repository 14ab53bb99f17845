import { answerOf } from '../model/answer.ts';
import type { Ingest } from './ingest-answer.ts';

const EVERY_MS = 5_000;

/** What came in and what became of it, asked once for every part of the page. */
export const ingestKnown = answerOf<Ingest>(() => ({ route: 'ingest', parameters: {} }), EVERY_MS);

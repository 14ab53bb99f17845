import { ENCODINGS } from '../src/contract/encoding.ts';
import { oneOf } from '../src/contract/settings.ts';

/** Key `encoding` of a receiver: what lines are in that are not UTF-8. Not given, they are guessed. */
export function encoding() {
  return oneOf(...ENCODINGS).optional();
}

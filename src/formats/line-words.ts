import type { UserEvent } from '../contract/event.ts';
import type { LineWords } from '../contract/rows.ts';
import { fieldEnd, isNull } from './fields.ts';
import type { ParsedLine } from './parsed-line.ts';
import { locateTail } from './shifted-fields.ts';

/** Fields of our own layout before the directory. */
const [HOST, COMMAND, ORIGIN, BEFORE_DIRECTORY] = [2, 3, 8, 10];

/** What the line of an event about a session or connection said, in its own words; null where none told of it. */
export function wordsOf(event: UserEvent): LineWords | null {
  const parsed = event as Partial<ParsedLine> & UserEvent;
  if (parsed.line === undefined || parsed.bodyAt === undefined || !parsed.layout) return null;
  const line = parsed as ParsedLine;
  return line.layout === 'own' ? ownWords(line) : butlerWords(line);
}

function butlerWords(parsed: ParsedLine): LineWords {
  const { line, bodyAt } = parsed;
  const hostEnd = line.indexOf(';', bodyAt);
  const commandEnd = line.indexOf(';', hostEnd + 1);
  const first = {
    prefix: line.slice(0, Math.max(0, bodyAt - 1)),
    host: line.slice(bodyAt, hostEnd),
    command: line.slice(hostEnd + 1, commandEnd),
  };
  // The form of 2016 ends with the user.
  if (bodyAt === 0) {
    const directoryEnd = line.indexOf(';', commandEnd + 1);
    const directory = line.slice(commandEnd + 1, directoryEnd);
    return { ...first, directory, userId: line.slice(directoryEnd + 1), ...NOTHING };
  }
  return { ...first, ...tailWords(parsed, commandEnd + 1, true) };
}

function ownWords(parsed: ParsedLine): LineWords {
  const { line, bodyAt } = parsed;
  const fields = line.slice(bodyAt).split(';', BEFORE_DIRECTORY);
  const directoryAt = bodyAt + fields.reduce((length, field) => length + field.length + 1, 0);
  const [host = '', command = '', origin = ''] = [HOST, COMMAND, ORIGIN].map((place) => fields[place]);
  const tail = tailWords(parsed, directoryAt, false);
  return { prefix: line.slice(0, bodyAt - 1), host, command, ...tail, origin };
}

const NOTHING = { origin: '', context: '', message: '' } as const;

/** From the directory on. Fields that a `;` has shifted are where the parser has found them. */
function tailWords(
  { line, kind, user }: ParsedLine,
  directoryAt: number,
  hasOrigin: boolean,
): Omit<LineWords, 'prefix' | 'host' | 'command'> {
  const [directory = '', id = ''] = line
    .slice(directoryAt, fieldEnd(line, fieldEnd(line, directoryAt) + 1))
    .split(';');
  const isStraight =
    user === null ? isNull(id) : id === user.id && (user.directory ?? '') === orEmpty(directory);
  const tail = isStraight
    ? straightTail(line, directoryAt, hasOrigin)
    : locateTail(line, directoryAt, kind, hasOrigin);
  const { directoryEnd, userEnd, originEnd, contextEnd } = tail;
  return {
    directory: line.slice(directoryAt, directoryEnd),
    userId: line.slice(directoryEnd + 1, userEnd),
    origin: hasOrigin ? line.slice(userEnd + 1, originEnd) : '',
    context: line.slice(originEnd + 1, contextEnd),
    message: line.slice(contextEnd + 1),
  };
}

function orEmpty(directory: string): string {
  return isNull(directory) ? '' : directory;
}

function straightTail(line: string, directoryAt: number, hasOrigin: boolean): ReturnType<typeof locateTail> {
  const directoryEnd = fieldEnd(line, directoryAt);
  const userEnd = fieldEnd(line, directoryEnd + 1);
  const originEnd = hasOrigin ? fieldEnd(line, userEnd + 1) : userEnd;
  return { directoryEnd, userEnd, originEnd, contextEnd: fieldEnd(line, originEnd + 1) };
}

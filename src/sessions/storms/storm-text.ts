import type { Storm } from './storms.ts';

/** For the log: who it is, and where. */
export function beginningText(storm: Storm): string {
  return `${whoText(storm)}: ${storm.startsLastMinute} sessions started within a minute`;
}

export function endText(storm: Storm): string {
  return `${whoText(storm)}: ${storm.startsTotal} sessions started since ${new Date(storm.since).toISOString()}`;
}

function whoText({ key: { host, user } }: Storm): string {
  const name = user === null ? 'lines without a user' : userText(user);
  return `${name} on ${host.name}`;
}

function userText({ directory, id }: { readonly directory: string | null; readonly id: string }): string {
  return directory === null ? id : `${directory}\\${id}`;
}

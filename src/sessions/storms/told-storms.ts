import { type Storm, Storms } from './storms.ts';

/** Storms of so many Starts a minute, of which the log is told: what it is, then who, where and how often. */
export function toldStorms(starts: number, tell: (kind: string, sample: string) => void): Storms {
  const storms = new Storms(starts);
  storms.onBegun = (begun) => tell('a user logs in again and again', beginningText(begun));
  storms.onEnded = (ended) => tell('a user no longer logs in again and again', endText(ended));
  return storms;
}

function beginningText(storm: Storm): string {
  return `${whoText(storm)}: ${storm.startsLastMinute} sessions started within a minute`;
}

function endText(storm: Storm): string {
  return `${whoText(storm)}: ${storm.startsTotal} sessions started since ${new Date(storm.since).toISOString()}`;
}

function whoText({ key: { host, user } }: Storm): string {
  const name = user === null ? 'lines without a user' : userText(user);
  return `${name} on ${host.name}`;
}

function userText({ directory, id }: { readonly directory: string | null; readonly id: string }): string {
  return directory === null ? id : `${directory}\\${id}`;
}

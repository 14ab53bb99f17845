import type { LostLines } from '../lost-lines/lost-lines.ts';
import type { PastQuality } from '../quality/past-quality.ts';
import type { Host } from '../session.ts';
import type { Losses } from './losses.ts';

/** What row numbers show to be lost is a loss of its host. `hostOf`: null where there is no room for one more. */
export function watchLines(
  lostLines: LostLines,
  losses: Losses,
  past: PastQuality,
  hosts: ReadonlyMap<string, Host>,
  hostOf: (name: string, now: number) => Host | null,
): void {
  lostLines.onLost = (name, lines, now, since) => {
    const host = hostOf(name, now);
    if (host === null) return;
    host.balance.lose(lostLines.likelyChange(name, lines));
    losses.touch(host, 'gap', now, lines);
    past.lost({ host: name, reason: 'gap', from: since, to: now });
  };
  lostLines.onCameLate = (name, givenUpAt) => {
    const host = hosts.get(name);
    if (host === undefined) return;
    host.balance.lose(lostLines.likelyChange(name, -1));
    losses.cameLate(host, givenUpAt);
  };
  lostLines.onWentOn = (name) => {
    const host = hosts.get(name);
    if (host !== undefined) losses.withdrawRestart(host);
  };
}

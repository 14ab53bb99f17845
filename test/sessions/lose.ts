import type { Site } from '../../src/sessions/site.ts';
import type { LossReason } from './model/session-model.ts';

/** Lines of this host, or of every host where it is null, were lost. */
export function lose(site: Site, host: string | null, reason: LossReason, now: number): void {
  if (reason === 'downtime' || reason === 'drops') site.losses.touchAll(reason, now, null);
  else if (host !== null) site.losses.touch(site.identities.host(host), reason, now, 1);
}

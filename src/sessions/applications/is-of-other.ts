import type { UserEvent } from '../../contract/event.ts';
import type { Host } from '../session.ts';

/** An event of an application under the name of a Sense node, or the other way round: they would be one host. */
export function isOfOther(
  { host: name, kind, application }: UserEvent,
  hosts: ReadonlyMap<string, Host>,
): boolean {
  const host = hosts.get(name);
  return host !== undefined && kind !== 'note' && host.isApplication !== (application === true);
}

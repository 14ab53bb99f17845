import type { UserEvent } from '../contract/event.ts';
import type { Applied } from '../sessions/site.ts';
import type { PipelineParts } from './pipeline-parts.ts';

/** What is looked at once an event is applied: storms of Starts, and hosts of which each event comes in two layouts. */
export function noteApplied(
  { storms, onTrouble }: Pick<PipelineParts, 'storms' | 'onTrouble'>,
  event: UserEvent,
  { host, user }: Applied,
): void {
  const { kind, layout, receivedAt } = event;
  const key = kind === 'session_start' ? host.keys.get(user) : undefined;
  if (key !== undefined) storms.note(key, event);
  if (layout && host.layouts.note(layout, receivedAt)) {
    const advice = 'each event counts twice; leave one appender in its LocalLogConfig.xml';
    onTrouble('both_layouts', `${host.name} sends Headcount's own layout and that of Butler SOS: ${advice}`);
  }
}

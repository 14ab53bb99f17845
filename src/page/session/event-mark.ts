import { h, type View } from '../parts/view.ts';
import type { EventKind } from '../words/events.ts';

/** Around 0,0 and 12 wide. Each kind has a shape of its own. */
const SHAPES: Readonly<Record<EventKind, string>> = {
  session_start: 'M-4,-6L6,0L-4,6Z',
  session_stop: 'M-5,-5H5V5H-5Z',
  connection_open: 'M-5,0A5,5,0,1,1,5,0A5,5,0,1,1,-5,0Z',
  connection_close: 'M-4,0A4,4,0,1,1,4,0A4,4,0,1,1,-4,0Z',
  session_rejected: 'M-5,-5L5,5M-5,5L5,-5',
  note: 'M0,-6L6,0L0,6L-6,0Z',
};

/** The sign of an event, in a picture. */
export function EventShape({ kind }: { readonly kind: EventKind }): View {
  return h('path', { d: SHAPES[kind], class: `mark mark-${kind}` });
}

/** The same in a text. */
export function EventMark({ kind }: { readonly kind: EventKind }): View {
  return h(
    'svg',
    { class: 'event-mark', width: 14, height: 14, viewBox: '-7 -7 14 14', 'aria-hidden': true },
    h(EventShape, { kind }),
  );
}

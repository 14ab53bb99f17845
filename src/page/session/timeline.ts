import type { OneSession } from '../../journal/read/answers.ts';
import { asOf } from '../model/look.ts';
import { h, type View } from '../parts/view.ts';
import { countText } from '../words/numbers.ts';
import { shortTime, timeText, zoneName } from '../words/time.ts';
import { EventMark, EventShape } from './event-mark.ts';
import { eventText } from './event-text.ts';
import { LOSS_WORDS } from './losses.ts';
import { type Bar, type Picture, pictureOf } from './picture.ts';
import { ticksOf } from './ticks.ts';

/* From top to bottom, in pixels; across, everything is in percent, so that it fits any width. */
const SESSION_BAR = 18;
const EVENTS = 46;
const LANES = 60;
const LANE = 36;
const AXIS = 20;

const MOST_TICKS = 9;

/** A session drawn over time: itself, what happened in it, its apps, and where lines were lost. `now`: ms since 1970 UTC. */
export function Timeline({ session, now }: { readonly session: OneSession; readonly now: number }): View {
  const picture = pictureOf(session, now);
  const { lanes, events, losses, moreLanes } = picture;
  const bottom = LANES + lanes.length * LANE;
  return h(
    'figure',
    { class: 'timeline', 'aria-label': 'Timeline' },
    h(
      'svg',
      {
        width: '100%',
        height: bottom + AXIS,
        role: 'img',
        'aria-label': 'The session drawn over time. What happened in it is listed under Events.',
      },
      h(Fades, null),
      losses.map(({ bar, loss }, place) =>
        h(
          'rect',
          { key: place, class: 'loss', fill: 'url(#lost)', ...across(bar), y: 0, height: bottom },
          h('title', null, `Lines were or may have been lost: ${LOSS_WORDS[loss.reason]}.`),
        ),
      ),
      h(Axis, { picture, bottom }),
      h('text', { x: 0, y: 12 }, 'Session'),
      h(BarShape, { bar: picture.session, colour: 'active', y: SESSION_BAR, height: 14, name: 'Session' }),
      events.map(({ place, event }) =>
        h(
          'svg',
          { key: event.seq, x: `${place}%`, y: EVENTS, width: 1, height: 1, overflow: 'visible' },
          h('title', null, `${shortTime(event.at, now)} ${eventText(event)}`),
          h(EventShape, { kind: event.kind }),
        ),
      ),
      lanes.map(({ app, bars }, lane) => {
        const y = LANES + lane * LANE;
        return h(
          'g',
          { key: lane },
          h('text', { x: 0, y: y + 12 }, app),
          bars.map((bar, place) =>
            h(BarShape, { key: place, bar, colour: 'created', y: y + 17, height: 9, name: app }),
          ),
        );
      }),
      h(Moment, { picture, bottom }),
    ),
    moreLanes === 0
      ? null
      : h('p', { class: 'label' }, `${countText(moreLanes, 'more line')} of connections not drawn.`),
    h(Legend, { hasLosses: losses.length > 0 }),
  );
}

function across({ left, width }: Bar): { readonly x: string; readonly width: string } {
  return { x: `${left.toFixed(3)}%`, width: `${width.toFixed(3)}%` };
}

/** What bars end with whose ends nobody knows. */
function Fades(): View {
  const gradient = (colour: string, name: string, offsets: readonly (readonly [number, number])[]) =>
    h(
      'linearGradient',
      { key: colour + name, id: `${colour}-${name}` },
      offsets.map(([offset, opacity]) =>
        h('stop', { key: offset, class: `stop-${colour}`, offset, 'stop-opacity': opacity }),
      ),
    );
  return h(
    'defs',
    null,
    ['active', 'created'].flatMap((colour) => [
      gradient(colour, 'in', [
        [0, 0],
        [0.15, 1],
      ]),
      gradient(colour, 'out', [
        [0.85, 1],
        [1, 0],
      ]),
      gradient(colour, 'in-out', [
        [0, 0],
        [0.15, 1],
        [0.85, 1],
        [1, 0],
      ]),
    ]),
    h(
      'pattern',
      { id: 'lost', width: 6, height: 6, patternUnits: 'userSpaceOnUse', patternTransform: 'rotate(45)' },
      h('rect', { class: 'lost-stripe', width: 2, height: 6 }),
    ),
  );
}

function BarShape({
  bar,
  colour,
  y,
  height,
  name,
}: {
  readonly bar: Bar;
  readonly colour: 'active' | 'created';
  readonly y: number;
  readonly height: number;
  readonly name: string;
}): View {
  const ends = [...(bar.fadesIn ? ['in'] : []), ...(bar.fadesOut ? ['out'] : [])].join('-');
  const until =
    bar.to === null ? 'still open' : `until ${bar.fadesOut ? 'about ' : ''}${timeText(bar.to, 'date')}`;
  return h(
    'rect',
    {
      class: ends === '' ? `bar-${colour}` : '',
      fill: ends === '' ? undefined : `url(#${colour}-${ends})`,
      ...across(bar),
      y,
      height,
      rx: 2,
    },
    h('title', null, `${name}: from ${bar.fadesIn ? 'about ' : ''}${timeText(bar.from, 'date')}, ${until}`),
  );
}

function Axis({ picture, bottom }: { readonly picture: Picture; readonly bottom: number }): View {
  const { times, form } = ticksOf(picture.from, picture.to, MOST_TICKS, zoneName());
  return h(
    'g',
    { class: 'axis' },
    times.map((time, place) => {
      const at = picture.placeOf(time);
      const x = `${at.toFixed(3)}%`;
      return h(
        'g',
        // On a phone there is room for every other one.
        { key: time, class: place % 2 === 0 ? '' : 'minor' },
        h('line', { x1: x, x2: x, y1: 0, y2: bottom + 4 }),
        h(
          'text',
          { x, y: bottom + 16, 'text-anchor': at < 4 ? 'start' : at > 96 ? 'end' : 'middle' },
          timeText(time, form),
        ),
      );
    }),
  );
}

/** The moment that the page shows, where that is a past one. */
function Moment({ picture, bottom }: { readonly picture: Picture; readonly bottom: number }): View | null {
  const at = asOf.value;
  if (at === null || at < picture.from || at > picture.to) return null;
  const x = `${picture.placeOf(at).toFixed(3)}%`;
  return h(
    'line',
    { class: 'moment', x1: x, x2: x, y1: 0, y2: bottom },
    h('title', null, `The moment that the page shows: ${timeText(at, 'full')}`),
  );
}

const LEGEND = [
  ['session_start', 'began'],
  ['connection_open', 'app opened'],
  ['connection_close', 'app closed'],
  ['session_stop', 'ended'],
  ['note', 'note'],
] as const;

function Legend({ hasLosses }: { readonly hasLosses: boolean }): View {
  return h(
    'figcaption',
    { class: 'label legend' },
    LEGEND.map(([kind, text]) => h('span', { key: kind }, h(EventMark, { kind }), text)),
    hasLosses ? h('span', null, h('span', { class: 'lost-sample' }), 'lines lost') : null,
    h('span', null, 'A bar that fades has no exact end.'),
    asOf.value === null ? null : h('span', null, 'The dashed line is the moment that the page shows.'),
  );
}

import { effect, type Signal, signal } from '@preact/signals';

/*
 * What somebody looks at. All of it is in the address, so that a link shows another person the same: window, filters,
 * moment, the session that is open, and which apps are tracked.
 */

export const WINDOWS = { '60s': '60 seconds', '1h': '1 hour', '1d': '1 day', '1w': '1 week' } as const;
export type WindowName = keyof typeof WINDOWS;

/** Null where everything is shown. Apps by id. */
export const filter = {
  app: signal<string | null>(null),
  host: signal<string | null>(null),
  virtualProxy: signal<string | null>(null),
} as const;

export const windowName = signal<WindowName>('1h');
/** The moment that the page shows, ms since 1970 UTC; null for now. */
export const asOf = signal<number | null>(null);
/** Of the session that is open. */
export const sessionId = signal<string | null>(null);
/** Ids of apps that have graphs of their own. */
export const tracked = signal<readonly string[]>([]);

const TRACKED = 'headcount.tracked';

interface Field {
  readonly name: string;
  /** Null where it is as at the first visit, so that it need not be in the address. */
  read(): string | null;
  write(text: string | null): void;
  /** A step that "Back" takes back. */
  readonly isStep: boolean;
}

function textField(name: string, field: Signal<string | null>, isStep = false): Field {
  return {
    name,
    isStep,
    read: () => field.value,
    write: (text) => {
      field.value = text === '' ? null : text;
    },
  };
}

const FIELDS: readonly Field[] = [
  {
    name: 'window',
    isStep: false,
    read: () => (windowName.value === '1h' ? null : windowName.value),
    write: (text) => {
      windowName.value = text !== null && text in WINDOWS ? (text as WindowName) : '1h';
    },
  },
  textField('app', filter.app),
  textField('host', filter.host),
  textField('virtualProxy', filter.virtualProxy),
  {
    name: 'at',
    isStep: true,
    read: () => (asOf.value === null ? null : new Date(asOf.value).toISOString()),
    write: (text) => {
      const at = Date.parse(text ?? '');
      asOf.value = Number.isNaN(at) ? null : at;
    },
  },
  textField('session', sessionId, true),
  {
    name: 'track',
    isStep: false,
    read: () => (tracked.value.length === 0 ? null : tracked.value.join(',')),
    write: (text) => {
      tracked.value = (text ?? '').split(',').filter((id) => id !== '');
    },
  },
];

/** What the address says; then the address follows what is looked at. */
export function followAddress(): void {
  read();
  if (tracked.value.length === 0) tracked.value = rememberedApps();
  addEventListener('popstate', read);
  let steps = stepsNow();
  effect(() => {
    const address = addressOf({});
    localStorage.setItem(TRACKED, JSON.stringify(tracked.value));
    if (address === location.search || (address === '' && location.search === '')) return;
    const isStep = stepsNow() !== steps;
    steps = stepsNow();
    history[isStep ? 'pushState' : 'replaceState'](null, '', address === '' ? location.pathname : address);
  });
}

/** The address of the page with some things changed, such as `?session=...`; relative, for links. */
export function addressOf(changes: Readonly<Record<string, string | null>>): string {
  const parameters = new URLSearchParams();
  for (const { name, read } of FIELDS) {
    const text = name in changes ? (changes[name] ?? null) : read();
    if (text !== null) parameters.set(name, text);
  }
  const text = parameters.toString();
  return text === '' ? '' : `?${text}`;
}

function read(): void {
  const parameters = new URLSearchParams(location.search);
  for (const field of FIELDS) field.write(parameters.get(field.name));
}

function stepsNow(): string {
  return JSON.stringify(FIELDS.filter(({ isStep }) => isStep).map((field) => field.read()));
}

function rememberedApps(): readonly string[] {
  try {
    const apps: unknown = JSON.parse(localStorage.getItem(TRACKED) ?? '[]');
    return Array.isArray(apps) ? apps.filter((id) => typeof id === 'string') : [];
  } catch {
    return [];
  }
}

import { effect, type Signal, signal } from '@preact/signals';
import { zone } from '../words/time.ts';

/*
 * How somebody likes the page. It stays in the browser and is in no link, because it is nobody else's choice.
 */

export const THEMES = { system: 'As the system', light: 'Light', dark: 'Dark' } as const;
export type Theme = keyof typeof THEMES;

export const theme = signal<Theme>('system');
/** Whether the page is dark now, by choice or by the system; never on paper. */
export const isDark = signal(false);

/** Restores the choices of the last visit, and keeps them from now on. */
export function keepChoices(): void {
  keep('zone', zone, ['local', 'UTC']);
  keep('theme', theme, ['system', 'light', 'dark']);
  const systemIsDark = matchMedia('(prefers-color-scheme: dark)');
  // Paper is white, and browsers print no grounds.
  const paper = matchMedia('print');
  const follow = (): void => {
    const isWanted = theme.value === 'dark' || (theme.value === 'system' && systemIsDark.matches);
    isDark.value = isWanted && !paper.matches;
    document.documentElement.dataset['theme'] = isDark.value ? 'dark' : 'light';
  };
  systemIsDark.addEventListener('change', follow);
  paper.addEventListener('change', follow);
  effect(follow);
}

function keep<Value extends string>(name: string, choice: Signal<Value>, known: readonly Value[]): void {
  const key = `headcount.${name}`;
  const kept = known.find((value) => value === localStorage.getItem(key));
  if (kept !== undefined) choice.value = kept;
  effect(() => localStorage.setItem(key, choice.value));
}

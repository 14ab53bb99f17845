import type { Signal } from '@preact/signals';
import { useId } from 'preact/hooks';
import { siteLists } from '../filter/site-lists.ts';
import { h, type View } from '../parts/view.ts';
import { choiceOf, type PartOfSite } from './part-of-site.ts';

/** Hosts and virtual proxies to choose from. */
export function PartChoice({
  part,
  chosen,
}: {
  readonly part: PartOfSite | null;
  readonly chosen: Signal<string | null>;
}): View {
  const id = useId();
  const { hosts, virtualProxies } = siteLists.value;
  const parts: readonly PartOfSite[] = [
    ...hosts.map((host) => ({ host, virtualProxy: null })),
    ...virtualProxies.map((virtualProxy) => ({ host: null, virtualProxy })),
  ];
  const shown = part === null ? '' : choiceOf(part);
  const isListed = part === null || parts.some((each) => choiceOf(each) === shown);
  return h(
    'div',
    { class: 'field impact-choice' },
    h('label', { for: id }, 'What stops'),
    h(
      'select',
      {
        id,
        value: shown,
        onChange: ({ currentTarget }: { currentTarget: HTMLSelectElement }) => {
          chosen.value = currentTarget.value;
        },
      },
      part === null ? h('option', { value: '' }, 'nothing is known yet') : null,
      (isListed || part === null ? parts : [...parts, part]).map((each) =>
        h('option', { key: choiceOf(each), value: choiceOf(each) }, textOf(each)),
      ),
    ),
  );
}

function textOf({ host, virtualProxy }: PartOfSite): string {
  return host === null ? `virtual proxy ${virtualProxy || '(default)'}` : `host ${host}`;
}

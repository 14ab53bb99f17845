import { type ReadonlySignal, useSignal } from '@preact/signals';
import type { RefObject } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

/** What is further down waits so long for its first answer, so that what is seen first comes first. */
const LATER_MS = 2_000;

/** Where an element is. */
export interface OnScreen {
  /** For the element. */
  readonly place: RefObject<HTMLDivElement | null>;
  /** Somebody may see it, or soon. */
  readonly isOnScreen: ReadonlySignal<boolean>;
  /** It is time for its first answer. */
  readonly isDue: ReadonlySignal<boolean>;
}

/** For parts of the page whose answers cost something: they are asked for again only while somebody may see them. */
export function useOnScreen(): OnScreen {
  const place = useRef<HTMLDivElement>(null);
  const isOnScreen = useSignal(false);
  const isDue = useSignal(false);
  useEffect(() => {
    const watched = place.current;
    if (watched === null) return;
    const observer = new IntersectionObserver((entries) => {
      isOnScreen.value = entries.at(-1)?.isIntersecting === true;
      isDue.value ||= isOnScreen.value;
    });
    observer.observe(watched);
    const later = setTimeout(() => {
      isDue.value = true;
    }, LATER_MS);
    return () => {
      observer.disconnect();
      clearTimeout(later);
    };
  }, []);
  return { place, isOnScreen, isDue };
}

/** A tab that nobody looks at asks nothing. */
export function untilLookedAt(cancelled: AbortSignal): Promise<void> {
  if (!document.hidden) return Promise.resolve();
  return new Promise((done) => {
    document.addEventListener('visibilitychange', () => done(), { once: true, signal: cancelled });
    cancelled.addEventListener('abort', () => done());
  });
}

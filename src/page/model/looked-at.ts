/** A tab that nobody looks at asks nothing. */
export function untilLookedAt(cancelled: AbortSignal): Promise<void> {
  if (!document.hidden) return Promise.resolve();
  return new Promise((done) => {
    const over = (): void => {
      document.removeEventListener('visibilitychange', over);
      cancelled.removeEventListener('abort', over);
      done();
    };
    document.addEventListener('visibilitychange', over);
    cancelled.addEventListener('abort', over);
  });
}

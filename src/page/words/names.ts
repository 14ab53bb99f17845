interface User {
  readonly directory: string | null;
  readonly id: string;
}

/** `LAB\anna`; words where nobody is known. */
export function userName(user: User | null): string {
  if (user === null) return 'unknown user';
  return user.directory === null ? user.id : `${user.directory}\\${user.id}`;
}

/** The name of an app, else its id, which is at least something to look for. */
export function appName(app: { readonly appId: string | null; readonly appName: string | null }): string {
  return app.appName ?? app.appId ?? 'unknown app';
}

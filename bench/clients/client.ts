import { once } from 'node:events';

/**
 * The process of a program with the real client for Node in it, unmodified. Told where to report, it says that it is ready; told
 * to begin, it starts the client as a program does; told to end, it ends of itself, and the client says so.
 */

export interface ClientPlan {
  readonly server: string;
  readonly user: string;
  /** The client keeps settings in the folder it is started in. */
  readonly folder: string;
}

const orphaned = (): never => process.exit(1);
// Whoever started this is gone.
process.once('disconnect', orphaned);
const [{ server, user, folder }] = (await once(process, 'message')) as [ClientPlan];
process.chdir(folder);
const { Exceptionless } = await import('@exceptionless/node');
process.send?.('ready');
await once(process, 'message');
await Exceptionless.startup((config) => {
  config.apiKey = 'a-client-key-0123456789';
  config.serverUrl = server;
  config.useSessions();
  config.setUserIdentity(user, 'Some One');
});
await once(process, 'message');
process.off('disconnect', orphaned);
process.disconnect();

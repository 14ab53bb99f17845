import type { ApplicationSettings } from '../../contract/receiver.ts';
import { APPLICATION_TIMES, type ApplicationTimes } from '../../sessions/time-outs.ts';
import type { TokenApplication } from './api.schema.ts';

/** What stands on the events of an application. */
export function applicationSettings(application: TokenApplication | null): ApplicationSettings {
  return { application: application?.name ?? null, virtualProxy: application?.virtualProxy ?? null };
}

export function applicationTimes(application: TokenApplication | null): ApplicationTimes {
  if (application === null) return APPLICATION_TIMES;
  const { timeout: timeoutMs, resume: resumeMs, grace: graceMs } = application.sessions;
  return { timeoutMs, resumeMs, graceMs };
}

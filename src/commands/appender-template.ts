import { readFileSync } from 'node:fs';

/** Which of the files in `appender/`. */
export const APPENDER_FILES = {
  proxy: 'headcount-proxy.xml',
  repository: 'headcount-repository.xml',
  'butler-sos': 'butler-sos-proxy.xml',
} as const;

export type AppenderTemplate = keyof typeof APPENDER_FILES;

/** A `LocalLogConfig.xml` with `@HOST@` and `@PORT@` in it. */
export function appenderTemplate(template: AppenderTemplate): string {
  return readFileSync(new URL(`../../appender/${APPENDER_FILES[template]}`, import.meta.url), 'utf8');
}

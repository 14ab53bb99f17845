import { InvalidArgumentError, Option } from 'commander';
import { isHost } from '../core/host.ts';
import { parseDuration } from '../core/units.ts';

/*
 * Readers of option values for commander: each gives the value, or throws what commander reports.
 */

export function number(min: number, max: number) {
  return (text: string): number => {
    const value = text.trim() === '' ? Number.NaN : Number(text);
    if (value >= min && value <= max) return value;
    throw new InvalidArgumentError(`Expected a number from ${min} to ${max}.`);
  };
}

export function whole(min: number, max: number) {
  return (text: string): number => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    throw new InvalidArgumentError(`Expected a whole number from ${min} to ${max}.`);
  };
}

export function percent() {
  const read = number(0, 100);
  return (text: string): number => read(text.replace(/%$/, '')) / 100;
}

export function milliseconds(text: string): number {
  const value = parseDuration(text);
  if (value !== null && value > 0) return value;
  throw new InvalidArgumentError('Expected a duration with a unit (ms, s, m, h, d) such as 10m.');
}

export function hostName(text: string): string {
  if (isHost(text)) return text;
  throw new InvalidArgumentError('Expected an IP address or a host name, without brackets or port.');
}

export function httpUrl(text: string): string {
  if (/^https?:\/\//.test(text) && URL.canParse(text)) return text;
  throw new InvalidArgumentError('Expected a URL such as http://127.0.0.1:9999.');
}

/** An option whose default is shown as it would be written. */
export function time(flags: string, description: string, value: string): Option {
  return new Option(flags, description).argParser(milliseconds).default(milliseconds(value), value);
}

export function append(text: string, before: readonly string[]): string[] {
  return [...before, text];
}

import type { Arrival } from '../contract/event.ts';
import { isNull } from './fields.ts';
import type { Draft } from './parsed-line.ts';

/**
 * A node's name as everything here compares it: `%hostname` is the short name, the services' interfaces say
 * the full one, so the lower-cased first label. IP literals stay whole. Empty where nothing is left.
 */
export function normaliseHost(name: string): string {
  if (isPlainName(name)) return name;
  const host = name.trim().toLowerCase().normalize('NFC');
  const dot = host.indexOf('.');
  if (dot < 0 || host.indexOf(':') >= 0 || isIpv4(host)) return host;
  return host.slice(0, dot).trimEnd();
}

/** Sets the host of the line; the sender's address stands in where the field names none. */
export function readHost(draft: Draft, field: string, arrival: Arrival): void {
  if (!isNull(field)) {
    const host = normaliseHost(field);
    // `%hostname` belongs to Sense's own converters: without them log4net prints the bare word.
    if (host === 'hostname' || host.charCodeAt(0) === 37) draft.fault = 'host_converter';
    else if (host !== '') {
      draft.host = host;
      return;
    }
  }
  draft.host = normaliseHost(arrival.sender.address);
}

/** Nearly every host as `%hostname` writes it: nothing to trim, to lower or to cut. */
function isPlainName(name: string): boolean {
  for (let i = 0; i < name.length; i++) {
    const code = name.charCodeAt(i);
    if (!((code >= 97 && code <= 122) || (code >= 48 && code <= 57) || code === 45)) return false;
  }
  return true;
}

function isIpv4(host: string): boolean {
  let dots = 0;
  let digits = 0;
  for (let i = 0; i < host.length; i++) {
    const code = host.charCodeAt(i);
    if (code === 46 && digits > 0) {
      dots++;
      digits = 0;
    } else if (code >= 48 && code <= 57 && digits < 3) digits++;
    else return false;
  }
  return dots === 3 && digits > 0;
}

/**
 * One message of a stream, as https://html.spec.whatwg.org/multipage/server-sent-events.html has it. `id` is what a client that lost
 * its connection says it has got; JSON has no line breaks, so neither has `data`.
 */
export function serverSentEvent(event: string, id: string | null, data: unknown): string {
  return `event: ${event}\n${id === null ? '' : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`;
}

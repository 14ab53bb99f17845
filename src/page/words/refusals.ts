const WORDS: Readonly<Record<string, string>> = {
  empty: 'empty message',
  oversize: 'message too long',
  utf16: 'text in UTF-16, which the appender must not write',
  unknown_format: 'no line of Sense',
  not_user_event: 'a line of Sense that is about no session',
  unknown_command: 'a command that is not known',
  missing_fields: 'fields are missing',
  field_too_long: 'a field is too long',
  not_allowed: 'the sender is not allowed',
  frame_too_long: 'frame too long',
  frame_timeout: 'a frame was not finished in time',
  bad_item: 'an item that is no event',
  journal_full: 'the journal could not take more',
  too_many_sessions: 'more sessions, users or hosts than fit',
  too_many_connections: 'too many connections from one address',
};

/** Why a message was not taken. Receivers have reasons of their own, which are shown as they are. */
export function refusalText(reason: string): string {
  return WORDS[reason] ?? reason.replaceAll('_', ' ');
}

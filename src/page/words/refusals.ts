const WORDS: Readonly<Record<string, string>> = {
  empty: 'empty message',
  oversize: 'message too long',
  utf16: 'text in UTF-16, which the appender must not write',
  unknown_format: 'no line of Sense',
  not_user_event: 'a line of Sense that is about no session',
  unknown_command: 'a command that is not known',
  missing_fields: 'fields are missing',
  field_too_long: 'a field is too long',
  glued_line: 'a line glued to the end of another one',
  bad_item: 'an item that is no event',
  journal_full: 'the journal could not take more',
  too_many_sessions: 'more sessions, users or hosts than fit',
  too_many_notes: 'more than 1,000 notes of one session in an hour',
  host_of_another_kind: 'an application and a node of Sense with one name',
  bad_post: 'a post of an application that cannot be read',
  not_an_event: 'no object where an event of an application should be',
  anonymous: 'neither a user nor a session is named',
  not_allowed: 'the sender is not allowed',
  frame_too_long: 'a frame is too long',
  frame_too_slow: 'a frame was not finished in time',
  frame_cut_off: 'a connection ended inside a frame',
  no_frame_length: 'a frame without its length',
  bad_frame_length: 'a frame with a length that nobody can mean',
  too_many_connections: 'too many connections',
  too_many_of_address: 'too many connections from one address',
  tls_failed: 'the other side speaks no TLS, or does not trust the certificate',
  tls_too_slow: 'a TLS handshake was not finished in time',
  tls_unfinished: 'a TLS handshake was given up',
  no_client_certificate: 'a client without a certificate',
  bad_client_certificate: 'a client with a certificate that is not good here',
};

/** Why a message was not taken. Receivers have reasons of their own, which are shown as they are. */
export function refusalText(reason: string): string {
  return WORDS[reason] ?? reason.replaceAll('_', ' ');
}

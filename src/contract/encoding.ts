/** The ANSI code pages of Windows besides UTF-8, by the names that `TextDecoder` knows them by. */
export const ENCODINGS = [
  'windows-1250',
  'windows-1251',
  'windows-1252',
  'windows-1253',
  'windows-1254',
  'windows-1255',
  'windows-1256',
  'windows-1257',
  'windows-1258',
  'windows-874',
  'shift_jis',
  'gbk',
  'euc-kr',
  'big5',
] as const;
export type Encoding = (typeof ENCODINGS)[number];

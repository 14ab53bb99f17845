import type { Row } from './scenario.ts';

const HEADS = ['what', 'target', 'measured', 'yardstick'];

/** The rows as a Markdown table; a target that was not reached says so. */
export function formatTable(rows: readonly Row[]): string {
  const cells = rows.map(({ what, target, measured, yardstick, met }) => {
    return [what, target, met === false ? `${measured} **missed**` : measured, yardstick];
  });
  const lines = [HEADS, HEADS.map(() => '---'), ...cells];
  return lines.map((line) => `| ${line.join(' | ')} |`).join('\n');
}

import type { UnitCounts } from '../../provisioning/batch.ts';
import type { Decision } from '../../provisioning/decision.ts';
import type { Attention } from '../../provisioning/unit.ts';

/** Rows of units in attention that a table shows; the rest is a number. */
const SHOWN = 20;

/** Markdown that says who paused the batch, and how to continue it. */
export function pauseNote({ by, reason, decidedAt }: Decision): string {
  const why = reason === undefined ? '' : `, because: ${verbatim(reason)}`;
  return `**Paused** by ${by === undefined ? 'a person who gave no name' : verbatim(by)} since ${decidedAt}${why}. No further unit starts until the Update \`resume\`.`;
}

/** Somebody's text, not as Markdown. */
function verbatim(text: string): string {
  return `\`${text.replaceAll('`', "'")}\``;
}

/** Markdown for a workflow's current details: what ops see in the Temporal UI without a click. */
export function progressTable(
  title: string,
  units: number,
  counts: UnitCounts & { started: number; attention: readonly Attention[] },
): string {
  const { passed, failed, errors, held, started, attention } = counts;
  const underWay = started - passed - failed - errors - held - attention.length;
  const lines = [
    `**${title}**: ${passed} of ${units} passed`,
    '',
    '| passed | under way | attention | failed | errors | on hold | not started |',
    '|--:|--:|--:|--:|--:|--:|--:|',
    `| ${passed} | ${underWay} | ${attention.length} | ${failed} | ${errors} | ${held} | ${units - started} |`,
  ];
  if (attention.length > 0) lines.push('', ...attentionTable(attention));
  return lines.join('\n');
}

function attentionTable(attention: readonly Attention[]): string[] {
  const lines = [
    'These units wait for `retry`, `skip` or `scrap` (Send Update on the unit), or `rerunFailed` on the batch:',
    '',
    '| serial | step | code | what to do |',
    '|---|---|---|---|',
  ];
  for (const { serial, step, code, hint } of attention.slice(0, SHOWN)) {
    lines.push(`| ${serial} | ${step} | ${code} | ${hint} |`);
  }
  if (attention.length > SHOWN) lines.push(`| … and ${attention.length - SHOWN} more | | | |`);
  return lines;
}

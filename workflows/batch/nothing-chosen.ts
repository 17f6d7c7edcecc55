import type { Attention } from '../../provisioning/unit.ts';

const NAMED = 10;

/** Why a rerun is refused that chooses no unit: what does wait, so that its sender sees the mistake. */
export function nothingChosen(attention: readonly Attention[]): string {
  if (attention.length === 0) return 'no unit of this batch waits for a decision';
  const named = attention.slice(0, NAMED).map(({ serial, code }) => `${serial} ${code}`);
  const more = attention.length > NAMED ? ` and ${attention.length - NAMED} more` : '';
  const count = attention.length === 1 ? '1 unit waits' : `${attention.length} units wait`;
  return `no unit of this batch waits with what is named; ${count}: ${named.join(', ')}${more}`;
}

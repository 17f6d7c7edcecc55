/**
 * What batches, chunks and units can be found by in Temporal. Set at start, where they cost nothing; STATUS, STEP and
 * ERROR are written on exceptions only, so a unit that went straight through carries none of them.
 * A SQL visibility store has ten Keyword columns for a namespace: eight are used.
 */
export const SEARCH_ATTRIBUTES = {
  ProvBatch: 'Keyword',
  ProvOrder: 'Keyword',
  ProvSerial: 'Keyword',
  ProvProduct: 'Keyword',
  ProvStatus: 'Keyword',
  ProvStep: 'Keyword',
  ProvError: 'Keyword',
  ProvStation: 'Keyword',
} as const;

export type SearchAttributeName = keyof typeof SEARCH_ATTRIBUTES;

/** Value of ProvStatus of a batch while a part of the line needs a person; ProvError and ProvStation say which. */
export const LINE_STATUS = 'LINE_TROUBLE';

/** Values of ProvStatus. ATTENTION: a unit waits for a decision. */
export const UNIT_STATUS = {
  attention: 'ATTENTION',
  scrapped: 'SCRAPPED',
  skipped: 'SKIPPED',
  cancelled: 'CANCELLED',
} as const;

import type { ManifestProduct } from '../../../manifests/check/manifest-row.ts';

/** The products that the files of the corpus are for. */
export const PRODUCTS: readonly ManifestProduct[] = [
  { name: 'golioth-node', assignment: 'any-board', commonName: '{serial}' },
  { name: 'node', assignment: 'any-board', commonName: '{serial}' },
  { name: 'pump', assignment: 'listed-board', commonName: '{serial}' },
  { name: 'eight-digits', assignment: 'any-board', commonName: '{serial}', serialPattern: '[0-9]{8}' },
  { name: 'dated', assignment: 'any-board', commonName: '{serial}', serialPattern: '[0-9-]{10}|NA' },
];

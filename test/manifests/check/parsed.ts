import { rmSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Issue } from '../../../manifests/check/issue.ts';
import type { ManifestProduct, ManifestRow } from '../../../manifests/check/manifest-row.ts';
import { parseManifest } from '../../../manifests/check/parse-manifest.ts';
import type { ManifestEvent } from '../../../manifests/check/parse-manifest.ts';
import { temporaryFile } from '../../support/temporary-folder.ts';

const PRODUCTS: readonly ManifestProduct[] = [
  { name: 'golioth-node', assignment: 'any-board', commonName: '{serial}' },
  { name: 'listed-node', assignment: 'listed-board', commonName: '{serial}' },
  { name: 'prefixed-node', assignment: 'any-board', commonName: 'acme.{serial}' },
];

export interface Parsed {
  readonly events: readonly ManifestEvent[];
  readonly rows: readonly ManifestRow[];
  readonly issues: readonly Issue[];
  /** Lines below the header, good and refused. */
  readonly lines: number;
}

/** Parses a manifest with these contents from a real file. */
export async function parsed(contents: string | Uint8Array): Promise<Parsed> {
  const path = temporaryFile(contents);
  const events: ManifestEvent[] = [];
  for await (const event of parseManifest(path, PRODUCTS)) events.push(event);
  rmSync(dirname(path), { recursive: true });
  const rows = events.flatMap((event) => (event.kind === 'row' ? event.row : []));
  const issues = events.flatMap((event) => issuesOf(event));
  return { events, rows, issues, lines: events.filter((event) => event.kind !== 'file').length };
}

/** The codes of a manifest's issues, as `line:column:CODE`. */
export async function faults(contents: string | Uint8Array): Promise<string[]> {
  const { issues } = await parsed(contents);
  return issues.map(({ line, column, code }) => `${line}:${column}:${code.slice('MANIFEST_'.length)}`);
}

function issuesOf(event: ManifestEvent): readonly Issue[] {
  if (event.kind === 'row') return [];
  return event.kind === 'file' ? [event.issue] : event.issues;
}

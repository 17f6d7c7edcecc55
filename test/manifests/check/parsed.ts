import { rmSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Issue } from '../../../manifests/check/issue.ts';
import type { ManifestProduct, ManifestRow } from '../../../manifests/check/manifest-row.ts';
import { parseManifest } from '../../../manifests/check/parse-manifest.ts';
import { temporaryFile } from '../../support/temporary-folder.ts';

const PRODUCTS: readonly ManifestProduct[] = [
  { name: 'golioth-node', assignment: 'any-board', commonName: '{serial}' },
  { name: 'listed-node', assignment: 'listed-board', commonName: '{serial}' },
  { name: 'prefixed-node', assignment: 'any-board', commonName: 'acme.{serial}' },
];

export interface Parsed {
  readonly rows: readonly ManifestRow[];
  readonly issues: readonly Issue[];
  readonly understood: readonly string[];
  /** CSV rows below the header, good and refused. */
  readonly lines: number;
}

/** Parses a manifest with these contents from a real file. */
export async function parsed(contents: string | Uint8Array): Promise<Parsed> {
  const path = temporaryFile(contents);
  const rows: ManifestRow[] = [];
  const issues: Issue[] = [];
  let [lines, understood]: [number, readonly string[]] = [0, []];
  for await (const page of parseManifest(path, PRODUCTS)) {
    rows.push(...page.rows);
    issues.push(...page.issues, ...page.late);
    lines += page.rows.length + page.refused;
    if (page.understood.length > 0) ({ understood } = page);
  }
  rmSync(dirname(path), { recursive: true });
  return { rows, issues, understood, lines };
}

/** The codes of a manifest's issues, as `line:column:CODE`. */
export async function faults(contents: string | Uint8Array): Promise<string[]> {
  const { issues } = await parsed(contents);
  return issues.map(({ line, column, code }) => `${line}:${column}:${code.slice('MANIFEST_'.length)}`);
}

import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { isPriority } from '../../provisioning/priority.ts';
import type { Issue } from '../check/issue.ts';
import { issue } from '../check/issue.ts';

/** What a manifest says of itself: so that half of it is not accepted, and how urgent it is. */
export interface ManifestClaims {
  /** Units, from a name such as `lot7.rows-500.csv`. */
  readonly rows?: number;
  /** The SHA-256 or its beginning, hex: from a name such as `lot7.sha256-1f2e3d4c.csv`, or `lot7.csv.sha256` beside it. */
  readonly sha256?: string;
  /** What follows `priority-` in a name such as `lot7.priority-1.csv`. */
  readonly priority?: string;
}

const ROWS_IN_NAME = /\.rows-(\d{1,7})(?=\.)/i;
const DIGEST_IN_NAME = /\.sha256-([0-9a-f]{8,64})(?=\.)/i;
const PRIORITY_IN_NAME = /\.priority-([^.]*)(?=\.)/i;

/** A file of `sha256sum` is shorter. */
const MAX_SIDECAR_LENGTH = 4_096;

/** What the name of the manifest at `path`, and the file beside it, say. */
export async function claimsOf(path: string): Promise<ManifestClaims> {
  const name = basename(path);
  const rows = ROWS_IN_NAME.exec(name)?.[1];
  const priority = PRIORITY_IN_NAME.exec(name)?.[1];
  const digest = DIGEST_IN_NAME.exec(name)?.[1] ?? (await digestBeside(path));
  return {
    ...(rows !== undefined && { rows: Number(rows) }),
    ...(digest !== undefined && { sha256: digest.toLowerCase() }),
    ...(priority !== undefined && { priority }),
  };
}

/** The priority of the batch that the manifest becomes; undefined where it asks for none, or for one that there is not. */
export function priorityClaimed({ priority }: ManifestClaims): number | undefined {
  return priority !== undefined && isPriorityText(priority) ? Number(priority) : undefined;
}

function isPriorityText(text: string): boolean {
  return /^\d$/.test(text) && isPriority(Number(text));
}

/** The name with which a manifest asks for this priority. */
export function nameWithPriority(name: string, priority: number): string {
  return name.replace(/\.csv$/i, (end) => `.priority-${priority}${end}`);
}

/** Why a file is not what it says it is: it is not complete, has changed, or asks for what there is not. */
export function claimIssues(
  { rows, sha256, priority }: ManifestClaims,
  found: { readonly rows: number; readonly sha256: string },
): Issue[] {
  const issues: Issue[] = [];
  if (sha256 !== undefined && !found.sha256.startsWith(sha256))
    issues.push(
      issue('MANIFEST_DIGEST', { value: found.sha256 }, `the file with SHA-256 ${sha256}: copy it again`),
    );
  if (rows !== undefined && rows !== found.rows)
    issues.push(
      issue(
        'MANIFEST_ROW_COUNT',
        { value: `${found.rows} units` },
        `${rows} units, as the name says: copy the whole file`,
      ),
    );
  if (priority !== undefined && !isPriorityText(priority))
    issues.push(issue('MANIFEST_PRIORITY', { value: `priority-${priority}` }));
  return issues;
}

async function digestBeside(path: string): Promise<string | undefined> {
  const text = await readFile(`${path}.sha256`, 'latin1').catch(() => '');
  return /^\\?([0-9a-f]{64})\b/i.exec(text.slice(0, MAX_SIDECAR_LENGTH).trimStart())?.[1];
}

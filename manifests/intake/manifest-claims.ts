import { basename } from 'node:path';
import { isPriority } from '../../provisioning/priority.ts';
import type { Issue } from '../check/issue.ts';
import { issue } from '../check/issue.ts';
import { nameClaims } from './name-claims.ts';
import type { NameClaims } from './name-claims.ts';
import { readSidecars } from './sidecar.ts';

/** What a manifest says of itself: so that half of it is not accepted, and how urgent it is. */
export interface ManifestClaims extends Pick<NameClaims, 'rows' | 'priority'> {
  /** The SHA-256 or its beginning, lower-case hex, from its name and the files beside it. */
  readonly sha256?: readonly string[];
  /** What it says that cannot be read. */
  readonly unread?: readonly Issue[];
}

/** What a manifest says, or why that cannot be known yet: a file beside it is probably still being written. */
export type ClaimsReading = { readonly claims: ManifestClaims } | { readonly early: Issue };

/** What the name of the manifest at `path`, and the files beside it, say. */
export async function claimsOf(path: string): Promise<ClaimsReading> {
  const { rows, priority, sha256, unread } = nameClaims(basename(path));
  const sidecars = await readSidecars(path);
  const early = sidecars.find((reading) => 'fault' in reading && reading.mayFollow);
  if (early !== undefined && 'fault' in early) return { early: early.fault };
  const digests = new Set([
    ...(sha256 === undefined ? [] : [sha256]),
    ...sidecars.flatMap((reading) => ('digest' in reading ? reading.digest : [])),
  ]);
  const faults = [...unread, ...sidecars.flatMap((reading) => ('fault' in reading ? reading.fault : []))];
  return {
    claims: {
      ...(rows !== undefined && { rows }),
      ...(priority !== undefined && { priority }),
      ...(digests.size > 0 && { sha256: [...digests] }),
      ...(faults.length > 0 && { unread: faults }),
    },
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
  { rows, sha256 = [], priority, unread = [] }: ManifestClaims,
  found: { readonly rows: number; readonly sha256: string },
): Issue[] {
  const issues = [...unread];
  const other = sha256.find((digest) => !found.sha256.startsWith(digest));
  if (other !== undefined)
    issues.push(
      issue('MANIFEST_DIGEST', { value: found.sha256 }, `the file with SHA-256 ${other}: copy it again`),
    );
  if (rows !== undefined && rows !== found.rows)
    issues.push(
      issue(
        'MANIFEST_ROW_COUNT',
        { value: countedUnits(found.rows) },
        `${countedUnits(rows)}, as the name says: copy the whole file`,
      ),
    );
  if (priority !== undefined && !isPriorityText(priority))
    issues.push(issue('MANIFEST_PRIORITY', { value: `priority-${priority}` }));
  return issues;
}

function countedUnits(count: number): string {
  return `${count} ${count === 1 ? 'unit' : 'units'}`;
}

import type { Issue } from '../check/issue.ts';
import { issue } from '../check/issue.ts';

/** What a manifest says of itself in its name. */
export interface NameClaims {
  /** Units, from a name such as `lot7.rows-500.csv`. */
  readonly rows?: number;
  /** The SHA-256 or its beginning, lower-case hex, from a name such as `lot7.sha256-1f2e3d4c.csv`. */
  readonly sha256?: string;
  /** What follows `priority-` in a name such as `lot7.priority-1.csv`. */
  readonly priority?: string;
  /** One for each claim that cannot be read: to ignore it would accept what the planner excludes. */
  readonly unread: readonly Issue[];
}

/** The `.000` of `rows-1.000` belongs to the number: it separates thousands. */
const ROWS = /\.rows-([^.]*(?:\.\d{3}(?=[. ]))*(?: [^.]*)?)(?=\.)/i;
const DIGEST = /\.sha256-([^.]*)(?=\.)/i;
const PRIORITY = /\.priority-([^.]*)(?=\.)/i;

/** What browsers and file managers add to the name of a second copy: ` (1)`, `(1)`, ` - Copy`, ` 2`. */
const COPY_MARK = /^(.*?)(?: (?!\d{3}(?: |$)).*| ?\(\d+\))$/;

const ROWS_FORM = /^\d{1,7}$/;
const DIGEST_FORM = /^[0-9a-f]{8,64}$/i;

/** What the name of a manifest says. */
export function nameClaims(name: string): NameClaims {
  const [rows, digest, priority] = [ROWS, DIGEST, PRIORITY].map((form) => claimed(form, name));
  const isRows = rows !== undefined && ROWS_FORM.test(rows);
  const isDigest = digest !== undefined && DIGEST_FORM.test(digest);
  const unread: Issue[] = [];
  if (rows !== undefined && !isRows) unread.push(unreadRows(rows));
  if (digest !== undefined && !isDigest) unread.push(unreadDigest(digest));
  return {
    ...(isRows && { rows: Number(rows) }),
    ...(isDigest && { sha256: digest.toLowerCase() }),
    ...(priority !== undefined && { priority }),
    unread,
  };
}

function claimed(form: RegExp, name: string): string | undefined {
  const text = form.exec(name)?.[1];
  return text === undefined ? undefined : (COPY_MARK.exec(text)?.[1] ?? text);
}

function unreadRows(text: string): Issue {
  const expected = 'a name that has the number of units in digits alone, for example lot7.rows-500.csv';
  return issue('MANIFEST_ROW_COUNT', { value: `rows-${text}` }, expected);
}

function unreadDigest(text: string): Issue {
  const expected =
    'a name that has the first 8 digits or more of the SHA-256 in hexadecimal, for example lot7.sha256-1f2e3d4c.csv';
  return issue('MANIFEST_DIGEST', { value: `sha256-${text}` }, expected);
}

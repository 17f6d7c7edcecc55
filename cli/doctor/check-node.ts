import { fail, ok } from './finding.ts';
import type { Finding } from './finding.ts';

/** The first Node.js that runs this program's TypeScript as it is, and the one it is tested with. */
const OLDEST_MAJOR = 24;

/** The Node.js that runs this process. */
export function checkNode(version: string = process.version): Finding {
  const major = Number(/^v(\d+)\./.exec(version)?.[1] ?? 0);
  if (major >= OLDEST_MAJOR) return ok('node', version);
  const cure = 'start it with "npm run certline --", which brings its own';
  return fail('node', 'configuration', `${version} is too old, ${OLDEST_MAJOR} or later is needed: ${cure}`);
}

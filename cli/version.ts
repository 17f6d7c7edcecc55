import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The versions of this program and of the Node.js that runs it, for bug reports: `certline 0.1.0 (Node.js v24.21.0)`.
 */
export function versionText(): string {
  const manifest = readFileSync(join(import.meta.dirname, '..', 'package.json'), 'utf8');
  const { version } = JSON.parse(manifest) as { version: string };
  return `certline ${version} (Node.js ${process.version})`;
}

import { nodeFault } from '../node-version.ts';
import { fail, ok } from './finding.ts';
import type { Finding } from './finding.ts';

/** The Node.js that runs this process. */
export function checkNode(version: string = process.version): Finding {
  const fault = nodeFault(version);
  return fault === undefined ? ok('node', version) : fail('node', 'configuration', fault);
}

// Usage: npm run build
//
// Writes to `dist/` what an installed Certline runs: JavaScript, because Node.js compiles no TypeScript under
// node_modules, and the workflows as one script, so that a host needs neither webpack nor a compiler.
import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { ENCODED_FAILURES } from '../../temporal/data-converter.ts';
import { BUILT_BUNDLES, bundleWorkflows } from '../../workers/workflow-bundle.ts';

const HOUSE = join(import.meta.dirname, '..', '..');
const BUILT = join(HOUSE, 'dist');
const SOURCE_MAP = /(?<=\n\/\/# sourceMappingURL=data:[^,]*;base64,)\S+/;

/** What the code reads at run time, from where it reads it. */
const READ_AT_RUN_TIME = ['package.json', 'certline.json', 'manifests/example.csv'];

/** The source map of a bundle names the folder in which it was made, which is no part of the product. */
function withoutFolder(code: string): string {
  return code.replace(SOURCE_MAP, (map) =>
    Buffer.from(Buffer.from(map, 'base64').toString().replaceAll(`${HOUSE}/`, '')).toString('base64'),
  );
}

rmSync(BUILT, { recursive: true, force: true });
execFileSync('tsc', ['--project', 'tsconfig.build.json'], { cwd: HOUSE, stdio: 'inherit' });
chmodSync(join(BUILT, 'cli', 'certline.js'), 0o755);
for (const file of READ_AT_RUN_TIME) cpSync(join(HOUSE, file), join(BUILT, file));
Runtime.install({ logger: new DefaultLogger('WARN') });
for (const [bundle, failures] of [
  [BUILT_BUNDLES.plain, undefined],
  [BUILT_BUNDLES.encrypted, ENCODED_FAILURES],
] as const) {
  const { code } = await bundleWorkflows(undefined, failures);
  writeFileSync(join(BUILT, 'workflows', bundle), withoutFolder(code));
}

import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const ROWS = 200_000;

/** The rows alone, kept as objects, take over 60 MB; their folded serials, about 15. */
const HEAP_MB = 48;

it('reads 200,000 rows in a heap of 48 MB', { timeout: 60_000 }, async () => {
  const folder = temporaryFolder();
  const manifest = join(folder, 'large.csv');
  const lines = Array.from(
    { length: ROWS },
    (_row, at) => `PO-1,CL-${String(at).padStart(9, '0')},golioth-node,B2\n`,
  );
  writeFileSync(manifest, `order,serial,product,attr.hw_rev\n${lines.join('')}`);
  const script = join(folder, 'count.ts');
  writeFileSync(
    script,
    `import { parseManifest } from ${JSON.stringify(join(process.cwd(), 'manifests/check/parse-manifest.ts'))};
     const counts = { rows: 0, refused: 0, issues: 0 };
     for await (const page of parseManifest(${JSON.stringify(manifest)}, [{ name: 'golioth-node', assignment: 'any-board', commonName: '{serial}' }])) { counts.rows += page.rows.length; counts.refused += page.refused; counts.issues += page.issues.length; }
     process.stdout.write(JSON.stringify(counts));`,
  );
  const { stdout } = await promisify(execFile)(process.execPath, [`--max-old-space-size=${HEAP_MB}`, script]);
  expect(JSON.parse(stdout)).toEqual({ rows: ROWS, refused: 0, issues: 0 });
});

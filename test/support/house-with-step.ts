import { cpSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from './temporary-folder.ts';

const HOUSE = join(import.meta.dirname, '../..');
const NOT_OF_THE_PRODUCT = ['bench', 'docs', 'node_modules', 'test'];
const REGISTERS = "    await begin('registerDevice');\n";

/**
 * Another version of the whole product, in a folder that goes with the test: its workflow of a unit has one more step, which may use
 * `patched` and `nextSleep`, before a unit is registered.
 */
export function houseWithStep(step: string): string {
  const folder = temporaryFolder();
  for (const entry of readdirSync(HOUSE, { withFileTypes: true }))
    if (entry.isDirectory() && !entry.name.startsWith('.') && !NOT_OF_THE_PRODUCT.includes(entry.name))
      cpSync(join(HOUSE, entry.name), join(folder, entry.name), { recursive: true });
  for (const name of ['node_modules', 'package.json', 'tsconfig.json'])
    symlinkSync(join(HOUSE, name), join(folder, name));
  const path = join(folder, 'workflows/unit/unit.ts');
  const source = readFileSync(path, 'utf8');
  const changed = source
    .replace(REGISTERS, `    ${step}\n${REGISTERS}`)
    .replace('import {', "import { sleep as nextSleep } from '@temporalio/workflow';\nimport {");
  if (changed.length <= source.length + step.length) throw new Error('the workflow of a unit has changed');
  writeFileSync(path, changed);
  return folder;
}

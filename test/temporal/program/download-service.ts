import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { once } from 'node:events';
import { onTestFinished } from 'vitest';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import type { PinnedWheel } from '../../../temporal/program/pinned-wheel.ts';
import { FAKE_TEMPORAL, writeScript } from '../server/fake-temporal.ts';
import { pinProgram } from './unreachable.ts';

/**
 * What Temporal's download service says and serves, on the loopback interface: an archive with a fake `temporal`.
 * `cutAt` closes the connection after so many bytes of the archive, and `fileToExtract` is what it says that the program is called.
 * `pinned` is a release that has this program.
 */
export async function startDownloadService(
  cutAt?: number,
  fileToExtract = 'temporal',
): Promise<{ url: string; asked: string[]; pinned: PinnedWheel }> {
  const folder = temporaryFolder();
  const program = readFileSync(writeScript(folder, 'temporal', FAKE_TEMPORAL));
  execFileSync('tar', ['-czf', 'temporal.tar.gz', 'temporal'], { cwd: folder });
  const archive = readFileSync(join(folder, 'temporal.tar.gz'));
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    if (request.url?.startsWith('/cli/v1.9.1?') === true) {
      response.end(JSON.stringify({ archiveUrl: `${url}/archive`, fileToExtract }));
      return;
    }
    response.setHeader('content-length', archive.length);
    if (cutAt === undefined) response.end(archive);
    else response.write(archive.subarray(0, cutAt), () => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url, asked, pinned: pinProgram(createHash('sha256').update(program).digest('hex')) };
}

// A network of its own, whose only name server says nothing. A look-up by the system would keep the process for ten seconds.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { EXIT_STATUS } from '../../provisioning/exit-status.ts';
import { newPlace } from '../support/certline.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const ALONE = ['--mount', '--net', 'sh', '-c'];

/** Binds the port of name servers, tells that it has, and answers nothing. */
const SILENT = `const socket = require('node:dgram').createSocket('udp4');
socket.bind(53, '127.0.0.1', () => console.log('bound'));`;

const hasNamespaces = spawnSync('unshare', [...ALONE, 'ip link set lo up']).status === 0;

it.skipIf(!hasNamespaces)('a command ends with its sentence, although a name server is silent', async () => {
  const place = newPlace();
  const [resolver, program] = [join(place.folder, 'resolv.conf'), join(place.folder, 'silent.cjs')];
  writeFileSync(resolver, 'nameserver 127.0.0.1\n');
  writeFileSync(program, SILENT);
  const script = `
    ip link set lo up
    mount --bind ${resolver} /etc/resolv.conf
    ${process.execPath} ${program} > ${place.folder}/bound &
    server=$!
    until [ -s ${place.folder}/bound ]; do sleep 0.05; done
    ${process.execPath} ${ROOT}/cli/certline.ts unit retry CL-1 --reason test
    status=$?
    kill $server
    exit $status`;
  const env = { ...place.environment, TEMPORAL_ADDRESS: 'temporal.example:7233' };
  const child = spawn('unshare', [...ALONE, script], { env, stdio: ['ignore', 'ignore', 'pipe'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const ended = once(child, 'exit');
  const [says] = (await once(child.stderr, 'data')) as [Buffer];
  const saidAt = performance.now();
  expect(String(says)).toContain('has a name for which no name server answers');
  expect(await ended).toEqual([EXIT_STATUS.server.status, null]);
  expect(performance.now() - saidAt).toBeLessThan(2_000);
});

import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Writes bytes to a file of the folder and returns its path. */
export function fileIn(folder: string, name: string, bytes: Uint8Array | string): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

/** Runs the openssl program; throws with its output when it fails. The system's trust anchors are left out. */
export function openssl(...args: string[]): Buffer {
  return execFileSync('openssl', args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, SSL_CERT_FILE: '/dev/null', SSL_CERT_DIR: '/dev/null' },
  });
}

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Pkcs11Key } from '../../../pki/signers/pkcs11-key.ts';

export const SOFTHSM_MODULE = '/usr/lib/softhsm/libsofthsm2.so';

export const PIN = '482913';

/** Whether SoftHSM2, OpenSC's tool and the optional package pkcs11js are here. */
export const SOFTHSM_INSTALLED =
  existsSync(SOFTHSM_MODULE) && existsSync('/usr/bin/pkcs11-tool') && hasPackage();

/** A new token with a P-256 key pair that never leaves it. Every process finds it by `SOFTHSM2_CONF`, which is set. */
export function makeToken(folder: string, token = 'factory'): Pkcs11Key {
  const place = mkdtempSync(join(folder, 'softhsm-'));
  mkdirSync(join(place, 'tokens'));
  const configuration = join(place, 'softhsm2.conf');
  writeFileSync(configuration, `directories.tokendir = ${join(place, 'tokens')}\nlog.level = ERROR\n`);
  process.env['SOFTHSM2_CONF'] = configuration;
  run('softhsm2-util', '--init-token', '--free', '--label', token, '--pin', PIN, '--so-pin', '91827364');
  const login = ['--module', SOFTHSM_MODULE, '--token-label', token, '--login', '--pin', PIN];
  run('pkcs11-tool', ...login, '--keypairgen', '--key-type', 'EC:prime256v1', '--id', '01', '--label', 'ica');
  const pinFile = join(place, 'pin');
  writeFileSync(pinFile, `${PIN}\n`, { mode: 0o600 });
  return { module: SOFTHSM_MODULE, token, label: 'ica', pinFile, refusalFile: join(place, 'pin.refused') };
}

/** Makes this the token that processes find from now on. */
export function useToken({ pinFile }: Pkcs11Key): void {
  process.env['SOFTHSM2_CONF'] = join(dirname(pinFile), 'softhsm2.conf');
}

function run(program: string, ...args: string[]): void {
  execFileSync(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
}

function hasPackage(): boolean {
  try {
    createRequire(import.meta.url)('pkcs11js');
    return true;
  } catch {
    return false;
  }
}

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { until } from '../../support/until.ts';

const CACHE = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
const PYTHON = join(CACHE, 'certline/moto-5.2.1/bin/python');

/** Its API cannot make it look into certificates, so that their ids are those that AWS gives them. */
const PROGRAM = `
from moto.core.config import default_user_config
from moto.server import main
default_user_config["iot"]["use_valid_cert"] = True
main(["-H", "127.0.0.1", "-p", "0"])
`;

export const MOTO_INSTALLED = existsSync(PYTHON);

export interface MotoServer {
  readonly url: string;
  /** Forgets all that it has. */
  readonly reset: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

/** moto's server on 127.0.0.1. */
export async function startMoto(): Promise<MotoServer> {
  const child = spawn(PYTHON, ['-c', PROGRAM], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, PYTHONUNBUFFERED: '1' },
  });
  const ended = once(child, 'close');
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (log += text));
  const url = await until('moto listens', () => {
    if (child.exitCode !== null) throw new Error(`moto ended: ${log}`);
    return /Running on (http:\/\/127\.0\.0\.1:\d+)/.exec(log)?.[1];
  });
  return {
    url,
    reset: async () => {
      const answer = await fetch(`${url}/moto-api/reset`, { method: 'POST' });
      if (!answer.ok) throw new Error(`moto answered ${answer.status} when asked to forget all.`);
    },
    stop: async () => {
      if (child.exitCode === null) child.kill('SIGKILL');
      await ended;
    },
  };
}

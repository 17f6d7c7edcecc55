import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { onTestFinished } from 'vitest';
import { temporaryFolder } from './temporary-folder.ts';

/** What systemd does with its socket, for lack of datagram sockets in Node: it prints each message. */
const LISTENER = `
import socket, sys
listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
listener.bind(sys.argv[1])
print("listening", flush=True)
while True:
    print(listener.recv(4096).decode().replace("\\n", " "), flush=True)
`;

/** Whether the program is here that comes with systemd. */
export const hasSystemdNotify = spawnSync('systemd-notify', ['--version']).status === 0;

/** A socket as of systemd, and what was sent to it so far. */
export async function notifySocket(): Promise<{
  readonly path: string;
  readonly messages: readonly string[];
}> {
  const path = join(temporaryFolder(), 'notify');
  const child = spawn('python3', ['-c', LISTENER, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill());
  const messages: string[] = [];
  const lines = createInterface({ input: child.stdout });
  await once(lines, 'line');
  lines.on('line', (line) => messages.push(line));
  return { path, messages };
}

import { existsSync } from 'node:fs';
import { SerialPort } from 'serialport';
import { CommandError } from '../exit-status.ts';

/** A serial port of this host as the operating system lists it. */
export interface ListedPort {
  readonly path: string;
  readonly serialNumber?: string | undefined;
}

/**
 * The path of the port that a person names: a path (also one of /dev/serial/by-id or by-path), or the USB serial number of
 * the board, in any case. Throws `portMissing` where nothing has that name, `usage` where several ports have it.
 */
export async function boardPort(
  name: string,
  list: () => Promise<readonly ListedPort[]> = listPorts,
): Promise<string> {
  if (name.includes('/') || existsSync(name)) return name;
  const ports = await list();
  const known = ports.find(({ path }) => path === name || path === `/dev/${name}`);
  if (known !== undefined) return known.path;
  const [found, ...others] = ports.filter(
    ({ serialNumber }) => serialNumber?.toLowerCase() === name.toLowerCase(),
  );
  if (found === undefined) throw noSuchPort(name, ports);
  if (others.length === 0) return found.path;
  const paths = [found, ...others].map(({ path }) => path).join(', ');
  throw new CommandError(
    'usage',
    `The board ${name} has several ports, ${paths}: name the one that speaks SMP.`,
  );
}

/** Without udev there is nothing to list, and a path is the only name a port has. */
async function listPorts(): Promise<readonly ListedPort[]> {
  return await SerialPort.list().catch(() => []);
}

function noSuchPort(name: string, ports: readonly ListedPort[]): CommandError {
  const usb = ports.flatMap(({ path, serialNumber }) =>
    serialNumber === undefined ? [] : [`${serialNumber} (${path})`],
  );
  const there = usb.length === 0 ? 'no USB port that tells its serial number' : usb.join(', ');
  const sentence = `No port has the USB serial number ${name}; there is ${there}. Is the board plugged in? A port can also be named by its path.`;
  return new CommandError('portMissing', sentence);
}

import { existsSync } from 'node:fs';
import { listSerialPorts } from '../../smp/links/serial-ports.ts';
import type { SerialPortInfo } from '../../smp/links/serial-ports.ts';
import { CommandError } from '../exit-status.ts';

type NamedPort = Pick<SerialPortInfo, 'path'> & Partial<Pick<SerialPortInfo, 'usbSerialNumber'>>;

/**
 * The path of the port that a person names: a path (also one of /dev/serial/by-id or by-path), or the USB serial number
 * of the board, in any case. Throws `portMissing` where nothing has that name, `usage` where several ports have it.
 */
export async function boardPort(
  name: string,
  list: () => Promise<readonly NamedPort[]> = listSerialPorts,
): Promise<string> {
  if (name.includes('/') || existsSync(name)) return name;
  const ports = await list();
  const known = ports.find(({ path }) => path === name || path === `/dev/${name}`);
  if (known !== undefined) return known.path;
  const [found, ...others] = ports.filter(
    ({ usbSerialNumber }) => usbSerialNumber?.toLowerCase() === name.toLowerCase(),
  );
  if (found === undefined) throw noSuchPort(name, ports);
  if (others.length === 0) return found.path;
  const paths = [found, ...others].map(({ path }) => path).join(', ');
  throw new CommandError(
    'usage',
    `The board ${name} has several ports, ${paths}: name the one that speaks SMP.`,
  );
}

function noSuchPort(name: string, ports: readonly NamedPort[]): CommandError {
  const usb = ports.flatMap(({ path, usbSerialNumber }) =>
    usbSerialNumber === undefined ? [] : [`${usbSerialNumber} (${path})`],
  );
  const there = usb.length === 0 ? 'no USB port with a serial number' : usb.join(', ');
  const sentence = `No port has the USB serial number ${name}; there is ${there}. Is the board plugged in? A port can also be named by its path.`;
  return new CommandError('portMissing', sentence);
}

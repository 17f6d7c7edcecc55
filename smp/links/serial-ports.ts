import { readdir, readFile, realpath } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { SerialPort } from 'serialport';

/** A serial port of this host; the USB fields are absent for ports that are not on USB. */
export interface SerialPortInfo {
  readonly path: string;
  readonly usbSerialNumber: string | undefined;
  /** Number of the interface within the USB device: boards often have two ports, one for the shell. */
  readonly usbInterface: number | undefined;
  readonly vendorId: string | undefined;
  readonly productId: string | undefined;
}

/** From the tty up to the USB device: tty, serial converter, interface, device. */
const MAX_LEVELS = 4;

/**
 * All serial ports that have hardware behind them. On Linux they are read from `/sys`, which needs no udev and so
 * works in a container too.
 */
export async function listSerialPorts(sysRoot = '/sys'): Promise<SerialPortInfo[]> {
  if (process.platform !== 'linux') return await listByLibrary();
  const folder = join(sysRoot, 'class/tty');
  const names = await readdir(folder).catch(() => []);
  const ports = await Promise.all(names.map(async (name) => await describePort(folder, name)));
  return ports.filter((port) => port !== undefined).sort((a, b) => a.path.localeCompare(b.path));
}

async function listByLibrary(): Promise<SerialPortInfo[]> {
  const ports = await SerialPort.list();
  return ports.map(({ path, serialNumber, vendorId, productId }) => ({
    path,
    usbSerialNumber: serialNumber,
    usbInterface: undefined,
    vendorId,
    productId,
  }));
}

async function describePort(folder: string, name: string): Promise<SerialPortInfo | undefined> {
  // Consoles and pseudo-terminals have no device behind them.
  let level = await realpath(join(folder, name, 'device')).catch(() => undefined);
  if (level === undefined) return undefined;
  let usbInterface: string | undefined;
  for (let count = 0; count < MAX_LEVELS && level !== dirname(level); count++) {
    usbInterface ??= await attribute(level, 'bInterfaceNumber');
    const vendorId = await attribute(level, 'idVendor');
    if (vendorId !== undefined) {
      return {
        path: `/dev/${name}`,
        usbSerialNumber: await attribute(level, 'serial'),
        usbInterface: usbInterface === undefined ? undefined : Number.parseInt(usbInterface, 16),
        vendorId,
        productId: await attribute(level, 'idProduct'),
      };
    }
    level = dirname(level);
  }
  return {
    path: `/dev/${name}`,
    usbSerialNumber: undefined,
    usbInterface: undefined,
    vendorId: undefined,
    productId: undefined,
  };
}

async function attribute(folder: string, name: string): Promise<string | undefined> {
  const text = await readFile(join(folder, name), 'utf8').catch(() => '');
  return text.trim() === '' ? undefined : text.trim();
}

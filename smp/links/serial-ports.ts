import { readdir, readFile, realpath } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { SerialPort } from 'serialport';
import { SmpError } from '../smp-error.ts';

/** A serial port of this host; the USB fields are absent for ports that are not on USB. */
export interface SerialPortInfo {
  path: string;
  usbSerialNumber: string | undefined;
  /** Number of the interface within the USB device: boards often have two ports, one for the shell. */
  usbInterface: number | undefined;
  vendorId: string | undefined;
  productId: string | undefined;
}

/** Names a port by the board's USB serial number, which survives replugging and renaming. */
export interface UsbPortSelector {
  usbSerialNumber: string;
  /** Default: the lowest there is. */
  usbInterface?: number;
}

const POLL_MS = 100;
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

/** The path of the board's port now, or `undefined` when it is not plugged in. */
export async function findSerialPort(
  selector: UsbPortSelector,
  sysRoot?: string,
): Promise<string | undefined> {
  const ports = await listSerialPorts(sysRoot);
  const ofBoard = ports.filter(({ usbSerialNumber }) => usbSerialNumber === selector.usbSerialNumber);
  const wanted = ofBoard.filter(
    ({ usbInterface }) => selector.usbInterface === undefined || usbInterface === selector.usbInterface,
  );
  return wanted.sort((a, b) => (a.usbInterface ?? 0) - (b.usbInterface ?? 0))[0]?.path;
}

/**
 * Waits until the board's port is there, as after a reset, when a USB board vanishes and comes back, perhaps under
 * another path. Rejects with `LINK_NOT_FOUND` when it does not within the budget (default 10 s).
 */
export async function waitForSerialPort(
  selector: UsbPortSelector,
  options: { budgetMs?: number; signal?: AbortSignal; sysRoot?: string } = {},
): Promise<string> {
  const endsAt = performance.now() + (options.budgetMs ?? 10_000);
  for (;;) {
    const path = await findSerialPort(selector, options.sysRoot);
    if (path !== undefined) return path;
    if (options.signal?.aborted === true)
      throw new SmpError('SMP_CANCELLED', `${nameOf(selector)}: cancelled`);
    if (performance.now() >= endsAt) throw notFound(selector);
    await setTimeout(POLL_MS);
  }
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

function nameOf(selector: UsbPortSelector): string {
  return `USB board ${selector.usbSerialNumber}`;
}

function notFound(selector: UsbPortSelector): SmpError {
  const sentence = `${nameOf(selector)}: no serial port of it is there: is it plugged in and powered?`;
  return new SmpError('LINK_NOT_FOUND', sentence);
}

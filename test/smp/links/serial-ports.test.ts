import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { listSerialPorts } from '../../../smp/links/serial-ports.ts';

/** The part of a Linux sysfs that names serial ports, in a folder of our own. */
describe.skipIf(process.platform !== 'linux')('serial ports by USB serial number', () => {
  let sys: string;
  beforeEach(() => {
    sys = mkdtempSync(join(tmpdir(), 'certline-sys-'));
    mkdirSync(join(sys, 'class/tty/tty0'), { recursive: true }); // a console: no device
    plug('ttyS0', 'platform/serial8250', {});
  });
  afterEach(() => rmSync(sys, { recursive: true }));

  function plug(name: string, device: string, attributes: Record<string, string>): void {
    const tty = join(sys, 'devices', device, 'tty', name);
    mkdirSync(tty, { recursive: true });
    symlinkSync(relative(tty, join(sys, 'devices', device)), join(tty, 'device'));
    symlinkSync(relative(join(sys, 'class/tty'), tty), join(sys, 'class/tty', name));
    for (const [file, text] of Object.entries(attributes)) {
      mkdirSync(dirname(join(sys, 'devices', file)), { recursive: true });
      writeFileSync(join(sys, 'devices', file), `${text}\n`);
    }
  }

  function plugUsb(name: string, port: string, interfaceNumber: string, serial: string): void {
    plug(name, `usb1/${port}/${port}:1.${interfaceNumber}`, {
      [`usb1/${port}/idVendor`]: '2fe3',
      [`usb1/${port}/idProduct`]: '0100',
      [`usb1/${port}/serial`]: serial,
      [`usb1/${port}/${port}:1.${interfaceNumber}/bInterfaceNumber`]: interfaceNumber.padStart(2, '0'),
    });
  }

  it('lists ports with hardware behind them, with what USB says', async () => {
    plugUsb('ttyACM1', '1-2', '0', 'ABC123');
    expect(await listSerialPorts(sys)).toEqual([
      {
        path: '/dev/ttyACM1',
        usbSerialNumber: 'ABC123',
        usbInterface: 0,
        vendorId: '2fe3',
        productId: '0100',
      },
      { path: '/dev/ttyS0' },
    ]);
  });

  it('reads the ports of this host without failing', async () => {
    expect(Array.isArray(await listSerialPorts())).toBe(true);
  });
});

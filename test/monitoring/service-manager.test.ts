import { expect, it } from 'vitest';
import { openServiceManager } from '../../monitoring/service-manager.ts';
import { hasSystemdNotify, notifySocket } from '../support/notify-socket.ts';
import { until } from '../support/until.ts';

const unexpected = (error: unknown): never => {
  throw error;
};

it.skipIf(!hasSystemdNotify)(
  'systemd hears that the role works, then its watchdog, then that it stops (needs systemd-notify)',
  async () => {
    const { path: socket, messages } = await notifySocket();
    const manager = openServiceManager(
      { ...process.env, NOTIFY_SOCKET: socket, WATCHDOG_USEC: '100000' },
      unexpected,
    );
    expect(messages).toEqual([]);
    await manager.ready();
    await until('it is ready', () => messages.find((line) => line.includes('READY=1')));
    expect(messages[0]).toContain(`MAINPID=${process.pid}`);
    await until(
      'the watchdog is fed twice',
      () => messages.filter((line) => line.includes('WATCHDOG=1')).length >= 2,
    );
    await manager.stopping();
    await until('it stops', () => messages.find((line) => line.includes('STOPPING=1')));
  },
);

it('nobody is notified where nobody waits', async () => {
  const manager = openServiceManager({ PATH: '/nowhere' }, unexpected);
  await expect(manager.ready()).resolves.toBeUndefined();
  await expect(manager.stopping()).resolves.toBeUndefined();
});

it('a role does not start in silence where systemd waits and cannot be notified', async () => {
  const manager = openServiceManager({ PATH: '/nowhere', NOTIFY_SOCKET: '/nowhere/notify' }, unexpected);
  await expect(manager.ready()).rejects.toThrow(
    'systemd waits for a message, but systemd-notify cannot send it (the program is missing): install it (Debian: package systemd), or set Type=exec and no WatchdogSec in the unit.',
  );
});

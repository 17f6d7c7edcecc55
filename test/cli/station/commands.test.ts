import { describe, expect, it } from 'vitest';
import { registryPath } from '../../../line/state-folder.ts';
import { openRegistryFile } from '../../../registry/record/open-registry.ts';
import { json, newPlace, PRODUCT } from '../../support/certline.ts';

describe('certline station yield', () => {
  it('shows the tries of each socket, and the boards that were rejected', async () => {
    const place = newPlace();
    expect(await place.certline('station', 'yield')).toMatchObject({ status: 5 });
    const registry = openRegistryFile(registryPath(place.state));
    const seenAt = '2026-11-29T10:00:00.000Z';
    const board = {
      stationId: 'st-1',
      socket: '3',
      boardId: 'aa',
      code: 'BOARD_WRONG_PRODUCT',
      seenAt,
    } as const;
    await registry.recordRejectedBoard({ ...board, message: 'it says nrf52' });
    await registry.recordRejectedBoard({ ...board, stationId: 'st-2', code: 'SMP_UNSUPPORTED' });
    await registry.close();
    const { stdout } = await place.certline('station', 'yield', '--station', 'st-1');
    expect(stdout).toMatch(/^st-1\/3 +1 +0 +0 +1 +0\.0 % +BOARD_WRONG_PRODUCT 1$/m);
    expect(stdout).toMatch(/^2026-11-29 10:00:00 UTC +st-1\/3 +aa +BOARD_WRONG_PRODUCT +it says nrf52$/m);
    expect(stdout).not.toContain('st-2');
    expect(json(await place.certline('station', 'yield', '--json'))).toMatchObject({
      sockets: [{ stationId: 'st-1', rejected: 1 }, { stationId: 'st-2' }],
      rejected: [{ code: 'SMP_UNSUPPORTED' }, { boardId: 'aa', message: 'it says nrf52' }],
    });
  });
});

describe('certline station', () => {
  it('takes a station from its host to the list of the signer, by the line that it prints', async () => {
    const [host, signer] = [newPlace(), newPlace()];
    expect(await host.certline('station', 'enroll')).toMatchObject({ status: 4, stdout: '' });
    const sockets = ['1', '2'].map((id) => ({ id, port: `/dev/tty${id}`, product: PRODUCT.name }));
    host.configure({ products: [PRODUCT], stations: [{ id: 'st-1', sockets }] });
    const printed = await host.certline('station', 'enroll');
    expect((await host.certline('station', 'enroll')).stdout).toBe(printed.stdout);
    const [, key] = /^certline station admit '(st-1\+[^']+)' --sockets 2\n$/.exec(printed.stdout)!;
    expect(await signer.certline('station', 'list')).toMatchObject({ status: 5 });
    expect(await signer.certline('station', 'admit', key!, '--sockets', '2')).toMatchObject({ status: 0 });
    expect(json(await signer.certline('station', 'list', '--json'))).toMatchObject([
      { stationId: 'st-1', verifier: key, perMinute: 120, state: 'enrolled' },
    ]);
    const revoked = await signer.certline('station', 'revoke', 'st-1', '--reason', 'stolen');
    expect(revoked.stdout).toBe('Station st-1 is revoked\n');
    expect((await signer.certline('station', 'list')).stdout).toMatch(/st-1 +revoked .*stolen/);
    expect(await signer.certline('station', 'release', 'st-1', '--reason', 'x')).toMatchObject({ status: 6 });
    expect(await signer.certline('station', 'stop', 'st-9', '--reason', 'x')).toMatchObject({ status: 5 });
    const again = await signer.certline('station', 'admit', key!, '--sockets', '2');
    expect(again.stdout).toContain('It was revoked (stolen) and has the same key as before');
    expect(await signer.certline('station', 'admit', `${key}x`)).toMatchObject({ status: 4 });
  });
});

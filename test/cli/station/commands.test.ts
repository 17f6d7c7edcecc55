import { describe, expect, it } from 'vitest';
import { json, newPlace, PRODUCT } from '../../support/certline.ts';

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

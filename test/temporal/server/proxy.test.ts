import { describe, expect, it } from 'vitest';
import { placeOf } from '../../../temporal/server/address.ts';
import { proxyFor } from '../../../temporal/server/proxy.ts';

const PROXY = { https_proxy: 'http://u:p%40@proxy.example:3128' };

const proxyTo = (address: string, environment: NodeJS.ProcessEnv) =>
  proxyFor(placeOf(address)!, { ...PROXY, ...environment });

describe('the proxy on the way to a server', () => {
  it('has its user and password decoded', () => {
    expect(proxyTo('temporal.example:7233', {})).toEqual({
      type: 'http-connect',
      targetHost: 'proxy.example:3128',
      basicAuth: { username: 'u', password: 'p@' },
    });
  });

  it.each([
    'localhost:7233',
    'LOCALHOST:7233',
    'localhost.:7233',
    'line.localhost:7233',
    '127.0.0.1:7233',
    '127.9.9.9:7233',
    '127.1:7233',
    '0.0.0.0:7233',
    '[::1]:7233',
    '[0:0:0:0:0:0:0:1]:7233',
    '[::ffff:127.0.0.1]:7233',
    '[::]:7233',
  ])('is none where the server is on this host: %s', (address) => {
    expect(proxyTo(address, {})).toBeUndefined();
  });

  it.each([
    ['temporal.example:7233', '*'],
    ['temporal.example:7233', 'other, .example'],
    ['temporal.example:7233', '*.example'],
    ['temporal.example:7233', 'TEMPORAL.example:7233'],
    ['temporal.example.:7233', 'temporal.example'],
    ['temporal.example:7233', 'temporal.example.'],
    ['[2001:db8::1]:7233', '2001:db8::1'],
    ['[2001:db8::1]:7233', '2001:DB8:0::1'],
    ['[2001:db8::1]:7233', '[2001:db8::1]'],
    ['[2001:db8::1]:7233', '[2001:db8::1]:7233'],
    ['[2001:db8::1]:7233', '2001:db8::/32'],
    ['10.1.2.3:7233', '10.0.0.0/8'],
    ['[::ffff:10.1.2.3]:7233', '10.1.2.3'],
  ])('is none to %s where no_proxy is %s', (address, exceptions) => {
    expect(proxyTo(address, { no_proxy: exceptions })).toBeUndefined();
    expect(proxyTo(address, { NO_PROXY: exceptions })).toBeUndefined();
  });

  it.each([
    ['temporal.example:7233', ''],
    ['temporal.example:7233', 'temporal.example:80'],
    ['nottemporal.example:7233', 'temporal.example'],
    ['127.0.0.1.example:7233', '127.0.0.1'],
    ['[2001:db8::1]:7233', '2001:db8::'],
    ['[2001:db8::1]:7233', '[2001:db8::1]:80'],
    ['10.1.2.3:7233', '11.0.0.0/8, 10.0.0.0/99, 2001:db8::/32, 2.3'],
  ])('is used to %s where no_proxy is "%s"', (address, exceptions) => {
    expect(proxyTo(address, { no_proxy: exceptions })).toMatchObject({ targetHost: 'proxy.example:3128' });
  });

  it.each([
    ['socks5://u:secret@proxy.example', 'begins with socks5://'],
    ['http://u:secret%@proxy.example:3128', 'has a "%" in its user or password that begins no escape'],
    ['http://secret proxy', 'is not an address like http://proxy.example:3128'],
    ['http://proxy.example:0', 'is not an address like http://proxy.example:3128'],
  ])('is refused where neither clients nor workers can use it, without its password: %s', (named, says) => {
    const make = () => proxyTo('temporal.example:7233', { https_proxy: named });
    expect(make).toThrow(`The proxy in https_proxy cannot be used for the Temporal server: it ${says}`);
    expect(make).not.toThrow('secret');
  });
});

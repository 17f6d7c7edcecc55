import { describe, expect, it } from 'vitest';
import { parseLineConfig } from '../../line/config.ts';
import type { LineConfig } from '../../line/config.ts';

const PRODUCT = { name: 'node', organization: 'acme' };

function parsed(...products: object[]): LineConfig {
  return parseLineConfig({ products }, '/etc/certline.json', '/etc');
}

/** The lines of the refusal below the first, which names the file. */
function faultsOf(...products: object[]): string[] {
  try {
    parsed(...products);
  } catch (error) {
    expect(error).toMatchObject({ code: 'CONFIG_INVALID' });
    const [first, ...faults] = (error as Error).message.split('\n');
    expect(first).toBe('/etc/certline.json is not a valid configuration:');
    return faults.map((fault) => fault.trim());
  }
  return [];
}

describe('the profile of a product', () => {
  it('is the serial as CN, for ever, for TLS clients, when nothing else is said', () => {
    expect(parsed(PRODUCT).products).toEqual([
      {
        name: 'node',
        organization: 'acme',
        assignment: 'any-board',
        commonName: '{serial}',
        keyEncoding: 'sec1',
        keyPath: '/lfs1/credentials/key.der',
        certificatePath: '/lfs1/credentials/crt.der',
        validity: 'forever',
      },
    ]);
  });

  it('is taken as it is said', () => {
    const profile = {
      commonName: 'node_{serial}',
      validity: { days: 3650 },
      extendedKeyUsage: ['clientAuth', 'serverAuth'],
      subjectAltName: { uri: 'urn:acme:{serial}', hardwareModuleName: { hwType: '1.3.6.1.4.1.32473.1' } },
      cloud: 'aws-iot',
    };
    const hardwareModuleName = { hwType: '1.3.6.1.4.1.32473.1', hwSerialNum: '{serial}' };
    expect(parsed({ ...PRODUCT, ...profile }).products).toMatchObject([
      { ...profile, subjectAltName: { uri: 'urn:acme:{serial}', hardwareModuleName } },
    ]);
  });

  it('is refused with the place, the fault and the cure of each field', () => {
    const other = { name: 'other', organization: 'Acme Devices', cloud: 'golioth' };
    const wrong = { ...PRODUCT, commonName: 'node', validity: { days: 0 }, subjectAltName: { uri: 'x' } };
    expect(faultsOf(wrong, other)).toEqual([
      'products.0.commonName: lacks {serial}: all units would have the same',
      'products.0.validity: is neither "forever" nor {"days": …} with 1 to 36500 days',
      'products.0.subjectAltName.uri: lacks {serial}: all units would have the same',
      'products.1.organization: is no Golioth project id: copy the id, not the name, from the settings of the project',
    ]);
  });

  it.each([
    ['cloud', { cloud: 'azure' }],
    ['extendedKeyUsage.0', { extendedKeyUsage: ['emailProtection'] }],
    ['subjectAltName', { subjectAltName: { dns: 'x', uri: 'urn:x:{serial}' } }],
    ['subjectAltName.hardwareModuleName.hwType', { subjectAltName: { hardwareModuleName: {} } }],
    ['', { keyUsage: ['digitalSignature'] }],
  ])('is refused for an unknown %s', (at, change) => {
    const faults = faultsOf({ ...PRODUCT, ...change });
    expect(faults).toHaveLength(1);
    expect(faults[0]).toMatch(new RegExp(`^products\\.0${at && `\\.${at}`}: `));
  });

  it('gives no unit the name of a unit of another product', () => {
    expect(faultsOf(PRODUCT, { ...PRODUCT, name: 'pump', commonName: 'PUMP-{serial}' })).toEqual([
      expect.stringMatching(/^products\.1\.commonName: can give a unit the name of another unit of node/),
    ]);
    expect(parsed(PRODUCT, { ...PRODUCT, name: 'pump', commonName: 'pump:{serial}' }).products).toHaveLength(
      2,
    );
  });
});

describe('a name', () => {
  const socket = (id: string, port: string): object => ({ id, port, product: 'node' });
  const station = (id: string, ...sockets: object[]): object => ({ id, sockets });
  const faults = (config: object): string => {
    try {
      parseLineConfig(config, '/etc/certline.json', '/etc');
    } catch (error) {
      return (error as Error).message;
    }
    return '';
  };

  it('is one product’s alone: the profile of another must not be what its units get', () => {
    expect(faults({ products: [PRODUCT, { ...PRODUCT, organization: 'other' }] })).toContain(
      'products.1.name: node is already another',
    );
  });

  it('is one station’s alone, and within it one socket’s', () => {
    const twice = [
      station('a', socket('1', '/dev/1'), socket('1', '/dev/2')),
      station('a', socket('1', '/dev/3')),
    ];
    const said = faults({ products: [PRODUCT], stations: twice });
    expect(said).toContain('stations.0.sockets.1.id: 1 is already another');
    expect(said).toContain('stations.1.id: a is already another');
  });
});

import { realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadLineConfig, parseLineConfig } from '../../line/config.ts';
import type { LineConfig } from '../../line/config.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

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
      'products.0.commonName: has no {serial}, so all units would have the same name: add it',
      'products.0.validity: is neither "forever" nor {"days": …} with 1 to 36500 days',
      'products.0.subjectAltName.uri: has no {serial}, so all units would have the same name: add it',
      'products.1.organization: is not a Golioth project id: copy the id, not the name, from the settings of the project',
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

  it("is one product's alone: the profile of another must not be what its units get", () => {
    expect(faults({ products: [PRODUCT, { ...PRODUCT, organization: 'other' }] })).toContain(
      'products.1.name: another product has node already',
    );
  });

  it("is one station's alone, and within it one socket's", () => {
    const twice = [
      station('a', socket('1', '/dev/1'), socket('1', '/dev/2')),
      station('a', socket('1', '/dev/3')),
    ];
    const said = faults({ products: [PRODUCT], stations: twice });
    expect(said).toContain('stations.0.sockets.1.id: another socket has 1 already');
    expect(said).toContain('stations.1.id: another station has a already');
  });
});

describe('a wrong configuration', () => {
  const socket = { id: '1', port: '/dev/1', product: 'node' };
  const station = { id: 'a', sockets: [socket] };
  const faults = (config: unknown): string[] => {
    try {
      parseLineConfig(config, '/etc/certline.json', '/etc');
    } catch (error) {
      return (error as Error).message
        .split('\n')
        .slice(1)
        .map((line) => line.trim());
    }
    return [];
  };

  it.each([
    [{}, 'products: is missing: it must be a list, in square brackets'],
    [{ products: [] }, 'products: needs at least 1 entry'],
    [[], '(top): is [], but must be an object, in braces'],
    [
      { products: [PRODUCT], stations: { a: 1 } },
      'stations: is {"a":1}, but must be a list, in square brackets',
    ],
    [{ products: [PRODUCT], unitsInFlight: '8' }, 'unitsInFlight: is "8", but must be a number'],
    [{ products: [PRODUCT], unitsInFlight: 1.5 }, 'unitsInFlight: is 1.5, but must be a whole number'],
    [{ products: [PRODUCT], unitsInFlight: 0 }, 'unitsInFlight: is 0, but must be at least 1'],
    [{ products: [PRODUCT], unitsInFlight: 501 }, 'unitsInFlight: is 501, but must be at most 500'],
    [{ products: [PRODUCT], inbox: '' }, 'inbox: must not be empty'],
    [
      { products: [{ ...PRODUCT, cloud: 'azure' }] },
      'products.0.cloud: is "azure", but must be "golioth" or "azure-dps" or "aws-iot" or "nrf-cloud"',
    ],
    [
      { products: [{ ...PRODUCT, validity: '10 years' }] },
      'products.0.validity: must be "forever", or {"days": 3650} with your number of days',
    ],
    [
      { products: [PRODUCT], stations: [{ ...station, socket: [] }] },
      'stations.0: has the unknown field "socket": the possible fields are "id", "sockets", "signaturesPerMinute"',
    ],
    [
      { products: [PRODUCT], stations: [{ ...station, sockets: [{ ...socket, product: 'pump' }] }] },
      'stations.0.sockets.0.product: "pump" is not one of the products: node',
    ],
    [
      { products: [PRODUCT], stations: [{ id: 'a', sockets: [socket, { ...socket, id: '2' }] }] },
      "stations.0.sockets.1.port: /dev/1 is already another socket's: each socket needs its own",
    ],
    [
      { products: [{ ...PRODUCT, keyPath: 'key.der' }] },
      'products.0.keyPath: must be an absolute path on the device, at most 64 characters, without spaces',
    ],
  ])('%j has an error with the field, what is wrong and what is expected', (config, sentence) => {
    expect(faults(config)).toEqual([sentence]);
  });

  it('has none of the words of the validator', () => {
    const everything = {
      products: [{ name: 1, organization: null, keyEncoding: 'x', validity: {}, subjectAltName: [] }],
      stations: [{ sockets: [{}] }],
      pkcs11: 'x',
      ledger: {},
      ordersFolder: 5,
      more: true,
    };
    expect(faults(everything).length).toBeGreaterThan(10);
    expect(faults(everything).join('\n')).not.toMatch(/Invalid|received|Unrecognized|Too (small|big)/);
  });
});

describe('the ports of sockets', () => {
  const station = (id: string, ...ports: string[]): object => ({
    id,
    sockets: ports.map((port, at) => ({ id: String(at + 1), port, product: 'node' })),
  });

  it('are refused where two paths lead to one device, in one station or in two', () => {
    const folder = realpathSync(temporaryFolder());
    const [device, byId, byPath] = ['ttyUSB0', 'by-id', 'by-path'].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    writeFileSync(device, '');
    symlinkSync(device, byId);
    symlinkSync('by-id', byPath);
    const parse = (...stations: object[]): unknown =>
      parseLineConfig({ products: [PRODUCT], stations }, '/etc/certline.json', '/etc');
    const both = `both lead to ${device}: each socket needs its own`;
    expect(() => parse(station('a', byId, byPath))).toThrow(
      `stations.0.sockets.1.port: ${byPath} is the port of stations.0.sockets.0, ${byId}: ${both}`,
    );
    expect(() => parse(station('a', byId), station('b', '/dev/1', device))).toThrow(
      `stations.1.sockets.1.port: ${device} is the port of stations.0.sockets.0, ${byId}: ${both}`,
    );
    expect(parse(station('a', byId, '/dev/none'))).toBeDefined();
  });

  it('have levels for DTR and RTS', () => {
    const socket = { id: '1', port: '/dev/1', product: 'node', dtr: false, rts: true };
    const parse = (change: object): LineConfig =>
      parseLineConfig(
        { products: [PRODUCT], stations: [{ id: 'a', sockets: [{ ...socket, ...change }] }] },
        '/etc/certline.json',
        '/etc',
      );
    expect(parse({}).stations[0]!.sockets[0]).toEqual(socket);
    expect(() => parse({ dtr: 'low' })).toThrow(
      'stations.0.sockets.0.dtr: is "low", but must be true or false',
    );
  });
});

describe('what a board must say to be of a product', () => {
  const match = { osInfo: 'nrf52840dk', hardwareIdPrefix: '5aC0', firmwareVersion: '1.2.3' };

  it('is taken as it is said, in part or whole', () => {
    expect(parsed({ ...PRODUCT, match }).products[0]!.match).toEqual(match);
    expect(parsed({ ...PRODUCT, match: {} }).products[0]!.match).toEqual({});
  });

  it.each([
    ['osInfo', { osInfo: '(' }, 'must be a regular expression'],
    ['osInfo', { osInfo: '' }, 'must not be empty'],
    ['hardwareIdPrefix', { hardwareIdPrefix: '0x5a' }, 'must be hex digits, at most 64'],
    ['firmwareVersion', { firmwareVersion: 1.2 }, 'is 1.2, but must be a text in quotes'],
  ])('is refused for a wrong %s', (field, wrong, says) => {
    expect(faultsOf({ ...PRODUCT, match: wrong })).toEqual([`products.0.match.${field}: ${says}`]);
  });
});

describe('the paths of a configuration', () => {
  it('are relative to its folder', () => {
    const config = {
      products: [PRODUCT],
      passphraseFile: 'ca.passphrase',
      ordersFolder: '/srv/orders',
      ledger: { postgres: 'postgresql://u@localhost/db', passwordFile: 'pg' },
      pkcs11: { module: 'libx.so', token: 't', label: 'l', pinFile: '../pin' },
    };
    expect(parseLineConfig(config, 'c', '/etc/certline')).toMatchObject({
      inbox: '/etc/certline/manifests/inbox',
      passphraseFile: '/etc/certline/ca.passphrase',
      ordersFolder: '/srv/orders',
      ledger: { url: 'postgresql://u@localhost/db', passwordFile: '/etc/certline/pg' },
      pkcs11: { module: 'libx.so', pinFile: '/etc/pin' },
    });
  });

  it('are absent where they are not given', () => {
    const { inbox, products, stations, manufacturers, unitsInFlight, ...rest } = parseLineConfig(
      { products: [PRODUCT] },
      'c',
      '/',
    );
    expect([inbox, products.length, stations, unitsInFlight]).toEqual(['/manifests/inbox', 1, [], 32]);
    expect([manufacturers, rest]).toEqual([[], { registries: [] }]);
  });
});

describe('device registries', () => {
  const REGISTRIES = [
    { kind: 'file', name: 'site', folder: 'devices' },
    {
      kind: 'webhook',
      name: 'erp',
      url: 'https://example.com/hook',
      secretFile: 'erp.secret',
      devicesPerSecond: 5,
    },
  ];
  const withRegistries = (registries: object[], ...products: object[]): (() => LineConfig) => {
    return () => parseLineConfig({ products, registries }, '/etc/certline.json', '/etc');
  };

  it('have absolute paths, and products name them in order', () => {
    const product = { ...PRODUCT, registries: ['erp', 'site'] };
    const { registries, products } = withRegistries(REGISTRIES, product)();
    expect(registries).toMatchObject([{ folder: '/etc/devices' }, { secretFile: '/etc/erp.secret' }]);
    expect(products[0]?.registries).toEqual(['erp', 'site']);
  });

  it.each([
    ['of an unknown kind', [{ kind: 'fax', name: 'fax' }], [], 'registries.0.kind'],
    [
      'with a name that another has',
      [REGISTRIES[0]!, REGISTRIES[0]!],
      [],
      'another registry has site already',
    ],
    [
      'that no product can have',
      REGISTRIES,
      ['golioth'],
      '"golioth" is not one of the registries: site, erp',
    ],
    ['that a product has twice', REGISTRIES, ['erp', 'erp'], 'erp is in the list already'],
    ['without TLS', [{ ...REGISTRIES[1], url: 'http://example.com' }], [], 'must begin with https://'],
    [
      'with a credential',
      [{ ...REGISTRIES[1], url: 'https://u:pw@example.com' }],
      [],
      'contains a credential',
    ],
    [
      'with a group that would be two',
      [{ kind: 'nrf-cloud', name: 'nrf', secretFile: 'key', tags: ['a|b'] }],
      [],
      'registries.0.tags.0: may have letters',
    ],
    ...(
      [
        ['golioth', { project: 'acme', secretFile: 'key' }],
        ['nrf-cloud', { secretFile: 'key' }],
        ['azure-dps', { secretFile: 'key' }],
        ['aws-iot', { secretFile: 'key', region: 'eu-central-1', policies: ['p'] }],
      ] as const
    ).map(([kind, fields]): [string, object[], string[], string] => [
      `of the kind ${kind} with a query`,
      [{ kind, name: 'cloud', url: 'https://api.example/?version=1', ...fields }],
      [],
      'registries.0.url: may have nothing after a "?"',
    ]),
    ...(
      [
        ['azure-dps', { secretFile: 'key' }],
        ['aws-iot', { secretFile: 'key', region: 'eu-central-1', policies: ['p'] }],
      ] as const
    ).map(([kind, fields]): [string, object[], string[], string] => [
      `of the kind ${kind} with a path`,
      [{ kind, name: 'cloud', url: 'https://api.example/enrollments', ...fields }],
      [],
      'registries.0.url: may have no path',
    ]),
    ...(
      [
        ['policies', ['a b']],
        ['policies', ['a/b']],
        ['thingType', 'a.b'],
        ['groups', ['grün']],
      ] as const
    ).map(([field, value]): [string, object[], string[], string] => [
      `with a name in ${field} that AWS cannot have`,
      [
        {
          kind: 'aws-iot',
          name: 'aws',
          secretFile: 'key',
          region: 'eu-central-1',
          policies: ['p'],
          [field]: value,
        },
      ],
      [],
      `registries.0.${field}${Array.isArray(value) ? '.0' : ''}: may have letters, digits`,
    ]),
    ['that are too fast', [{ ...REGISTRIES[1], devicesPerSecond: 1e6 }], [], 'at most 10000'],
  ])('%s are refused in one sentence', (_what, registries, named, says) => {
    const parse = withRegistries(registries, { ...PRODUCT, registries: named });
    expect(parse).toThrow(says);
    expect(parse).not.toThrow('pw@');
  });
});

describe('a product whose certificates a registry would refuse', () => {
  it.each([
    ['aws-iot', 'v1.{serial}', { region: 'eu-central-1', policies: ['p'] }, 'a name of an AWS IoT thing'],
    ['nrf-cloud', 'v1.{serial}', {}, 'an id of a device at nRF Cloud'],
    ['azure-dps', '{serial}_', { url: 'https://api.example' }, 'a DPS registration id'],
    ['golioth', 'v1:{serial}', { project: 'acme' }, 'a Golioth certificate id'],
  ])('is found by the kind of the registry, %s', (kind, commonName, fields, says) => {
    const registries = [{ kind, name: 'cloud', secretFile: 'key', ...fields }];
    const parse = (...named: string[]) => {
      const products = [{ ...PRODUCT, commonName, registries: named }];
      return parseLineConfig({ products, registries }, '/etc/certline.json', '/etc');
    };
    expect(parse().products).toHaveLength(1);
    expect(() => parse('cloud')).toThrow(`products.0.commonName: is not ${says}`);
    expect(() => parse('cloud')).toThrow('the registry cloud takes no other');
  });
});

describe('a file that is not JSON', () => {
  it.each([
    ['empty', '\n', 'it is empty. Restore it'],
    ['half-written', '{"products":[{"name":"no', '(line 1 column 25). Correct the file'],
    ['with comments', '// products\n{"products":[]}', 'JSON has no comments: remove them'],
    ['with a comment inside', '{ // products\n"products":[]}', 'JSON has no comments: remove them'],
    ['in UTF-16', Buffer.from('\uFEFF{"products":[]}', 'utf16le'), 'it is not UTF-8 text. Save it as UTF-8'],
    ['of zeros', Buffer.alloc(512), 'it is not UTF-8 text. Save it as UTF-8'],
  ])('but %s says so, and what to do', (_, content, says) => {
    const path = join(temporaryFolder(), 'line.json');
    writeFileSync(path, content);
    expect(() => loadLineConfig(path)).toThrow(`${path} is not JSON: `);
    expect(() => loadLineConfig(path)).toThrow(says);
  });

  it('may begin with a byte order mark, as some editors write', () => {
    const path = join(temporaryFolder(), 'line.json');
    writeFileSync(path, `\uFEFF{"products":[{"name":"node","organization":"acme"}]}`);
    expect(loadLineConfig(path).products).toHaveLength(1);
  });
});

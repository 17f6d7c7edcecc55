import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  expectedOf,
  namesOf,
  NEVER_EXPIRES,
  notAfterOf,
  profileOfProduct,
  purposesOf,
} from '../../../pki/profile/certificate-profile.ts';
import type { CertificateProfile } from '../../../pki/profile/certificate-profile.ts';
import { lineProfileFaults } from '../../../pki/profile/line-profiles.ts';
import { profileFaults } from '../../../pki/profile/profile-faults.ts';
import type { ProfileFields } from '../../../pki/profile/profile-faults.ts';
import { fillTemplate, tightestTemplate } from '../../../provisioning/serial-template.ts';
import { foldSerial, SERIAL_PATTERN } from '../../../provisioning/serial-number.ts';
import { PROFILE } from '../acme.ts';

const invalid = expect.objectContaining({ code: 'PROFILE_INVALID' });
const URN = 'urn:dev:ops:32473-{serial}';
const HARDWARE = { hwType: '1.3.6.1.4.1.32473.1', hwSerialNum: '{serial}' };

function faultsOf(change: object): string[] {
  return profileFaults({ ...PROFILE, ...change }).map(({ at }) => at);
}

describe('certificate profile', () => {
  it('comes from a product, without what does not concern the certificate', () => {
    const subjectAltName = { uri: URN };
    const names = { organization: 'acme', commonName: 'x.{serial}', subjectAltName };
    const product = { name: 'sensor', cloud: 'golioth' as const, validity: { days: 30 }, ...names };
    const profile = profileOfProduct(product);
    expect(profile).toEqual({ ...names, validity: { days: 30 } });
    expect(namesOf(profile, 'ACME-1')).toEqual({
      commonName: 'x.ACME-1',
      subjectAltName: { uri: 'urn:dev:ops:32473-ACME-1' },
    });
  });

  it.each([
    ['no organization', { organization: '' }, 'organization'],
    ['65 characters', { organization: 'x'.repeat(65) }, 'organization'],
    ['a line break', { organization: 'a\nb' }, 'organization'],
    ['a space at the end', { organization: 'acme ' }, 'organization'],
    ['a direction override', { organization: 'a\u202eb' }, 'organization'],
    ['no place for the serial', { commonName: 'device' }, 'commonName'],
    ['two places', { commonName: '{serial}.{serial}' }, 'commonName'],
    ['another word in braces', { commonName: '{serial}{product}' }, 'commonName'],
    ['a name that injects', { commonName: '{serial},O=x' }, 'commonName'],
    ['no room for a serial', { commonName: `${'a'.repeat(64)}{serial}` }, 'commonName'],
    ['no days', { validity: { days: 0 } }, 'validity'],
    ['half days', { validity: { days: 1.5 } }, 'validity'],
    ['a million days', { validity: { days: 1_000_000 } }, 'validity'],
    ['another word', { validity: 'never' }, 'validity'],
    ['no validity', { validity: undefined }, 'validity'],
    ['no purpose', { extendedKeyUsage: [] }, 'extendedKeyUsage'],
    ['servers alone', { extendedKeyUsage: ['serverAuth'] }, 'extendedKeyUsage'],
    ['a purpose twice', { extendedKeyUsage: ['clientAuth', 'clientAuth'] }, 'extendedKeyUsage'],
    ['no name in a list of names', { subjectAltName: {} }, 'subjectAltName'],
    ['a URI for all', { subjectAltName: { uri: 'urn:dev:ops:1' } }, 'subjectAltName.uri'],
    ['a relative URI', { subjectAltName: { uri: '/devices/{serial}' } }, 'subjectAltName.uri'],
    ['a blank in a URI', { subjectAltName: { uri: 'urn:x y:{serial}' } }, 'subjectAltName.uri'],
    [
      'a path without a host',
      { subjectAltName: { uri: 'coaps:/acme.example/{serial}' } },
      'subjectAltName.uri',
    ],
    ['a bare host', { subjectAltName: { uri: 'coaps://gateway/{serial}' } }, 'subjectAltName.uri'],
    ['a user name', { subjectAltName: { uri: 'https://a@acme.example/{serial}' } }, 'subjectAltName.uri'],
    ['a serial for a scheme', { subjectAltName: { uri: '{serial}:x' } }, 'subjectAltName.uri'],
    [
      'a serial for a host',
      { subjectAltName: { uri: 'https://{serial}.acme.example/' } },
      'subjectAltName.uri',
    ],
    ['half an escape', { subjectAltName: { uri: 'urn:x:%2{serial}' } }, 'subjectAltName.uri'],
    ['characters beyond ASCII', { subjectAltName: { uri: 'urn:ü:{serial}' } }, 'subjectAltName.uri'],
    ...['', '1.3', '1.40.1', '3.1.1', '1.3.06.1', '1.3.6.1.4.1.4294967296', '2.2147483600.1', 'acme'].map(
      (hwType) =>
        [
          `the hardware type ${hwType}`,
          { subjectAltName: { hardwareModuleName: { ...HARDWARE, hwType } } },
          'subjectAltName.hardwareModuleName.hwType',
        ] as [string, object, string],
    ),
    ...['', 'X', '{serial} ', '{serial}é', '{serial}{serial}', `${'x'.repeat(64)}{serial}`].map(
      (hwSerialNum) =>
        [
          `the hardware number "${hwSerialNum}"`,
          { subjectAltName: { hardwareModuleName: { ...HARDWARE, hwSerialNum } } },
          'subjectAltName.hardwareModuleName.hwSerialNum',
        ] as [string, object, string],
    ),
  ] as [string, object, string][])('refuses %s', (_name, change, at) => {
    expect(faultsOf(change)).toEqual([at]);
    expect(() => profileOfProduct({ ...PROFILE, ...change, name: 'sensor' })).toThrow(invalid);
  });

  it.each([
    { organization: '電'.repeat(64) },
    { extendedKeyUsage: ['clientAuth', 'serverAuth'] },
    { subjectAltName: { uri: URN, hardwareModuleName: HARDWARE } },
    { subjectAltName: { uri: 'https://devices.acme.example:8443/d/{serial}?v=1#x' } },
    { subjectAltName: { uri: 'acme:{serial}' } },
    { subjectAltName: { hardwareModuleName: { hwType: '2.999.2147483647', hwSerialNum: 'SN/{serial}' } } },
  ])('takes %j', (change) => {
    expect(faultsOf(change)).toEqual([]);
  });

  it('names every fault at once', () => {
    const product = { name: 'sensor', organization: '', commonName: 'x', validity: { days: -1 } };
    expect(() => profileOfProduct(product)).toThrow(
      /product sensor is not valid: organization .*; commonName .*; validity /,
    );
  });

  it('has room for the serial in each name, and says in which there is none', () => {
    const profile = { ...PROFILE, subjectAltName: { uri: `urn:${'x'.repeat(100)}:{serial}` } };
    expect(namesOf(profile, 'A'.repeat(23)).subjectAltName?.uri).toHaveLength(128);
    expect(() => namesOf(profile, 'A'.repeat(24))).toThrow(
      /the uri urn:x+:\{serial\} has room for 23 of its 128/,
    );
    expect(() => namesOf({ ...PROFILE, commonName: 'x{serial}' }, 'A'.repeat(64))).toThrow(invalid);
  });

  it('takes a serial as it stands, whatever String.replace makes of it', () => {
    expect(namesOf({ ...PROFILE, commonName: 'dev:{serial}' }, 'A$&1').commonName).toBe('dev:A$&1');
  });

  it('certifies clients, and servers after them', () => {
    expect(purposesOf(PROFILE)).toEqual(['clientAuth']);
    expect(purposesOf({ ...PROFILE, extendedKeyUsage: ['serverAuth', 'clientAuth'] })).toEqual([
      'clientAuth',
      'serverAuth',
    ]);
  });

  it('ends never, or after its days', () => {
    const start = new Date('2026-02-28T12:00:00Z');
    expect(notAfterOf(PROFILE, start)).toBe(NEVER_EXPIRES);
    expect(notAfterOf({ ...PROFILE, validity: { days: 2 } }, start)).toEqual(
      new Date('2026-03-02T12:00:00Z'),
    );
  });

  it('makes an expectation of what was decided and nothing else', () => {
    const decided = {
      serial: 'ACME-1',
      spkiSha256: 'aa',
      certificateSerial: '4f',
      notBefore: '2026-01-01T00:00:00.000Z',
      notAfter: '9999-12-31T23:59:59.000Z',
    };
    const row = { ...decided, boardId: 'x', organization: 'another' };
    expect(expectedOf(PROFILE, row)).toEqual({
      ...decided,
      organization: PROFILE.organization,
      commonName: 'ACME-1',
      purposes: ['clientAuth'],
      subjectAltName: undefined,
    });
  });
});

describe('the rule of a cloud', () => {
  const of = (cloud: ProfileFields['cloud'], change: Partial<CertificateProfile>): string[] =>
    faultsOf({ cloud, ...change });

  it.each([
    ['golioth', { organization: 'my-project-1a2b3c', commonName: 'node.{serial}' }, []],
    ['golioth', { organization: 'My Project' }, ['organization']],
    ['golioth', { commonName: 'node:{serial}' }, ['commonName']],
    ['azure-dps', { organization: 'Any Name Ltd', commonName: 'node:{serial}' }, []],
    ['azure-dps', { commonName: '{serial}.' }, ['commonName']],
    ['azure-dps', { commonName: '-{serial}' }, ['commonName']],
    ['aws-iot', { organization: 'Any Name Ltd', commonName: 'node:{serial}-' }, []],
    ['aws-iot', { commonName: 'node.{serial}' }, ['commonName']],
    ['nrf-cloud', { organization: 'Any Name Ltd', commonName: 'node:{serial}-' }, []],
    ['nrf-cloud', { commonName: 'node.{serial}' }, ['commonName']],
  ] as const)('%s: %j', (cloud, change, faults) => {
    expect(of(cloud, change)).toEqual(faults);
  });

  it('holds for every serial that has room, if it holds for the template', () => {
    const serials = fc.stringMatching(SERIAL_PATTERN);
    const templates = fc.stringMatching(/^[A-Za-z0-9._:-]{0,6}\{serial\}[A-Za-z0-9._:-]{0,6}$/);
    const alphabets = {
      golioth: /^[A-Za-z0-9._-]{1,64}$/,
      'azure-dps': /^(?=.{1,64}$)[A-Za-z0-9](?:[A-Za-z0-9._:-]*[A-Za-z0-9])?$/,
      'aws-iot': /^[A-Za-z0-9:_-]{1,64}$/,
      'nrf-cloud': /^[A-Za-z0-9:_-]{1,64}$/,
    };
    fc.assert(
      fc.property(
        fc.constantFrom('golioth', 'azure-dps', 'aws-iot', 'nrf-cloud'),
        templates,
        serials,
        (cloud, template, serial) => {
          fc.pre(serial.length <= tightestTemplate({ commonName: template }).longestSerial);
          const accepted = of(cloud, { commonName: template }).length === 0;
          expect(accepted).toBe(alphabets[cloud].test(fillTemplate(template, serial)));
        },
      ),
    );
  });
});

describe('the products of a line', () => {
  const productsOf = (...templates: string[]): (ProfileFields & { name: string })[] =>
    templates.map((commonName, index) => ({ ...PROFILE, name: `p${index}`, commonName }));

  it('may not give two units one name', () => {
    expect(lineProfileFaults(productsOf('{serial}', 'X-{serial}'))).toEqual([
      { at: [1, 'commonName'], says: expect.stringContaining('another unit of p0 ("{serial}")') },
    ]);
    expect(lineProfileFaults(productsOf('{serial}', 'pump-{serial}'))).toHaveLength(1);
    expect(lineProfileFaults(productsOf('{serial}', '{serial}', 'pump_{serial}', 'fan_{serial}'))).toEqual(
      [],
    );
  });

  it('are refused where one ends in what the other begins with: 1_A is serial 1 here and A there', () => {
    expect(lineProfileFaults(productsOf('{serial}_A', '1_{serial}'))).toHaveLength(1);
    expect(lineProfileFaults(productsOf('1_{serial}', '{serial}_A'))).toHaveLength(1);
    expect(lineProfileFaults(productsOf('1_{serial}', '{serial}:A'))).toEqual([]);
  });

  it('are refused wherever two serials could meet', () => {
    const literal = fc.stringMatching(/^[Aa1_-]{0,3}$/);
    const template = fc.tuple(literal, literal).map(([head, tail]) => `${head}{serial}${tail}`);
    const serial = fc.stringMatching(/^[A1](?:[A1-]{0,3}[A1])?$/);
    fc.assert(
      fc.property(template, template, serial, serial, (left, right, one, two) => {
        fc.pre(one !== two);
        const meet = foldSerial(fillTemplate(left, one)) === foldSerial(fillTemplate(right, two));
        if (meet) expect(lineProfileFaults(productsOf(left, right))).toHaveLength(1);
      }),
      { numRuns: 20_000 },
    );
  });
});

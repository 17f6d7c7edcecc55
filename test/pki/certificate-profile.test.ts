import { describe, expect, it } from 'vitest';
import {
  commonNameOf,
  NEVER_EXPIRES,
  notAfterOf,
  profileOfProduct,
  validatedProfile,
  type CertificateProfile,
} from '../../pki/certificate-profile.ts';
import { PROFILE } from './acme.ts';

const invalid = expect.objectContaining({ code: 'PROFILE_INVALID' });

describe('certificate profile', () => {
  it('comes from a product, its CN the serial', () => {
    const profile = profileOfProduct({ name: 'sensor', organization: 'acme', validity: { days: 30 } });
    expect(profile).toEqual({ organization: 'acme', commonName: '{serial}', validity: { days: 30 } });
    expect(commonNameOf(profile, 'ACME-1')).toBe('ACME-1');
  });

  it.each([
    ['no organization', { organization: '' }],
    ['65 characters', { organization: 'x'.repeat(65) }],
    ['a line break', { organization: 'a\nb' }],
    ['a space at the end', { organization: 'acme ' }],
    ['a direction override', { organization: 'a\u202eb' }],
    ['no place for the serial', { commonName: 'device' }],
    ['a name that injects', { commonName: '{serial},O=x' }],
    ['no days', { validity: { days: 0 } }],
    ['half days', { validity: { days: 1.5 } }],
    ['a million days', { validity: { days: 1_000_000 } }],
    ['another word', { validity: 'never' }],
    ['no validity', { validity: undefined }],
  ])('refuses %s', (_name, change) => {
    const profile = { ...PROFILE, ...change } as CertificateProfile;
    expect(() => validatedProfile(profile, 'test')).toThrow(invalid);
  });

  it('names every fault at once', () => {
    const profile = { organization: '', commonName: 'x', validity: { days: -1 } };
    expect(() => validatedProfile(profile, 'products.json')).toThrow(
      /products\.json is wrong: organization .*; commonName .*; validity /,
    );
  });

  it('takes 64 characters of any script', () => {
    expect(validatedProfile({ ...PROFILE, organization: '電'.repeat(64) }, 'test')).toBeDefined();
  });

  it('renders a common name, up to 64 characters', () => {
    const profile = { ...PROFILE, commonName: 'urn:dev:{serial}' };
    expect(commonNameOf(profile, 'A$&1')).toBe('urn:dev:A$&1');
    expect(() => commonNameOf(profile, 'A'.repeat(64))).toThrow(invalid);
  });

  it('ends never, or after its days', () => {
    const start = new Date('2026-02-28T12:00:00Z');
    expect(notAfterOf(PROFILE, start)).toBe(NEVER_EXPIRES);
    expect(notAfterOf({ ...PROFILE, validity: { days: 2 } }, start)).toEqual(
      new Date('2026-03-02T12:00:00Z'),
    );
  });
});

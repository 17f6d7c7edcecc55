import { randomBytes, randomInt } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { CertificateProfile } from '../../../pki/profile/certificate-profile.ts';
import { lintCertificate } from '../../../pki/lint/certificate-linter.ts';
import type { IssuingCa } from '../../../pki/ca/issuing-ca.ts';
import { tightestTemplate } from '../../../provisioning/serial-template.ts';
import { PROFILE } from '../acme.ts';
import { DEFECT_SERIAL, DEFECTS, withDefect } from './defects.ts';
import { freshTbs, makeCa, signTbs, withoutPurposes } from '../leaf.ts';
import { fileIn } from '../openssl.ts';
import { VERIFIERS } from './verifiers.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const folder = temporaryFolder();
const ca = await makeCa(folder);
/** A corporate root's, not limited to TLS clients: verifiers look at the purposes of the whole chain. */
const openCa = await makeCa(folder, withoutPurposes);
/** Verifiers keep what they know of a CA in a folder. */
const serverFolder = temporaryFolder();
const tbs = await freshTbs(ca, DEFECT_SERIAL);

interface Sample {
  readonly what: string;
  readonly path: string;
  /** Codes of our linter, which knows the issuer but not what was asked for. */
  readonly findings: readonly string[];
}

function sample(what: string, index: number, der: Uint8Array, issuer: IssuingCa = ca): Sample {
  const findings = lintCertificate(der, { issuer: issuer.facts, signed: true, now: new Date() }).map(
    ({ code }) => code,
  );
  return { what, path: fileIn(folder, `${what.replaceAll(/\W/g, '-')}-${index}.der`, der), findings };
}

const HARDWARE = { hwType: '1.3.6.1.4.1.32473.1.2', hwSerialNum: '{serial}' };
const NAMES = {
  uri: { uri: 'urn:dev:ops:32473-{serial}' },
  url: { uri: 'https://devices.acme.example:8443/d/{serial}?v=1' },
  hardware: { hardwareModuleName: HARDWARE },
  both: {
    uri: 'coaps://acme.example/{serial}',
    hardwareModuleName: { ...HARDWARE, hwSerialNum: 'SN/{serial}' },
  },
};

/** Organizations of every length, both kinds of validity, names around the serial and beside the subject. */
const PROFILES: readonly CertificateProfile[] = [
  PROFILE,
  { ...PROFILE, organization: 'O'.repeat(64) },
  { ...PROFILE, organization: 'Jürgen & 電子 GmbH' },
  { ...PROFILE, validity: { days: 7300 } },
  { ...PROFILE, validity: { days: 10_000 } },
  ...Object.values(NAMES).map((subjectAltName) => ({ ...PROFILE, subjectAltName })),
  { ...PROFILE, commonName: 'node:{serial}' },
];

/** Profiles for TLS servers too. */
const SERVER_PROFILES: readonly CertificateProfile[] = [
  PROFILE,
  { ...PROFILE, subjectAltName: NAMES.both },
].map((profile) => ({ ...profile, extendedKeyUsage: ['clientAuth', 'serverAuth'] }));

/** What the signer makes of these profiles, for serials of every length. */
async function goodSamples(
  issuer: IssuingCa,
  profiles: readonly CertificateProfile[],
): Promise<readonly Sample[]> {
  const samples: Sample[] = [];
  for (const [index, profile] of profiles.entries()) {
    for (const serial of ['A', 'ACME-0042', 'X'.repeat(tightestTemplate(profile).longestSerial)]) {
      const der = await signTbs(issuer, await freshTbs(issuer, serial, profile));
      samples.push(sample(`good ${serial.length} of ${profiles.length}`, index, der, issuer));
    }
  }
  return samples;
}

async function defectSamples(): Promise<Sample[]> {
  const samples: Sample[] = [];
  for (const [index, [, what, change]] of DEFECTS.entries()) {
    samples.push(sample(what, index, await withDefect(ca, tbs, change)));
  }
  return samples;
}

/** One octet changed anywhere in the signed part, and truly signed again. */
async function mutants(good: Uint8Array, count: number): Promise<Sample[]> {
  const samples: Sample[] = [];
  for (let index = 0; index < count; index += 1) {
    const at = randomInt(good.length);
    const bit = randomInt(8);
    const changed = good.with(at, good[at]! ^ (1 << bit));
    samples.push(sample(`bit ${bit} of octet ${at} of ${good.length}`, index, await signTbs(ca, changed)));
  }
  return samples;
}

/** As many as the verifier can be asked about, from all over the list. */
function some(samples: readonly Sample[], limit = samples.length): readonly Sample[] {
  const step = Math.ceil(samples.length / limit);
  return samples.filter((_sample, index) => index % step === 0);
}

const good = await goodSamples(ca, PROFILES);
const goodForServers = await goodSamples(openCa, SERVER_PROFILES);
const defects = await defectSamples();
const named = await freshTbs(ca, DEFECT_SERIAL, { ...PROFILE, subjectAltName: NAMES.both });
const bad = [
  ...defects,
  ...(await mutants(tbs, 30)),
  ...(await mutants(named, 30)),
  sample('noise', 0, randomBytes(500)),
];

describe.for(VERIFIERS)('$name', (verifier) => {
  it('accepts what the signer makes', ({ skip }) => {
    if (verifier.missing !== undefined) skip(verifier.missing);
    const asked = some(good, verifier.limit);
    const verdicts = verifier.accepts(
      ca.chainPath,
      asked.map(({ path }) => path),
      folder,
    );
    expect(asked.filter((_sample, index) => verdicts[index] !== true)).toEqual([]);
    expect(asked.flatMap(({ findings }) => findings)).toEqual([]);
  });

  it('accepts what the signer makes under a CA that may certify servers too', ({ skip }) => {
    if (verifier.missing !== undefined) skip(verifier.missing);
    const asked = some(goodForServers, verifier.limit);
    const verdicts = verifier.accepts(
      openCa.chainPath,
      asked.map(({ path }) => path),
      serverFolder,
    );
    expect(asked.filter((_sample, index) => verdicts[index] !== true)).toEqual([]);
    expect(asked.flatMap(({ findings }) => findings)).toEqual([]);
  });

  it('refuses nothing that our linter lets pass', ({ skip }) => {
    if (verifier.missing !== undefined) skip(verifier.missing);
    // One that can be asked little is asked about the known defects: what a random bit does is another thing each time.
    const asked = verifier.limit === undefined ? bad : some(defects, verifier.limit);
    const verdicts = verifier.accepts(
      ca.chainPath,
      asked.map(({ path }) => path),
      folder,
    );
    const refused = asked.filter((_sample, index) => verdicts[index] === false);
    expect(refused.length).toBeGreaterThan(1);
    expect(refused.filter(({ findings }) => findings.length === 0).map(({ what }) => what)).toEqual([]);
  });
});

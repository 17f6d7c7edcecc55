import { randomBytes, randomInt } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { lintCertificate } from '../../pki/certificate-linter.ts';
import { PROFILE } from './acme.ts';
import { DEFECT_SERIAL, DEFECTS, withDefect } from './defects.ts';
import { freshTbs, makeCa, signTbs } from './leaf.ts';
import { fileIn, temporaryFolder } from './openssl.ts';
import { VERIFIERS } from './verifiers.ts';

const folder = temporaryFolder();
const ca = await makeCa(folder);
const tbs = await freshTbs(ca, DEFECT_SERIAL);

interface Sample {
  readonly what: string;
  readonly path: string;
  /** Codes of our linter, which knows the issuer but not what was asked for. */
  readonly findings: readonly string[];
}

function sample(what: string, index: number, der: Uint8Array): Sample {
  const findings = lintCertificate(der, { issuer: ca.facts, signed: true, now: new Date() }).map(
    ({ code }) => code,
  );
  return { what, path: fileIn(folder, `${what.replaceAll(/\W/g, '-')}-${index}.der`, der), findings };
}

/** What the signer makes: serials and organizations of every length, both kinds of validity. */
async function goodSamples(): Promise<Sample[]> {
  const profiles = [
    PROFILE,
    { ...PROFILE, organization: 'O'.repeat(64) },
    { ...PROFILE, organization: 'Jürgen & 電子 GmbH' },
    { ...PROFILE, validity: { days: 7300 } },
    { ...PROFILE, validity: { days: 10_000 } },
  ];
  const serials = ['A', 'ACME-0042', 'X'.repeat(64)];
  const samples: Sample[] = [];
  for (const [index, profile] of profiles.entries()) {
    for (const serial of serials) {
      samples.push(
        sample(`good ${serial.length}`, index, await signTbs(ca, await freshTbs(ca, serial, profile))),
      );
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
async function mutants(count: number): Promise<Sample[]> {
  const samples: Sample[] = [];
  for (let index = 0; index < count; index += 1) {
    const at = randomInt(tbs.length);
    const bit = randomInt(8);
    const changed = tbs.with(at, tbs[at]! ^ (1 << bit));
    samples.push(sample(`bit ${bit} of octet ${at}`, index, await signTbs(ca, changed)));
  }
  return samples;
}

/** As many as the verifier can be asked about, from all over the list. */
function some(samples: readonly Sample[], limit = samples.length): readonly Sample[] {
  const step = Math.ceil(samples.length / limit);
  return samples.filter((_sample, index) => index % step === 0);
}

const good = await goodSamples();
const defects = await defectSamples();
const bad = [...defects, ...(await mutants(40)), sample('noise', 0, randomBytes(500))];

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

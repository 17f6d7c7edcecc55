import { expect, it } from 'vitest';
import { profileOfProduct } from '../../../pki/profile/certificate-profile.ts';
import { lintCertificate } from '../../../pki/lint/certificate-linter.ts';
import { trySample } from '../../../pki/signing/profile-sample.ts';
import { parseLineConfig } from '../../../line/config.ts';
import { codeBlocks, pageOf } from '../../cli/follow-docs.ts';
import { freshTbs, makeCa, signTbs } from '../leaf.ts';
import { openssl, fileIn } from '../openssl.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const BLOCKS = codeBlocks(pageOf('signer/profiles.md'), 'json');

const folder = temporaryFolder();
const ca = await makeCa(folder);

it('the examples of docs/signer/profiles.md are one for each cloud, fit into one configuration, and give valid certificates', async () => {
  const { products } = parseLineConfig({ products: BLOCKS.map((block) => JSON.parse(block)) }, 'page', '/');
  expect(products.map(({ cloud }) => cloud)).toEqual(['golioth', 'azure-dps', 'aws-iot', 'nrf-cloud']);
  const said: string[] = [];
  for (const product of products) {
    const profile = profileOfProduct(product);
    await trySample(product.name, { profile, issuer: ca.facts, now: new Date() });
    const der = await signTbs(ca, await freshTbs(ca, 'CL-000017', profile));
    expect(lintCertificate(der, { issuer: ca.facts, signed: true, now: new Date() })).toEqual([]);
    const path = fileIn(folder, `${product.name}.der`, der);
    said.push(
      openssl(
        'x509',
        '-in',
        path,
        '-inform',
        'DER',
        '-noout',
        '-subject',
        '-ext',
        'subjectAltName',
      ).toString(),
    );
  }
  expect(said[0]).toContain('subject=O = my-project-1a2b3c, serialNumber = CL-000017, CN = CL-000017');
  expect(said[1]).toContain('CN = thermostat.CL-000017');
  expect(said[1]).toContain('othername:');
  expect(said[2]).toContain('CN = pump_CL-000017');
  expect(said[2]).toContain('URI:urn:dev:ops:32473-CL-000017');
  expect(said[3]).toContain('CN = tracker_CL-000017');
});

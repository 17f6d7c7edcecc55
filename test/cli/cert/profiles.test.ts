import { X509Certificate } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { pemOf } from '../../../pki/x509/pem.ts';
import { DEFECT_SERIAL, DEFECTS, withDefect } from '../../pki/lint/defects.ts';
import { freshTbs, makeCa } from '../../pki/leaf.ts';
import { json, newPlace, PRODUCT } from '../../support/certline.ts';

const RICH = {
  ...PRODUCT,
  cloud: 'golioth',
  commonName: 'node.{serial}',
  validity: { days: 3650 },
  subjectAltName: {
    uri: 'urn:dev:ops:32473-{serial}',
    hardwareModuleName: { hwType: '1.3.6.1.4.1.32473.1' },
  },
};

it('a line gives its boards certificates as configured', async () => {
  const place = newPlace();
  place.configure({ inbox: place.inbox, products: [RICH] });
  const ran = await place.certline('demo', '--units', '2', '--speed', 'instant');
  expect(ran).toMatchObject({ status: 0, stderr: '' });
  const serial = /^(\S+) +PASS /m.exec(ran.stdout)![1]!;
  const { stdout: pem } = await place.certline('unit', 'show', serial, '--pem');
  const { subject, subjectAltName } = new X509Certificate(pem);
  expect(subject).toBe(`O=certline-test\nserialNumber=${serial}\nCN=node.${serial}`);
  expect(subjectAltName).toContain(`URI:urn:dev:ops:32473-${serial}, othername:`);
  const shown = (await place.certline('cert', 'show', serial)).stdout;
  for (const said of [`urn:dev:ops:32473-${serial}`, `${serial} (type 1.3.6.1.4.1.32473.1)`, 'clientAuth'])
    expect(shown).toContain(said);
  const file = join(place.folder, 'crt.pem');
  writeFileSync(file, pem);
  expect(await place.certline('cert', 'lint', file)).toMatchObject({ status: 0, stderr: '' });
});

it('a manifest with a serial that no certificate has room for is refused, the row named', async () => {
  const place = newPlace();
  place.configure({ inbox: place.inbox, products: [RICH] });
  const manifest = join(place.folder, 'lot.csv');
  const [fits, long] = [59, 60].map((length) => 'C'.repeat(length));
  writeFileSync(
    manifest,
    `order,serial,product\nPO-1,${fits},${PRODUCT.name}\nPO-1,${long},${PRODUCT.name}\n`,
  );
  const ended = await place.certline('validate', manifest, '--json');
  expect(ended.status).toBe(3);
  const expected =
    'at most 59 characters for product golioth-node: its commonName "node.{serial}" may have 64 characters with the serial in it';
  expect(json(ended)).toMatchObject({
    issues: [{ line: 3, column: 'serial', code: 'MANIFEST_SERIAL_TOO_LONG', expected }],
  });
});

it('cert lint finds what is wrong in the names beside the subject', async () => {
  const place = newPlace();
  const ca = await makeCa(place.folder);
  const tbs = await freshTbs(ca, DEFECT_SERIAL);
  const issuer = join(place.folder, 'issuer.pem');
  writeFileSync(issuer, pemOf('CERTIFICATE', ca.certificate));
  const wrong = DEFECTS.filter(([code]) => /^subject_alt_name(?!_expected)/.test(code));
  const file = join(place.folder, 'wrong.pem');
  const certificates = await Promise.all(wrong.map(([, , change]) => withDefect(ca, tbs, change)));
  writeFileSync(file, certificates.map((der) => pemOf('CERTIFICATE', der)).join(''));
  const ended = await place.certline('cert', 'lint', file, '--issuer', issuer, '--json');
  expect(ended.status).toBe(9);
  const linted = json(ended) as { certificates: { findings: { code: string }[] }[] };
  const found = linted.certificates.map(({ findings }) => findings.map(({ code }) => code));
  for (const [index, [code]] of wrong.entries()) expect(found[index]).toContain(code);
});

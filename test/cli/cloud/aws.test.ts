import { createHash, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { registryPath } from '../../../line/state-folder.ts';
import { openRegistryFile } from '../../../registry/record/open-registry.ts';
import { newBatch, registration, rowsOf } from '../../registry/record/opened.ts';
import { newPlace } from '../../support/certline.ts';
import { codeBlocks, pageOf } from '../follow-docs.ts';
import { issueInto } from '../issued-lot.ts';

interface Template {
  readonly Parameters: Readonly<Record<string, { readonly Type: string }>>;
  readonly Resources: Readonly<Record<string, { readonly Type: string }>>;
}

/** The provisioning templates of docs/clouds.md, in order. */
const BLOCKS = codeBlocks(pageOf('clouds.md'), 'json').filter((block) => block.includes('"Resources"'));
const TEMPLATES = BLOCKS.map((block) => JSON.parse(block) as Template);
const [JITP, BULK] = TEMPLATES as [Template, Template];

/** The parameters that a template refers to, and those that it declares. */
function parametersOf(template: Template): { readonly used: string[]; readonly declared: string[] } {
  const used = [...JSON.stringify(template.Resources).matchAll(/"Ref":"([^"]+)"/g)].map(([, name]) => name!);
  return { used: [...new Set(used)].toSorted(), declared: Object.keys(template.Parameters).toSorted() };
}

describe('certline cloud aws bulk', () => {
  it('writes what the template of docs/clouds.md needs of each certificate in use', async () => {
    const place = newPlace();
    const serials = ['CL-000001', 'CL-000002'];
    const issued = await issueInto(place, serials);
    const registry = openRegistryFile(registryPath(place.state));
    await registry.importBatch(newBatch('1', 3), rowsOf([...serials, 'CL-000003']));
    for (const [at, serial] of serials.entries())
      await registry.registerUnit({ ...registration(serial), ...issued[at]! });
    await registry.close();
    const file = join(place.folder, 'lot.ndjson');
    const write = (): ReturnType<typeof place.certline> =>
      place.certline('cloud', 'aws', 'bulk', 'PO-1', file);
    expect(await write()).toMatchObject({
      status: 0,
      stderr: '',
      stdout: expect.stringContaining('2 units'),
    });
    const rows = readFileSync(file, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, string>);
    const ca = (await place.certline('ca', 'export')).stdout;
    for (const [at, row] of rows.entries()) {
      const [serial, { certificateSha256 }] = [serials[at]!, issued[at]!];
      expect(row).toMatchObject({ ThingName: serial, SerialNumber: serial, CACertificatePem: ca });
      const certificate = new X509Certificate(row['CertificatePem']!);
      expect(certificate.checkIssued(new X509Certificate(ca))).toBe(true);
      // The id that AWS gives it.
      expect(createHash('sha256').update(certificate.raw).digest('hex')).toBe(certificateSha256);
      expect(Object.keys(row).toSorted()).toEqual(parametersOf(BULK).declared);
    }
    expect(rows).toHaveLength(2);
    expect(await write()).toMatchObject({ status: 6, stderr: expect.stringContaining('already') });
  });
});

describe('the provisioning templates of docs/clouds.md', () => {
  it('use what they declare, and declare what they use', () => {
    // AWS takes at most so many characters.
    expect(BLOCKS.map((block) => block.length <= 10_240)).toEqual([true, true]);
    for (const template of TEMPLATES) {
      const { used, declared } = parametersOf(template);
      expect(used).toEqual(declared);
      expect(Object.values(template.Resources).map(({ Type }) => Type)).toEqual([
        'AWS::IoT::Thing',
        'AWS::IoT::Certificate',
        'AWS::IoT::Policy',
      ]);
    }
  });

  it('need nothing at the first connect that the subject of a certificate has not', async () => {
    const [issued] = await issueInto(newPlace(), ['CL-000001']);
    const { subject } = new X509Certificate(issued!.certificate);
    const fields = subject.split('\n').map((line) => line.split('=')[0]!);
    expect(fields.toSorted()).toEqual(['CN', 'O', 'serialNumber']);
    const filled = ['CommonName', 'Id', 'Organization', 'SerialNumber'].map(
      (n) => `AWS::IoT::Certificate::${n}`,
    );
    expect(filled).toEqual(expect.arrayContaining(parametersOf(JITP).used));
  });
});

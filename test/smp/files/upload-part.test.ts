import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { uploadMessageBytes, uploadPartCapacity } from '../../../smp/files/upload-part.ts';
import { FS_UPLOAD_NEXT } from '../../../smp/requests/fs-requests.ts';
import { encodeCborBehindHeader } from '../../../smp/wire/smp-cbor.ts';
import { SMP_HEADER_BYTES } from '../../../smp/wire/smp-header.ts';

const part = fc.record({
  path: fc.string({ minLength: 1, maxLength: 64, unit: 'grapheme' }).map((name) => `/${name}`),
  offset: fc.oneof(fc.constant(0), fc.nat(70_000), fc.nat(0xffff_ffff)),
  total: fc.oneof(fc.nat(70_000), fc.nat(0xffff_ffff)),
});

describe('the size of an upload message', () => {
  it('is counted as it is encoded', () => {
    fc.assert(
      fc.property(part, fc.nat(70_000), (given, length) => {
        const upload = { ...given, bytes: new Uint8Array(length) };
        const encoded = encodeCborBehindHeader(FS_UPLOAD_NEXT.encode(upload), SMP_HEADER_BYTES);
        expect(uploadMessageBytes(upload)).toBe(encoded.length);
      }),
      { numRuns: 500 },
    );
  });

  it('is never exceeded by a part of the capacity', () => {
    fc.assert(
      fc.property(part, fc.integer({ min: 200, max: 70_000 }), ({ path, offset, total }, messageBytes) => {
        const capacity = uploadPartCapacity(messageBytes, path, offset, total);
        const full = { path, offset, total, bytes: new Uint8Array(Math.max(0, capacity)) };
        expect(uploadMessageBytes(full)).toBeLessThanOrEqual(messageBytes);
      }),
    );
  });
});

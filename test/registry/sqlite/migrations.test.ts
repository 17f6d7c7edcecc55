import { expect, it } from 'vitest';
import { MIGRATIONS } from '../../../registry/sqlite/migrations.ts';
import { schemaDigests } from '../../sql/schema-digests.ts';

/** A new version adds a digest; none of the others may change, since databases with those schemas exist. */
const RELEASED = [
  '489ad6ce1ce0f3955b89af92f20ae98cd33aeca63ba4a5592e89876c671b8675',
  'd3001df140c3ae9a351d9225d86efa330d6c1d6a5382b39d880bc9b216a396d6',
  'a84068bf12c4244ce0790b37765346a0813c17cfb200b51f4bf9ab4d5e63eda4',
  'c5f73c9a7720bbaccc02e30d3413e9207e07693bed80cf5182324a0232c12f18',
  'f8a7f5dcbe9043829cfe928b4b1e465ecb9c74ce9cfb85b5c2afea0167f957b0',
  '5b3ae838d59691c552a9c9d6e8dcb4a96e360cc4e815f3c8e67c1f640c8ca192',
];

it('the schema of each released version of a registry stays what it was, to the byte', () => {
  expect(schemaDigests(MIGRATIONS)).toEqual(RELEASED);
});

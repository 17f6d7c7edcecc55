import { expect, it } from 'vitest';
import { registryMigrations } from '../../../registry/record/migrations.ts';
import { SQLITE } from '../../../sql/dialect.ts';
import { schemaDigests } from '../../sql/schema-digests.ts';

/** A new version adds a digest; none of the others may change, since databases with those schemas exist. */
const RELEASED = [
  '489ad6ce1ce0f3955b89af92f20ae98cd33aeca63ba4a5592e89876c671b8675',
  'd3001df140c3ae9a351d9225d86efa330d6c1d6a5382b39d880bc9b216a396d6',
  'a84068bf12c4244ce0790b37765346a0813c17cfb200b51f4bf9ab4d5e63eda4',
  'c5f73c9a7720bbaccc02e30d3413e9207e07693bed80cf5182324a0232c12f18',
  'f8a7f5dcbe9043829cfe928b4b1e465ecb9c74ce9cfb85b5c2afea0167f957b0',
  '5b3ae838d59691c552a9c9d6e8dcb4a96e360cc4e815f3c8e67c1f640c8ca192',
  'd69c2f259d9da4dbbbf8916fb7360d58c6553ef885964c547195b695797870a7',
  '495c0466f1c5c07f7147cf7f23120ca2a06a1c1637fca659e849757bc9eba724',
  '5a1b7d0440f84fd5a580b710afd1b6d60b95fdc36861a1c5b527e42d76bc2fd6',
  'd4a018b01c9fc31368e5d4802d86c3abdfba0002dfe28c31795017b1b0f20ffb',
  '6fa2ba7dce4aa28809f439f7b5156a81d0f607d7bbc04e3528692b8dadc4f91a',
  'c132ef83e43086c0c1299d9657697a44ed89be535e0340fa0b781f21d3e532a8',
  'e863fa60d2160ed6474faa069275924ba509f81eaad614efc6c885f94630dad1',
  '9b5c60be86dbc623c2de5284a05bd630921ea15bbbb442d098c2f38645015b0e',
  '6e3b8db0636b8a07bee4f185d181977b6169352c15d08ec248fd29020e0f82e9',
  '366ff90b8ad4482ab67d8bb7ec2206643f7311f596813c7015bd109da0568cc1',
  'ae319a7ec7d80f415f0f9ce0bc1241ccea6328c4897a97dfe39cb1d7b0366c29',
];

it('the schema of each released version of a registry stays what it was, to the byte', () => {
  expect(schemaDigests(registryMigrations(SQLITE))).toEqual(RELEASED);
});

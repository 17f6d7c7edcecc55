import { describe } from 'vitest';
import { openedRegistry } from './opened.ts';
import { describeRegistry } from './registry-conformance.ts';

describe('a registry in an SQLite file', () => {
  describeRegistry(async () => openedRegistry());
});

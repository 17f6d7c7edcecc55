import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { format, resolveConfig } from 'prettier';

const PAGE = join(import.meta.dirname, '..', '..', 'docs', 'manifest.md');

/** Compares a table in docs/manifest.md, between two marks, with what it must be; `vitest -u` writes it. */
export async function expectTable(mark: string, rows: readonly (readonly string[])[]): Promise<void> {
  const page = readFileSync(PAGE, 'utf8');
  const [begin, end] = [`<!-- ${mark} -->`, `<!-- end of ${mark} -->`];
  const [head = '', rest = ''] = page.split(begin);
  const tail = rest.split(end)[1] ?? '';
  const lines = rows.map((cells) => `| ${cells.join(' | ')} |`);
  const rule = `| ${(rows[0] ?? []).map(() => '---').join(' | ')} |`;
  const text = `${head}${begin}\n\n${[lines[0], rule, ...lines.slice(1)].join('\n')}\n\n${end}${tail}`;
  const options = await resolveConfig(PAGE);
  await expect(await format(text, { ...options, parser: 'markdown' })).toMatchFileSnapshot(PAGE);
}

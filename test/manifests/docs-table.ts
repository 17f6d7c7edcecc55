import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';

export const MANIFEST_PAGE = join(import.meta.dirname, '..', '..', 'docs', 'manifest.md');

/** The page with what the table between two marks must be. Compare it with the page itself: `vitest -u` writes it. */
export async function pageWithTable(mark: string, rows: readonly (readonly string[])[]): Promise<string> {
  const page = readFileSync(MANIFEST_PAGE, 'utf8');
  const [begin, end] = [`<!-- ${mark} -->`, `<!-- end of ${mark} -->`];
  const [head = '', rest = ''] = page.split(begin);
  const tail = rest.split(end)[1] ?? '';
  const lines = rows.map((cells) => `| ${cells.join(' | ')} |`);
  const rule = `| ${(rows[0] ?? []).map(() => '---').join(' | ')} |`;
  const text = `${head}${begin}\n\n${[lines[0], rule, ...lines.slice(1)].join('\n')}\n\n${end}${tail}`;
  const options = await resolveConfig(MANIFEST_PAGE);
  return await format(text, { ...options, parser: 'markdown' });
}

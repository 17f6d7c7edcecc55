const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Any text, with characters that change how others are shown as `\\u{…}`. */
export function visible(text: string | number): string {
  return String(text).replaceAll(
    /[\p{Cc}\p{Cf}\p{Co}\p{Cs}]/gu,
    (each) => `\\u{${each.codePointAt(0)!.toString(16)}}`,
  );
}

/** Any text, visible, for a page: nothing of it is markup. */
export function escaped(text: string | number): string {
  return visible(text).replaceAll(/[&<>"']/g, (each) => ESCAPES[each]!);
}

/** A table; every cell is escaped. */
export function table(heads: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const line = (tag: string, cells: readonly (string | number)[]): string =>
    `<tr>${cells.map((cell) => `<${tag}>${escaped(cell)}</${tag}>`).join('')}</tr>`;
  return `<table><thead>${line('th', heads)}</thead><tbody>${rows.map((row) => line('td', row)).join('\n')}</tbody></table>`;
}

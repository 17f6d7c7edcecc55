/**
 * What people read in a file, with everything else masked: each masked character becomes NUL, line breaks stay. Places in the
 * prose are therefore places in the file, and no phrase can reach across code.
 */

const NUL = '\0';

/**
 * The text of a Markdown page without code blocks, code spans, link targets, and tables that a comment
 * `<!-- texts of FILE -->` marks: a test compares those with FILE, where they are checked.
 * @param {string} text
 * @returns {string}
 */
export function proseOfMarkdown(text) {
  return [
    /^<!-- texts of \S+ -->\n\n(?:\|.*\n)+/gm,
    /^```[^]*?^```$/gm,
    /^ {4}\S.*$/gm,
    /`[^`\n]+`/g,
    /\]\([^)\s]+\)/g,
    /https?:\/\/\S+/g,
  ].reduce((prose, code) => prose.replace(code, masked), text);
}

/**
 * The files that the marked tables of a Markdown page have their texts from.
 * @param {string} text
 * @returns {string[]}
 */
export function textSources(text) {
  return [...text.matchAll(/^<!-- texts of (\S+) -->$/gm)].map(([, file]) => file);
}

/**
 * The comments and string literals of a TypeScript file, without what `${…}` inserts into a template.
 * @param {string} source
 * @returns {string}
 */
export function proseOfTypeScript(source) {
  let prose = '';
  /** For each open template: how many braces are open in its `${…}`. */
  const inserts = [];
  let at = 0;
  const take = (pattern, shown) => {
    pattern.lastIndex = at;
    const found = pattern.exec(source)?.[0];
    if (found === undefined) return false;
    prose += shown(found);
    at += found.length;
    return true;
  };
  const template = (text) => {
    if (text.endsWith('${')) inserts.push(0);
    return asIs(text);
  };
  while (at < source.length) {
    if (take(/\/\/.*(?:\n[ \t]*\/\/.*)*/y, comment) || take(/\/\*[^]*?\*\//y, comment)) continue;
    if (take(/'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"/y, asIs)) continue;
    if (source[at] === '`' && take(TEMPLATE_START, template)) continue;
    if (source[at] === '/' && mayBeRegExp(source.slice(0, at)) && take(REGEXP, masked)) continue;
    if (inserts.length > 0 && source[at] === '{') inserts.push(inserts.pop() + 1);
    if (inserts.length > 0 && source[at] === '}') {
      const depth = inserts.pop();
      if (depth === 0 && take(TEMPLATE_REST, template)) continue;
      inserts.push(depth - 1);
    }
    take(/[^]/y, masked);
  }
  return prose;
}

/**
 * The comments behind `#` and the quoted texts of a shell script, and of each file with comments of this form: YAML, systemd,
 * Dockerfile, .gitignore. A quoted text that goes over a line break is taken for code.
 * @param {string} source
 * @returns {string}
 */
export function proseOfShell(source) {
  return source.replace(
    /(?<!\S)#.*(?:\n[ \t]*#.*)*|'[^'\n]*'|"(?:\\.|[^"\\\n])*"|[^]/g,
    (found) => (found.startsWith('#') && comment(found)) || (found.length > 1 ? found : masked(found)),
  );
}

const TEMPLATE_START = /`(?:\\[^]|\$(?!\{)|[^`\\$])*(?:`|\$\{)/y;
const TEMPLATE_REST = /\}(?:\\[^]|\$(?!\{)|[^`\\$])*(?:`|\$\{)/y;
const REGEXP = /\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+\/[a-z]*/y;

/** Whether a slash here begins a regular expression: after a value it divides. */
function mayBeRegExp(before) {
  return /(?:^|[(,=:[!&|?{};+\n>]|\breturn)\s*$/.test(before.slice(-80));
}

function asIs(text) {
  return text;
}

function masked(text) {
  return text.replace(/[^\n]/g, NUL);
}

/** A comment reads on over its text lines: what leads each of them is no prose. Code in backticks is none either. */
function comment(text) {
  return text
    .replace(/`[^`\n]+`/g, masked)
    .replace(/\n[ \t]*(?:\/\/|\*(?!\/)|#)/g, (lead) => `\n${' '.repeat(lead.length - 1)}`);
}

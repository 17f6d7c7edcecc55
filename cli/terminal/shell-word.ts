const SHELL_WORD = /^[\w.][\w./-]{0,199}$/;

/**
 * Whether a shell takes the text as one word, as it is. People copy the commands that they are shown, and anybody can start a
 * workflow with any id.
 */
export function isShellWord(text: string): boolean {
  return SHELL_WORD.test(text);
}

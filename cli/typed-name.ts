/** In a checkout, npm starts Certline with the Node.js that it brings; once it is installed, its name does. */
const isCheckout = import.meta.filename.endsWith('.ts');

/** What a person types here for `certline ARGS`. */
export function typed(args: string): string {
  return isCheckout ? `npm run certline -- ${args}` : `certline ${args}`;
}

/** What a person types here for `certline demo OPTIONS`. */
export function typedDemo(options?: string): string {
  const start = isCheckout ? 'npm start' : 'certline demo';
  if (options === undefined) return start;
  return isCheckout ? `${start} -- ${options}` : `${start} ${options}`;
}

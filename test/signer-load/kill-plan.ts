import { existsSync, readFileSync } from 'node:fs';
import { ISSUE_STEPS } from '../../pki/signing/issuer.ts';
import type { RandomSeries } from './random-series.ts';
import type { Doom } from './signer-messages.ts';

/**
 * A point that fewer than half of the lives pass is rare. If all common points were armed at once, they would be killed
 * often enough in the first part of the load.
 */
const RARE_LIVES = 2;
/** Of this few none need be left out. */
const FEW = 6;
/** Points that only a signer passes that has never started before: its ledger is there, its witness is not. */
const FIRST_STARTS = 2;
/** Some things happen only while a signer starts, or to the first that it is asked. */
const AT_ONCE_SHARE = 0.3;
/** Between kills on average: a life that has not come to its points by then ends, so that the next may. */
const LONGEST_LIFE = 6;

export interface KillPlanOptions {
  /** `kills.log` of the signer. */
  readonly logPath: string;
  readonly random: RandomSeries;
  /** At each point. */
  readonly killsEach: number;
  /** On average, between two kills. */
  readonly requestsBetween: number;
}

/**
 * Where each life of the signer ends. The points are the steps of `issue` and whatever durable effects the signer's lives
 * have told so far: a new effect in the product is killed without a word here.
 */
export class KillPlan {
  readonly #options: KillPlanOptions;
  #lives = 0;

  constructor(options: KillPlanOptions) {
    this.#options = options;
  }

  /** Ends at one common point, drawn by lot, or any rare or unknown one, of those that were not killed often enough. */
  nextDoom(): Doom {
    const { random, killsEach, requestsBetween } = this.#options;
    this.#lives += 1;
    if (killsEach === 0) return { spared: [] };
    const counts = [...this.#counts()];
    const done = counts.filter(([, { kills }]) => kills >= killsEach).map(([point]) => point);
    const common = counts
      .filter(([point, { lives }]) => !done.includes(point) && lives * RARE_LIVES >= this.#lives)
      .map(([point]) => point);
    const drawn = common.length <= FEW ? common : [random.pick(common)];
    const isAtOnce = this.#lives <= FIRST_STARTS * killsEach || random.chance(AT_ONCE_SHARE);
    return {
      spared: [...done, ...common.filter((point) => !drawn.includes(point))],
      afterRequests: isAtOnce ? 0 : random.below(3 * requestsBetween),
      ...(done.length < counts.length && { atLatest: LONGEST_LIFE * requestsBetween }),
    };
  }

  /** Points that were killed less often than planned; empty at the end. */
  missing(): string[] {
    const { killsEach } = this.#options;
    return [...this.#counts()].filter(([, { kills }]) => kills < killsEach).map(([point]) => point);
  }

  /** By point: how many lives passed it, and how many ended there. */
  #counts(): Map<string, { lives: number; kills: number }> {
    const counts = new Map(ISSUE_STEPS.map((step) => [`step ${step}`, { lives: 0, kills: 0 }]));
    const { logPath } = this.#options;
    const lines = existsSync(logPath) ? readFileSync(logPath, 'utf8').trimEnd().split('\n') : [];
    for (const line of lines) {
      const [, event, point = ''] = /^(passed|killed) (.+)$/.exec(line) ?? [];
      const count = counts.get(point) ?? { lives: 0, kills: 0 };
      if (event === 'passed') count.lives += 1;
      if (event === 'killed') count.kills += 1;
      counts.set(point, count);
    }
    return counts;
  }
}

import type { Notice } from '../registry/notices.ts';
import { troubleOfRole } from '../temporal/role-standings.ts';
import type { RoleStanding } from '../temporal/role-standings.ts';

/** A role that is started again, or starts with this one, is not down. */
const PATIENCE_MS = 20_000;

interface Down {
  readonly since: number;
  isNoted: boolean;
}

/** Which roles are newly down for longer than a restart takes. Plain state. */
export class RoleNotices {
  readonly #down = new Map<string, Down>();
  readonly #begunAt = new Date().toISOString();

  /** `now`: ms of any clock that does not go back. */
  see(standings: readonly RoleStanding[], now: number): Notice[] {
    const seen = standings.flatMap((standing) => {
      const says = troubleOfRole(standing);
      // The intake works in the orchestrator.
      return says === undefined || standing.role === 'intake'
        ? []
        : [{ standing, says, key: keyOf(standing) }];
    });
    const keys = new Set(seen.map(({ key }) => key));
    for (const key of this.#down.keys()) if (!keys.has(key)) this.#down.delete(key);
    return seen.flatMap(({ standing, says, key }) => {
      const down = this.#down.get(key) ?? { since: now, isNoted: false };
      this.#down.set(key, down);
      if (down.isNoted || now - down.since < PATIENCE_MS) return [];
      down.isNoted = true;
      return [this.#noticeOf(standing, says)];
    });
  }

  /** The same outage gives the same notice, also from a process that was started during it, if the role was ever seen. */
  #noticeOf({ role, state, lastSeenAt, host }: RoleStanding, says: string): Notice {
    return {
      type: 'role.down',
      about: [role, lastSeenAt ?? this.#begunAt],
      data: { role, state, lastSeenAt, host, says: `${role} ${says}` },
    };
  }
}

/** A role as a whole, or one of its processes. */
function keyOf({ role, host, pid, isFurther }: RoleStanding): string {
  return isFurther === true ? `${role}, host ${host}, pid ${pid}` : role;
}

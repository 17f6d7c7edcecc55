import type { Client } from '@temporalio/client';
import type { Logger } from 'pino';
import type { StationConfig } from '../fixtures/station/station-config.ts';
import type { Product } from '../provisioning/product.ts';
import type { Registry } from '../registry/registry.ts';
import { watchBoards } from './board-watch.ts';
import { writeLateAnswers } from './late-answers.ts';
import { keepLotStatuses } from './lot-statuses.ts';
import { joinRoles } from './role.ts';
import type { Role } from './role.ts';
import { startNotifier } from './notifier.ts';
import type { NotifierOptions } from './notifier.ts';
import { watchRoles } from './role-watch.ts';

export interface WatchedLine {
  readonly client: Client;
  readonly registry: Registry;
  readonly inbox: string;
  readonly products: readonly Product[];
  readonly stations: readonly Pick<StationConfig, 'id'>[];
  readonly notifications: NotifierOptions | undefined;
  readonly log: Logger;
}

/**
 * Watches what runs beside the drop folder: the roles of the line, boards that are missing, and how each lot stands. Delivers
 * notices of what happened, if somebody is to hear of it.
 */
export function watchLine(line: WatchedLine): Role {
  const { client, registry, inbox, products, stations, notifications, log } = line;
  const notices = notifications && registry.notices;
  const roles = watchRoles({ client, stations: stations.map(({ id }) => id), notices, log });
  const watches = [
    roles,
    watchBoards(client, products, log),
    keepLotStatuses({ registry, inbox, client, log }),
    writeLateAnswers({ registry, inbox, log }),
  ];
  const notifier = notifications && startNotifier(registry.notices, notifications, log);
  return joinRoles(notifier === undefined ? watches : [...watches, notifier]);
}

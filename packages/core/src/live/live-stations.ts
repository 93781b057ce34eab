/** Everything that a live session passes on its way; put together once per gateway, and anew when its options change. */

import type { Places } from '../affinity/places.ts';
import type { Workshop } from '../attempt/errand.ts';
import type { RetrySettings } from '../attempt/verdict.ts';
import type { Allowances } from '../auth/allowance.ts';
import type { Auth } from '../auth/auth.ts';
import type { Clock } from '../clock.ts';
import type { Cors } from '../door/cors.ts';
import type { Gate } from '../door/gate.ts';
import { type Gateway, houseOf } from '../gateway.ts';
import type { House } from '../house.ts';
import type { KeyPool, StickyBy } from '../pool/pool.ts';
import type { LiveSettings, Sessions } from '../sessions.ts';
import type { Store } from '../store/store.ts';
import type { StoryTools } from '../story.ts';
import type { ModelRoutes } from '../surface/gemini.ts';

/** The stations; those of a request are among them. */
export interface LiveStations {
  readonly gate: Gate;
  readonly sessions: Sessions;
  readonly cors: Cors;
  readonly auth: Auth;
  readonly allowances: Allowances;
  readonly places: Places;
  readonly pool: KeyPool;
  readonly workshop: Workshop;
  readonly retry: RetrySettings;
  /** Null unless the pool's strategy goes by it. */
  readonly stickyBy: StickyBy | null;
  readonly store: Store;
  readonly live: LiveSettings;
  readonly routes: ModelRoutes;
  readonly clock: Clock;
  /** What stories are written with. */
  readonly desk: StoryTools;
}

const known = new WeakMap<House, LiveStations>();

/** Those of a gateway as it is now: what its requests pass, and what only sessions do. */
export function liveStations(gateway: Gateway): LiveStations {
  const house = houseOf(gateway);
  house.keeper.sync();
  const before = known.get(house);
  if (before !== undefined) return before;
  const { live, routes } = house.settings;
  const stations = { ...house.stations, sessions: house.sessions, store: house.store, live, routes };
  known.set(house, stations);
  return stations;
}

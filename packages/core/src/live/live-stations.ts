/** Everything that a live session passes on its way; made once per gateway, and anew when its options change. */

import type { Places } from '../affinity/places.ts';
import type { Workshop } from '../attempt/errand.ts';
import type { RetrySettings } from '../attempt/verdict.ts';
import type { Allowances } from '../auth/allowance.ts';
import type { Auth } from '../auth/auth.ts';
import type { Clock } from '../clock.ts';
import type { Cors } from '../door/cors.ts';
import type { Gate } from '../door/gate.ts';
import type { KeyPool, StickyBy } from '../pool/pool.ts';
import type { StoryTools } from '../story.ts';
import type { ModelRoutes } from '../surface/gemini.ts';
import type { Sessions } from './sessions.ts';

/** The slice of the settings that sessions keep to. */
export interface LiveSettings {
  readonly maxSessions: number;
  readonly setupInMs: number;
  readonly maxFrameBytes: number;
  readonly pingMs: number;
}

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
  readonly live: LiveSettings;
  readonly routes: ModelRoutes;
  readonly clock: Clock;
  /** What stories are written with. */
  readonly desk: StoryTools;
}

import type { Play, Scene } from './play.ts';
import { sendReply } from './whole.ts';

const tenYearsMs = 315_576_000_000;

/** 429 without details, under a Retry-After. */
function retryAfter(value: (scene: Scene) => string): Play {
  return (stage, scene) => {
    const bare = scene.refusal('429-bare');
    return sendReply(stage, scene, { ...bare, headers: [...bare.headers, ['Retry-After', value(scene)]] });
  };
}

export const pastDate: Play = retryAfter(({ nowMs }) => new Date(nowMs - tenYearsMs).toUTCString());
export const badDate: Play = retryAfter(() => 'Someday, 99 Foo 2026 25:61:61 GMT');

/** An answer without a body, whatever was asked. */
export function bodiless(status: number): Play {
  return async (stage, { nowMs }) => {
    await stage.head(status, [['Date', new Date(nowMs).toUTCString()]]);
    return 'kept';
  };
}

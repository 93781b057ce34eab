/** Accepts the handshake of a Live session and lets it go its way. */

import { type WebSocket, WebSocketServer } from 'ws';
import type { SimulatedProject } from '../contract.ts';
import { Refused } from '../gemini/refused.ts';
import type { World } from '../gemini/world.ts';
import type { Entry, RunningJournal } from '../journal.ts';
import type { Ending } from '../wire/connection.ts';
import type { Stage } from '../wire/stage.ts';
import { type Closing, closingFor } from './closing.ts';
import { Conversation } from './conversation.ts';
import { type Guest, guestOf } from './guest.ts';
import type { LiveCall } from './live-path.ts';
import type { LivePlay } from './live-plays.ts';
import { Session } from './session.ts';

/** Longer messages end the session with 1009. */
const maxMessageBytes = 268_435_456;

/** Opens sessions on connections that came in over HTTP. */
export type OpenLive = (stage: Stage, entry: Entry, call: LiveCall, play: LivePlay) => Promise<Ending>;

/** @returns what opens sessions in this world and writes them down in this journal */
export function liveDoor(world: World, journal: RunningJournal): OpenLive {
  const server = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    clientTracking: false,
    maxPayload: maxMessageBytes,
  });
  return async (stage, entry, call, play) => {
    const { socket, head } = stage.takeOver();
    const { method, headers, target } = entry;
    // Of a request, `ws` reads these three and no more.
    const handshake = { method, headers, url: target } as unknown as Parameters<typeof server.handleUpgrade>[0];
    server.handleUpgrade(handshake, socket, head, (webSocket) => {
      begin(webSocket, entry, call, play, world, journal);
    });
    return 'upgraded';
  };
}

function begin(
  webSocket: WebSocket,
  entry: Entry,
  call: LiveCall,
  play: LivePlay,
  world: World,
  journal: RunningJournal,
): void {
  const talk = journal.conversationOpened(entry);
  const conversation = new Conversation(webSocket, talk, play.paceMs);
  const guest = welcomed(entry, call, world);
  if ('code' in guest) {
    conversation.close(guest);
    return;
  }
  talk.project = guest.project.id;
  const session = new Session(conversation, guest, call, play, world);
  const open = world.openSessions(guest.project);
  open.add(session);
  conversation.onEnd(() => open.delete(session));
  conversation.listen((data) => session.hear(data));
}

/** The guest, or how the session ends before it begins. */
function welcomed(entry: Entry, call: LiveCall, world: World): Guest | Closing {
  const guest = guestOf(entry, call, world);
  return 'code' in guest || hasRoom(guest.project, world) ? guest : closingFor(new Refused('live-full'));
}

function hasRoom(project: SimulatedProject, world: World): boolean {
  return world.openSessions(project).size < (project.maxLiveSessions ?? Infinity);
}

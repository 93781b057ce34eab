/** A relay of sessions that does one thing wrong: `faulty-relay.ts FAULT`. The bench has to notice each. */

import { announce } from '../src/subjects/announce.ts';
import { type PassOn, passOn, relayServer, type Ws } from '../src/subjects/raw-live.ts';

const [, , fault] = process.argv;
/** The setup's answer comes first, and is left alone. */
const setupBytes = 100;
const clients: Ws[] = [];
let last: Buffer | null = null;
let frames = 0;

const passDown: PassOn = (to, data, isBinary) => {
  if (data.length < setupBytes) {
    clients.push(to);
    if (fault === 'answers the setup itself') return passOn(to, Buffer.from('{"setupComplete":{} }'), isBinary);
    return passOn(to, data, isBinary);
  }
  frames++;
  switch (fault) {
    case 'drops a byte':
      return passOn(to, data.subarray(0, -1), isBinary);
    case 'changes a byte':
      return passOn(to, Buffer.from(data.toString('latin1').replace('audio', 'Audio')), isBinary);
    case 'drops a frame':
      return frames === 3 ? undefined : passOn(to, data, isBinary);
    case 'drops the last frames':
      return frames > 3 ? undefined : passOn(to, data, isBinary);
    case 'sends a frame twice':
      passOn(to, data, isBinary);
      return passOn(to, data, isBinary);
    case 'makes text of binary frames':
      return passOn(to, data, false);
    case 'mixes sessions up':
      return passOn(clients.find((one) => one !== to) ?? to, data, isBinary);
    case 'says something old':
      last ??= Buffer.from(data);
      return passOn(to, last, isBinary);
    case 'hangs up':
      return to.terminate();
    default:
      return passOn(to, data, isBinary);
  }
};

announce(relayServer(passDown, fault === 'sends the key of the caller up' ? (callerKey) => callerKey : undefined));

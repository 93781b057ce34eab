import { describeGateways, describeSessions, describeStore } from '@sluice/testkit';
import { sqliteStore } from '../src/index.ts';
import { newPath } from './folder.ts';
import { racersOn } from './processes.ts';

let path = '';

describeStore('SQLite', {
  open(clock) {
    path = newPath();
    return sqliteStore({ path, clock });
  },
  reopen: (clock) => sqliteStore({ path, clock }),
  processes: (count) => racersOn(path, count),
});

describeGateways('SQLite', (isNew) => {
  if (isNew) path = newPath();
  return sqliteStore({ path });
});

describeSessions('SQLite', (clock, isNew) => {
  if (isNew) path = newPath();
  return sqliteStore({ path, clock });
});
